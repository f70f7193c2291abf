"""Ground stations in a mission file."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from offnadir.access import Station
from offnadir.access.geojson import as_float
from offnadir.planning._fields import Kind, Number, Raw, Text, read_table
from offnadir.planning._places import HEIGHT, LATITUDE, LONGITUDE, read_point
from offnadir.planning._problems import Place
from offnadir.planning.model import GroundStation
from offnadir.units import deg

STATION_KEYS: Final[Mapping[str, Kind]] = {
    "name": Text(),
    "lat_deg": LATITUDE,
    "lon_deg": LONGITUDE,
    "alt_m": HEIGHT,
    "min_elevation_deg": Number(-5, 89, "degrees", deg),
    "mask": Raw(),
    "antennas": Number(1, 1000, whole=True),
    "setup_s": Number(0, 3600, "seconds"),
}
DEFAULT_MIN_ELEVATION_RAD: Final = 5 * deg
_HIGHEST_DEG = 88.9
_PAIR = f"[azimuth, elevation] in degrees, 0 to 360 and 0 to {_HIGHEST_DEG}"


def read_stations(entries: list[object], place: Place) -> tuple[GroundStation, ...]:
    """The stations of [[station]] entries that are right; all else is complained of."""
    found: list[GroundStation] = []
    taken: dict[str, str] = {}
    for number, entry in enumerate(entries, 1):
        name = entry.get("name", "") if isinstance(entry, dict) else ""
        here = place.key("station").item(number, name)
        if not isinstance(entry, dict):
            here.complain(entry, "a table, begun with [[station]]")
            continue
        one = _station(entry, here)
        if one is None:
            continue
        name = one.station.site.name
        if name in taken:
            here.key("name").complain(name, f"a name of its own: {taken[name]} has it already")
        taken.setdefault(name, here.path)
        found.append(one)
    return tuple(found)


def _station(entry: dict[str, object], place: Place) -> GroundStation | None:
    values = read_table(entry, STATION_KEYS, place, required=("name", "lat_deg", "lon_deg"))
    mask = _mask(values.get("mask", []), place.key("mask"))
    if not {"name", "lat_deg", "lon_deg"} <= values.keys():
        return None
    site = read_point(values, values["name"], place)
    if site is None:
        return None
    station = Station(
        site=site,
        min_elevation_rad=values.get("min_elevation_deg", DEFAULT_MIN_ELEVATION_RAD),
        mask_azimuth_rad=tuple(azimuth * deg for azimuth, _ in mask),
        mask_elevation_rad=tuple(elevation * deg for _, elevation in mask),
    )
    return GroundStation(
        station=station,
        antennas=values.get("antennas", 1),
        setup_s=float(values.get("setup_s", 0.0)),
    )


def _mask(value: object, place: Place) -> list[tuple[float, float]]:
    """Azimuths in [0, 360), rising, and elevations [deg]; empty, with complaints, if they are wrong."""
    if not isinstance(value, list):
        place.complain(value, "a list of [azimuth, elevation] in degrees")
        return []
    pairs: list[tuple[float, float]] = []
    for number, one in enumerate(value, 1):
        numbers = [as_float(part) for part in one] if isinstance(one, list) else []
        azimuth, elevation = numbers if len(numbers) == 2 else (None, None)
        if azimuth is None or elevation is None:
            place.item(number).complain(one, _PAIR)
        elif not (0 <= azimuth <= 360 and 0 <= elevation <= _HIGHEST_DEG):
            place.item(number).complain(one, _PAIR, "azimuth comes first")
        else:
            pairs.append((azimuth, elevation))
    if len(pairs) < len(value):
        return []
    for number, (a, b) in enumerate(pairwise(pairs), 2):
        if b[0] <= a[0]:
            place.item(number).complain(list(b), f"at an azimuth above the one before it, {a[0]:g}")
            return []
    if pairs and pairs[-1][0] == 360:  # north again: the same place as 0
        north = pairs.pop()
        if not pairs or pairs[0][0] > 0:
            pairs.insert(0, (0.0, north[1]))
        elif pairs[0][1] != north[1]:
            place.item(len(value)).complain(list(north), "as high at azimuth 360 as at 0")
            return []
    return pairs
