"""Lists of sanctioned persons and organisations, read from the form that the UN publishes."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from offnadir.errors import FileError, InputError

UN_NAME: Final = "UN Security Council Consolidated List"
UN_ADDRESS: Final = "https://scsanctions.un.org/resources/xml/en/consolidated.xml"
_MOST_BYTES: Final = (
    512 * 1024 * 1024
)  # the UN's list has 2 MB: what is larger than this is an attack

Quality = Literal["primary", "good", "low", "former", "original script"]
Kind = Literal["person", "organisation", "vessel", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedName:
    """One name of an entry, with how well the publisher trusts it."""

    text: str
    quality: Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class BirthDate:
    """When somebody may have been born: a day (`first` = `last`), a year, or a span of years.

    `first` and `last` are ISO days; `approximate` says that the publisher wrote "approximately".
    """

    first: str
    last: str
    approximate: bool = False
    text: str

    def __post_init__(self) -> None:
        if not self.first <= self.last:
            raise InputError("first", self.first, f"not after last = {self.last!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A passport or other paper of an entry."""

    kind: str
    number: str
    country: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEntry:
    """One person or organisation of a list, as published; empty where the publisher says nothing."""

    reference: str
    kind: Kind
    name: str
    names: tuple[ListedName, ...]
    regime: str = ""
    listed_on: str = ""
    updated: tuple[str, ...] = ()
    births: tuple[BirthDate, ...] = ()
    birth_places: tuple[str, ...] = ()
    nationalities: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    documents: tuple[Document, ...] = ()
    titles: tuple[str, ...] = ()
    designations: tuple[str, ...] = ()
    gender: str = ""
    comments: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SanctionsList:
    """A list as it was published on a day; `sha256` is that of the file's bytes as they were given."""

    name: str
    date: str
    generated: str
    sha256: str
    entries: tuple[ListedEntry, ...]


def read_list(path: Path, *, name: str = "") -> SanctionsList:
    """The list in an XML file of the form of the UN's Consolidated List, `.gz` too.

    `name` is what the list is called in results; by default the UN's, or for another publisher what
    the file says of itself. FileError tells what is wrong with the file, and where the UN's is found.
    Nothing in the file is followed: entities, document types and outer references are refused.

    Source: UN Security Council, https://www.un.org/sc/resources/sc-sanctions.xsd
    """
    from offnadir.tasking._screening_xml import parse

    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise FileError(path, f"is not there; the UN's list is found at {UN_ADDRESS}") from None
    except OSError as error:
        raise FileError(path, f"cannot be read: {error.strerror or error}") from error
    digest = hashlib.sha256(raw).hexdigest()
    return parse(_plain(raw, path), path, digest, name)


def _plain(raw: bytes, path: Path) -> bytes:
    """The bytes themselves, or what gzip made small; never more than a list can have."""
    if not raw.startswith(b"\x1f\x8b"):
        plain = raw
    else:
        import io

        try:
            with gzip.open(io.BytesIO(raw)) as packed:
                plain = packed.read(_MOST_BYTES + 1)
        except (OSError, EOFError) as error:
            raise FileError(path, f"is damaged: {error}") from error
    if len(plain) > _MOST_BYTES:
        raise FileError(path, f"is larger than {_MOST_BYTES >> 20} MB, which no list is")
    return plain


_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_LAST_DAY: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_DAY_EUROPEAN: Final = re.compile(r"\b(\d{1,2})[./](\d{1,2})[./]((?:19|20)\d{2})\b")
_MONTH: Final = re.compile(
    r"\b(" + "|".join(_MONTHS) + r")[a-z]*\.?\s*,?\s*((?:19|20)\d{2})?", re.I
)
_YEAR: Final = re.compile(r"\b(1[89]\d{2}|20\d{2})\b")


def birth_date(text: str, *, approximate: bool = False) -> BirthDate | None:
    """A date of birth in any of the ways that lists and people write one; None if there is no year.

    `1984-01-08`, `8/1/1984` (day first), `Nov. 1973`, `between Aug. and Sep. 1977`, `1955-1958`, `1971`;
    words such as "circa" make it approximate. A year of the Hijri calendar is not understood: None.
    """
    text = text.strip()
    # Not \w after "c": "ca" and "c." stand before a year, "Oct" does not.
    rough = approximate or bool(re.search(r"approx|circa|about|\bca?\.? ?\d", text, re.IGNORECASE))
    if "hijri" in text.lower():
        return None
    if (day := _DAY.search(text)) and 1 <= int(day[2]) <= 12 and 1 <= int(day[3]) <= 31:
        return BirthDate(first=day[0], last=day[0], approximate=rough, text=text)
    if (day := _DAY_EUROPEAN.search(text)) and 1 <= int(day[2]) <= 12 and 1 <= int(day[1]) <= 31:
        iso = f"{day[3]}-{int(day[2]):02d}-{int(day[1]):02d}"
        return BirthDate(first=iso, last=iso, approximate=rough, text=text)
    years = [int(y) for y in _YEAR.findall(text)]
    if not years:
        return None
    months = [_MONTHS.index(m.lower()) + 1 for m, _ in _MONTH.findall(text)]
    days = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)?[ .]+[A-Za-z]{3,}", text)
    if len(years) == 1 and len(months) == 1 and days and 1 <= int(days[1]) <= 31:
        iso = f"{years[0]}-{months[0]:02d}-{int(days[1]):02d}"
        return BirthDate(first=iso, last=iso, approximate=rough, text=text)
    low, high = (min(months), max(months)) if months and len(years) == 1 else (1, 12)
    return BirthDate(
        first=f"{min(years)}-{low:02d}-01",
        last=f"{max(years)}-{high:02d}-{_LAST_DAY[high - 1]:02d}",
        approximate=rough,
        text=text,
    )
