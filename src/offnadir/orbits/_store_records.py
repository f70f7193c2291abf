"""Records as they were published, each beside the element set that was made of it."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offnadir.epoch import Epoch
from offnadir.orbits import _omm_formats as formats
from offnadir.orbits._element_file import Rejected
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._omm import element_set_to_omm
from offnadir.orbits._read import _bytes, _text, _unpacked, read_elements
from offnadir.units import day, deg

Fields = Mapping[str, object]
_NUMBERS = struct.Struct("<9dII")


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
        Published(elements=one, fields=_storable(fields.get(one.source)) or element_set_to_omm(one))
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


def _storable(value: Any) -> Any:
    """The value as JSON and UTF-8 can hold it: no half surrogates, and null for what is no number."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {_storable(key): _storable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_storable(one) for one in value]
    return value


def fields_text(fields: Fields) -> str:
    """Compact JSON in the order of publication; numbers keep every bit."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def digest(fields: Fields) -> bytes:
    """What tells records of one set apart; the order of the keywords does not count."""
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=12).digest()


def orbit_digest(elements: ElementSet) -> bytes:
    """What tells sets of one object and epoch apart: the orbit, to as many digits as a TLE has.

    Space-Track gives some numbers to more digits in its OMM than in the TLE of the same set.
    """
    motion, eccentricity, *angles, bstar, half_ndot, sixth_nddot = _orbit(elements)
    rounded = (
        round(motion * (day / (2.0 * math.pi)), 8),
        round(eccentricity, 7),
        *(round(angle / deg % 360.0, 4) % 360.0 for angle in angles),
        float(f"{bstar:.4e}"),
        round(half_ndot * (day**2 / (2.0 * math.pi)), 8),
        float(f"{sixth_nddot * (day**3 / (2.0 * math.pi)):.4e}"),
    )
    # Adding 0.0 makes one of the two zeros, which TLEs and OMMs write as they please.
    packed = struct.pack("<9d", *(number + 0.0 for number in rounded))
    return hashlib.blake2b(packed, digest_size=8).digest()


def pack_numbers(elements: ElementSet) -> bytes:
    """The numbers of a set but for its own and its epoch, without loss."""
    return _NUMBERS.pack(*_orbit(elements), elements.element_set_no, elements.rev_at_epoch)


def unpack_set(
    norad_id: int, epoch_tai_ns: int, texts: tuple[str, str, str], numbers: bytes, source: str
) -> ElementSet:
    """The element set again; `texts` are its name, object id and classification."""
    (motion, eccentricity, inclination, raan, arg_perigee, anomaly, bstar, half_ndot, sixth_nddot,
     element_set_no, rev_at_epoch) = _NUMBERS.unpack(numbers)  # fmt: skip
    return ElementSet(
        norad_id=norad_id,
        name=texts[0],
        object_id=texts[1],
        epoch=Epoch(epoch_tai_ns),
        mean_motion_rad_s=motion,
        eccentricity=eccentricity,
        inclination_rad=inclination,
        raan_rad=raan,
        arg_perigee_rad=arg_perigee,
        mean_anomaly_rad=anomaly,
        bstar=bstar,
        half_ndot_rad_s2=half_ndot,
        sixth_nddot_rad_s3=sixth_nddot,
        classification=texts[2],
        element_set_no=element_set_no,
        rev_at_epoch=rev_at_epoch,
        source=source,
    )


def _orbit(elements: ElementSet) -> tuple[float, ...]:
    return (
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


def rank(name: str, norad_id: int, text: str) -> tuple[bool, int]:
    """Which record of a set speaks for it: one with a name of its own, and with the most to say."""
    return name != f"NORAD {norad_id}", len(text)
