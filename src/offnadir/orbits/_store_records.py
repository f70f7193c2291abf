"""Records as they were published, each beside the element set that was made of it."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from offnadir.epoch import Epoch
from offnadir.orbits import _omm_formats as formats
from offnadir.orbits._element_file import Rejected
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._omm import element_set_to_omm
from offnadir.orbits._read import _bytes, _text, _unpacked, read_elements

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An element set, and the keywords and values that it was published with."""

    elements: ElementSet
    fields: Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFile:
    """All that is to be stored from one file, and what was refused."""

    label: str
    records: tuple[Published, ...]
    rejected: tuple[Rejected, ...]
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSet:
    """A set of the store: `fields` as published, who published it, and when the store first saw it."""

    elements: ElementSet
    fields: Fields
    source: str
    first_seen: Epoch


def read_published(path: str | Path, label: str = "") -> PublishedFile:
    """As `read_elements`, but with the original fields; those of a TLE are written as an OMM has them.

    `label` says in messages and in the store where the sets come from.
    """
    file = read_elements(path)
    fields = _fields(path, file.format)
    records = [
        Published(elements=one, fields=fields.get(one.source) or element_set_to_omm(one))
        for one in file.elements
    ]
    label = label or Path(path).name
    rejected = [
        Rejected(where=bad.where.replace(str(path), label, 1), reason=bad.reason, text=bad.text)
        for bad in file.rejected
    ]
    return PublishedFile(
        label=label, records=tuple(records), rejected=tuple(rejected), format=file.format
    )


def _fields(path: str | Path, kind: str) -> dict[str, Fields]:
    """The keywords of every record of an OMM file by the place where it stands."""
    if not kind.startswith("OMM"):
        return {}
    name = str(path)
    data = _unpacked(_bytes(path), name)
    if kind == "OMM XML":
        records = formats.xml_records(data.lstrip(), name)
    else:
        take = {
            "OMM JSON": formats.json_records,
            "OMM KVN": formats.kvn_records,
            "OMM CSV": formats.csv_records,
        }[kind]
        records = list(take(_text(data, name), name))
    return {record.where: record.fields for record in records}


def fields_text(fields: Fields) -> str:
    """Compact JSON in the order of publication; numbers keep every bit."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def digest(fields: Fields) -> bytes:
    """What tells records of one set apart; the order of the keywords does not count."""
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=12).digest()


def orbit_digest(elements: ElementSet) -> bytes:
    """What tells sets of one object and epoch apart: the orbit's numbers, to the last bit."""
    numbers = (
        elements.mean_motion_rad_s,
        elements.eccentricity,
        elements.inclination_rad,
        elements.raan_rad,
        elements.arg_perigee_rad,
        elements.mean_anomaly_rad,
        elements.bstar,
        elements.half_ndot_rad_s2,
        elements.sixth_nddot_rad_s3,
    )
    # Adding 0.0 makes one of the two zeros, which TLEs and OMMs write as they please.
    packed = struct.pack("<9d", *(number + 0.0 for number in numbers))
    return hashlib.blake2b(packed, digest_size=8).digest()


def is_named(elements: ElementSet) -> bool:
    """Whether the set came with a name, rather than with the one that is made of its number."""
    return elements.name != f"NORAD {elements.norad_id}"


def newest(sets: Sequence[StoredSet]) -> Epoch | None:
    """The latest epoch among the sets."""
    return max((one.elements.epoch for one in sets), default=None)
