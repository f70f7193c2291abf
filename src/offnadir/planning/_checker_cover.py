"""Rules about requests that take several pictures: areas in strips, and three views of a place.

What each rule says stands in `checker.RULES`; why its tolerance is what it is, in the reference.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import shapely

from offnadir.planning._checker_facts import MID, Facts, Finding, NotChecked, Picture, unless
from offnadir.planning._checker_geometry import angle_rad, to_plane_m
from offnadir.planning._checker_model import Request
from offnadir.units import deg

ANGLE_TOL_RAD = 0.01 * deg
SHARE_TOL = 0.01
SHARE_ABS_TOL = 1e-4
_NS = 1_000_000_000


def cover(facts: Facts) -> Iterator[Finding]:
    for request in facts.plan.requests:
        pictures = facts.pictures_for(request)
        if request.curve is None:
            for p in pictures:
                if p.stated.strip is not None:
                    yield f"{p.id}: takes strip {p.stated.strip!r} of {request.name!r}, which has none"
            continue
        yield from _strips(request)
        for p in pictures:
            yield unless(
                request.strip(p.stated.strip) is not None,
                f"{p.id}: takes strip {p.stated.strip!r}, which {request.name!r} does not have",
            )
        for name, count in Counter(p.stated.strip for p in pictures).items():
            yield unless(
                count == 1,
                f"request {request.name!r}: {count} pictures of strip {name!r}, at most 1",
            )


def _strips(request: Request) -> Iterator[Finding]:
    """Strips have a name each, lie in the area, share none of it, and state their share of it.

    At its ends a strip may reach beyond the area: what lies there counts for nothing.
    """
    if not request.strips:
        yield NotChecked(f"request {request.name!r} states no strips")
        return
    for name, count in Counter(strip.id for strip in request.strips).items():
        yield unless(count == 1, f"request {request.name!r}: {count} strips are called {name!r}")
    centre = request.shape_deg.centroid
    lat_rad, lon_rad = centre.y * deg, centre.x * deg
    area = to_plane_m(request.shape_deg, lat_rad, lon_rad)
    if area is None or not area.is_valid or not area.area > 0.0:
        yield NotChecked(f"request {request.name!r}: its area is too large for a plane")
        return
    parts = []
    for strip in request.strips:
        plane = to_plane_m(strip.shape_deg, lat_rad, lon_rad)
        sound = plane is not None and plane.is_valid
        parts.append(plane.intersection(area) if sound else shapely.Polygon())
        share = parts[-1].area / area.area
        label = f"strip {strip.id!r} of {request.name!r}"
        yield unless(share > 0.0, f"{label}: lies outside of the area")
        yield unless(
            abs(share - strip.share) <= SHARE_TOL * max(share, strip.share) + SHARE_ABS_TOL,
            f"{label}: share {strip.share:.6f}, recomputed {share:.6f}",
        )
    yield from _in_common(request, parts, area.area)
    total = math.fsum(strip.share for strip in request.strips)
    yield unless(
        abs(total - 1.0) <= SHARE_TOL,
        f"request {request.name!r}: the shares of its strips add up to {total:.6f}, must be 1",
    )


def _in_common(request: Request, parts: Sequence[Any], whole_m2: float) -> Iterator[Finding]:
    """No part of the area lies in two strips."""
    pairs = shapely.STRtree(parts).query(parts, predicate="intersects").T.tolist()
    for i, j in sorted(pair for pair in pairs if pair[0] < pair[1]):
        a, b = request.strips[i], request.strips[j]
        common = parts[i].intersection(parts[j]).area / whole_m2
        yield unless(
            common <= SHARE_TOL * min(a.share, b.share) + SHARE_ABS_TOL,
            f"request {request.name!r}: strips {a.id!r} and {b.id!r} have {100 * common:.3f} % of "
            "the area in common",
        )


def covered_value(request: Request, pictures: Sequence[Picture], quality: Sequence[float]) -> float:
    """What the pictures of an area are worth together: the curve at the covered share x mean quality."""
    shares = [strip.share for p in pictures if (strip := request.strip(p.stated.strip))]
    total = math.fsum(shares)
    if request.curve is None or len(shares) != len(pictures) or not total > 0.0:
        return math.nan
    worth = float(np.interp(min(total, 1.0), request.curve[:, 0], request.curve[:, 1]))
    mean = math.fsum(s * q for s, q in zip(shares, quality, strict=True)) / total
    return request.weight * worth * mean


def tri_stereo(facts: Facts) -> Iterator[Finding]:
    for request in facts.plan.requests:
        pictures = facts.pictures_for(request)
        if request.views != 3 or request.convergence_rad is None or not pictures:
            continue
        ids = ", ".join(p.id for p in pictures)
        yield unless(
            len(pictures) == 3, f"request {request.name!r}: {len(pictures)} of three views ({ids})"
        )
        if len(pictures) == 3:
            yield from _three(pictures, request.convergence_rad)


def _three(pictures: Sequence[Picture], limits: tuple[float, float]) -> Iterator[Finding]:
    first, middle, last = pictures
    label = f"{first.id}, {middle.id} and {last.id} of {first.request.name!r}"
    names = sorted({p.satellite.name for p in pictures})
    yield unless(len(names) == 1, f"{label}: three views by {', '.join(names)}, must be by one")
    apart_s = (last.mid_ns - first.mid_ns) / _NS
    yield unless(
        apart_s * first.satellite.elements.mean_motion_rad_s < math.pi,
        f"{label}: {apart_s:.1f} s apart, half an orbit or more, so not one pass",
    )
    if not all(p.view.known for p in pictures):
        return
    least, greatest = limits
    for a, b in pairwise(pictures):
        found = _convergence(a, b)
        yield unless(
            least - ANGLE_TOL_RAD <= found <= greatest + ANGLE_TOL_RAD,
            f"{a.id} and {b.id} of {a.request.name!r}: convergence {found / deg:.3f} deg, wanted "
            f"{least / deg:.3f} to {greatest / deg:.3f} deg",
        )
    outer = _convergence(first, last)
    yield unless(
        outer <= 2 * greatest + ANGLE_TOL_RAD,
        f"{first.id} and {last.id} of {first.request.name!r}: convergence {outer / deg:.3f} deg, at most "
        f"twice the greatest, {2 * greatest / deg:.3f} deg",
    )
    off_nadir = [float(p.view.off_nadir_rad[MID]) for p in pictures]
    yield unless(
        off_nadir[1] <= min(off_nadir) + ANGLE_TOL_RAD,
        f"{label}: {middle.id} looks {off_nadir[1] / deg:.3f} deg off nadir, the others "
        f"{off_nadir[0] / deg:.3f} and {off_nadir[2] / deg:.3f} deg; the middle one must be nearest",
    )
    yield from _partners(pictures)


def _partners(pictures: Sequence[Picture]) -> Iterator[Finding]:
    """Each of three names a neighbour in time, and states how far the two converge."""
    first, middle, last = pictures
    for p, neighbours in ((first, (middle,)), (middle, (first, last)), (last, (middle,))):
        if "stereo" not in p.stated.stated:
            continue
        partner = next((n for n in neighbours if n.id == p.stated.partner), None)
        yield unless(
            partner is not None,
            f"{p.id}: stereo partner {p.stated.partner!r}, must be "
            f"{' or '.join(repr(n.id) for n in neighbours)}",
        )
        if partner is not None:
            found = _convergence(p, partner)
            yield unless(
                abs(p.stated.convergence_rad - found) <= ANGLE_TOL_RAD,
                f"{p.id}: convergence_deg {p.stated.convergence_rad / deg:.4f}, recomputed "
                f"{found / deg:.4f}",
            )


def _convergence(a: Picture, b: Picture) -> float:
    return angle_rad(a.view.to_satellite_m[MID], b.view.to_satellite_m[MID])
