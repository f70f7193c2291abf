"""Readers of element sets: every format, every kind of bad record, choosing a satellite."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace

import pytest

from naive.elements import WRITERS, edited, json_text, kvn_text, signed, xml_text
from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError
from offnadir.orbits import (
    element_set_to_omm,
    nearest_sets,
    omm_to_element_set,
    read_elements,
    select_satellites,
)
from offnadir.units import deg

# CelesTrak, 2026-05-30.
ISS = [
    "1 25544U 98067A   26150.51748228  .00011776  00000+0  21767-3 0  9998",
    "2 25544  51.6337  27.5746 0007245 114.7080 245.4664 15.49496548569014",
]
S2A = [
    "1 40697U 15028A   26150.59231876  .00000540  00000+0  22277-3 0  9998",
    "2 40697  98.5691 225.6931 0001116  89.9845 270.1466 14.30819576571212",
]
# The ISS again, as CelesTrak's JSON would have it.
OMM = {
    "OBJECT_NAME": "ISS (ZARYA)",
    "OBJECT_ID": "1998-067A",
    "EPOCH": "2026-05-30T12:25:10.468992",
    "MEAN_MOTION": 15.49496548,
    "ECCENTRICITY": 0.0007245,
    "INCLINATION": 51.6337,
    "RA_OF_ASC_NODE": 27.5746,
    "ARG_OF_PERICENTER": 114.708,
    "MEAN_ANOMALY": 245.4664,
    "EPHEMERIS_TYPE": 0,
    "CLASSIFICATION_TYPE": "U",
    "NORAD_CAT_ID": 25544,
    "ELEMENT_SET_NO": 999,
    "REV_AT_EPOCH": 56901,
    "BSTAR": 0.00021767,
    "MEAN_MOTION_DOT": 0.00011776,
    "MEAN_MOTION_DDOT": 0,
}
S2A_OMM = {
    **OMM,
    "OBJECT_NAME": "SENTINEL-2A",
    "OBJECT_ID": "2015-028A",
    "EPOCH": "2026-05-30T14:12:56.340864",
    "MEAN_MOTION": 14.30819576,
    "ECCENTRICITY": 0.0001116,
    "INCLINATION": 98.5691,
    "RA_OF_ASC_NODE": 225.6931,
    "ARG_OF_PERICENTER": 89.9845,
    "MEAN_ANOMALY": 270.1466,
    "NORAD_CAT_ID": 40697,
    "REV_AT_EPOCH": 57121,
    "BSTAR": 0.00022277,
    "MEAN_MOTION_DOT": 0.0000054,
}
TLE = "\n".join(["ISS (ZARYA)", *ISS, "SENTINEL-2A", *S2A]) + "\n"


@pytest.fixture
def read(tmp_path):
    """Read text or bytes as a file, by a name that says nothing of the format."""

    def do(content: str | bytes, name: str = "elements.dat"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_elements(path)

    return do


def bare(elements):
    return [replace(one, source="") for one in elements]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    path = tmp_path_factory.mktemp("both") / "both.tle"
    path.write_text(TLE)
    return read_elements(path).elements


# --- formats ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WRITERS)
def test_all_formats_of_omm_give_the_set_of_the_tle(read, both, kind):
    file = read(WRITERS[kind]([OMM, S2A_OMM]))
    assert bare(file.elements) == bare(both)
    assert file.rejected == ()
    assert file.format == f"OMM {kind.split()[0]}"


@pytest.mark.parametrize(
    "dress",
    {
        "crlf": lambda text: text.replace("\n", "\r\n").encode(),
        "old mac": lambda text: text.replace("\n", "\r").encode(),
        "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
        "utf-16 of a Windows shell": lambda text: text.encode("utf-16"),
        "gzip": lambda text: gzip.compress(text.encode(), mtime=0),
        "gzip of two members": lambda text: (
            gzip.compress(b"\n", mtime=0) + gzip.compress(text.encode(), mtime=0)
        ),
        "no last line end": lambda text: text.rstrip("\n").encode(),
        "blank lines at the start": lambda text: b"\n\n  \n" + text.encode(),
    }.items(),
    ids=lambda item: item[0],
)
@pytest.mark.parametrize(
    "text",
    [TLE, json_text([OMM, S2A_OMM]), kvn_text([OMM, S2A_OMM]), WRITERS["CSV"]([OMM, S2A_OMM])],
    ids=["TLE", "JSON", "KVN", "CSV"],
)
def test_how_a_file_is_dressed_does_not_matter(read, both, dress, text):
    file = read(dress[1](text), "names_lie.xml")
    assert bare(file.elements) == bare(both)
    assert file.rejected == ()


@pytest.mark.parametrize(
    "dress",
    [
        lambda text: gzip.compress(text.encode(), mtime=0),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: b"\n  " + text.encode(),
        lambda text: text.replace("UTF-8", "UTF-16").encode("utf-16"),
        lambda text: text.replace("<ndm>", '<ndm xsi:noNamespaceSchemaLocation="x">').encode(),
    ],
    ids=["gzip", "byte order mark", "blanks", "utf-16", "undeclared prefix"],
)
def test_how_xml_is_dressed_does_not_matter(read, both, dress):
    assert bare(read(dress(xml_text([OMM, S2A_OMM]))).elements) == bare(both)


def test_blank_lines_comments_and_extra_columns_in_a_tle_count_for_nothing(read, both):
    lines = ["# stations", "", "0 ISS (ZARYA)", f"  {ISS[0]}  ", "# drag is high", ""]
    lines += [ISS[1] + "      0.0      4320.0        360.00", "SENTINEL-2A             ", *S2A]
    file = read("\n".join(lines) + "\n\x1a")
    assert bare(file.elements) == bare(both)
    assert (file.rejected, file.format) == ((), "3LE")


def test_sets_without_names_are_called_by_their_number(read):
    file = read("\n".join([*ISS, *S2A]))
    assert [one.name for one in file.elements] == ["NORAD 25544", "NORAD 40697"]
    assert (file.format, file.rejected) == ("TLE", ())


def test_every_set_knows_its_line(read, tmp_path):
    file = read(TLE)
    path = tmp_path / "elements.dat"
    assert [one.source for one in file.elements] == [f"{path}:2", f"{path}:5"]
    assert file.path == str(path)


def test_a_single_json_object_and_a_single_omm_are_files_too(read):
    assert read(json.dumps(OMM)).elements[0].norad_id == 25544
    lone = xml_text([OMM]).replace("<ndm>", "").replace("</ndm>", "")
    assert read(lone).elements[0].norad_id == 25544


@pytest.mark.parametrize("number", [339_999, 340_000, 123_456_789, 999_999_999])
@pytest.mark.parametrize("kind", WRITERS)
def test_numbers_of_nine_digits(read, kind, number):
    (one,) = read(WRITERS[kind]([{**OMM, "NORAD_CAT_ID": number}])).elements
    assert one.norad_id == number


def test_names_keep_their_brackets_commas_and_quotes(read):
    name = 'GSAT0101 [+], "PFM" & <FM2> = 1'
    for kind, write in WRITERS.items():
        (one,) = read(write([{**OMM, "OBJECT_NAME": name}])).elements
        assert one.name == name, kind


def test_kvn_messages_without_a_version_line_begin_at_the_name(read, both):
    text = kvn_text([OMM, S2A_OMM]).replace("CCSDS_OMM_VERS = 3.0\n", "")
    file = read(text.replace("CREATION_DATE = 2026-06-01\n", "META_START\n"))
    assert bare(file.elements) == bare(both)


def test_a_name_in_latin_1_does_not_spoil_the_file(read):
    assert (
        read("PL\u00c9IADES\n".encode("latin-1") + TLE.encode()[12:]).elements[0].name == "PLÉIADES"
    )


# --- numbers of a TLE ------------------------------------------------------------------------


def one_set(read, line1=ISS[0], line2=ISS[1]):
    (one,) = read(f"{line1}\n{line2}\n").elements
    return one


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" 21767-3", 0.21767e-3),
        ("-21767-3", -0.21767e-3),
        ("+21767-3", 0.21767e-3),
        (" 21767 1", 2.1767),
        (" 00000+0", 0.0),
        (" 00000-0", 0.0),
        (" 00000 0", 0.0),
        (" 00000  ", 0.0),
        ("        ", 0.0),
        ("-33668+1", -3.3668),
    ],
)
def test_powers_of_ten(read, text, value):
    assert one_set(read, edited(ISS[0], 54, text)).bstar == value


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("57001.00000000", "1957-01-01T00:00:00.000000000Z"),
        ("56366.99999999", "2056-12-31T23:59:59.999136000Z"),
        ("00060.50000000", "2000-02-29T12:00:00.000000000Z"),
        ("99365.00000001", "1999-12-31T00:00:00.000864000Z"),
        ("26  1.5       ", "2026-01-01T12:00:00.000000000Z"),
        (" 6001.00000000", "2006-01-01T00:00:00.000000000Z"),
        ("19366.82137887", "2020-01-01T19:42:47.134368000Z"),
        ("16366.99999999", "2016-12-31T23:59:59.999136000Z"),
        ("17001.00000000", "2017-01-01T00:00:00.000000000Z"),
    ],
)
def test_epochs_are_exact(read, text, time):
    assert one_set(read, edited(ISS[0], 19, text)).epoch.utc(9) == time


@pytest.mark.parametrize(
    ("text", "number"),
    [("A0000", 100_000), ("Z9999", 339_999), ("    5", 5), ("00005", 5), ("H9999", 179_999)],
)
def test_satellite_numbers(read, text, number):
    assert one_set(read, edited(ISS[0], 3, text), edited(ISS[1], 3, text)).norad_id == number


@pytest.mark.parametrize(
    ("text", "object_id"),
    [("98067A  ", "1998-067A"), ("57001B  ", "1957-001B"), ("25233PFM", "2025-233PFM"),
     ("        ", ""), ("81053   ", "81053"), ("00001  A", "00001  A")],
)  # fmt: skip
def test_international_designators(read, text, object_id):
    assert one_set(read, edited(ISS[0], 10, text)).object_id == object_id


def test_blank_counts_and_other_spellings(read):
    line1 = edited(edited(edited(ISS[0], 8, " "), 34, "-.00000123"), 63, "      ")
    line2 = edited(edited(ISS[1], 64, "     "), 27, "     72")
    one = one_set(read, line1, line2)
    assert (one.classification, one.element_set_no, one.rev_at_epoch) == ("U", 0, 0)
    assert one.eccentricity == 0.0000072
    assert one.half_ndot_rad_s2 < 0


# --- what is refused -------------------------------------------------------------------------

BAD_LINES = [
    # (what is wrong with line 1 or 2, which of them, reason)
    (lambda a, b: (a[:-1] + "7", b), 1, "checksum of line 1 = 7: must be 8"),
    (lambda a, b: (a, b[:-1] + "3"), 2, "checksum of line 2 = 3: must be 4"),
    (lambda a, b: (a[:-1], b), 1, r"length of line 1 = 68: must be 69 .*checksum is missing"),
    (lambda a, b: (a, b[:40]), 2, "length of line 2 = 40"),
    (lambda a, b: (a + "1", b), 1, "length of line 1 = 70"),
    (lambda a, b: (edited(a, 3, "25543"), b), 2, "satellite number of line 2 = 25544"),
    (lambda a, b: (edited(a, 3, "I0000"), edited(b, 3, "I0000")), 1, "no letters I and O"),
    (lambda a, b: (edited(a, 3, "A 123"), b), 1, "satellite number = 'A 123'"),
    (lambda a, b: (edited(a, 3, "     "), b), 1, "satellite number = '     '"),
    (lambda a, b: (edited(a, 21, "15O"), b), 1, r"epoch = .*columns 19 to 32"),
    (lambda a, b: (edited(a, 19, "26000"), b), 1, "epoch = .*day of the year from 1"),
    (lambda a, b: (edited(a, 19, "26367"), b), 1, "epoch = .*below 367"),
    (lambda a, b: (edited(a, 24, "5 748228"), b), 1, "epoch = "),
    (lambda a, b: (edited(a, 54, " 2176x-3"), b), 1, r"BSTAR = ' 2176x-3'.*columns 54 to 61"),
    (lambda a, b: (edited(a, 54, " 217 7-3"), b), 1, "BSTAR = "),
    (lambda a, b: (edited(a, 54, " 99999+9"), b), 1, "BSTAR = 999990000.0: must be within"),
    (lambda a, b: (edited(a, 34, "  .0.01776"), b), 1, "first derivative of mean motion"),
    (lambda a, b: (edited(a, 34, "          "), b), 1, "first derivative of mean motion"),
    (lambda a, b: (edited(a, 63, "4"), b), 1, "ephemeris type = '4': .*SGP4-XP"),
    (lambda a, b: (edited(a, 63, "2"), b), 1, "ephemeris type = '2'"),
    (lambda a, b: (edited(a, 9, "x"), b), 1, "column 9 = 'x': must be blank"),
    (lambda a, b: (a, edited(b, 9, " 51.63x7")), 2, r"inclination = ' 51.63x7'.*9 to 16"),
    (lambda a, b: (a, edited(b, 9, "5 1.6337")), 2, "inclination = "),
    (
        lambda a, b: (a, edited(b, 9, "180.0001")),
        2,
        "INCLINATION = 180.0001: must be from 0 to 180",
    ),
    (lambda a, b: (a, edited(b, 18, "360.0001")), 2, "RA_OF_ASC_NODE = 360.0001"),
    (lambda a, b: (a, edited(b, 27, "       ")), 2, "eccentricity = '       '"),
    (lambda a, b: (a, edited(b, 44, "400.0000")), 2, "MEAN_ANOMALY = 400.0"),
    (lambda a, b: (a, edited(b, 53, " 0.00000000")), 2, "MEAN_MOTION = 0.0: must be above 0"),
    (lambda a, b: (a, edited(b, 53, "17.00000001")), 2, "MEAN_MOTION = .*inside the Earth"),
    (lambda a, b: (a, edited(b, 53, "15.4949NaN1")), 2, "mean motion = "),
    (lambda a, b: (a, "\u0661".join([b[:8], b[9:]])), 2, "inclination = "),
]


@pytest.mark.parametrize(("spoil", "line", "reason"), BAD_LINES)
def test_a_bad_tle_is_refused_with_its_line_and_the_others_stay(
    read, tmp_path, spoil, line, reason
):
    bad = spoil(*ISS)
    file = read("\n".join(["A", *S2A, "B", *bad, "C", *S2A]))
    assert [one.name for one in file.elements] == ["A", "C"]
    (rejected,) = file.rejected
    assert rejected.where == f"{tmp_path / 'elements.dat'}:{4 + line}"
    assert rejected.text.strip() == bad[line - 1].strip()
    assert re.search(reason, rejected.reason)


def test_360_degrees_and_a_day_366_are_allowed(read):
    line2 = edited(edited(ISS[1], 18, "360.0000"), 44, "360.0000")
    assert one_set(read, line2=line2).raan_rad == 360 * deg


@pytest.mark.parametrize(
    ("lines", "good", "places"),
    [
        ([ISS[0]], 0, {4: "line 1 without line 2"}),
        ([ISS[1]], 0, {4: "line 2 without line 1"}),
        (["ISS", ISS[0]], 0, {5: "line 1 without line 2"}),
        (["ISS", ISS[1]], 0, {5: "line 2 without line 1"}),
        ([ISS[0], ISS[0], ISS[1]], 1, {4: "line 1 without line 2"}),
        ([ISS[0], ISS[1], ISS[1]], 1, {6: "line 2 without line 1"}),
        ([ISS[1], ISS[0]], 0, {4: "line 2 without line 1", 5: "line 1 without line 2"}),
        ([ISS[0], "ISS", ISS[1]], 0, {4: "line 1 without line 2", 6: "line 2 without line 1"}),
        (["OLD NAME", "ISS", *ISS], 1, {4: "neither an element line nor the name"}),
        (["x" * 61, *ISS], 1, {4: "neither an element line nor the name"}),
        ([ISS[0], "0" + ISS[1][1:]], 0, {4: "line 1 without line 2", 5: "neither an element"}),
        (["3" + ISS[0][1:], ISS[1]], 0, {4: "neither an element", 5: "line 2 without line 1"}),
    ],
)
def test_orphans_and_stray_lines_are_told_by_line(read, tmp_path, lines, good, places):
    file = read("\n".join(["A", *S2A, *lines, "Z", *S2A]))
    names = [one.name for one in file.elements]
    assert (names[0], names[-1], len(names)) == ("A", "Z", 2 + good)
    found = {bad.where: bad.reason for bad in file.rejected}
    path = tmp_path / "elements.dat"
    assert list(found) == [f"{path}:{line}" for line in places]
    for line, reason in places.items():
        assert found[f"{path}:{line}"].startswith(reason)


def test_a_line_without_a_set_at_the_end_is_told(read):
    (bad,) = read(TLE + "THE END\n").rejected
    assert bad.where.endswith(":7")
    assert bad.text == "THE END"


BAD_VALUES = [
    ("MEAN_MOTION", None, "MEAN_MOTION = None: must be given"),
    ("MEAN_MOTION", "", "MEAN_MOTION = '': must be given"),
    ("MEAN_MOTION", "fast", "MEAN_MOTION = 'fast': must be a number"),
    ("MEAN_MOTION", "1_5", "a number"),
    ("MEAN_MOTION", "\u0661\u0665", "a number"),
    ("MEAN_MOTION", "nan", "a number"),
    ("MEAN_MOTION", "inf", "a number"),
    ("MEAN_MOTION", "15.5 \x1c\x00", "a number"),
    ("MEAN_MOTION", True, "a number"),
    ("MEAN_MOTION", [15.5], "a number"),
    ("MEAN_MOTION", 10**400, "a number"),
    ("MEAN_MOTION", "1e999", "a number"),
    ("MEAN_MOTION", -15.5, "above 0 and up to 17 rev/day"),
    ("MEAN_MOTION", 5585.0, "inside the Earth"),
    ("ECCENTRICITY", 1.0, "from 0 to below 1"),
    ("ECCENTRICITY", -1e-9, "from 0 to below 1"),
    ("INCLINATION", 180.1, "from 0 to 180"),
    ("RA_OF_ASC_NODE", 361, "within +-360"),
    ("ARG_OF_PERICENTER", -361, "within +-360"),
    ("MEAN_ANOMALY", 361, "within +-360"),
    ("BSTAR", 101.0, "within +-100"),
    ("MEAN_MOTION_DOT", 1e10, "rev/day**2"),
    ("MEAN_MOTION_DDOT", -1e10, "rev/day**3"),
    ("EPOCH", None, "EPOCH = None: must be given"),
    ("EPOCH", "2026-05-30", "a UTC time"),
    ("EPOCH", "2026-02-30T00:00:00", "no such day"),
    ("EPOCH", "2025-366T00:00:00", "no such day"),
    ("EPOCH", "2026-000T00:00:00", "no such day"),
    ("EPOCH", "2026-05-30T25:00:00", "no such time of day"),
    ("EPOCH", "2026-05-30T12:00:00+09:00", "a UTC time"),
    ("EPOCH", "2026-05-30T12:00:00.1234567891", "a UTC time"),
    ("EPOCH", "1956-12-31T00:00:00", "in the years 1957 to 2199"),
    ("EPOCH", 2461190.5, "a UTC time"),
    ("NORAD_CAT_ID", None, "given"),
    ("NORAD_CAT_ID", 1_000_000_000, "nine digits"),
    ("NORAD_CAT_ID", -1, "nine digits"),
    ("NORAD_CAT_ID", 25544.5, "nine digits"),
    ("NORAD_CAT_ID", "I0000", "a number"),
    ("REV_AT_EPOCH", -1, "nine digits"),
    ("EPHEMERIS_TYPE", 4, "SGP4-XP"),
    ("EPHEMERIS_TYPE", "2", "Kozai"),
    ("MEAN_ELEMENT_THEORY", "SGP4-XP", "must be SGP4 (SGP4-XP is another theory)"),
    ("MEAN_ELEMENT_THEORY", "DSST", "must be SGP4"),
    ("REF_FRAME", "EME2000", "REF_FRAME = 'EME2000': must be TEME"),
    ("TIME_SYSTEM", "TAI", "TIME_SYSTEM = 'TAI': must be UTC"),
    ("CENTER_NAME", "MARS", "must be EARTH"),
    ("BTERM", "0.02", "SGP4-XP"),
    ("AGOM", 0.01, "SGP4-XP"),
]


@pytest.mark.parametrize(("keyword", "value", "reason"), BAD_VALUES)
def test_a_bad_value_of_an_omm_is_refused_and_the_others_stay(
    read, tmp_path, keyword, value, reason
):
    file = read(json.dumps([S2A_OMM, {**OMM, keyword: value}, S2A_OMM]))
    assert [one.norad_id for one in file.elements] == [40697, 40697]
    (rejected,) = file.rejected
    assert rejected.where == f"{tmp_path / 'elements.dat'}: record 2"
    assert rejected.reason.startswith(keyword)
    assert reason in rejected.reason


def test_nan_written_as_json_does_is_refused(read):
    text = json.dumps([{**OMM, "ECCENTRICITY": float("nan")}, S2A_OMM])
    assert "ECCENTRICITY = nan" in read(text).rejected[0].reason


@pytest.mark.parametrize(
    "keyword",
    ["EPOCH", "MEAN_MOTION", "ECCENTRICITY", "INCLINATION", "RA_OF_ASC_NODE",
     "ARG_OF_PERICENTER", "MEAN_ANOMALY", "NORAD_CAT_ID", "BSTAR"],
)  # fmt: skip
@pytest.mark.parametrize("kind", WRITERS)
def test_a_missing_keyword_is_named_in_every_format(read, kind, keyword):
    # A CSV needs its column all the same, and the XML writer its leaf: there it is left empty.
    file = read(WRITERS[kind]([S2A_OMM, {**OMM, keyword: ""}]))
    assert [one.norad_id for one in file.elements] == [40697]
    (rejected,) = file.rejected
    assert re.match(f"{keyword} = (''|None): must be given", rejected.reason)
    assert rejected.text


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[rev/day]", "[deg/s]", "unit of MEAN_MOTION = 'deg/s': must be rev/day"),
        ("[deg]", "[rad]", "unit of INCLINATION = 'rad': must be deg"),
        ("= 0.0007245", "= 0.0007245 [deg]", "unit of ECCENTRICITY = 'deg': must be left out"),
        ("BSTAR  ", "BSTAR ! ", "line 22 = "),
        ("REF_FRAME            = TEME", "REF_FRAME = GCRF", "REF_FRAME = 'GCRF'"),
        (
            "NORAD_CAT_ID         = 25544",
            "NORAD_CAT_ID = 1\nNORAD_CAT_ID = 2",
            "NORAD_CAT_ID = '2'",
        ),
    ],
)
def test_a_bad_kvn_message_is_refused_and_the_next_stays(read, old, new, reason):
    text = kvn_text([OMM], units=True)
    assert old in text
    file = read(text.replace(old, new, 1) + "\n" + kvn_text([S2A_OMM]))
    assert [one.norad_id for one in file.elements] == [40697]
    (rejected,) = file.rejected
    assert rejected.where.endswith(":1")
    assert rejected.reason.startswith(reason) or f"{reason}: must be given once" in rejected.reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('units="rev/day"', 'units="rad/s"', "unit of MEAN_MOTION = 'rad/s': must be rev/day"),
        ("<REF_FRAME>TEME", "<REF_FRAME>ICRF", "REF_FRAME = 'ICRF': must be TEME"),
        ("<BSTAR", "<BSTAR>1</BSTAR><BSTAR", "BSTAR = '0.00021767': must be given once"),
    ],
)
def test_a_bad_xml_message_is_refused_and_the_next_stays(read, old, new, reason):
    file = read(xml_text([OMM, S2A_OMM], units=True).replace(old, new, 1))
    assert [one.norad_id for one in file.elements] == [40697]
    (rejected,) = file.rejected
    assert rejected.where.endswith(":3")  # where its <omm> begins
    assert rejected.reason == reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,2,3", "number of columns = 3: must be 17, as in the header"),
        ('"ISS,1998-067A', "must be comma-separated values"),
    ],
)
def test_a_bad_csv_row_is_refused_and_the_next_stays(read, row, reason):
    lines = WRITERS["CSV"]([S2A_OMM, S2A_OMM]).split("\r\n")
    file = read("\r\n".join([*lines[:2], row, *lines[2:]]))
    assert len(file.elements) == 2
    (rejected,) = file.rejected
    assert rejected.where.endswith(":3")
    assert reason in rejected.reason


def test_a_json_record_that_is_no_object_is_refused(read):
    file = read(json.dumps([OMM, "ISS", None]))
    assert [bad.where.split(": ")[1] for bad in file.rejected] == ["record 2", "record 3"]
    assert "an object of OMM keywords" in file.rejected[0].reason


def test_names_are_safe_to_print(read):
    (one,) = read(json.dumps([{**OMM, "OBJECT_NAME": "A\u001b[31m\ud800\n"}])).elements
    assert one.name == "A\ufffd[31m\ufffd"


# --- files in which nothing can be read ------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"", "the file is empty"),
        (b" \r\n\t", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (gzip.compress(b"", mtime=0), "the file is empty"),
        (b"<!DOCTYPE html><html><body>503</body></html>", "it looks like a web page"),
        (b"\n <HTML lang='en'>", "it looks like a web page"),
        (gzip.compress(b"<!doctype html>", mtime=0), "it looks like a web page"),
        (b"No GP data found", r"first .*:1: neither an element line .*'No GP data found'"),
        (b"PK\x03\x04abc", "a zip archive: unpack it first"),
        (gzip.compress(gzip.compress(TLE.encode(), mtime=0)), "gzip within gzip"),
        (b"BZh91AY", "bzip2"),
        (b"\x7fELF\x00\x00", "binary data"),
        (b"CCSDS_OEM_VERS = 2.0\nORIGINATOR = X\n", "it is a CCSDS OEM"),
        (b"# only a comment\n", "there are none"),
        (b"[]", "there are none"),
        (b'{"error": "Invalid query"}', r"1 refused as OMM JSON; first .*record 1: NORAD_CAT_ID"),
        (b"42", "1 refused as TLE"),
        (b'"x"', "1 refused as TLE"),
        (b"[1, 2", r"sound JSON \(line 1: .*cut short"),
        (json_text([OMM])[:-40].encode(), "cut short"),
        (b"[" * 100_000, "sound JSON"),
        (b"[" + b"9" * 5000 + b"]", "sound JSON"),
        (xml_text([OMM])[:-40].encode(), r"sound XML \(line \d+: .*cut short"),
        (b"<?xml version='1.0' encoding='klingon'?><ndm/>", "sound XML"),
        (b"<rss><item>news</item></rss>", r"no <omm>; its root is <rss>"),
        (gzip.compress(TLE.encode(), mtime=0)[:-12], r"sound gzip \(the file is cut short\)"),
        (gzip.compress(TLE.encode(), mtime=0)[:-4] + b"....", "sound gzip"),
        (b"\x1f\x8b" + b"x" * 40, "sound gzip"),
        (b"NORAD_CAT_ID,EPOCH\n", "there are none"),
        (b"NORAD_CAT_ID,EPOCH,EPOCH\n1,2,3\n", "the header cannot be used"),
        (ISS[0].encode(), "line 1 without line 2"),
    ],
)
def test_a_file_with_nothing_in_it_says_what_was_found(read, content, hint):
    with pytest.raises(InputError, match=hint) as caught:
        read(content)
    assert "elements.dat" in str(caught.value)
    assert caught.value.exit_code == 2


def test_xml_with_a_doctype_is_refused_before_any_entity_is_expanded(read):
    levels = "".join(f'<!ENTITY b{i} "{f"&b{i - 1};" * 10}">' for i in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE ndm [<!ENTITY b0 "ha">{levels}]>'
    text = xml_text([OMM]).split("\n", 1)[1].replace("ISS (ZARYA)", "&b9;")
    with pytest.raises(InputError, match="it has a DOCTYPE"):
        read(bomb + text)


def test_files_that_cannot_be_opened(tmp_path):
    with pytest.raises(FileError, match=r"none\.tle: No such file") as caught:
        read_elements(tmp_path / "none.tle")
    assert caught.value.exit_code == 2
    with pytest.raises(FileError, match="directory"):
        read_elements(str(tmp_path))
    with pytest.raises(FileError, match="null"):
        read_elements("a\0b")


# --- OMM keywords out and in -----------------------------------------------------------------


def test_keywords_are_those_of_celestrak_in_their_order(both):
    assert list(element_set_to_omm(both[0]).items()) == list(OMM.items())
    assert element_set_to_omm(both[1]) == S2A_OMM


def test_what_may_be_missing_has_a_default(both):
    wanted = ("EPOCH", "MEAN_MOTION", "ECCENTRICITY", "INCLINATION", "RA_OF_ASC_NODE",
              "ARG_OF_PERICENTER", "MEAN_ANOMALY", "NORAD_CAT_ID", "BSTAR")  # fmt: skip
    one = omm_to_element_set({key: OMM[key] for key in wanted}, source="by hand")
    assert (one.name, one.object_id, one.classification) == ("NORAD 25544", "", "U")
    assert (one.half_ndot_rad_s2, one.element_set_no, one.source) == (0.0, 0, "by hand")
    assert one.mean_anomaly_rad == both[0].mean_anomaly_rad


@pytest.mark.parametrize(
    "text",
    ["2026-05-30T12:25:10.468992Z", "2026-05-30T12:25:10.468992000", "2026-150T12:25:10.468992",
     "2026-05-30 12:25:10.468992", "2026-05-30T12:25:10.468992"],
)  # fmt: skip
def test_spellings_of_an_epoch(both, text):
    assert omm_to_element_set({**OMM, "EPOCH": text}).epoch == both[0].epoch


@pytest.mark.parametrize("fraction", ["", ".", ".5", ".123456789", ".000000001"])
def test_an_epoch_has_up_to_nine_digits(fraction):
    epoch = omm_to_element_set({**OMM, "EPOCH": f"2016-12-31T23:59:60{fraction}"}).epoch
    digits = int(fraction[1:].ljust(9, "0") or 0)
    assert epoch.tai_ns == Epoch.from_utc("2017-01-01").tai_ns - 1_000_000_000 + digits
    back = element_set_to_omm(omm_to_element_set({**OMM, "EPOCH": epoch.utc(9)}))["EPOCH"]
    assert Epoch.from_utc(str(back)) == epoch
    assert len(str(back)) == (29 if digits % 1000 else 26)


def test_an_alpha_5_number_in_an_omm():
    assert omm_to_element_set({**OMM, "NORAD_CAT_ID": "T0438"}).norad_id == 270_438


# --- choosing --------------------------------------------------------------------------------


def named(both, name, norad_id, day=0.0):
    return replace(both[0], name=name, norad_id=norad_id, epoch=both[0].epoch + day * 86400.0)


@pytest.fixture(scope="module")
def fleet(both):
    return [
        named(both, "PLEIADES NEO 3", 48268),
        named(both, "PLEIADES 1A", 38012),
        named(both, "PLEIADES 1B", 39019),
        named(both, "T0438", 7),
        named(both, "TBA - TO BE ASSIGNED", 270_438),
        named(both, "PLEIADES", 5),
        named(both, "38012", 8),
    ]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (38012, [38012]),
        ("38012", [38012]),
        (" 00005 ", [5]),
        ("T0438", [270_438]),
        ("t0438", [270_438]),
        ("pleiades  1a", [38012]),
        ("Pleiades", [5]),  # the whole name wins over parts of others
        ("pleiades 1", [38012, 39019]),
        ("NEO", [48268]),
        ("PLEIADES-NEO_3", [48268]),
    ],
)
def test_numbers_whole_names_and_parts_of_names(fleet, wanted, ids):
    assert [one.norad_id for one in select_satellites(fleet, wanted)] == ids


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("PLEIADES 1C", r"did you mean PLEIADES 1[AB] \((38012|39019)\)"),
        ("HUBBLE", "no name is similar among 7"),
        ("", "no name is similar"),
        (1, "numbers here run from 5 to 270438, 7 in all"),
        ("8012", "numbers here run"),  # digits alone are no part of a name
        (-5, "numbers here run"),
    ],
)
def test_nothing_found_says_what_there_is(fleet, wanted, hint):
    with pytest.raises(InputError, match=hint) as caught:
        select_satellites(fleet, wanted)
    assert caught.value.field == "satellite"
    assert caught.value.value == wanted


def test_nothing_found_in_few_or_no_sets(both):
    with pytest.raises(InputError, match="there are 25544, 40697"):
        select_satellites(both, 1)
    with pytest.raises(InputError, match="there are no element sets"):
        select_satellites([], "ISS")


def test_of_several_sets_the_nearest_or_the_youngest(both):
    history = [named(both, "OBJECT A", 1, 0), named(both, "OTHER", 2, 1),
               named(both, "SAT", 1, 10), named(both, "SAT", 1, 4)]  # fmt: skip
    days = {3: 4, 1.9: 0, 2.0: 4, 7.0: 10, 50: 10, -50: 0}  # half-way, the younger
    for near, day in days.items():
        (one,) = select_satellites(history, "sat", near=both[0].epoch + near * 86400.0)
        assert one.epoch - both[0].epoch == day * 86400.0, near
    assert select_satellites(history, 1) == (history[2],)
    assert select_satellites(history, "object a") == (history[2],)  # an older name of it
    assert nearest_sets(history) == (history[2], history[1])
    assert nearest_sets(history, near=both[0].epoch) == (history[0], history[1])


def test_of_two_sets_with_one_epoch_the_later_in_order(both):
    again = replace(both[0], bstar=1e-3)
    assert nearest_sets([both[0], again]) == (again,)


def test_signed_lines_of_this_test_are_real():
    assert [signed(line) for line in (*ISS, *S2A)] == [*ISS, *S2A]
