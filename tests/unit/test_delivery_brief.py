"""The brief of a delivery: what it must say, in both languages, in a page that needs nothing else."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import pytest

from offnadir.briefs import delivery_brief
from offnadir.briefs._delivery_words import _PAIRS
from offnadir.errors import InputError

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SUM = "6c4c8b503d642ddbbea50f087d6d62d6427a79ef2b8308cb41eb4c6c666035d8"
ORDER = {
    "id": "o01abc", "title": "Port <of> Busan & sea", "priority": 1, "level": "ortho", "source": "new",
    "place": {"type": "Point", "coordinates": [129.04, 35.1]},
    "windows": [{"start": "2026-05-31T00:00:00.000000000Z"}],
    "deadline": "2026-06-02T00:00:00.000000000Z",
    "looks": {"kind": "optical", "max_off_nadir_deg": 25.0, "azimuth_deg": [90.0, 180.0],
              "max_cloud": 0.2, "max_gsd_m": 0.5},
    "recurrence": {"every_days": 7.0, "count": 3}, "end_user": {"name": "Harbour office", "country": "KR"},
    "purpose": "berths",
}  # fmt: skip
ITEM = {
    "id": "o01abc-1", "bbox": [129.04, 35.10, 129.05, 35.11],
    "properties": {
        "datetime": "2026-06-01T20:10:11.000000Z", "platform": "WORLDVIEW-3", "instruments": ["worldview-3"],
        "gsd": 0.323, "view:off_nadir": 12.37, "view:incidence_angle": 13.59, "view:azimuth": 102.2,
        "view:sun_azimuth": 125.2, "view:sun_elevation": 69.7, "sat:orbit_state": "descending",
        "processing:lineage": "counts; orthorectified", "processing:level": "L1C",
        "processing:software": {"offnadir": "0.1.0"}, "offnadir:synthetic": True,
        "offnadir:elements": {"EPOCH": "2026-05-30T20:10:11", "NORAD_CAT_ID": 40115},
        "offnadir:predicted": {"blue": {"niirs": 3.76}, "pan": {"niirs": 5.74}}, "proj:code": "EPSG:32652",
    },
    "assets": {
        "pan": {"href": "./o01abc-1_pan.tif", "title": "Panchromatic, reflectance above the air",
                "type": "image/tiff", "roles": ["data"], "file:size": 2241834, "file:checksum": "1220" + SUM},
        "thumbnail": {"href": "./o01abc-1_preview.png", "title": "Preview", "type": "image/png",
                      "roles": ["thumbnail"], "file:size": 70, "file:checksum": "1220" + "0" * 64},
    },
}  # fmt: skip
_EMPTY = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """Refuses what is not nested; keeps texts by the tag they stand in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.addresses: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.addresses += [v for k, v in attrs if k in ("src", "href")]
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip() and self.open:
            self.texts.setdefault(self.open[-1], []).append(data)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "o01abc-1_preview.png").write_bytes(PNG)
    return tmp_path


def shown(page: Page) -> dict[str, str]:
    """Labels with what stands beside them; a label used twice keeps the last."""
    return dict(zip(page.texts["dt"], page.texts["dd"], strict=True))


def test_the_english_brief_says_all_that_is_known(folder):
    text = delivery_brief(ORDER, ITEM, folder, "en")
    page = Page(text)
    told = shown(page)
    assert told["Order"] == "o01abc"
    assert told["Title"] == "Port <of> Busan & sea"
    assert told["Place"] == "35.1000° N, 129.0400° E"
    assert told["To be taken"] == "from 2026-05-31 00:00 UTC"
    assert told["Repeated"] == "every 7 days, 3 pictures"
    assert told["Off-nadir, at most"] == "25°"
    assert told["Cloud, at most"] == "20 %"
    assert told["End user"] == "Harbour office (KR)"
    assert told["Taken, UTC"] == "2026-06-01 20:10:11"
    assert told["Taken, KST"] == "2026-06-02 05:10:11"  # Korea is nine hours ahead, all year
    assert (told["Off-nadir"], told["Incidence"]) == ("12.4°", "13.6°")
    assert told["Azimuth of the satellite"] == "102.2° from north"
    assert told["GSD"] == "0.32 m"
    assert told["NIIRS, predicted"] == "5.7"  # that of the sharpest band
    assert told["Cloud"] == "not determined"
    assert told["Direction of flight"] == "southbound"
    # 0.01 deg of latitude are 1.11 km, of longitude that times cos 35.1 deg = 0.91 km
    assert told["Extent, east-west × north-south"] == "0.91 × 1.11 km"
    assert told["Element set"] == "NORAD 40115, epoch 2026-05-30 20:10:11 UTC"
    assert SUM in page.texts["code"]
    assert "was 2.0 days old" in text
    assert "Made-up ground" in text
    assert f"data:image/png;base64,{base64.b64encode(PNG).decode()}" in page.addresses
    assert all(one.startswith("data:") for one in page.addresses)


def test_every_label_of_the_korean_brief_is_korean(folder):
    text = delivery_brief(ORDER, ITEM, folder, "ko")
    page = Page(text)
    hangul = re.compile("[가-힣]")
    assert '<html lang="ko">' in text
    labels = page.texts["dt"] + page.texts["h2"] + page.texts["th"][:4]
    assert len(labels) > 35
    assert [one for one in labels if not hangul.search(one)] == []
    assert shown(page)["오프나디르각"] == "12.4°"
    assert "전정색, 대기 상단 반사율" in page.texts["td"]
    assert "가상 지면" in text


def test_each_phrase_has_both_languages_with_the_same_fields():
    for key, (english, korean) in _PAIRS.items():
        assert re.search("[가-힣]", korean), key
        assert not re.search("[가-힣]", english), key
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", korean)), key
        if english.endswith("."):
            assert korean.endswith(("습니다.", "니다.", "바랍니다.")), key


def test_a_real_picture_of_which_little_is_known_makes_no_claims(tmp_path):
    told = {"datetime": "2025-03-04T02:14:02Z"}
    bare = {"id": "x", "bbox": [179.9, -10.0, -179.9, -9.8], "properties": told}
    text = delivery_brief({"id": "o1"}, bare, tmp_path, "en")
    told = shown(Page(text))
    assert told["Off-nadir"] == told["NIIRS, predicted"] == told["GSD"] == "not determined"
    assert told["Centre"] == "9.9000° S, 180.0000° W"
    assert "Made-up ground" not in text
    assert "equation" not in text
    assert "no preview picture" in text


def test_other_languages_are_refused(folder):
    with pytest.raises(InputError, match="en or ko"):
        delivery_brief(ORDER, ITEM, folder, "fr")
