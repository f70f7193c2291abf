"""Screening against facts from outside: the UN's list, romanisations, names as the press writes them."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from offnadir.errors import FileError, InputError
from offnadir.tasking import Party, SanctionsList, Screener, name_score, read_list
from offnadir.tasking._names_scripts import romanise_hangul
from offnadir.tasking.screening_list import birth_date
from sanctions import UN_LIST


@pytest.fixture(scope="module")
def un_list(tmp_path_factory: pytest.TempPathFactory) -> SanctionsList:
    path = tmp_path_factory.mktemp("list") / "consolidated.xml"
    path.write_text(UN_LIST, encoding="utf-8")
    return read_list(path)


@pytest.fixture(scope="module")
def screener(un_list: SanctionsList) -> Screener:
    return Screener([un_list])


def test_list_is_read_as_published(un_list: SanctionsList) -> None:
    assert un_list.name == "UN Security Council Consolidated List"
    assert un_list.date == "2026-02-27"
    assert un_list.sha256 == hashlib.sha256(UN_LIST.encode()).hexdigest()
    by = {entry.reference: entry for entry in un_list.entries}
    assert len(by) == 9
    agency = by["KPe.029"]
    assert [(n.text, n.quality) for n in agency.names] == [
        ("NATIONAL AEROSPACE TECHNOLOGY ADMINISTRATION", "primary"),
        ("NATA", "good"),
        ("NATIONAL AEROSPACE DEVELOPMENT ADMINISTRATION", "former"),
        ("NADA", "former"),
    ]
    assert (agency.listed_on, agency.updated) == ("2016-03-02", ("2024-04-15",))
    saddam = by["IQi.001"]
    assert saddam.name == "SADDAM HUSSEIN AL-TIKRITI"
    assert saddam.names[1].quality == "original script"
    assert saddam.birth_places == ("al-Awja, near Tikrit, Iraq",)
    assert [n.quality for n in by["KPi.024"].names] == ["primary", "good", "low"]


def test_every_form_of_birth_date_is_read(un_list: SanctionsList) -> None:
    births = {e.reference: e.births for e in un_list.entries}
    assert [(b.first, b.last, b.approximate) for b in births["QDi.263"]] == [
        ("1948-01-01", "1951-12-31", True),
        ("1973-11-01", "1973-11-30", False),
        ("1960-01-01", "1960-12-31", True),
    ]  # and the Hijri date is left out, not misread as 1402
    assert births["IQi.001"][0].first == births["IQi.001"][0].last == "1937-04-28"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("8/1/1984", "1984-01-08", "1984-01-08"),
        ("Between Aug. and Sep. 1977", "1977-08-01", "1977-09-30"),
        ("1 Jan. 1953", "1953-01-01", "1953-01-01"),
        ("circa 1955-1958", "1955-01-01", "1958-12-31"),
    ],
)
def test_dates_as_people_write_them(text: str, first: str, last: str) -> None:
    birth = birth_date(text)
    assert birth is not None
    assert (birth.first, birth.last) == (first, last)


def test_packed_list_is_the_same(tmp_path: Path, un_list: SanctionsList) -> None:
    path = tmp_path / "consolidated.xml.gz"
    path.write_bytes(gzip.compress(UN_LIST.encode()))
    assert read_list(path).entries == un_list.entries


BOMB = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]>
<CONSOLIDATED_LIST><INDIVIDUALS><INDIVIDUAL><FIRST_NAME>&y;</FIRST_NAME></INDIVIDUAL></INDIVIDUALS></CONSOLIDATED_LIST>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<CONSOLIDATED_LIST>&x;</CONSOLIDATED_LIST>"""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (BOMB, "entities"),
        (OUTSIDE, "entities"),
        ("<html><body>404</body></html>", "CONSOLIDATED_LIST"),
        ("not xml", "not XML"),
        ("<CONSOLIDATED_LIST/>", "no entry"),
        (UN_LIST.replace("KPe.035", "KPe.030"), "KPe.030: stands there twice"),
        (UN_LIST[:1500], "not XML"),
    ],
)
def test_bad_file_is_refused(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "list.xml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FileError, match=says):
        read_list(path)


def test_revised_romanisation() -> None:
    """National Institute of Korean Language, Romanization of Korean (2000), letter by letter."""
    assert romanise_hangul("김정은") == ["gim", "jeong", "eun"]
    assert romanise_hangul("박최읽") == ["bak", "choe", "ik"]


LISTED = [
    (
        "National Aerospace Development Administration",
        "organisation",
        "KPe.029",
    ),  # its name until 2024
    ("NADA", "organisation", "KPe.029"),
    ("조선우주공간기술위원회", "organisation", "KPe.012"),
    ("朝鮮宇宙空間技術委員會", "organisation", "KPe.012"),
    ("Корейский комитет космических технологий", "organisation", "KPe.012"),
    ("Korean Committee of Space Technology", "unknown", "KPe.012"),
    ("조선대성은행", "organisation", "KPe.035"),
    ("Taesong Bank", "organisation", "KPe.035"),
    ("朝鲜大成银行", "organisation", "KPe.035"),
    ("Bureau 39", "organisation", "KPe.030"),
    ("Lee Hong-seop", "person", "KPi.004"),
    ("이홍섭", "person", "KPi.004"),
    ("Ri Hongsop", "person", "KPi.004"),
    ("Ким Ён Чхоль", "person", "KPi.024"),
    ("김영철", "person", "KPi.024"),
    ("Kim Yŏng-ch’ŏl", "person", "KPi.024"),  # McCune-Reischauer
    ("Saddam Husayn", "person", "IQi.001"),
    ("Саддам Хусейн", "person", "IQi.001"),
    ("صدام حسين", "person", "IQi.001"),
    ("Sаddаm Нusseіn", "person", "IQi.001"),  # six letters are Cyrillic
    ("Hussein, Saddam", "person", "IQi.001"),
    ("Hafeez Mohammed Said", "person", "QDi.263"),
]


@pytest.mark.parametrize(("name", "kind", "reference"), LISTED)
def test_listed_is_found(screener: Screener, name: str, kind: str, reference: str) -> None:
    result = screener.screen(Party(name=name, kind=kind))  # type: ignore[arg-type]
    assert reference in [hit.reference for hit in result.hits]
    assert all(hit.list_date == "2026-02-27" and hit.reasons for hit in result.hits)


NOT_LISTED = [
    ("National Space Agency of Ukraine", "organisation"),
    ("Office 35", "organisation"),
    ("Deutsche Bank AG", "organisation"),
    ("Korea Space Institute", "organisation"),
    ("Al-Haramain Foundation (Kenya)", "organisation"),
    ("Ri Myong-su", "person"),
    ("Kim Jong Nam", "person"),
    ("Saddam Khalil", "person"),
    ("Nada Hassan", "person"),
    ("Hussein Ali", "person"),
    ("Ban Ki-moon", "person"),
]


@pytest.mark.parametrize(("name", "kind"), NOT_LISTED)
def test_not_listed_is_no_hit(screener: Screener, name: str, kind: str) -> None:
    assert not screener.screen(Party(name=name, kind=kind)).is_hit  # type: ignore[arg-type]


SAME = [
    ("Muammar al-Qadhafi", "Moammar Gaddafi", "person"),
    ("Mao Zedong", "Mao Tse-tung", "person"),
    ("习近平", "Xi Jinping", "person"),
    ("Ким Чен Ын", "Kim Jong Un", "person"),
    ("金正恩", "Kim Jong Un", "person"),
    ("محمود احمدی نژاد", "Mahmoud Ahmadinejad", "person"),
    ("Володимир Зеленський", "Volodymyr Zelensky", "person"),
    ("Abdel Fattah el-Sisi", "Abd al-Fattah as-Sisi", "person"),
    ("ООО Ромашка", "Romashka LLC", "organisation"),
    ("Airbus Defence and Space GmbH", "Airbus Defense & Space", "organisation"),
]
OTHERS = [
    ("Ivan Petrovich Ivanov", "Ivan Sergeevich Ivanov", "person"),
    ("Salman bin Ahmad al-Harbi", "Ahmad bin Salman al-Harbi", "person"),  # father and son
    ("John Smith", "Jane Smith", "person"),
    ("General Electric", "General Motors", "organisation"),
    ("Bank of Korea", "Bank of China", "organisation"),
]


@pytest.mark.parametrize(("a", "b", "kind"), SAME)
def test_spellings_of_one_name(a: str, b: str, kind: str) -> None:
    assert name_score(a, b, kind=kind) > 0.5  # type: ignore[arg-type]


@pytest.mark.parametrize(("a", "b", "kind"), OTHERS)
def test_names_of_two(a: str, b: str, kind: str) -> None:
    assert name_score(a, b, kind=kind) < 0.5  # type: ignore[arg-type]


def test_dates_raise_and_lower_the_score_in_words(screener: Screener) -> None:
    def hit(**told: tuple[str, ...]):
        return screener.screen(Party(name="Saddam Husein", kind="person", **told)).hits[0]  # type: ignore[arg-type]

    plain, same = hit(), hit(birth_dates=("1937-04-28",), nationalities=("IQ",))
    assert plain.score == plain.name_score < same.score
    assert "born 1937-04-28 as listed" in same.reasons
    assert "nationality Iraq as listed" in same.reasons
    other = screener.screen(
        Party(name="Saddam Hussein al-Tikriti", kind="person", birth_dates=("1970",))
    ).hits[0]
    assert other.score < other.name_score
    assert any("33 years apart" in reason for reason in other.reasons)
    assert other.score > 0.5  # the listed name itself is never cleared by a date


def test_passport_number_is_known_however_written(screener: Screener) -> None:
    hit = screener.screen(Party(name="Hafiz Saeed", kind="person", ident=("AB1234567",))).hits[0]
    assert "passport number AB-123 4567 as listed" in hit.reasons
    assert hit.score > 0.99


def test_bad_party_is_refused() -> None:
    with pytest.raises(InputError, match="name"):
        Party(name="--- ")
    with pytest.raises(InputError, match="birth_dates"):
        Party(name="A B", birth_dates=("yesterday",))
    with pytest.raises(InputError, match="kind"):
        Party(name="A B", kind="robot")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="lists"):
        Screener([])


def test_command_line(tmp_path: Path) -> None:
    path = tmp_path / "list.xml"
    path.write_text(UN_LIST, encoding="utf-8")
    table = tmp_path / "customers.csv"
    table.write_text(
        "name,kind,born\nNADA,organisation,\nCarl Gauss,person,1977\n", encoding="utf-8"
    )

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "offnadir", "screen", *words],
            capture_output=True, text=True, check=False, encoding="utf-8",
        )  # fmt: skip

    many = run("--file", str(table), "--list", str(path), "--json")
    assert many.returncode == 1
    content = json.loads(many.stdout)
    assert (content["screened"], content["to_review"]) == (2, 1)
    assert content["results"][0]["hits"][0]["reference"] == "KPe.029"
    assert content["results"][1] == {"name": "Carl Gauss", "verdict": "no hit", "hits": []}
    none = run("Carl Gauss", "--list", str(path))
    assert (none.returncode, "no hit" in none.stdout) == (0, True)
    missing = run("Carl Gauss", "--list", str(tmp_path / "nothing.xml"))
    assert missing.returncode == 2
    assert "scsanctions.un.org" in missing.stderr
