"""A file of element sets, in whatever format it turns out to be."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterable
from pathlib import Path

from offnadir.errors import FileError, InputError
from offnadir.orbits._element_file import ElementFile, Rejected, reject
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._omm import omm_to_element_set
from offnadir.orbits._omm_formats import (
    Record,
    csv_records,
    json_records,
    kvn_records,
    xml_records,
)
from offnadir.orbits._tle import read_tle

_GZIP = b"\x1f\x8b"
_MOST_BYTES = 1 << 30  # what a gzip file may unpack to; the whole catalogue as XML has 0.1 GB
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_MAGIC = (
    (b"PK\x03\x04", "a zip archive: unpack it first"),
    (b"BZh", "a bzip2 file: unpack it first"),
    (b"\xfd7zXZ", "an xz file: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstandard file: unpack it first"),
    (b"%PDF", "a PDF"),
    (_GZIP, "gzip within gzip"),
)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE).match
_KVN = re.compile(r"^[ \t]*(?:CCSDS_OMM_VERS|EPOCH|MEAN_MOTION)[ \t]*=", re.MULTILINE).search
_OTHER_CCSDS = re.compile(r"CCSDS_(OPM|OEM|OCM|CDM|TDM|AEM|APM)_VERS").search
_CSV = re.compile(r"(?:^|,)\s*\"?(?:NORAD_CAT_ID|OBJECT_NAME|MEAN_MOTION)\"?\s*(?:,|$)").search
_WISH = "element sets as TLE, 3LE or OMM (JSON, XML, KVN, CSV)"


def read_elements(path: str | Path) -> ElementFile:
    """Every element set of a file: TLE, 3LE, or OMM as JSON, XML, KVN or CSV, gzipped or not; or a store.

    The format is told by the content, never by the name. A set that cannot be used (checksum, columns,
    impossible values, another frame or theory) is skipped and stands in `rejected` with line or record
    and reason: look there, for a file of which half was refused still reads. Sets keep the order of
    the file, and there may be several of one object.

    Raises FileError if the file cannot be opened, InputError if nothing in it can be read, and also
    if JSON, XML or gzip is cut short, since then nobody knows what is missing.
    """
    from offnadir.orbits.store import is_store, read_store  # it reads files through this module

    if is_store(path):
        return read_store(path)
    name = str(path)
    data = _unpacked(_bytes(path), name)
    text = _text(data, name)
    if not text.strip():
        raise InputError("element file", name, _WISH, hint="the file is empty")
    start = text.lstrip()
    if _HTML(start):
        raise InputError("element file", name, _WISH, hint="it looks like a web page")
    if start[0] in "[{":
        return _file(name, "OMM JSON", *_elements(json_records(text, name)))
    if start[0] == "<":
        return _file(name, "OMM XML", *_elements(xml_records(data.lstrip(), name)))
    if _CSV(start.split("\n", 1)[0]):
        return _file(name, "OMM CSV", *_elements(csv_records(text, name)))
    if _KVN(text):
        return _file(name, "OMM KVN", *_elements(kvn_records(text, name)))
    if other := _OTHER_CCSDS(text):
        raise InputError("element file", name, _WISH, hint=f"it is a CCSDS {other[1]}")
    elements, rejected, kind = read_tle(text, name)
    return _file(name, kind, elements, rejected)


def _bytes(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    except ValueError as error:  # a zero byte in the name
        raise FileError(repr(str(path)), str(error)) from error


def _unpacked(data: bytes, name: str) -> bytes:
    """The content of a gzip file; anything else as it is."""
    if not data.startswith(_GZIP):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            data = stream.read(_MOST_BYTES + 1)
    except EOFError as error:
        hint = "the file is cut short"
        raise InputError("element file", name, "whole and sound gzip", hint=hint) from error
    except (OSError, zlib.error) as error:
        raise InputError("element file", name, "whole and sound gzip", hint=str(error)) from error
    if len(data) > _MOST_BYTES:
        hint = f"it unpacks to more than {_MOST_BYTES} bytes"
        raise InputError("element file", name, _WISH, hint=hint)
    return data


def _text(data: bytes, name: str) -> str:
    """The content as text with plain line ends: UTF-8, or UTF-16 with its mark, or else Latin-1."""
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise InputError("element file", name, _WISH, hint=f"it is {what}")
    encoding = next((codec for bom, codec in _BOMS if data.startswith(bom)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if "\0" in text:
        raise InputError("element file", name, _WISH, hint="it is binary data")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _elements(records: Iterable[Record]) -> tuple[list[ElementSet], list[Rejected]]:
    """Each record as an element set or as a refusal."""
    elements: list[ElementSet] = []
    rejected: list[Rejected] = []
    for record in records:
        try:
            if record.trouble:
                raise record.trouble
            elements.append(omm_to_element_set(record.fields, source=record.where))
        except InputError as error:
            rejected.append(reject(record.where, error, str(record.text)))
    return elements, rejected


def _file(
    name: str, kind: str, elements: list[ElementSet], rejected: list[Rejected]
) -> ElementFile:
    """The result, unless there is nothing in it."""
    if not elements:
        if rejected:
            first = rejected[0]
            hint = f"{len(rejected)} refused as {kind}; first {first.where}: {first.reason}"
            if not kind.startswith("OMM"):
                hint += f", in {first.text[:40]!r}"
        else:
            hint = "there are none"
        raise InputError("element file", name, _WISH, hint=hint)
    return ElementFile(path=name, elements=tuple(elements), rejected=tuple(rejected), format=kind)
