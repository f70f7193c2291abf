"""OMM files, taken apart into records of keywords and values: JSON, XML, KVN and CSV."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from offnadir.errors import InputError
from offnadir.orbits._omm import KEYWORDS, UNITS

_KVN_LINE = re.compile(r"([A-Z][A-Z0-9_]*)[ \t]*=(.*)", re.DOTALL).fullmatch
_KVN_UNIT = re.compile(r"(.*?)[ \t]*\[([^\]]*)\]").fullmatch
_KVN_SKIP = re.compile(r"#|COMMENT\b(?!\s*=)|META_(?:START|STOP)$").match
_FIRST = 1
_DEEPEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One message: where it stands, its keywords, or the trouble that spoils it, and its text."""

    where: str
    fields: Mapping[str, object]
    text: object  # printed only if the record is refused
    trouble: InputError | None = None


def json_records(text: str, path: str) -> Iterator[Record]:
    """The objects of a list, or one object alone (CelesTrak and Space-Track write the same)."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        hint = f"{error.msg}; was the download cut short?"
        raise _broken(path, error.lineno, "JSON", hint) from error
    except (ValueError, RecursionError) as error:
        raise _broken(path, _FIRST, "JSON", str(error)) from error
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        raise _broken(path, _FIRST, "JSON", "neither a list nor an object")
    for number, item in enumerate(content, 1):
        trouble = None
        if _is_deep(item):
            item = {}
            trouble = InputError("record", "...", f"of at most {_DEEPEST} levels")
        elif not isinstance(item, dict):
            trouble = InputError("record", item, "an object of OMM keywords")
        yield Record(
            where=f"{path}: record {number}",
            fields={} if trouble else item,
            text=item,
            trouble=trouble,
        )


def _is_deep(item: object) -> bool:
    """Whether lists and objects lie in each other deeper than any message has them."""
    level = [item]
    for _ in range(_DEEPEST):
        inner = [one for one in level if isinstance(one, dict | list)]
        level = [x for one in inner for x in (one.values() if isinstance(one, dict) else one)]
        if not level:
            return False
    return True


def csv_records(text: str, path: str) -> Iterator[Record]:
    """One record a line, under a header of keywords. A field may be quoted, but not over lines."""
    header: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip("\r\x1a")
        if not line.strip():
            continue
        where = f"{path}:{number}"
        trouble, row = None, []
        try:
            row = [cell.strip() for cell in next(csv.reader([line], strict=True))]
        except csv.Error as error:
            trouble = InputError("line", line, "comma-separated values", hint=str(error))
        if not header:
            if trouble or len(set(row)) != len(row):
                raise _broken(path, number, "CSV", "the header cannot be used")
            header = row
            continue
        if not trouble and len(row) != len(header):
            wish = f"{len(header)}, as in the header"
            trouble = InputError("number of columns", len(row), wish)
        fields = {} if trouble else dict(zip(header, row, strict=True))
        yield Record(where=where, fields=fields, text=line, trouble=trouble)


class _Collector:
    """The keywords of one message, as they come; the first thing wrong with them is kept."""

    def __init__(self, path: str, line: int) -> None:
        self.where = f"{path}:{line}"
        self.fields: dict[str, object] = {}
        self.trouble: InputError | None = None

    def wrong(self, trouble: InputError) -> None:
        self.trouble = self.trouble or trouble

    def add(self, keyword: str, value: str, unit: str | None) -> None:
        if keyword not in KEYWORDS:
            if value:
                self.fields.setdefault(keyword, value)
            return
        if keyword in self.fields:
            self.wrong(InputError(keyword, value, "given once"))
        expected = UNITS.get(keyword)
        if unit is not None and unit.strip().lower() != (expected or "").lower():
            self.wrong(InputError(f"unit of {keyword}", unit, expected or "left out"))
        self.fields[keyword] = value

    def record(self) -> Record:
        return Record(where=self.where, fields=self.fields, text=self.fields, trouble=self.trouble)


def kvn_records(text: str, path: str) -> Iterator[Record]:
    """Messages of lines KEYWORD = VALUE [unit], one after another.

    A message begins with CCSDS_OMM_VERS; where that is left out, with OBJECT_NAME given again.
    """
    current: _Collector | None = None
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip(" \t\r\x1a")
        if not line or _KVN_SKIP(line):
            continue
        match = _KVN_LINE(line)
        keyword = match[1] if match else ""
        starts = keyword == "CCSDS_OMM_VERS" or (
            keyword == "OBJECT_NAME" and current is not None and keyword in current.fields
        )
        if current is not None and starts:
            yield current.record()
            current = None
        current = current or _Collector(path, number)
        if match is None:
            current.wrong(InputError(f"line {number}", line, "KEYWORD = VALUE"))
            continue
        value, unit = match[2].strip(), None
        if (keyword in UNITS or keyword == "ECCENTRICITY") and (parts := _KVN_UNIT(value)):
            value, unit = parts[1], parts[2]
        current.add(keyword, value, unit)
    if current is not None:
        yield current.record()


class _XmlReader:
    """Collects the leaves of each <omm>, whatever prefix the tags have."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.records: list[Record] = []
        self.root = ""
        self.current: _Collector | None = None
        self.pieces: list[str] = []
        self.unit: str | None = None
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.pieces.append
        self.parser.buffer_text = True

    def doctype(self, *_: object) -> None:
        """A DOCTYPE is how entities that expand without end come in; no OMM needs one."""
        raise _broken(self.path, self.parser.CurrentLineNumber, "XML", "it has a DOCTYPE")

    def start(self, name: str, attributes: dict[str, Any]) -> None:
        tag = name.rpartition(":")[2]
        self.root = self.root or tag
        if tag == "omm":
            self.close()
            self.current = _Collector(self.path, self.parser.CurrentLineNumber)
        self.pieces.clear()
        self.unit = attributes.get("units")

    def end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        if tag == "omm":
            self.close()
        elif self.current is not None:
            self.current.add(tag, "".join(self.pieces).strip(), self.unit)
        self.pieces.clear()
        self.unit = None

    def close(self) -> None:
        if self.current is not None:
            self.records.append(self.current.record())
        self.current = None


def xml_records(data: bytes, path: str) -> list[Record]:
    """The messages of an <ndm> or a lone <omm>, with or without namespaces. A DOCTYPE is refused."""
    reader = _XmlReader(path)
    try:
        reader.parser.Parse(data, True)
    except InputError:
        raise
    except expat.ExpatError as error:
        hint = f"{expat.ErrorString(error.code)}; was the download cut short?"
        raise _broken(path, error.lineno, "XML", hint) from error
    except (ValueError, LookupError) as error:  # an encoding that does not exist
        raise _broken(path, _FIRST, "XML", str(error)) from error
    if not reader.records:
        hint = f"it has no <omm>; its root is <{reader.root}>"
        raise InputError("element file", path, "OMM as XML", hint=hint)
    return reader.records


def _broken(path: str, line: int, kind: str, hint: str) -> InputError:
    return InputError("element file", path, f"whole and sound {kind}", hint=f"line {line}: {hint}")
