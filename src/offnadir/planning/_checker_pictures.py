"""Rules about pictures: names, times, geometry, sharpness, stereo pairs.

What each rule says stands in `checker.RULES`; why its tolerance is what it is, in the reference.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import shapely

from offnadir.planning._checker_facts import (
    INSTANTS,
    MID,
    START,
    STOP,
    Facts,
    Finding,
    NotChecked,
    Picture,
    unless,
    utc,
)
from offnadir.planning._checker_geometry import (
    angle_rad,
    ground_sample_m,
    to_plane_m,
)
from offnadir.planning._checker_model import Collection, Contact
from offnadir.units import deg, km, ms

ANGLE_TOL_RAD = 0.01 * deg
RANGE_TOL_M = 10.0
ROUNDING_NS = 1_000  # times are written to the microsecond
DURATION_TOL_S = 1 * ms
GSD_REL_TOL = 1e-3
NIIRS_TOL = 1e-5
AIM_TOL_M = 1.0
_NS = 1_000_000_000
_EXACT = 1e-6
_TURN = 2 * math.pi


def names(facts: Facts) -> Iterator[Finding]:
    plan = facts.plan
    satellites = {s.name: s for s in plan.satellites}
    requests, stations = {r.name for r in plan.requests}, {s.name for s in plan.stations}
    yield from _once_each("satellite", (s.name for s in plan.satellites))
    yield from _once_each("station", (s.name for s in plan.stations))
    yield from _once_each("request", (r.name for r in plan.requests))
    yield from _once_each("collection", (c.id for c in plan.collections))
    yield from _once_each("contact", (c.id for c in plan.contacts))
    for s in plan.satellites:
        yield unless(
            s.norad_id == s.elements.norad_id,
            f"satellite {s.name}: norad_id {s.norad_id}, but its elements are of "
            f"{s.elements.norad_id}",
        )
    for c in plan.collections:
        known = satellites.get(c.satellite)
        yield unless(known is not None, f"{c.id}: no satellite {c.satellite!r} in the plan")
        yield unless(c.request in requests, f"{c.id}: no request {c.request!r} in the plan")
        if known is not None and c.norad_id is not None:
            yield unless(
                c.norad_id == known.norad_id,
                f"{c.id}: norad_id {c.norad_id}, but {known.name} is {known.norad_id}",
            )
    for k in plan.contacts:
        yield unless(k.satellite in satellites, f"{k.id}: no satellite {k.satellite!r} in the plan")
        yield unless(k.station in stations, f"{k.id}: no station {k.station!r} in the plan")
    for out in plan.outages:
        label = f"outage from {utc(out.start_ns)} on"
        yield unless(out.station in stations, f"{label}: no station {out.station!r} in the plan")
        if out.satellite is not None:
            good = out.satellite in satellites
            yield unless(good, f"{label}: no satellite {out.satellite!r} in the plan")
    for one in plan.choices:
        for name in one.requests:
            yield unless(name in requests, f"a choice: no request {name!r} in the plan")
    for r in plan.requests:
        if r.after is not None:
            good = r.after in requests
            yield unless(good, f"{r.name!r} comes after {r.after!r}, which is not in the plan")


def _once_each(kind: str, ids: Iterable[str]) -> Iterator[Finding]:
    for name, count in Counter(ids).items():
        yield unless(count == 1, f"{count} things are called {kind} {name!r}")


def times(facts: Facts) -> Iterator[Finding]:
    items: tuple[Collection | Contact, ...] = (*facts.plan.collections, *facts.plan.contacts)
    for item in items:
        yield unless(
            item.stop_ns > item.start_ns,
            f"{item.id}: stop {utc(item.stop_ns)} is not after start {utc(item.start_ns)}",
        )
    for c in facts.plan.collections:
        lasts_s = (c.stop_ns - c.start_ns) / _NS
        if math.isnan(c.duration_s):
            continue
        yield unless(
            abs(lasts_s - c.duration_s) <= DURATION_TOL_S,
            f"{c.id}: duration_s {c.duration_s:.6f}, but it lasts {lasts_s:.6f} s",
        )


def window(facts: Facts) -> Iterator[Finding]:
    plan = facts.plan
    items: tuple[Collection | Contact, ...] = (*plan.collections, *plan.contacts)
    for item in items:
        yield _within(item.id, item.start_ns, item.stop_ns, plan.start_ns, plan.stop_ns, "the span")
    for p in facts.pictures:
        s, r = p.stated, p.request
        first = plan.start_ns if r.start_ns is None else r.start_ns
        last = plan.stop_ns if r.stop_ns is None else r.stop_ns
        yield _within(p.id, s.start_ns, s.stop_ns, first, last, f"the window of {r.name!r}")


def _within(name: str, start: int, stop: int, first: int, last: int, what: str) -> str | None:
    return unless(
        start >= first - ROUNDING_NS and stop <= last + ROUNDING_NS,
        f"{name}: {utc(start)} to {utc(stop)} is not within {what}, {utc(first)} to {utc(last)}",
    )


def orbit(facts: Facts) -> Iterator[Finding]:
    for p in facts.pictures:
        yield unless(
            p.view.known,
            f"{p.id}: the elements of {p.satellite.name} give no position at {utc(p.mid_ns)}",
        )
    for c in facts.passes:
        yield unless(
            c.known,
            f"{c.id}: the elements of {c.satellite.name} give no position throughout "
            f"{utc(c.stated.start_ns)} to {utc(c.stated.stop_ns)}",
        )


def aim(facts: Facts) -> Iterator[Finding]:
    for p in facts.pictures:
        shape = to_plane_m(p.shape_deg, *p.aim_rad_m[:2])
        away_m = math.inf
        if shape is not None:
            away_m = float(shapely.Point(0.0, 0.0).distance(shape.convex_hull))
        yield unless(
            away_m <= AIM_TOL_M,
            f"{p.id}: aims {away_m:.1f} m away from {p.request.name!r}",
        )


def off_nadir(facts: Facts) -> Iterator[Finding]:
    for p in facts.seen:
        limit = min(p.request.max_off_nadir_rad, p.satellite.max_off_nadir_rad)
        for instant, angle in zip(INSTANTS, p.view.off_nadir_rad, strict=True):
            yield unless(
                angle <= limit + ANGLE_TOL_RAD,
                f"{p.id}: {angle / deg:.3f} deg off nadir at {instant}, limit {limit / deg:.3f} deg "
                f"({p.satellite.name}, {p.request.name!r})",
            )


def horizon(facts: Facts) -> Iterator[Finding]:
    for p in facts.seen:
        for instant, angle in zip(INSTANTS, p.view.elevation_rad, strict=True):
            yield unless(
                angle >= -ANGLE_TOL_RAD,
                f"{p.id}: {p.satellite.name} stands at {angle / deg:.3f} deg at {instant}, below the "
                f"horizon of {p.request.name!r}",
            )


def sun(facts: Facts) -> Iterator[Finding]:
    for p in facts.seen:
        limit = p.request.min_sun_elevation_rad
        for i in (START, STOP):
            angle = p.view.sun_elevation_rad[i]
            yield unless(
                angle >= limit - ANGLE_TOL_RAD,
                f"{p.id}: Sun at {angle / deg:.3f} deg at {INSTANTS[i]}, {p.request.name!r} wants "
                f"{limit / deg:.3f} deg",
            )
            if p.request.max_sun_elevation_rad < math.pi / 2:
                most = p.request.max_sun_elevation_rad
                yield unless(
                    angle <= most + ANGLE_TOL_RAD,
                    f"{p.id}: Sun at {angle / deg:.3f} deg at {INSTANTS[i]}, {p.request.name!r} wants at "
                    f"most {most / deg:.3f} deg",
                )


def sight(facts: Facts) -> Iterator[Finding]:
    for p in facts.seen:
        if p.request.satellites is not None:
            yield unless(
                p.satellite.name in p.request.satellites,
                f"{p.id}: by {p.satellite.name}, {p.request.name!r} wants "
                f"{' or '.join(sorted(p.request.satellites))}",
            )
        least, most = p.request.min_incidence_rad, p.request.max_incidence_rad
        for instant, angle in zip(INSTANTS, math.pi / 2 - p.view.elevation_rad, strict=True):
            if least > 0.0 or most < math.pi / 2:
                yield unless(
                    least - ANGLE_TOL_RAD <= angle <= most + ANGLE_TOL_RAD,
                    f"{p.id}: incidence {angle / deg:.3f} deg at {instant}, {p.request.name!r} wants "
                    f"{least / deg:.3f} to {most / deg:.3f} deg",
                )
        if p.request.azimuth_rad is None:
            continue
        first, last = p.request.azimuth_rad
        for i, instant in enumerate(INSTANTS):
            angle = p.view.azimuth_rad[i]
            out = min((first - angle) % _TURN, (angle - last) % _TURN)
            inside = (angle - first) % _TURN <= (last - first) % _TURN
            # Near the zenith an azimuth turns fast and says little: what counts is the arc on the sky.
            sky = max(math.cos(p.view.elevation_rad[i]), _EXACT)
            yield unless(
                inside or out * sky <= ANGLE_TOL_RAD,
                f"{p.id}: seen from azimuth {angle / deg:.3f} deg at {instant}, {p.request.name!r} wants "
                f"{first / deg:.3f} to {last / deg:.3f} deg",
            )


def geometry(facts: Facts) -> Iterator[Finding]:
    for p in facts.seen:
        s, v = p.stated, p.view
        # Near the zenith an azimuth turns fast and says little: what counts is the arc on the sky.
        sky = max(math.cos(v.elevation_rad[MID]), _EXACT)
        sun_sky = max(math.cos(v.sun_elevation_rad[MID]), _EXACT)
        for what, stated, found, arc in (
            ("off_nadir_deg", s.off_nadir_rad, v.off_nadir_rad, 1.0),
            ("roll_deg", s.roll_rad, v.roll_rad, 1.0),
            ("pitch_deg", s.pitch_rad, v.pitch_rad, 1.0),
            ("azimuth_deg", s.azimuth_rad, v.azimuth_rad, sky),
            ("elevation_deg", s.elevation_rad, v.elevation_rad, 1.0),
            ("sun_elevation_deg", s.sun_elevation_rad, v.sun_elevation_rad, 1.0),
            ("sun_azimuth_deg", s.sun_azimuth_rad, v.sun_azimuth_rad, sun_sky),
        ):
            if math.isnan(stated):
                continue
            apart = abs(math.remainder(stated - found[MID], 2 * math.pi))
            yield unless(
                apart * arc <= ANGLE_TOL_RAD,
                f"{p.id}: {what} {stated / deg:.4f}, recomputed {found[MID] / deg:.4f}",
            )
        range_m = float(v.range_m[MID])
        if math.isnan(s.range_m):
            continue
        yield unless(
            abs(s.range_m - range_m) <= RANGE_TOL_M,
            f"{p.id}: range_km {s.range_m / km:.4f}, recomputed {range_m / km:.4f}",
        )


def gsd(facts: Facts) -> Iterator[Finding]:
    for p in facts.seen:
        claims = (p.stated.gsd_along_m, p.stated.gsd_across_m)
        if all(map(math.isnan, claims)):
            continue
        along_m, across_m = _sample_m(p)
        if math.isnan(along_m):
            yield NotChecked(f"{p.satellite.name} states no optics")
            continue
        for what, stated, found in (
            ("gsd_along_m", claims[0], along_m),
            ("gsd_across_m", claims[1], across_m),
        ):
            if math.isnan(stated):
                continue
            yield unless(
                abs(stated - found) <= GSD_REL_TOL * found + _EXACT,
                f"{p.id}: {what} {stated:.5f}, recomputed {found:.5f}",
            )


def _sample_m(p: Picture) -> tuple[float, float]:
    """Ground sample [m] along and across by the optics, at the middle; NaN where they are not stated."""
    pixel = p.satellite.pitch_m / p.satellite.focal_length_m
    along, across = ground_sample_m(pixel, p.view.range_m, p.view.elevation_rad)
    return float(along[MID]), float(across[MID])


def sharpness(facts: Facts) -> Iterator[Finding]:
    for p in facts.pictures:
        s, r = p.stated, p.request
        stated, found = (s.gsd_along_m, s.gsd_across_m), _sample_m(p)
        along, across = (f if math.isnan(c) else c for c, f in zip(stated, found, strict=True))
        mean_m = math.sqrt(along * across)
        if math.isnan(mean_m):
            if r.max_gsd_m < math.inf:
                yield NotChecked(
                    f"{r.name!r} has a max_gsd_m, but pictures state no gsd and no optics"
                )
        else:
            yield unless(
                mean_m <= r.max_gsd_m * (1 + GSD_REL_TOL),
                f"{p.id}: ground sample distance {mean_m:.4f} m, {r.name!r} allows "
                f"{r.max_gsd_m:.4f} m",
            )
        if math.isnan(s.niirs):
            if r.min_niirs > -math.inf:
                yield NotChecked(f"{r.name!r} has a min_niirs, but its pictures state no niirs")
            continue
        yield unless(
            s.niirs >= r.min_niirs - NIIRS_TOL,
            f"{p.id}: NIIRS {s.niirs:.4f}, {r.name!r} wants {r.min_niirs:.4f}",
        )


def once(facts: Facts) -> Iterator[Finding]:
    pictures = facts.ids_of_requests()
    for request in facts.plan.requests:
        if request.curve is not None or request.repeat is not None:
            continue  # rules `cover` and `repeat` count those
        ids = pictures.get(request.name, [])
        most = request.views
        yield unless(
            len(ids) <= most,
            f"request {request.name!r}: {len(ids)} pictures ({', '.join(ids)}), at most {most} wanted",
        )


def stereo(facts: Facts) -> Iterator[Finding]:
    for request in facts.plan.requests:
        pictures = facts.pictures_for(request)
        if request.convergence_rad is None:
            for p in (p for p in pictures if "stereo" in p.stated.stated):
                yield unless(
                    p.stated.partner is None,
                    f"{p.id}: has a stereo partner {p.stated.partner!r}, but {request.name!r} wants "
                    "no stereo",
                )
        elif request.views != 2:
            continue  # rule `tri_stereo` looks at three
        elif len(pictures) == 1:
            yield f"request {request.name!r}: {pictures[0].id} is half a stereo pair"
        elif len(pictures) == 2:
            yield from _pair(pictures, request.convergence_rad)


def _pair(pictures: Sequence[Picture], limits: tuple[float, float]) -> Iterator[Finding]:
    a, b = pictures
    label = f"{a.id} and {b.id} of {a.request.name!r}"
    for one, other in ((a, b), (b, a)):
        if "stereo" not in one.stated.stated:
            continue
        yield unless(
            one.stated.partner == other.id,
            f"{one.id}: stereo partner {one.stated.partner!r}, must be {other.id!r}",
        )
    yield unless(
        a.satellite is b.satellite,
        f"{label}: a stereo pair by two satellites, {a.satellite.name} and {b.satellite.name}",
    )
    apart_s = abs(a.mid_ns - b.mid_ns) / _NS
    yield unless(
        apart_s * a.satellite.elements.mean_motion_rad_s < math.pi,
        f"{label}: {apart_s:.1f} s apart, half an orbit or more, so not one pass",
    )
    if not (a.view.known and b.view.known):
        return
    found = angle_rad(a.view.to_satellite_m[MID], b.view.to_satellite_m[MID])
    least, greatest = limits
    yield unless(
        least - ANGLE_TOL_RAD <= found <= greatest + ANGLE_TOL_RAD,
        f"{label}: convergence {found / deg:.3f} deg, wanted {least / deg:.3f} to "
        f"{greatest / deg:.3f} deg",
    )
    for p in pictures:
        if "stereo" not in p.stated.stated:
            continue
        yield unless(
            abs(p.stated.convergence_rad - found) <= ANGLE_TOL_RAD,
            f"{p.id}: convergence_deg {p.stated.convergence_rad / deg:.4f}, recomputed "
            f"{found / deg:.4f}",
        )
