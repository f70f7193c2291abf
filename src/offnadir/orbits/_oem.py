"""CCSDS Orbit Ephemeris Messages (502.0-B), as KVN and as XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from offnadir.errors import InputError
from offnadir.orbits._positions import Stretch, check_distance, frame_of, instants

_NUMBERS = 7  # epoch, position, velocity


@dataclass(slots=True)
class Segment:
    """Metadata and lines of one segment."""

    meta: dict[str, str] = field(default_factory=dict)
    lines: list[tuple[str, list[str]]] = field(default_factory=list)  # (where, fields)


def read_oem_kvn(text: str, name: str) -> Iterator[Segment]:
    """Segments of a KVN message."""
    segment, inside, covariance = Segment(), "head", False
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        word = line.upper()
        if not line or word.startswith("COMMENT"):
            continue
        if word == "META_START":
            if segment.lines:
                yield segment
            segment, inside, covariance = Segment(), "meta", False
        elif word == "META_STOP":
            inside = "data"
        elif word in ("COVARIANCE_START", "COVARIANCE_STOP"):
            covariance = word.endswith("START")
        elif inside == "meta" and "=" in line:
            key, _, value = line.partition("=")
            segment.meta[key.strip().upper()] = value.strip()
        elif inside == "data" and not covariance:
            segment.lines.append((f"{name}:{number}", line.split()))
    if segment.lines or segment.meta:
        yield segment


def read_oem_xml(data: bytes, name: str) -> Iterator[Segment]:
    """Segments of an XML message."""
    if b"<!ENTITY" in data[:4096]:
        raise InputError("ephemeris file", name, "XML without entities of its own")
    try:
        root = ET.fromstring(data)  # noqa: S314  (entities are refused above)
    except ET.ParseError as error:
        raise InputError("ephemeris file", name, "whole and sound XML", hint=str(error)) from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # with or without a namespace
    for number, element in enumerate(root.iter("segment"), 1):
        segment = Segment()
        for item in element.iterfind("metadata/*"):
            segment.meta[item.tag.upper()] = (item.text or "").strip()
        for row, vector in enumerate(element.iterfind("data/stateVector"), 1):
            keys = ("EPOCH", "X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")
            _check_units(vector, f"{name}, segment {number}, state {row}")
            fields = [(vector.findtext(key) or "").strip() for key in keys]
            segment.lines.append(
                (f"{name}, segment {number}, state {row}", [f for f in fields if f])
            )
        yield segment


def _check_units(vector: ET.Element, where: str) -> None:
    """Units may be left out, but are kilometres and seconds if given."""
    for number in vector:
        unit, wish = number.get("units"), "km/s" if number.tag.endswith("_DOT") else "km"
        if (
            unit is not None
            and number.tag[0] in "XYZ"
            and "DDOT" not in number.tag
            and unit != wish
        ):
            raise InputError(f"units of {number.tag}", unit, wish, where=where)


def stretch_of(segment: Segment, name: str) -> tuple[Stretch, list[str]]:
    """(positions of a segment, what was wrong with lines that are left out)."""
    meta = segment.meta
    for key in ("REF_FRAME", "TIME_SYSTEM", "OBJECT_NAME"):
        if not meta.get(key):
            raise InputError(key, None, "given in the metadata", where=name)
    centre = meta.get("CENTER_NAME", "EARTH").upper()
    if centre != "EARTH":
        raise InputError("CENTER_NAME", meta["CENTER_NAME"], "EARTH", where=name)
    good, rejected = [], []
    for where, fields in segment.lines:
        try:
            numbers = [float(f.replace("D", "E").replace("d", "e")) for f in fields[1:7]]
            if len(numbers) not in (3, 6) or not np.all(np.isfinite(numbers)):
                raise ValueError
            check_distance([number * 1e3 for number in numbers[:3]], where)
            time = int(instants([fields[0]], meta["TIME_SYSTEM"], where)[0])
        except InputError as error:
            if error.field == "TIME_SYSTEM":
                raise
            rejected.append(str(error))
            continue
        except (ValueError, IndexError):
            rejected.append(f"{where}: not a time with 3 or 6 numbers: {' '.join(fields)[:50]}")
            continue
        good.append((time, numbers))
    if not good:
        hint = rejected[0] if rejected else "a segment has none"
        raise InputError("ephemeris file", name, "lines with a time and a position", hint=hint)
    return _stretch(good, rejected, meta, name)


def _stretch(
    good: list[tuple[int, list[float]]], rejected: list[str], meta: dict[str, str], name: str
) -> tuple[Stretch, list[str]]:
    times = np.array([time for time, _ in good], np.int64)
    order = np.argsort(times, kind="stable")
    keep = np.append(np.diff(times[order]) > 0, True)
    if not keep.all():
        rejected.append(f"{name}: {int((~keep).sum())} states with the time of another left out")
    if np.any(np.diff(order) < 0):
        rejected.append(f"{name}: times do not rise; sorted")
    rows = [good[i][1] for i in order[keep]]
    tai_ns = times[order[keep]]
    with_speed = all(len(row) == 6 for row in rows)
    low, high = int(tai_ns[0]), int(tai_ns[-1])
    for key, start in (("USEABLE_START_TIME", True), ("USEABLE_STOP_TIME", False)):
        if meta.get(key):
            at = int(instants([meta[key]], meta["TIME_SYSTEM"], name, key)[0])
            low, high = (max(low, at), high) if start else (low, min(high, at))
    if low >= high and len(tai_ns) > 1:
        rejected.append(f"{name}: USEABLE_START_TIME and USEABLE_STOP_TIME leave no states")
    r_m = np.array([row[:3] for row in rows]) * 1e3
    v_m_s = np.array([row[3:] for row in rows]) * 1e3 if with_speed else None
    frame = frame_of(meta["REF_FRAME"], name)
    stretch = Stretch(frame=frame, tai_ns=tai_ns, r_m=r_m, v_m_s=v_m_s, usable=(low, high))
    return stretch, rejected
