"""Edges of an area's windows made exact: more points where an edge is decided, until it stays.

An edge belongs to one point of the area: the first or last to come into view or to leave it. On the
outline the edge's time is followed to its extreme between that point and its neighbours; inside, by a
search around the point that narrows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from offnadir.access._area_evidence import ANY, PROBE_M, Evidence, Place
from offnadir.access._area_shape import Area
from offnadir.earth import geodetic_to_itrf_m, itrf_to_geodetic

_ROUNDS = 40
_LEAST_M = 0.5  # closer points are not told apart
_SPEED_M_S = 300.0  # the slowest that an edge moves over the ground: that of the Sun
_FRONT_M_S = 5000.0  # the slowest that the edge of a satellite's view comes over the ground
_GAP_NS = 1_200_000_000_000
_EIGHTHS = np.arange(1, 8) / 8
_ROSE = np.array([[math.cos(i * math.pi / 4), math.sin(i * math.pi / 4)] for i in range(8)])


class _Edge:
    """One edge of a window: its point, its instant, and which way times get better."""

    def __init__(self, evidence: Evidence, row: int, *, rising: bool) -> None:
        windows = evidence.windows
        self.evidence = evidence
        self.rising = rising
        self.point = int(windows.point[row])
        self.at_ns = int((windows.start if rising else windows.stop)[row])
        self.sign = 1.0 if rising == (evidence.mode == ANY) else -1.0
        span = evidence.ephemeris.span
        self.cut = self.at_ns == (span.start.tai_ns if rising else span.stop.tai_ns)

    def cost(self, point: int) -> float:
        """How much worse [ns] a point's time is than the edge's; inf if the point has none near it."""
        later = self.evidence.nearest(point, self.at_ns, rising=self.rising)
        return math.inf if math.isinf(later) else self.sign * later


def polish(evidence: Evidence, area: Area, tolerance_s: float) -> None:
    """Add points to the evidence until more would move no edge by the tolerance."""
    tried: set[tuple[int, int]] = set()
    for _ in range(_ROUNDS):
        rises, falls = (rows.tolist() for rows in evidence.edges())
        starts = [_Edge(evidence, row, rising=True) for row in rises]
        stops = [_Edge(evidence, row, rising=False) for row in falls]
        edges = [edge for edge in (*starts, *stops) if not edge.cut]
        if evidence.open_links(_rivals(edges)):
            continue
        links: dict[tuple[int, int], Place] = {}
        places: list[Place] = []
        for edge in edges:
            if evidence.before[edge.point] >= 0:
                links.update(_on_outline(edge, tolerance_s))
            places.extend(_inside(edge, area, tolerance_s))
        if evidence.mode == ANY:
            places.extend(_in_gaps(starts, stops, area, tried))
        if not links and not places:
            return
        first = len(evidence.lat)
        evidence.add([*links.values(), *places])
        for point, (left, right) in enumerate(links, first):
            evidence.link(left, point, right)


def _rivals(edges: list[_Edge]) -> set[int]:
    """Links of the outline whose hidden corners might decide an edge: those of points nearly as good."""
    links: set[int] = set()
    for edge in edges:
        evidence = edge.evidence
        slack_ns = evidence.spots.detail_m / _FRONT_M_S * 1e9
        if slack_ns == 0.0:
            break
        times = evidence.windows.start if edge.rising else evidence.windows.stop
        near = np.unique(evidence.windows.point[np.abs(times - edge.at_ns) <= slack_ns])
        for point in near.tolist():
            if evidence.before[point] >= 0:
                links.update((point, evidence.before[point]))
    return links


def _on_outline(edge: _Edge, tolerance_s: float) -> Iterator[tuple[tuple[int, int], Place]]:
    """Middles between the edge's point and its neighbours, where the time may get better."""
    evidence, point = edge.evidence, edge.point
    for step in (evidence.before, evidence.after):
        if _gain_ns(edge, step) > tolerance_s * 1e9 / 4:
            pair = (step[point], point) if step is evidence.before else (point, step[point])
            left, right = pair
            lat = (evidence.lat[left] + evidence.lat[right]) / 2
            lon = (evidence.lon[left] + evidence.lon[right]) / 2
            yield pair, Place(lat, lon, PROBE_M)


def _gain_ns(edge: _Edge, step: list[int]) -> float:
    """How much better [ns] the time may get on the way to a neighbour; inf: it must be looked at.

    A parabola through the point and two more tells, if a third one confirms that there is no kink before
    the first, where another limit begins to decide. No parabola leads around a corner.
    """
    evidence = edge.evidence
    at_m, costs = [0.0], [0.0]
    point = edge.point
    while len(at_m) < 4:
        following = step[point]
        at_m.append(at_m[-1] + evidence.distance_m(point, following))
        costs.append(edge.cost(following))
        if at_m[1] < _LEAST_M:
            return 0.0
        corner = evidence.corner[following] and len(at_m) < 4
        if corner or math.isinf(costs[-1]) or at_m[-1] - at_m[-2] < _LEAST_M:
            return math.inf
        point = following
    c0, slope, bend = _parabola(at_m[:3], costs[:3])
    beyond, _, _ = _parabola(at_m[1:], costs[1:])
    kink = abs(beyond - c0)
    if slope >= 0.0:
        return kink
    return kink + slope**2 / (4.0 * bend) if bend > 0.0 else math.inf


def _parabola(x: list[float], y: list[float]) -> tuple[float, float, float]:
    """Value and slope at zero, and half the second derivative, of the parabola through three points."""
    first = (y[1] - y[0]) / (x[1] - x[0])
    bend = ((y[2] - y[1]) / (x[2] - x[1]) - first) / (x[2] - x[0])
    return y[0] - x[0] * (first - bend * x[1]), first - bend * (x[0] + x[1]), bend


def _inside(edge: _Edge, area: Area, tolerance_s: float) -> Iterator[Place]:
    """Points of the area around the edge's point; around one on the outline only the innermost, once.

    The distance halves each time the edge stays with its point, and doubles when it moves on.
    """
    evidence, point = edge.evidence, edge.point
    reach_m = evidence.scale_m[point]
    on_outline = evidence.before[point] >= 0
    if reach_m < _SPEED_M_S * tolerance_s:
        return
    evidence.scale_m[point] = 0.0 if on_outline else reach_m / 2
    lat, lon = evidence.shifted(point, reach_m * _ROSE)
    good = np.flatnonzero(area.contains(lat, lon))
    if on_outline and len(good):
        inward = _ROSE[good] @ _ROSE[good].sum(axis=0)
        good = good[[int(np.argmax(inward))]]
    for i in good.tolist():
        yield Place(float(lat[i]), math.remainder(lon[i], 2 * math.pi), 2.0 * reach_m)


def _in_gaps(
    starts: list[_Edge], stops: list[_Edge], area: Area, tried: set[tuple[int, int]]
) -> Iterator[Place]:
    """Points on the way from where a window of the area ends to where the next one begins.

    A region that moves over the area and is narrower than the points inside are apart is lost between
    them; if it is convex it holds the point that moves with it from the one to the other.
    """
    for stop, start in zip(stops[:-1], starts[1:], strict=True):
        pair = (stop.point, start.point)
        if pair in tried or start.at_ns - stop.at_ns > _GAP_NS or stop.point == start.point:
            continue
        tried.add(pair)
        evidence = stop.evidence
        ends = geodetic_to_itrf_m(
            [evidence.lat[one] for one in pair], [evidence.lon[one] for one in pair], 0.0
        )
        between = ends[0] + _EIGHTHS[:, None] * (ends[1] - ends[0])
        lat, lon, _ = itrf_to_geodetic(between)
        for i in np.flatnonzero(area.contains(lat, lon)).tolist():
            apart_m = float(np.linalg.norm(ends[1] - ends[0]))
            yield Place(float(lat[i]), float(lon[i]), apart_m / 8)
