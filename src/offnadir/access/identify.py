"""Which satellite took this picture? Ranks the satellites of a catalogue by place, time and angles."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from offnadir.access._identify_fit import Fit, doubt_of, fit, promising
from offnadir.access._identify_prior import imaging_objects, prior_weights
from offnadir.access._identify_scene import Array, Picture, Scene, scene_at
from offnadir.access._near import columns, objects_in_sight, still_in_sight
from offnadir.earth import EarthOrientation, SunTable
from offnadir.epoch import Epoch, Span
from offnadir.orbits import ElementSet, propagate

__all__ = ["Candidate", "Picture", "identify", "imaging_objects", "prior_weights"]

Progress = Callable[[int, int], None]

_LATEST_S = 300.0  # a set that is later than this says nothing of where the satellite was
_PIECE_S = 600.0  # half of the time that is looked at in one go
_LATE_S_DAY = 70.0  # three times 62 s at 3 days in the lowest orbits, and a little
_CHUNK = 1000
_LEAST_SHARE = 1e-9
_SUN_STEP_S = 60.0
_SUN_RAD = 0.14  # 8 sigmas of a shadow: other times of the day are not looked at
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A satellite that could have taken the picture, at the instant that fits best.

    `time` is when, and `time_offset_s` how far that is from the time that was told; `early_s` is how much the
    satellite would have to run ahead of its element set, which has `timing_sigma_s` of doubt. `score` is
    its share of the likelihood among all objects of the catalogue (they sum to 1). `misfits` says for
    each thing that is known by how many of its sigmas it is off. `decided_by` names what speaks most against
    it when it is held beside the first; for the first, what speaks most against the second.
    """

    elements: ElementSet
    time: Epoch
    off_nadir_rad: float
    azimuth_rad: float
    incidence_rad: float
    range_m: float
    sun_elevation_rad: float
    time_offset_s: float
    early_s: float
    timing_sigma_s: float
    age_s: float
    prior_weight: float
    score: float
    decided_by: str
    misfits: dict[str, float] = field(default_factory=dict)


def identify(
    elements: Sequence[ElementSet],
    picture: Picture,
    *,
    weights: Mapping[int, float] = MappingProxyType({}),
    orientation: EarthOrientation | None = None,
    progress: Progress | None = None,
) -> tuple[Candidate, ...]:
    """The satellites that stood above the horizon of the place, likeliest first.

    `elements` has one set an object, near the time (`orbits.nearest_sets`). An object's likelihood is the
    integral over time of three densities: of the time, which the picture's clock (half of the weight for
    good to a twentieth of `within_s`, half for anywhere within) and the doubt about its element set
    (`orbits.timing_error_s`) leave open; and of each angle that is known, a Student's t of three
    degrees of freedom with a hundredth for an angle that is plain wrong. `weights` multiplies it by NORAD
    number (see `prior_weights`); without, geometry alone ranks. Objects that are 5e8 times less likely
    than the best by their angles are left out. An empty tuple means that nobody stood there.
    """
    orientation = orientation or EarthOrientation.bundled()
    most_s = _most_late_s(elements, picture)
    ends_s = picture.within_s + float(most_s.max(initial=0.0))
    sun = SunTable.over(
        Span(picture.time + -(ends_s + 60.0), picture.time + (ends_s + 60.0)), orientation
    )
    rows = columns(elements)
    pieces = list(_pieces(picture, ends_s, sun))
    found: dict[int, list[Fit]] = {}
    for number, (centre_s, half_s) in enumerate(pieces):
        scene = scene_at(picture, picture.time + centre_s, sun, orientation)
        reach_s = np.minimum(half_s, picture.within_s + most_s + abs(centre_s))
        near = _near_objects(elements, rows, scene, reach_s, orientation)
        for start in range(0, len(near), _CHUNK):
            some = near[start : start + _CHUNK]
            part = {i: elements[i] for i in some.tolist()}
            for i, one in _fits(scene, part, most_s, float(reach_s[some].max())):
                found.setdefault(i, []).append(one)
            if progress is not None:
                share = number + (start + len(some)) / len(near)
                progress(round(1000 * share), 1000 * len(pieces))
    return _ranked(elements, picture, found, weights, sun)


def _most_late_s(elements: Sequence[ElementSet], picture: Picture) -> Array:
    """How late each object may be at most [s]: wide of three times what nine in ten sets keep to."""
    age_days = np.array([abs(picture.time - one.epoch) / 86400.0 for one in elements])
    return np.asarray(np.clip(_LATE_S_DAY * age_days, 15.0, _LATEST_S), np.float64)


def _near_objects(
    elements: Sequence[ElementSet],
    rows: Array,
    scene: Scene,
    reach_s: Array,
    orientation: EarthOrientation,
) -> NDArray[np.int64]:
    """Numbers of the objects that may rise within `reach_s` of the scene's centre, those that reach least first."""
    site = scene.picture.site
    near = objects_in_sight(elements, site, scene.centre, reach_s, orientation, rows)
    if not len(near):
        return near
    at = np.array([scene.centre.tai_ns])
    r = np.concatenate([propagate(elements[i], at)[0] for i in near.tolist()])
    # A metre or a kilometre does not matter here; the satellite's lateness is in its reach.
    kept = still_in_sight(
        r, rows[:, near], scene.place_teme_m(), reach_s[near], np.zeros(len(near))
    )
    near = near[kept]
    return np.asarray(near[np.argsort(reach_s[near], kind="stable")], np.int64)


def _fits(
    scene: Scene, elements: Mapping[int, ElementSet], most_s: Array, half_s: float
) -> Iterator[tuple[int, Fit]]:
    """(number, fit) of the objects that fit around the scene's centre."""
    tai_ns = scene.picture.time.tai_ns
    doubts = {i: doubt_of(one, tai_ns, float(most_s[i])) for i, one in elements.items()}
    around = promising(scene, list(elements.values()), list(doubts.values()), half_s)
    for (i, one), near_s in zip(elements.items(), around, strict=True):
        if len(near_s) and (result := fit(scene, one, doubts[i], near_s)) is not None:
            yield i, result


def _pieces(picture: Picture, most_s: float, sun: SunTable) -> Iterator[tuple[float, float]]:
    """(centre [s after the picture's time], half of its length [s]) of what is looked at.

    A long time is cut, and the times are left out at which the Sun stood elsewhere than the picture says, unless
    it stood so at none.
    """
    if most_s <= _PIECE_S:
        yield 0.0, most_s
        return
    count = math.ceil(most_s / _PIECE_S)
    half_s = most_s / count
    for centre_s in _sunny((np.arange(count) * 2 - (count - 1)) * half_s, half_s, picture, sun):
        yield float(centre_s), half_s


def _sunny(centres_s: Array, half_s: float, picture: Picture, sun: SunTable) -> Array:
    since_s = np.arange(-half_s, half_s + _SUN_STEP_S, _SUN_STEP_S)
    at_s = (centres_s[:, None] + since_s).ravel()
    elevation, azimuth = sun.angles_rad(
        picture.site, picture.time.tai_ns + np.rint(at_s * _NS).astype(np.int64)
    )
    fits = np.ones(len(at_s), bool)
    if picture.sun_elevation_rad is not None:
        fits &= np.abs(elevation - picture.sun_elevation_rad) < _SUN_RAD
    if picture.sun_azimuth_rad is not None:
        off = (azimuth - picture.sun_azimuth_rad + np.pi) % (2 * np.pi) - np.pi
        fits &= np.abs(off) * np.cos(elevation) < _SUN_RAD
    kept = fits.reshape(len(centres_s), -1).any(axis=1)
    return centres_s[kept] if kept.any() else centres_s


def _ranked(
    elements: Sequence[ElementSet],
    picture: Picture,
    found: Mapping[int, list[Fit]],
    weights: Mapping[int, float],
    sun: SunTable,
) -> tuple[Candidate, ...]:
    """The candidates, likeliest first; of equals the one with the smaller number."""
    if not found:
        return ()
    numbers = list(found)
    ids = [elements[i].norad_id for i in numbers]
    weight = np.array([weights.get(one, 1.0) for one in ids])
    log = np.array([np.logaddexp.reduce([fit.log for fit in found[i]]) for i in numbers])
    log += np.log(weight)
    share = np.exp(log - log.max())
    kept = np.flatnonzero(share > _LEAST_SHARE)
    share /= share.sum()
    order = kept[np.lexsort((np.array(ids)[kept], -share[kept]))]
    best = [max(found[numbers[k]], key=lambda fit: fit.peak) for k in order]
    terms = [
        {**fit.terms, "prior": math.log(weight[k])} for fit, k in zip(best, order, strict=True)
    ]
    at = picture.time.tai_ns + np.array([round(fit.clock_s * _NS) for fit in best])
    sun_elevation_rad, _ = sun.angles_rad(picture.site, at)
    result = []
    for place, (fit, k) in enumerate(zip(best, order, strict=True)):
        one = elements[numbers[k]]
        if place == 0:
            decided_by = _decisive(terms[0], terms[1]) if len(terms) > 1 else "alone"
        else:
            decided_by = _decisive(terms[0], terms[place])
        result.append(
            Candidate(
                elements=one,
                time=picture.time + fit.clock_s,
                off_nadir_rad=fit.angles["off_nadir"],
                azimuth_rad=fit.angles["azimuth"],
                incidence_rad=fit.angles["incidence"],
                range_m=fit.angles["range"],
                sun_elevation_rad=float(sun_elevation_rad[place]),
                time_offset_s=fit.clock_s,
                early_s=fit.set_s - fit.clock_s,
                timing_sigma_s=doubt_of(one, picture.time.tai_ns, _LATEST_S).usual_s,
                age_s=picture.time - one.epoch,
                prior_weight=float(weight[k]),
                score=float(share[k]),
                decided_by=decided_by,
                misfits=fit.misfits,
            )
        )
    return tuple(result)


def _decisive(first: Mapping[str, float], other: Mapping[str, float]) -> str:
    """The term in which another satellite loses most against the first."""
    return max(first, key=lambda name: first[name] - other[name])
