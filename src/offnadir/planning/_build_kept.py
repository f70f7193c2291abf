"""Pictures of a plan before that may be taken again: at their old starts, some of them beyond recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from offnadir.earth import Site
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.planning._build_windows import MS, Pass, Stretches, Strips
from offnadir.planning._strips import Strip
from offnadir.planning.model import Mission, Request
from offnadir.units import deg

IntArray = NDArray[np.int64]

_ROUNDING_NS: Final = 1_000  # times in a document are written to the microsecond
_SAME_DEG: Final = 1e-7
_EDGE_MS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OldPicture:
    """A picture of the plan before; `strip` is its number in the request's strips, -1 without.

    `frozen`: it starts before the satellite's next uplink.
    """

    name: str
    request: int
    satellite: int
    strip: int
    start_ms: int
    stop_ms: int
    frozen: bool


def old_pictures(mission: Mission, document: Mapping[str, Any], strips: Strips) -> list[OldPicture]:
    """The old plan's pictures for requests and by satellites that are still there, in the span as it is now.

    Raises InputError for a frozen picture that a mission with this span's start cannot state exactly.
    """
    requests = {one.name: r for r, one in enumerate(mission.requests)}
    satellites = {one.name: s for s, one in enumerate(mission.satellites)}
    places = _strip_numbers(document, mission, strips)
    zero, found = mission.span.start.tai_ns, list[OldPicture]()
    for one in document.get("collections") or []:
        r, s = requests.get(one["request"]), satellites.get(one["satellite"])
        if r is None or s is None:
            continue
        start, stop = Epoch.from_utc(one["start"]).tai_ns, Epoch.from_utc(one["stop"]).tai_ns
        if start < zero or stop > mission.span.stop.tai_ns:
            continue
        uplink = mission.satellites[s].next_uplink
        frozen = uplink is not None and start < uplink.tai_ns - _ROUNDING_NS
        start_ms, stop_ms = (round((at - zero) / MS) for at in (start, stop))
        exact = max(abs(zero + start_ms * MS - start), abs(zero + stop_ms * MS - stop))
        strip = places.get((r, one.get("strip")), -1)
        if exact > _ROUNDING_NS:
            if frozen:
                wish = f"whole milliseconds from the start of {one['id']}, which is on board: {one['start']}"
                raise InputError("span.start", mission.span.start.utc(), wish)
            continue
        if (mission.requests[r].cover is not None) != (strip >= 0):
            if frozen:
                wish = f"as in the plan before, for {one['id']} of it is on board"
                raise InputError("cover", one["request"], wish)
            continue
        found.append(
            OldPicture(
                name=one["id"], request=r, satellite=s, strip=strip, start_ms=start_ms,
                stop_ms=stop_ms, frozen=frozen,
            )
        )  # fmt: skip
    return found


def sets_of(mission: Mission, old: Sequence[OldPicture]) -> dict[int, tuple[int, ...]]:
    """For each old picture the numbers of those it belongs together with, itself among them, by start.

    Stereo sets that are not whole any more are left out.
    """
    sets: dict[int, tuple[int, ...]] = {}
    for r, request in enumerate(mission.requests):
        mine = sorted(
            (i for i, p in enumerate(old) if p.request == r), key=lambda i: old[i].start_ms
        )
        if request.stereo is None:
            sets |= {i: (i,) for i in mine}
        elif len(mine) == request.stereo.views:
            sets |= dict.fromkeys(mine, tuple(mine))
    return sets


def bound_to(
    mission: Mission, old: Sequence[OldPicture], sets: Mapping[int, tuple[int, ...]]
) -> frozenset[int]:
    """Numbers of old pictures that every plan has: those beyond recall, their sets, and what those need.

    A picture needs the request that it comes `after`; in a repeat with a greatest spacing it needs those
    before it.
    """
    need = {j for i, p in enumerate(old) if p.frozen and i in sets for j in sets[i]}
    number = {one.name: r for r, one in enumerate(mission.requests)}
    grows = True
    while grows:
        more = set[int]()
        for i in need:
            request = mission.requests[old[i].request]
            if request.after is not None:
                before = number[request.after]
                more |= {j for j in sets if old[j].request == before}
            if request.repeat is not None and request.repeat.max_spacing_s is not None:
                more |= {
                    j
                    for j in sets
                    if old[j].request == old[i].request and old[j].start_ms < old[i].start_ms
                }
        grows = not more <= need
        need |= more
    return frozenset(need)


def old_stretches(
    mission: Mission,
    old: Sequence[OldPicture],
    sets: Mapping[int, tuple[int, ...]],
    passes: Sequence[Pass],
    needed: frozenset[int],
) -> Stretches:
    """A stretch of one start for each old picture that lies within a pass of the mission as it is now.

    Raises InputError for one that is needed and does not.
    """
    by_place: dict[tuple[int, int, int], list[Pass]] = {}
    for one in passes:
        s, r, _, strip = one[0]
        by_place.setdefault((s, r, strip), []).append(one)
    zero, rows = mission.span.start.tai_ns, list[tuple[int, ...]]()
    for i in sorted(sets):
        p = old[i]
        home = None
        for place, (start, stop, _) in by_place.get((p.satellite, p.request, p.strip), []):
            early = zero + (p.start_ms + _EDGE_MS) * MS < start
            if not early and zero + (p.stop_ms - _EDGE_MS) * MS <= stop:
                home = place
        if home is not None:
            view = sets[i].index(i)
            rows.append((*home, view, i, p.start_ms, 1, 1, p.stop_ms - p.start_ms))
        elif i in needed:
            raise cannot_stand(
                mission,
                p,
                "the mission as it is now gives it no pass, light or sharpness at its time",
            )
    return Stretches.of(rows)


def cannot_stand(mission: Mission, p: OldPicture, why: str) -> InputError:
    """What to say of a picture that has to be kept and cannot be."""
    request, satellite = mission.requests[p.request].name, mission.satellites[p.satellite].name
    when = (mission.span.start + p.start_ms / 1e3).utc(0)
    what = f"{p.name} of {request!r} by {satellite} at {when}"
    wish = f"such that what is on board can stand: {why}"
    return InputError("previous", what, wish)


def _strip_numbers(
    document: Mapping[str, Any], mission: Mission, strips: Strips
) -> dict[tuple[int, str | None], int]:
    """(request, name of a strip in the document) to the strip's number, where it is still the same."""
    numbers: dict[tuple[int, str | None], int] = {}
    by_name = {one["name"]: one for one in (document.get("requests") or [])}
    for r, cut in strips.items():
        said = (by_name.get(mission.requests[r].name) or {}).get("strips") or []
        for k, one in enumerate(said):
            if k < len(cut) and _same_ring(one["ring"], cut[k].ring_rad):
                numbers[r, one["id"]] = k
    return numbers


def _same_ring(ring_deg: Any, ring_rad: NDArray[np.float64]) -> bool:
    ring = np.asarray(ring_deg, np.float64)
    want = ring_rad[:, ::-1] / deg
    return ring.shape == want.shape and bool(np.all(np.abs(ring - want) <= _SAME_DEG))


def old_strips(
    document: Mapping[str, Any], request: Request, cut: tuple[Strip, ...]
) -> tuple[Strip, ...]:
    """Strips of the plan before, if it cut the same area; `cut` if they are the same or there are none."""
    said = next(
        (one for one in (document.get("requests") or []) if one["name"] == request.name), None
    )
    if said is None or not said.get("strips") or not _same_area(said, request):
        return cut
    rings = [one["ring"] for one in said["strips"]]
    same = len(rings) == len(cut) and all(
        _same_ring(ring, one.ring_rad) for ring, one in zip(rings, cut, strict=True)
    )
    if same:
        return cut
    aims = {
        one["strip"]: one["aim"]
        for one in (document.get("collections") or [])
        if one["request"] == request.name and one.get("strip") and one.get("aim")
    }
    return tuple(
        _strip(one, request, number, aims.get(one["id"]))
        for number, one in enumerate(said["strips"], 1)
    )


def _same_area(said: Mapping[str, Any], request: Request) -> bool:
    rings = (said.get("geometry") or {}).get("coordinates", [])
    return len(rings) == len(request.rings_rad) and all(
        _same_ring(ring, mine) for ring, mine in zip(rings, request.rings_rad, strict=True)
    )


def _strip(
    said: Mapping[str, Any], request: Request, number: int, aim: Mapping[str, float] | None
) -> Strip:
    """A strip read back from a document, with the aim of its old picture if it has one.

    Its sizes are not stated there and not needed.
    """
    ring_deg = np.asarray(said["ring"], np.float64)
    centre = shapely.Polygon(ring_deg).centroid
    lat_deg, lon_deg = (centre.y, centre.x) if aim is None else (aim["lat_deg"], aim["lon_deg"])
    return Strip(
        ring_rad=np.ascontiguousarray(ring_deg[:, ::-1]) * deg,
        share=float(said["share"]),
        aim=Site(
            name=f"{request.name} {number}", lat_rad=lat_deg * deg, lon_rad=lon_deg * deg,
            alt_m=request.aim.alt_m,
        ),
        length_m=float("nan"),
        width_m=float("nan"),
    )  # fmt: skip
