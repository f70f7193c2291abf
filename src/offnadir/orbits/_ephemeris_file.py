"""Files of positions: CCSDS OEM (KVN, XML), SP3, and tables; through one door to ephemerides."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from offnadir.earth import EarthOrientation, geodetic_to_itrf_m
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.orbits._ephemeris import Ephemeris, fit_ephemeris
from offnadir.orbits._oem import read_oem_kvn, read_oem_xml, stretch_of
from offnadir.orbits._positions import (
    Stretch,
    check_distance,
    instants,
    pieces,
    sample_itrf_m,
)
from offnadir.orbits._published import MAX_NORAD_ID
from offnadir.orbits._read import _bytes, _text, _unpacked
from offnadir.units import deg

Times = NDArray[np.int64]

_SP3 = re.compile(r"#[a-dA-D][PVpv]\s*\d{4}").match
_OEM_XML = re.compile(rb"<(?:\w+:)?oem\b")
_WISH = "positions as CCSDS OEM (KVN, XML), SP3, or CSV with time_utc, x_itrf_m, y_itrf_m, z_itrf_m"
_STEPS_S = (30.0, 300.0)
_GEODETIC = ("lat_deg", "lon_deg", "alt_m")
_SNIFFED = 8192  # bytes
# Frames that turn with the Earth, by the names in headers of SP3 (five characters; empty is one too).
_SP3_FRAME = re.compile(
    r"(?:IT?RF?|IGS|IGB|WGS|W84|SLR|UND|U\d\d|GTRF|PZ|CGCS|[_. ]*$)", re.IGNORECASE
).match
_COLUMN = re.compile(r"([xyz])_(itrf|gcrf|eme2000|teme)_(k?m)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionTrack:
    """Positions of one object: stretches without a break, from `coverage.start` to `coverage.stop`."""

    satellite: str
    object_id: str
    norad_id: int
    coverage: Span
    stretches: tuple[Stretch, ...]

    def ephemeris(self, span: Span, orientation: EarthOrientation | None = None) -> Ephemeris:
        """Fitted for the search; unknown outside the coverage and in gaps."""
        turned = orientation or EarthOrientation.bundled()
        spacing_s = min(float(np.median(np.diff(s.tai_ns))) * 1e-9 for s in self.stretches)

        def sample(tai_ns: Times) -> NDArray[np.float64]:
            return sample_itrf_m(list(self.stretches), tai_ns, turned)

        return fit_ephemeris(
            sample, span, satellite=self.satellite, norad_id=self.norad_id,
            step_s=min(max(spacing_s, _STEPS_S[0]), _STEPS_S[1]), orientation=turned,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EphemerisFile:
    """What a file of positions holds, and what of it could not be used."""

    path: str
    format: str
    tracks: tuple[PositionTrack, ...]
    rejected: tuple[str, ...]


def is_ephemeris_file(path: str | Path) -> bool:
    """Whether a file holds positions, by its content."""
    if not Path(path).is_file():
        return False  # what comes through a pipe can be read only once, as element sets
    try:
        data = _beginning(path)
        if data.lstrip()[:1] == b"<":
            return bool(_OEM_XML.search(data))
        text = _text(data, str(path)).lstrip()
    except (OSError, EOFError, ValueError, zlib.error):
        return False  # who reads it will say what is wrong
    first = text.split("\n", 1)[0]
    return bool(
        _SP3(first)
        or "CCSDS_OEM_VERS" in text.upper()
        or _COLUMN.search(first.lower())
        or _geodetic(first)
    )


def _beginning(path: str | Path) -> bytes:
    """The first bytes of a file, unpacked where it is gzipped: a catalogue is long."""
    with Path(path).open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not packed:
            return file.read(_SNIFFED)
        with gzip.GzipFile(fileobj=file) as stream:
            return stream.read(_SNIFFED)


def _geodetic(header: str) -> bool:
    names = {name.strip().lower() for name in header.split(",")}
    return names.issuperset(_GEODETIC) and any(n.startswith("time_") for n in names)


def read_ephemerides(path: str | Path) -> EphemerisFile:
    """Every object of a file of positions: CCSDS OEM as KVN or XML, SP3 (a, c, d), or CSV; gzipped or not.

    Between positions it goes by Hermite's polynomial where velocities are given and Lagrange's elsewhere, in
    the file's own frame, never over a segment's end or a gap. Of overlapping segments the later in the
    file counts. Lines that cannot be used stand in `rejected`. Raises FileError and InputError.
    """
    name = str(path)
    data = _unpacked(_bytes(path), name)
    rejected: list[str] = []
    if data.lstrip()[:1] == b"<":
        kind, named = "OEM XML", _oem(read_oem_xml(data.lstrip(), name), name, rejected)
    else:
        text = _text(data, name)
        first = text.lstrip().split("\n", 1)[0]
        if "CCSDS_OEM_VERS" in text[:_SNIFFED].upper():
            kind, named = "OEM KVN", _oem(read_oem_kvn(text, name), name, rejected)
        elif _SP3(first):
            kind, named = "SP3", _sp3(text, name, rejected)
        elif _COLUMN.search(first.lower()) or _geodetic(first):
            kind, named = "CSV", _table(text, name, rejected)
        else:
            raise InputError("ephemeris file", name, _WISH)
    tracks = _tracks(named, rejected)
    if not tracks:
        hint = rejected[0] if rejected else "there are none"
        raise InputError("ephemeris file", name, _WISH, hint=hint)
    return EphemerisFile(path=name, format=kind, tracks=tracks, rejected=tuple(rejected))


_Named = list[tuple[tuple[str, str, int], Stretch]]


def _tracks(named: _Named, rejected: list[str]) -> tuple[PositionTrack, ...]:
    """Stretches of one object together, cut at gaps."""
    objects: dict[tuple[str, str, int], list[Stretch]] = {}
    for key, stretch in named:
        found = [p for p in pieces(stretch) if p.usable[1] > p.usable[0]]
        if not found:
            rejected.append(f"{key[0]}: too few positions in a row to read between them")
        elif len(found) > 1:
            rejected.append(f"{key[0]}: {len(found) - 1} gaps are not bridged")
        objects.setdefault(key, []).extend(found)
    return tuple(
        PositionTrack(
            satellite=satellite, object_id=object_id, norad_id=norad_id, stretches=tuple(found),
            coverage=Span(
                Epoch(min(s.usable[0] for s in found)), Epoch(max(s.usable[1] for s in found))
            ),
        )
        for (satellite, object_id, norad_id), found in objects.items()
        if found
    )  # fmt: skip


def _oem(segments: Iterable, name: str, rejected: list[str]) -> _Named:  # type: ignore[type-arg]
    named: _Named = []
    for segment in segments:
        stretch, wrong = stretch_of(segment, name)
        rejected.extend(wrong)
        meta = segment.meta
        named.append(((meta["OBJECT_NAME"], meta.get("OBJECT_ID", ""), 0), stretch))
    return named


def _sp3(text: str, name: str, rejected: list[str]) -> _Named:
    """P records [km] in the file's frame (ITRF), GPS time unless the header says otherwise."""
    system, times, now = "GPS", [], ""
    rows: dict[str, list[tuple[int, list[float]]]] = {}
    told, ended = False, False
    frame = text.lstrip().split("\n", 1)[0][46:51]
    if not _SP3_FRAME(frame):
        wish = "one that turns with the Earth, such as ITRF or IGS20"
        raise InputError("coordinate system", frame, wish, where=f"{name}:1")
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("%c") and not told:
            told = True
            word = line[9:12].strip().upper()
            system = word if word and word != "CCC" else "GPS"
        elif line.startswith("* "):
            now = _sp3_time(line, system, f"{name}:{number}", rejected)
            times += [now] if now else []
        elif line.startswith("P") and now:
            xyz = _sp3_position(line, f"{name}:{number}", rejected)
            if xyz:
                rows.setdefault(line[1:4].strip(), []).append((len(times) - 1, xyz))
        ended = ended or line.startswith("EOF")
    if not times:
        hint = rejected[0] if rejected else ""
        raise InputError("ephemeris file", name, "SP3 with epochs and P records", hint=hint)
    if not ended:
        rejected.append(f"{name}: no EOF at the end: was it cut short?")
    tai_ns = instants(times, system, name)
    return [
        (
            (satellite, "", 0),
            _sorted("ITRF", [(int(tai_ns[i]), xyz) for i, xyz in found], 1e3, satellite, rejected),
        )
        for satellite, found in rows.items()
    ]


def _sp3_time(line: str, system: str, where: str, rejected: list[str]) -> str:
    """The time of an epoch line as ISO 8601; empty if there is none."""
    parts = line[1:].split()
    try:
        y, mo, d, h, mi = map(int, parts[:5])
        time = f"{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{float(parts[5]):012.9f}"
        instants([time], system, where)
    except (ValueError, IndexError) as error:
        if isinstance(error, InputError) and error.field == "TIME_SYSTEM":
            raise
        rejected.append(f"{where}: not a time: {line[:40]}")
        return ""
    return time


def _sp3_position(line: str, where: str, rejected: list[str]) -> list[float]:
    """The position of a P record [km]; empty where nothing is known, or nothing usable."""
    try:
        xyz = [float(line[a : a + 14]) for a in (4, 18, 32)]
        if not any(xyz) or max(map(abs, xyz)) > 999999:
            return []  # SP3 writes zeros where it knows nothing
        check_distance([c * 1e3 for c in xyz], where)
    except InputError as error:
        rejected.append(str(error))
        return []
    except ValueError:
        rejected.append(f"{where}: not a position: {line[:46]}")
        return []
    return xyz


def _sorted(
    frame: str,
    found: list[tuple[int, list[float]]],
    unit_m: float,
    label: str,
    rejected: list[str],
) -> Stretch:
    """Positions [unit_m] in order of time; of several at one time the last counts."""
    found = sorted(found, key=lambda one: one[0])
    at = np.array([t for t, _ in found], np.int64)
    keep = np.append(np.diff(at) > 0, True)
    if not keep.all():
        rejected.append(f"{label}: {int((~keep).sum())} rows with the time of another left out")
    at, r_m = at[keep], np.array([xyz for _, xyz in found])[keep] * unit_m
    return Stretch(frame=frame, tai_ns=at, r_m=r_m, v_m_s=None, usable=(int(at[0]), int(at[-1])))


def _table(text: str, name: str, rejected: list[str]) -> _Named:
    """CSV whose header says time system, frame and unit."""
    reader = csv.DictReader(io.StringIO(text))
    fields = {(f or "").strip().lower(): f for f in reader.fieldnames or ()}
    clock = next((f for f in fields if f.startswith("time_")), None)
    if clock is None:
        raise InputError(
            "column", sorted(fields), "time_utc, time_tai, time_gps or time_tt", where=name
        )
    axes = [m for f in fields if (m := _COLUMN.fullmatch(f))]
    kinds = {(m[2], m[3]) for m in axes}
    geodetic = not axes
    if not geodetic and (len(axes) != 3 or len(kinds) != 1):
        wish = "x, y and z in one frame and unit, such as x_itrf_m, y_itrf_m, z_itrf_m"
        raise InputError("column", sorted(m[0] for m in axes), wish, where=name)
    frame, unit = next(iter(kinds)) if kinds else ("itrf", "m")
    objects: dict[tuple[str, str, int], list[tuple[int, list[float]]]] = {}
    for row in _rows(reader, name):
        where = f"{name}:{reader.line_num}"
        try:
            time = int(instants([row[fields[clock]] or ""], clock[5:], where, clock)[0])
            if geodetic:
                xyz = _from_geodetic([row[fields[k]] for k in _GEODETIC], where)
            else:
                scale = 1e3 if unit == "km" else 1.0
                xyz = [float(row[fields[f"{c}_{frame}_{unit}"]] or "") * scale for c in "xyz"]
            if not np.all(np.isfinite(xyz)):
                raise ValueError
            check_distance(xyz, where)
            norad_id = int(row[fields["norad_id"]] or 0) if "norad_id" in fields else 0
            if not 0 <= norad_id <= MAX_NORAD_ID:
                raise InputError("norad_id", norad_id, f"from 0 to {MAX_NORAD_ID}", where=where)
        except InputError as error:
            if error.field == "TIME_SYSTEM":
                raise
            rejected.append(str(error))
            continue
        except (ValueError, TypeError):
            rejected.append(f"{where}: a value that is not a number")
            continue
        satellite = (row[fields["satellite"]] or "").strip() if "satellite" in fields else ""
        objects.setdefault((satellite or Path(name).stem, "", norad_id), []).append((time, xyz))
    return [
        (key, _sorted(frame.upper(), found, 1.0, key[0], rejected))
        for key, found in objects.items()
    ]


def _rows(reader: csv.DictReader[str], name: str) -> Iterator[dict[str, str]]:
    """Rows, until one cannot be parted into fields."""
    try:
        yield from reader
    except csv.Error as error:
        where = f"{name}:{reader.line_num}"
        raise InputError(
            "ephemeris file", name, "sound CSV", hint=str(error), where=where
        ) from error


def _from_geodetic(texts: list[str | None], where: str) -> list[float]:
    """ITRF [m] of latitude, longitude [deg] and height over WGS-84 [m]; raises ValueError."""
    lat, lon, alt_m = (float(text or "") for text in texts)
    for field, value, limit in (("lat_deg", lat, 90.0), ("lon_deg", lon, 360.0)):
        if not -limit <= value <= limit:
            raise InputError(field, value, f"within +-{limit:.0f} degrees", where=where)
    return [float(c) for c in geodetic_to_itrf_m(lat * deg, lon * deg, alt_m)]
