"""How well one satellite fits a picture: the likelihood over clock, lateness and angles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offnadir.access._identify_scene import Array, Picture, Scene, look_angles
from offnadir.orbits import ElementSet, propagate, timing_error_s
from offnadir.units import deg

# How far the published angles of a picture stray from those of the point that is asked for. After the best shift of
# time the strips of benchmarks/identify.py differ by 0.03 deg (median) and 0.1 deg (ninth decile); people round,
# and quote one angle for a whole picture.
_SIGMA_RAD = {
    "off_nadir": 0.35 * deg,
    "incidence": 0.4 * deg,
    "azimuth": 1.0 * deg,  # across the line of sight, see _sigmas
    "sun_elevation": 0.5 * deg,
    "sun_azimuth": 1.0 * deg,  # a shadow can be measured so well
}
_RANGE_RAD = {
    "off_nadir": math.pi / 2,
    "incidence": math.pi / 2,
    "azimuth": 2 * math.pi,
    "sun_elevation": math.pi,
    "sun_azimuth": 2 * math.pi,
}
# One angle in a hundred is published wrongly and may be anything (2 of 93 azimuths that cross north).
_WRONG = 0.01
_T3 = 2.0 / (math.pi * math.sqrt(3.0))  # density of Student's t of three degrees of freedom at zero
_CLOCK = (
    20.0  # every second time is good to a twentieth of its tolerance, the others are anywhere in it
)
_LEAST_CLOCK_S = 0.5
_WORST = 0.2  # share of element sets that err on the scale of the ninth decile
_COARSE_S, FINE_S = 10.0, 0.5
_SPEED_M_S = 11.5e3
_TURN_M_S = 7.3e-5 * 7.5e6
_HOPELESS = 20.0  # e**-20 of the best is no candidate
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """How late a satellite may be against its set [s]: what 68 % and 90 % keep to, and the most looked at."""

    usual_s: float
    bad_s: float
    reach_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A satellite's likelihood (log), and where it is greatest: the times [s after the picture's], angles, terms."""

    log: float
    peak: float
    set_s: float
    clock_s: float
    angles: dict[str, float]
    misfits: dict[str, float]
    terms: dict[str, float]


def doubt_of(one: ElementSet, tai_ns: int, latest_s: float) -> Doubt:
    """The doubt about an element set at an instant."""
    at = np.array([tai_ns])
    usual_s = float(timing_error_s(one, at, share=0.68)[0])
    bad_s = float(timing_error_s(one, at, share=0.90)[0])
    return Doubt(usual_s=usual_s, bad_s=bad_s, reach_s=min(3.0 * bad_s + 1.0, latest_s))


def times(picture: Picture, doubt: Doubt, set_s: Array) -> tuple[Array, Array]:
    """(log density of time (3, n), clock (3, n) [s]) for a satellite that fits `set_s` after the picture's time.

    That it fits then by its set, may be due to the clock of the picture or to a satellite that runs
    early or late. Three cases: the clock is good and the set as good as usual; the clock is good and
    the set bad; the clock is anywhere within the tolerance. In each the likeliest division of the two.
    """
    within_s = max(picture.within_s, _LEAST_CLOCK_S)
    clock_s = max(within_s / _CLOCK, _LEAST_CLOCK_S)
    beyond_s = np.maximum(np.abs(set_s) - within_s, 0.0)
    logs, clocks = [], []
    for weight, late_s in ((1.0 - _WORST, doubt.usual_s), (_WORST, doubt.bad_s)):
        wide_s = math.hypot(clock_s, late_s)
        density = _student(set_s / wide_s) + _student(beyond_s / late_s)
        logs.append(density + math.log(0.5 * weight * _T3 / wide_s))
        clocks.append(np.clip(set_s * (clock_s / wide_s) ** 2, -within_s, within_s))
    anywhere = _student(beyond_s / doubt.usual_s) + math.log(0.25 / within_s)
    return np.stack([*logs, anywhere]), np.stack([*clocks, np.clip(set_s, -within_s, within_s)])


def angle_terms(
    picture: Picture, angles: dict[str, Array], slack_rad: Array | float = 0.0
) -> dict[str, Array]:
    """Log density of each angle that is known; with a slack, what it could be at best if all turned by so much."""
    return {
        name: np.log(
            (1.0 - _WRONG) * _T3 / sigma * np.exp(_student(off / sigma)) + _WRONG / _RANGE_RAD[name]
        )
        for name, off, sigma in _deviations(picture, angles, slack_rad)
    }


def _deviations(
    picture: Picture, angles: dict[str, Array], slack_rad: Array | float = 0.0
) -> list[tuple[str, Array, Array]]:
    """(name, how far off [rad], sigma [rad]) of each angle that is known."""
    result = []
    for name, known in picture.known(*_SIGMA_RAD).items():
        off, sigma = angles[name] - known, np.full_like(angles[name], _SIGMA_RAD[name])
        if name.endswith("azimuth"):
            off = (off + np.pi) % (2 * np.pi) - np.pi
            # Straight down there is no azimuth: the same error across the line of sight is a larger angle.
            across = (
                np.sin(angles["incidence"])
                if name == "azimuth"
                else np.cos(angles["sun_elevation"])
            )
            sigma /= np.maximum(across, 0.02)
        if not name.startswith("sun"):  # the Sun does not care where the satellite is
            off = np.sign(off) * np.maximum(np.abs(off) - slack_rad, 0.0)
        result.append((name, off, sigma))
    return result


def _student(x: Array) -> Array:
    """Log of Student's t of three degrees of freedom, one at zero."""
    return np.asarray(-2.0 * np.log1p(x * x / 3.0), np.float64)


def positions_teme_m(scene: Scene, one: ElementSet, since_s: Array) -> Array:
    """TEME positions [m], shape (n, 3), at seconds after the scene's centre; NaN where SGP4 fails."""
    return propagate(one, scene.centre.tai_ns + np.rint(since_s * _NS).astype(np.int64))[0]


def promising(
    scene: Scene, elements: list[ElementSet], doubts: list[Doubt], half_s: float
) -> list[Array]:
    """For each object the instants [s after the centre], 10 s apart, around which it may be a candidate.

    The likelihood at an instant cannot be beaten within five seconds of it by more than a satellite can move:
    what stays hopelessly below the best then is left out. (The azimuth does not count here: overhead it turns
    as fast as it likes.)
    """
    picture, shift_s = scene.picture, scene.centre - scene.picture.time
    steps = math.ceil(half_s / _COARSE_S)
    since_s = np.arange(-steps, steps + 1) * _COARSE_S
    n, m = len(elements), len(since_s)
    r = np.stack([positions_teme_m(scene, one, since_s) for one in elements]).reshape(n * m, 3)
    set_s = np.tile(since_s + shift_s, n)
    clock_s = np.clip(set_s, -picture.within_s, picture.within_s)
    angles = look_angles(scene, r, clock_s - shift_s)
    reach_s = np.repeat([doubt.reach_s for doubt in doubts], m)
    moved_m = 0.5 * _COARSE_S * _SPEED_M_S + _TURN_M_S * np.minimum(np.abs(set_s), reach_s)
    slack = moved_m / np.maximum(angles["range"] - moved_m, 50e3)
    seen = angles["incidence"] < np.pi / 2 + slack
    seen &= np.abs(set_s) <= picture.within_s + reach_s + 0.5 * _COARSE_S
    if not seen.any():
        return [np.empty(0)] * n
    fair = seen & (angles["incidence"] < np.pi / 2) & (np.abs(set_s) <= picture.within_s)
    terms = angle_terms(picture, angles)
    lowest = np.max(sum(terms.values(), np.zeros(n * m)), where=fair, initial=-np.inf)
    terms = angle_terms(picture, angles, slack)
    if "azimuth" in terms:
        terms["azimuth"] = np.full(n * m, math.log(_T3 / _SIGMA_RAD["azimuth"]))
    seen &= sum(terms.values(), np.zeros(n * m)) >= lowest - _HOPELESS
    return [since_s[row] for row in seen.reshape(n, m)]


def fit(scene: Scene, one: ElementSet, doubt: Doubt, near_s: Array) -> Fit | None:
    """The satellite's likelihood around the instants `near_s`; None if it was never above the horizon."""
    picture, shift_s = scene.picture, scene.centre - scene.picture.time
    fine_s = np.arange(-0.5 * _COARSE_S, 0.5 * _COARSE_S, FINE_S)
    since_s = np.unique((near_s[:, None] + fine_s).ravel())
    since_s = since_s[np.abs(since_s + shift_s) <= picture.within_s + doubt.reach_s]
    if not len(since_s):
        return None
    logs = _logs(scene, one, doubt, since_s)[0]
    total = float(np.logaddexp.reduce(logs, axis=None)) + math.log(FINE_S)
    if not math.isfinite(total):
        return None
    best = since_s[np.argmax(logs.max(axis=0))]
    since_s = best + np.linspace(-FINE_S, FINE_S, 21)
    logs, clock_s, angles, terms = _logs(scene, one, doubt, since_s)
    case, k = np.unravel_index(np.argmax(logs), logs.shape)
    flat = case * len(since_s) + k
    misfits = {
        name: float(off[flat] / sigma[flat]) for name, off, sigma in _deviations(picture, angles)
    }
    scale_s = math.hypot(max(picture.within_s / _CLOCK, _LEAST_CLOCK_S), doubt.usual_s)
    return Fit(
        log=total,
        peak=float(logs[case, k]),
        set_s=float(since_s[k] + shift_s),
        clock_s=float(clock_s[case, k]),
        angles={name: float(value[flat]) for name, value in angles.items()},
        misfits={**misfits, "time": float(since_s[k] + shift_s) / scale_s},
        terms={name: float(value[flat]) for name, value in terms.items()},
    )


def _logs(
    scene: Scene, one: ElementSet, doubt: Doubt, since_s: Array
) -> tuple[Array, Array, dict[str, Array], dict[str, Array]]:
    """(log likelihood (3, n), clock (3, n) [s], angles (3 n,), terms (3 n,)) at seconds after the centre."""
    shift_s = scene.centre - scene.picture.time
    log, clock_s = times(scene.picture, doubt, since_s + shift_s)
    r = np.tile(positions_teme_m(scene, one, since_s), (3, 1))
    angles = look_angles(scene, r, clock_s.ravel() - shift_s)
    terms = angle_terms(scene.picture, angles)
    terms["time"] = log.ravel()
    total = sum(terms.values(), np.zeros(log.size))
    seen = angles["incidence"] < np.pi / 2  # false below the horizon and where unknown
    total = np.where(seen, total, -np.inf)
    return total.reshape(log.shape), clock_s, angles, terms
