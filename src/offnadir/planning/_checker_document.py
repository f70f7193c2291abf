"""The plan document as the checker reads it: each value is looked at once, trouble named by its path.

Nothing here judges the plan. A document that is no plan raises InputProblems, which names the first trouble
of each satellite, request, picture, ...; a plan that breaks a rule is read without complaint and left to the
rules. What the checker can do without may be missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from offnadir.errors import InputError, InputProblems
from offnadir.planning import _checker_fleet as fleet
from offnadir.planning._checker_model import (
    Choice,
    Collection,
    Contact,
    Curve,
    Plan,
    Repeat,
    Request,
    Strip,
)
from offnadir.planning._checker_node import Node, ring_deg, shape_deg
from offnadir.units import Gbit, deg, km

SCHEMA = "offnadir.plan/1"
REASONS = (
    "no_pass", "too_dark", "too_bright", "too_blurred", "too_cloudy", "no_stereo_pair", "late", "outbid",
    "memory_full", "blocked", "uplink", "orbit_limit", "duty", "battery", "thermal", "outage", "choice",
    "order", "repeat", "tier", "below_value",
)  # fmt: skip
RESULTS = ("optimal", "feasible", "nothing_to_take")
_T = TypeVar("_T")


def read_plan(document: Mapping[str, Any]) -> Plan:
    """Read a plan document; raise InputProblems for one that is no plan."""
    if not isinstance(document, Mapping):
        raise InputProblems([InputError("plan", document, "an object")])
    root, problems = Node("", document), list[InputError]()

    def one(read: Callable[[], _T], instead: _T) -> _T:
        try:
            return read()
        except InputError as error:
            problems.append(error)
            return instead

    def each(key: str, read: Callable[[Node], _T], needed: bool = False) -> tuple[_T, ...]:
        def items() -> tuple[Node, ...]:
            return root[key].items() if needed else root.list(key)

        found: list[_T] = []
        nothing: tuple[Node, ...] = ()
        for node in one(items, nothing):
            try:
                found.append(read(node))
            except InputError as error:
                problems.append(error)
        return tuple(found)

    def curves(key: str, limit: str, unit: float) -> tuple[Curve, ...] | None:
        if root.mapping().get(key) is None:
            return None
        return each(key, lambda node: _curve(node, limit, unit))

    one(lambda: root["schema"].text((SCHEMA,)), "")
    start_ns, stop_ns = one(lambda: root["span"].stretch(), (0, 1))
    result = one(lambda: _result(root.maybe("result")), _result(None))
    plan = Plan(
        start_ns=start_ns,
        stop_ns=stop_ns,
        satellites=each("satellites", fleet.satellite, needed=True),
        stations=each("stations", fleet.station),
        requests=each("requests", _request, needed=True),
        collections=each("collections", _collection, needed=True),
        contacts=each("contacts", _contact),
        outages=each("outages", fleet.outage),
        choices=each("choices", _choice),
        memory=curves("memory", "capacity_gbit", Gbit),
        battery=curves("battery", "capacity_wh", 1.0),
        thermal=curves("thermal", "max_rise_k", 1.0),
        value=result[0],
        bound=result[1],
        gap=result[2],
        status=result[3],
        tiers=result[4],
        objective=result[5],
        mends=root.maybe("previous") is not None,
    )
    if problems:
        raise InputProblems(problems)
    return plan


_Goal = tuple[float, float, float]
_Result = tuple[float, float, float, str | None, tuple[tuple[int, float], ...], _Goal]


def _result(node: Node | None) -> _Result:
    """Value, bound, gap, status, the value of each tier, and the objective, as far as they are stated."""
    node = node or Node("result", {})
    goal = node.maybe("objective") or Node("", {})
    return (
        node.number_or("value", math.nan),
        node.number_or("bound", math.nan),
        node.number_or("gap", math.nan),
        node.get("status", lambda n: n.text(RESULTS), None),
        tuple((n["tier"].whole(1, 3), n["value"].number()) for n in node.list("tiers")),
        (
            goal.number_or("value", math.nan),
            goal.number_or("bound", math.nan),
            goal.number_or("gap", math.nan),
        ),
    )


def _request(node: Node) -> Request:
    window, stereo = node.maybe("window") or Node("", {}), node.maybe("stereo")
    reason = node.maybe("reason")
    if reason is not None:
        reason["text"].text()
    convergence, views = None, 1
    if stereo is not None:
        convergence = (
            stereo["min_convergence_deg"].angle(0, 180),
            stereo["max_convergence_deg"].angle(0, 180),
        )
        views = stereo.get("views", lambda n: n.whole(2, 3), 2)
    node.get("opportunities", lambda n: n.whole(0), 0)
    geometry = node["geometry"]
    shape = shape_deg(geometry, ("Point", "Polygon"))
    curve = node.get("cover", _cover, None)
    strips = tuple(map(_strip, node.list("strips")))
    if curve is not None and (shape.geom_type == "Point" or stereo is not None):
        raise node["cover"].wrong("left out for a point and for stereo")
    status = node.get("status", lambda n: n.text(("taken", "not_taken")), "")
    return Request(
        name=node["name"].text(),
        shape_deg=shape,
        alt_m=_height(geometry["coordinates"]) if shape.geom_type == "Point" else 0.0,
        weight=node.number_or("weight", 1.0, 0),
        start_ns=window.get("start", Node.time, None),
        stop_ns=window.get("stop", Node.time, None),
        max_off_nadir_rad=node.number_or("max_off_nadir_deg", 90.0, 0, 90) * deg,
        min_sun_elevation_rad=node.number_or("min_sun_elevation_deg", -90.0, -90, 90) * deg,
        max_sun_elevation_rad=node.number_or("max_sun_elevation_deg", 90.0, -90, 90) * deg,
        min_incidence_rad=node.number_or("min_incidence_deg", 0.0, 0, 90) * deg,
        max_incidence_rad=node.number_or("max_incidence_deg", 90.0, 0, 90) * deg,
        azimuth_rad=node.get("azimuth_deg", _sector, None),
        satellites=node.get("satellites", lambda n: frozenset(i.text() for i in n.items()), None),
        max_gsd_m=node.number_or("max_gsd_m", math.inf, 0),
        min_niirs=node.number_or("min_niirs", -math.inf),
        deadline_ns=node.get("deadline", Node.time, None),
        convergence_rad=convergence,
        views=views,
        tier=node.get("tier", lambda n: n.whole(1, 3), 1),
        curve=curve,
        strips=strips,
        strip_of={strip.id: strip for strip in reversed(strips)},
        repeat=node.get("repeat", _repeat, None),
        after=node.get("after", Node.text, None),
        after_within_s=node.number_or("after_within_s", math.inf, 0),
        taken=status == "taken" if status else None,
        collections=node.get("collections", lambda n: tuple(i.text() for i in n.items()), None),
        reason=None if reason is None else reason["code"].text(REASONS),
        stated=frozenset(node.mapping()),
    )


def _sector(node: Node) -> tuple[float, float]:
    """From one azimuth clockwise to another [rad]."""
    ends = node.items(2)
    if len(ends) != 2:
        raise node.wrong("two azimuths, from and to")
    return ends[0].angle(0, 360), ends[1].angle(0, 360)


def _height(position: Node) -> float:
    """The height [m] of a GeoJSON position, 0 without one."""
    items = position.items(2)
    return items[2].number(-12 * km, 100 * km) if len(items) > 2 else 0.0


def _cover(node: Node) -> Any:
    """Corners of the curve from covered share to worth: straight where none is stated; None for false."""
    if isinstance(node.value, bool):
        return np.array([[0.0, 0.0], [1.0, 1.0]]) if node.value else None
    if node.maybe("curve") is None:
        return np.array([[0.0, 0.0], [1.0, 1.0]])
    corners = []
    for item in node["curve"].items(2):
        share, worth = item.pair()
        corners.append((share.number(0, 1), worth.number(0, 1)))
        if len(corners) > 1 and not corners[-1][0] > corners[-2][0]:
            raise item.wrong("at a larger share than the corner before it")
    return np.array(corners, np.float64)


def _strip(node: Node) -> Strip:
    return Strip(
        id=node["id"].text(),
        shape_deg=ring_deg(node["ring"]),
        share=node["share"].number(0, 1),
    )


def _repeat(node: Node) -> Repeat:
    return Repeat(
        count=node["count"].whole(1),
        min_spacing_s=node.number_or("min_spacing_s", 0.0, 0),
        max_spacing_s=node.number_or("max_spacing_s", math.inf, 0),
    )


def _choice(node: Node) -> Choice:
    return Choice(
        requests=tuple(item.text() for item in node["requests"].items()),
        at_most=node.get("at_most", lambda n: n.whole(0), 1),
    )


def _aim(node: Node) -> tuple[float, float, float]:
    return (
        node["lat_deg"].angle(-90, 90),
        node["lon_deg"].angle(-360, 360),
        node.number_or("alt_m", 0.0, -12 * km, 100 * km),
    )


def _collection(node: Node) -> Collection:
    stereo = node.maybe("stereo")

    def angle(key: str) -> float:
        return node.number_or(key, math.nan) * deg

    def number(key: str, default: float = math.nan) -> float:
        return node.number_or(key, default)

    return Collection(
        id=node["id"].text(),
        request=node["request"].text(),
        satellite=node["satellite"].text(),
        norad_id=node.get("norad_id", lambda n: n.whole(0), None),
        start_ns=node["start"].time(),
        stop_ns=node["stop"].time(),
        duration_s=number("duration_s"),
        aim_rad_m=node.get("aim", _aim, None),
        off_nadir_rad=angle("off_nadir_deg"),
        roll_rad=angle("roll_deg"),
        pitch_rad=angle("pitch_deg"),
        azimuth_rad=angle("azimuth_deg"),
        range_m=number("range_km") * km,
        elevation_rad=angle("elevation_deg"),
        sun_elevation_rad=angle("sun_elevation_deg"),
        sun_azimuth_rad=angle("sun_azimuth_deg"),
        gsd_along_m=node.get("gsd_along_m", Node.positive, math.nan),
        gsd_across_m=node.get("gsd_across_m", Node.positive, math.nan),
        niirs=number("niirs"),
        coverage=number("coverage"),
        clear_sky=node.number_or("clear_sky", 1.0, 0, 1),
        quality=number("quality"),
        value=number("value"),
        volume_bit=number("volume_gbit") * Gbit,
        footprint_deg=node.get(
            "footprint", lambda n: shape_deg(n, ("Polygon",), valid=False), None
        ),
        partner=None if stereo is None else stereo["partner"].text(),
        convergence_rad=math.nan if stereo is None else stereo["convergence_deg"].angle(),
        delivered_ns=node.get("delivered", Node.time, None),
        contact=node.get("contact", Node.text, None),
        strip=node.get("strip", Node.text, None),
        frozen=node.get("frozen", Node.flag, False),
        stated=frozenset(node.mapping()),
    )


def _contact(node: Node) -> Contact:
    used = node.get("used", Node.flag, True)
    sent = node["downlinked_gbit"].number() if used else node.number_or("downlinked_gbit", 0.0)
    return Contact(
        id=node["id"].text(),
        satellite=node["satellite"].text(),
        station=node["station"].text(),
        start_ns=node["start"].time(),
        stop_ns=node["stop"].time(),
        max_elevation_rad=node.number_or("max_elevation_deg", math.nan) * deg,
        used=used,
        downlinked_bit=sent * Gbit,
    )


def _curve(node: Node, limit: str, unit: float) -> Curve:
    points = [point.pair() for point in node["points"].items()]
    return Curve(
        satellite=node["satellite"].text(),
        limit=node.number_or(limit, math.nan, 0) * unit,
        t_ns=np.array([t.time() for t, _ in points], np.int64),
        level=np.array([level.number() * unit for _, level in points], np.float64),
    )
