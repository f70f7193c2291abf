"""The plan document as the checker reads it: each value is looked at once, trouble named by its path.

Nothing here judges the plan. A document that is no plan raises InputError (`collections[3].start`);
a plan that breaks a rule is read without complaint and left to the rules.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits import omm_to_element_set
from offnadir.planning._checker_model import (
    Collection,
    Contact,
    Curve,
    Plan,
    Request,
    Satellite,
    Station,
)
from offnadir.units import Gbit, Mbit, deg, km, um

SCHEMA = "offnadir.plan/1"
_LARGEST = 1e15  # nothing in a plan comes near, and squares of it do not overflow
_FIRST_NS, _LAST_NS = -410_227_200 * 10**9, 4_102_444_800 * 10**9  # 1957 to 2100
REASONS = ("no_pass", "too_dark", "too_blurred", "no_stereo_pair", "late", "outbid")
RESULTS = ("optimal", "feasible", "nothing_to_take")


@dataclass(frozen=True, slots=True)
class Node:
    """A value in the document together with its path."""

    path: str
    value: Any

    def wrong(self, wish: str, hint: str = "") -> InputError:
        return InputError(self.path, self.value, wish, hint=hint)

    def mapping(self) -> Mapping[str, Any]:
        if not isinstance(self.value, Mapping) or not all(isinstance(k, str) for k in self.value):
            raise self.wrong("an object")
        return self.value

    def __getitem__(self, key: str) -> Node:
        path = f"{self.path}.{key}" if self.path else key
        if key not in self.mapping():
            raise InputError(path, None, "present", hint="the key is missing")
        return Node(path, self.value[key])

    def maybe(self, key: str) -> Node | None:
        """The value of a key that may be absent or null."""
        return self[key] if self.mapping().get(key) is not None else None

    def nullable(self, key: str) -> Node | None:
        """The value of a key that must be there, but may be null."""
        node = self[key]
        return None if node.value is None else node

    def items(self, least: int = 0) -> tuple[Node, ...]:
        if not isinstance(self.value, (list, tuple)) or len(self.value) < least:
            raise self.wrong(f"a list of at least {least}" if least else "a list")
        return tuple(Node(f"{self.path}[{i}]", value) for i, value in enumerate(self.value))

    def text(self, choices: tuple[str, ...] = ()) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.wrong("a text")
        if choices and self.value not in choices:
            raise self.wrong("one of " + ", ".join(choices))
        return self.value

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.wrong("true or false")
        return self.value

    def number(self, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number from `low` to `high`."""
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            raise self.wrong("a number")
        try:
            number = float(self.value)
        except OverflowError:
            number = math.inf
        if not abs(number) <= _LARGEST:
            raise self.wrong(f"a finite number, at most {_LARGEST:g}")
        if not low <= number <= high:
            wish = f"at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
            raise self.wrong(wish)
        return number

    def positive(self) -> float:
        number = self.number(0.0)
        if number == 0.0:
            raise self.wrong("above 0")
        return number

    def whole(self, low: int) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < low:
            raise self.wrong(f"a whole number of at least {low}")
        return self.value

    def time(self) -> int:
        """TAI ns of a UTC text."""
        t_ns = Epoch.from_utc(self.text(), field=self.path).tai_ns
        if not _FIRST_NS <= t_ns <= _LAST_NS:
            raise self.wrong("a time between the years 1957 and 2100")
        return t_ns


def read_plan(document: Mapping[str, Any]) -> Plan:
    """Read a plan document; raise InputError at the first thing that is no plan."""
    root = Node("", document)
    if not isinstance(document, Mapping):
        raise InputError("plan", document, "an object")
    root["schema"].text((SCHEMA,))
    result = root["result"]
    plan = Plan(
        start_ns=root["span"]["start"].time(),
        stop_ns=root["span"]["stop"].time(),
        satellites=tuple(map(_satellite, root["satellites"].items())),
        stations=tuple(map(_station, root["stations"].items())),
        requests=tuple(map(_request, root["requests"].items())),
        collections=tuple(map(_collection, root["collections"].items())),
        contacts=tuple(map(_contact, root["contacts"].items())),
        curves=tuple(map(_curve, root["memory"].items())),
        value=result["value"].number(),
        bound=result["bound"].number(),
        gap=result["gap"].number(),
        status=result["status"].text(RESULTS),
    )
    if plan.stop_ns <= plan.start_ns:
        raise root["span"]["stop"].wrong(f"later than start {root['span']['start'].value}")
    return plan


def _angle(node: Node, low_deg: float, high_deg: float) -> float:
    return node.number(low_deg, high_deg) * deg


def _satellite(node: Node) -> Satellite:
    agility, optics = node["agility"], node.maybe("optics")
    fov = optics.maybe("fov_deg") if optics else None
    elements = node["elements"]
    try:
        element_set = omm_to_element_set(elements.mapping())
    except InputError as error:
        field = f"{elements.path}.{error.field}"
        raise InputError(field, error.value, error.wish, hint=error.hint) from error
    return Satellite(
        name=node["name"].text(),
        norad_id=node["norad_id"].whole(0),
        elements=element_set,
        max_off_nadir_rad=_angle(node["max_off_nadir_deg"], 0, 90),
        memory_bit=node["memory_gbit"].number(0) * Gbit,
        downlink_bit_s=node["downlink_mbps"].number(0) * Mbit,
        data_rate_bit_s=node["data_rate_mbps"].number(0) * Mbit,
        rate_rad_s=agility["rate_deg_s"].positive() * deg,
        acceleration_rad_s2=agility["acceleration_deg_s2"].positive() * deg,
        settling_s=agility["settling_s"].number(0),
        pitch_m=optics["pitch_um"].positive() * um if optics else math.nan,
        focal_length_m=optics["focal_length_m"].positive() if optics else math.nan,
        fov_rad=_angle(fov, 0, 180) if fov else math.nan,
    )


def _station(node: Node) -> Station:
    mask = []
    for point in node["mask"].items():
        azimuth, elevation = _pair(point)
        mask.append((_angle(azimuth, 0, 360), _angle(elevation, -90, 90)))
    return Station(
        name=node["name"].text(),
        lat_rad=_angle(node["lat_deg"], -90, 90),
        lon_rad=_angle(node["lon_deg"], -360, 360),
        alt_m=node["alt_m"].number(-12 * km, 100 * km),
        min_elevation_rad=_angle(node["min_elevation_deg"], -90, 90),
        mask_rad=np.array(mask, np.float64).reshape(-1, 2),
        antennas=node["antennas"].whole(1),
    )


def _request(node: Node) -> Request:
    window, stereo, reason = node["window"], node.nullable("stereo"), node.nullable("reason")
    gsd, niirs, deadline = (node.nullable(k) for k in ("max_gsd_m", "min_niirs", "deadline"))
    if reason is not None:
        reason["text"].text()
    convergence = None
    if stereo is not None:
        least, greatest = stereo["min_convergence_deg"], stereo["max_convergence_deg"]
        convergence = (_angle(least, 0, 180), _angle(greatest, 0, 180))
    node["opportunities"].whole(0)
    return Request(
        name=node["name"].text(),
        shape_deg=_shape(node["geometry"], ("Point", "Polygon")),
        weight=node["weight"].number(0),
        start_ns=window["start"].time(),
        stop_ns=window["stop"].time(),
        max_off_nadir_rad=_angle(node["max_off_nadir_deg"], 0, 90),
        min_sun_elevation_rad=_angle(node["min_sun_elevation_deg"], -90, 90),
        max_gsd_m=math.inf if gsd is None else gsd.number(0),
        min_niirs=-math.inf if niirs is None else niirs.number(),
        deadline_ns=None if deadline is None else deadline.time(),
        convergence_rad=convergence,
        taken=node["status"].text(("taken", "not_taken")) == "taken",
        collections=tuple(item.text() for item in node["collections"].items()),
        reason=None if reason is None else reason["code"].text(REASONS),
    )


def _collection(node: Node) -> Collection:
    aim, stereo = node["aim"], node.nullable("stereo")
    delivered, contact = node.nullable("delivered"), node.nullable("contact")
    return Collection(
        id=node["id"].text(),
        request=node["request"].text(),
        satellite=node["satellite"].text(),
        norad_id=node["norad_id"].whole(0),
        start_ns=node["start"].time(),
        stop_ns=node["stop"].time(),
        duration_s=node["duration_s"].number(),
        aim_lat_rad=_angle(aim["lat_deg"], -90, 90),
        aim_lon_rad=_angle(aim["lon_deg"], -360, 360),
        aim_alt_m=aim["alt_m"].number(-12 * km, 100 * km),
        off_nadir_rad=node["off_nadir_deg"].number() * deg,
        roll_rad=node["roll_deg"].number() * deg,
        pitch_rad=node["pitch_deg"].number() * deg,
        azimuth_rad=node["azimuth_deg"].number() * deg,
        range_m=node["range_km"].number() * km,
        elevation_rad=node["elevation_deg"].number() * deg,
        sun_elevation_rad=node["sun_elevation_deg"].number() * deg,
        sun_azimuth_rad=node["sun_azimuth_deg"].number() * deg,
        gsd_along_m=node["gsd_along_m"].positive(),
        gsd_across_m=node["gsd_across_m"].positive(),
        niirs=node["niirs"].number(),
        coverage=node["coverage"].number(),
        quality=node["quality"].number(),
        value=node["value"].number(),
        volume_bit=node["volume_gbit"].number() * Gbit,
        footprint_deg=_shape(node["footprint"], ("Polygon",), valid=False),
        partner=None if stereo is None else stereo["partner"].text(),
        convergence_rad=math.nan if stereo is None else stereo["convergence_deg"].number() * deg,
        delivered_ns=None if delivered is None else delivered.time(),
        contact=None if contact is None else contact.text(),
    )


def _contact(node: Node) -> Contact:
    return Contact(
        id=node["id"].text(),
        satellite=node["satellite"].text(),
        station=node["station"].text(),
        start_ns=node["start"].time(),
        stop_ns=node["stop"].time(),
        max_elevation_rad=node["max_elevation_deg"].number() * deg,
        used=node["used"].flag(),
        downlinked_bit=node["downlinked_gbit"].number() * Gbit,
    )


def _curve(node: Node) -> Curve:
    points = [_pair(point) for point in node["points"].items()]
    return Curve(
        satellite=node["satellite"].text(),
        capacity_bit=node["capacity_gbit"].number(0) * Gbit,
        t_ns=np.array([t.time() for t, _ in points], np.int64),
        level_bit=np.array([level.number() * Gbit for _, level in points], np.float64),
    )


def _pair(node: Node) -> tuple[Node, Node]:
    items = node.items()
    if len(items) != 2:
        raise node.wrong("a pair")
    return items[0], items[1]


def _position(node: Node) -> tuple[float, float]:
    """Longitude, latitude [deg] of a GeoJSON position; a height is allowed and ignored."""
    items = node.items(2)
    return items[0].number(-360, 360), items[1].number(-90, 90)


def _shape(node: Node, kinds: tuple[str, ...], *, valid: bool = True) -> Any:
    """Point or polygon of a GeoJSON geometry, in degrees; `valid` demands one that has an area."""
    coordinates = node["coordinates"]
    if node["type"].text(kinds) == "Point":
        return shapely.Point(_position(coordinates))
    rings = []
    for ring in coordinates.items(1):
        points = [_position(item) for item in ring.items(4)]
        if points[0] != points[-1]:
            raise ring.wrong("a closed ring", hint="the last position must repeat the first")
        rings.append(points)
    polygon = shapely.Polygon(rings[0], rings[1:])
    if valid and not (polygon.is_valid and polygon.area > 0.0):
        raise coordinates.wrong("a polygon that does not cross itself and has an area")
    return polygon
