"""The XML of a sanctions list, taken apart. The only file that knows defusedxml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from offnadir.errors import FileError, MissingExtraError
from offnadir.tasking.screening_list import (
    UN_ADDRESS,
    UN_NAME,
    BirthDate,
    Document,
    ListedEntry,
    ListedName,
    Quality,
    SanctionsList,
    birth_date,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NAMES: Final = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")
_PLACE: Final = ("STREET", "CITY", "STATE_PROVINCE", "ZIP_CODE", "COUNTRY", "NOTE")
_QUALITY: Final[dict[str, Quality]] = {
    "good": "good",
    "low": "low",
    "a.k.a.": "good",
    "f.k.a.": "former",
}


def parse(plain: bytes, path: Path, sha256: str, name: str) -> SanctionsList:
    """The list in `plain`; `path` is for messages. FileError where it is not such a list."""
    try:
        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import ParseError, fromstring
    except ImportError as error:
        raise MissingExtraError(
            "reading a sanctions list needs defusedxml", "operations"
        ) from error
    try:
        root = fromstring(plain, forbid_dtd=True)
    except DefusedXmlException as error:
        raise FileError(
            path, f"holds a document type or entities, which no list needs: refused ({error})"
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise FileError(path, f"is not XML: {error}") from error
    if root.tag != "CONSOLIDATED_LIST":
        raise FileError(
            path,
            f"is XML of another form: its root is {root.tag[:60]!r}, must be 'CONSOLIDATED_LIST', "
            f"as in {UN_ADDRESS}",
        )
    generated = (root.get("dateGenerated") or "").strip()
    entries = tuple(_entries(root, path))
    if not entries:
        raise FileError(path, "holds no entry: neither an INDIVIDUAL nor an ENTITY")
    date = generated[:10]
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", date):
        date = max(
            (day for entry in entries for day in (entry.listed_on, *entry.updated)), default=""
        )
    return SanctionsList(
        name=name or _list_name(root),
        date=date,
        generated=generated,
        sha256=sha256,
        entries=entries,
    )


def _list_name(root: Element) -> str:
    kinds = {_text(e) for e in root.iterfind(".//LIST_TYPE/VALUE")} - {""}
    if kinds <= {"UN List"}:
        return UN_NAME
    return " / ".join(sorted(kinds))


def _entries(root: Element, path: Path) -> Iterator[ListedEntry]:
    seen: set[str] = set()
    for element in root.iter():
        if element.tag not in ("INDIVIDUAL", "ENTITY"):
            continue
        entry = _entry(element)
        if not entry.reference or not entry.name:
            which = _text(element.find("DATAID")) or entry.reference or entry.name or "?"
            raise FileError(path, f"entry {which}: has no REFERENCE_NUMBER or no FIRST_NAME")
        if entry.reference in seen:
            raise FileError(path, f"entry {entry.reference}: stands there twice")
        seen.add(entry.reference)
        yield entry


def _entry(e: Element) -> ListedEntry:
    """One entry; what the publisher left empty, or wrote as "na", is left out."""
    kind = e.tag
    name = " ".join(filter(None, (_text(e.find(tag)) for tag in _NAMES)))
    births = tuple(
        dict.fromkeys(
            birth
            for birth in (
                *(_birth(b) for b in e.iterfind(f"{kind}_DATE_OF_BIRTH")),
                *(birth_date(_text(b)) for b in e.iterfind(f"{kind}_ALIAS/DATE_OF_BIRTH")),
            )
            if birth
        )
    )
    return ListedEntry(
        reference=_text(e.find("REFERENCE_NUMBER")),
        kind="person" if kind == "INDIVIDUAL" else "organisation",
        name=name,
        names=tuple(_names(e, name)),
        regime=_text(e.find("UN_LIST_TYPE")),
        listed_on=_text(e.find("LISTED_ON"))[:10],
        updated=_texts(e, "LAST_DAY_UPDATED/VALUE"),
        births=births,
        birth_places=_places(e, f"{kind}_PLACE_OF_BIRTH"),
        nationalities=_texts(e, "NATIONALITY/VALUE"),
        addresses=_places(e, f"{kind}_ADDRESS"),
        countries=_texts(e, f"{kind}_ADDRESS/COUNTRY"),
        documents=tuple(_documents(e, kind)),
        titles=_texts(e, "TITLE/VALUE"),
        designations=_texts(e, "DESIGNATION/VALUE"),
        gender=_text(e.find("GENDER")),
        comments=_text(e.find("COMMENTS1")),
    )


def _names(e: Element, name: str) -> Iterator[ListedName]:
    yield ListedName(text=name, quality="primary")
    seen = {name}
    script = _text(e.find("NAME_ORIGINAL_SCRIPT"))
    if script and script not in seen:
        seen.add(script)
        yield ListedName(text=script, quality="original script")
    for alias in e.iterfind(f"{e.tag}_ALIAS"):
        text = _text(alias.find("ALIAS_NAME"))
        if text and text not in seen:
            seen.add(text)
            # The UN writes Good or Low for persons, a.k.a. or f.k.a. for entities.
            yield ListedName(
                text=text, quality=_QUALITY.get(_text(alias.find("QUALITY")).lower(), "good")
            )


def _birth(e: Element) -> BirthDate | None:
    kind = _text(e.find("TYPE_OF_DATE")).upper()
    note = _text(e.find("NOTE"))
    rough = kind == "APPROXIMATELY" or "approx" in note.lower()
    if day := _text(e.find("DATE")):
        return birth_date(day[:10], approximate=rough)
    first, last = _text(e.find("FROM_YEAR")), _text(e.find("TO_YEAR"))
    if first or last:
        return birth_date(f"{first or last}-{last or first}", approximate=rough)
    if year := _text(e.find("YEAR")):
        return birth_date(
            f"{note} {year}" if re.match(r"[A-Za-z]{3}", note) else year, approximate=rough
        )
    return birth_date(note, approximate=rough)


def _documents(e: Element, kind: str) -> Iterator[Document]:
    for d in e.iterfind(f"{kind}_DOCUMENT"):
        number, note = _text(d.find("NUMBER")), _text(d.find("NOTE"))
        if number or note:
            yield Document(
                kind=_text(d.find("TYPE_OF_DOCUMENT")) or _text(d.find("TYPE_OF_DOCUMENT2")),
                number=number,
                country=_text(d.find("ISSUING_COUNTRY")) or _text(d.find("COUNTRY_OF_ISSUE")),
                note=note,
            )


def _places(e: Element, tag: str) -> tuple[str, ...]:
    found = (", ".join(filter(None, (_text(p.find(t)) for t in _PLACE))) for p in e.iterfind(tag))
    return tuple(dict.fromkeys(filter(None, found)))


def _texts(e: Element, path: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(_text, e.iterfind(path)))))


def _text(e: Element | None) -> str:
    """The element's text in one line; "" for none and for the publisher's "na"."""
    text = " ".join((e.text or "").split()) if e is not None else ""
    return "" if text.lower() == "na" else text
