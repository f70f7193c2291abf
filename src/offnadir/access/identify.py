"""Which satellite took this picture? Ranks the satellites of a catalogue by place, time and angles."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.access._near import objects_in_sight
from offnadir.earth import EarthOrientation, Site, SunTable, east_north_up, itrf_to_geodetic, up
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError, UnitRangeError
from offnadir.orbits import ElementSet, make_ephemeris, timing_errors_s
from offnadir.sensors import load_sensor, sensor_names
from offnadir.units import deg

Array = NDArray[np.float64]
Times = NDArray[np.int64]
Progress = Callable[[int, int], None]

# How far published angles stray from what an element set gives, beside its timing error (measured on the
# strips of benchmarks/identify.py: ninth decile 0.5 deg before and 0.1 deg after the best shift of time).
_OFF_NADIR_SIGMA_RAD = 0.35 * deg
_INCIDENCE_SIGMA_RAD = 0.4 * deg
_AZIMUTH_SIGMA_RAD = 1.0 * deg
_SUN_SIGMA_RAD = 0.4 * deg
_TAIL = 3.0  # Student's t: one angle that was published wrongly does not rule a satellite out
_CLOCK_SIGMA_S = 3.0  # clocks of pictures are good; a coincidence is as likely at any second
_COARSE_S = 10.0
_FASTEST_RAD_S = 0.02  # no satellite turns faster as seen from below, nor a place as seen from it
_FAR_SIGMAS = 8.0
_LATEST_S = 300.0  # a set that is later than this says nothing of where the satellite was
_IMAGING = 30.0
_IMAGER = re.compile(
    r"(?!.*(?: DEB| R/B|PALAPA))(?:"
    r"WORLDVIEW|GEOEYE|IKONOS|QUICKBIRD|LEGION|PLEIADES|SPOT[- ]?[4-7]|SKYSAT|FLOCK|DOVE|PELICAN|LANDSAT|"
    r"SENTINEL[- ]?[12]|KOMPSAT|ARIRANG|CAS500|SUPERVIEW|GAOFEN|JILIN|BJ-?[23]|BEIJING|ZIYUAN|ZY-?[13]|"
    r"TRIPLESAT|CARTOSAT|RESOURCESAT|EOS-0|RISAT|RESURS|KANOPUS|KONDOR|ALOS|ASNARO|HODOYOSHI|GRUS|"
    r"BLACKSKY|GLOBAL-\d|NEWSAT|NUSAT|ICEYE|CAPELLA|UMBRA|TERRASAR|TANDEM|PAZ|COSMO-?SKYMED|CSG-|"
    r"RADARSAT|RCM-|SAOCOM|STRIX|QPS-SAR|YAOGAN|TH-?1|TIANHUI|LUTAN|KAZEOSAT|DUBAISAT|KHALIFASAT|GOKTURK|"
    r"RASAT|DEIMOS|VRSS|PERUSAT|FORMOSAT|THEOS|VNREDSAT|TELEOS|EROS[- ][ABC]|OFEQ|BILSAT|NIGERIASAT|"
    r"AL ?SAT|PRISMA|ENMAP|HYSIS|MALLIGYONG|PRSS|SSOT|KH-)",
    re.IGNORECASE,
).match
_NS = 1_000_000_000
_NO_SUN = np.array([np.nan])


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is known of a picture: place, time [within s] and any of the angles [rad].

    `azimuth_rad` is from the place to the satellite, `incidence_rad` at the place from the vertical,
    `off_nadir_rad` at the satellite; with `incidence_or_elevation` nobody knows whether `incidence_rad` is
    one or 90 degrees less it, and what fits better is taken. The Sun's angles are at the place (a shadow
    points away from it).
    """

    site: Site
    time: Epoch
    within_s: float = 60.0
    off_nadir_rad: float | None = None
    azimuth_rad: float | None = None
    incidence_rad: float | None = None
    sun_elevation_rad: float | None = None
    sun_azimuth_rad: float | None = None
    incidence_or_elevation: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.within_s <= 5 * 86400:
            raise InputError("within_s", self.within_s, "from 0 s to five days")
        for name, low, high in (
            ("off_nadir_rad", 0.0, 90.0),
            ("incidence_rad", 0.0, 90.0),
            ("sun_elevation_rad", -90.0, 90.0),
            ("azimuth_rad", -360.0, 360.0),
            ("sun_azimuth_rad", -360.0, 360.0),
        ):
            value = getattr(self, name)
            if value is not None and not low * deg <= value <= high * deg:
                wish = f"from {low:.0f} to {high:.0f} degrees"
                raise UnitRangeError(name, value, wish, hint="did you forget `* deg`?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A satellite that could have taken the picture, at the instant that fits best.

    `score` is its share of the likelihood among all objects of the catalogue (they sum to 1 or less).
    `misfits` says for each thing that is known by how many of its sigmas it is off; the largest decides.
    """

    elements: ElementSet
    time: Epoch
    off_nadir_rad: float
    azimuth_rad: float
    incidence_rad: float
    range_m: float
    sun_elevation_rad: float
    time_offset_s: float
    timing_sigma_s: float
    age_s: float
    imaging: bool
    score: float
    misfits: dict[str, float] = field(default_factory=dict)


def imaging_objects(elements: Sequence[ElementSet]) -> frozenset[int]:
    """NORAD numbers of objects that carry a camera or an imaging radar, as far as is publicly known.

    By the numbers in the sensor library, and by the names of the larger public and commercial programmes
    (operators' own names, as catalogues have them). No claim to be complete: military satellites with
    neutral names are missing.
    """
    listed = {number for name in sensor_names() for number in load_sensor(name).norad_ids}
    named = (one.norad_id for one in elements if _IMAGER(one.name))
    return frozenset(listed.union(named))


def identify(
    elements: Sequence[ElementSet],
    picture: Picture,
    *,
    imaging: Collection[int] = (),
    orientation: EarthOrientation | None = None,
    progress: Progress | None = None,
) -> tuple[Candidate, ...]:
    """The satellites that stood above the horizon of the place, likeliest first.

    `elements` has one set an object, near the time (`orbits.nearest_sets`). The likelihood of an object is
    the mean over the time that it had: a picture's clock is good to seconds, so `within_s` bounds the
    search and a small offset is likelier than a large one; beyond it an object may only be late by what
    the age of its set explains. Each angle that is known adds a Student's t of three degrees of
    freedom. `imaging` numbers objects that are known to carry a camera: each counts 30 times as
    much as any other object (a catalogue has about 30 objects to one imager; see
    `imaging_objects`); leave it empty to rank by geometry alone. The elements' timing error is that of
    `timing_error_s`.
    """
    orientation = orientation or EarthOrientation.bundled()
    # Wide of three sigmas at any height: 10 s a day.
    age_days = np.array([abs(picture.time - one.epoch) / 86400.0 for one in elements])
    reach_s = picture.within_s + np.clip(10.0 * age_days, 15.0, _LATEST_S)
    near = objects_in_sight(elements, picture.site, picture.time, reach_s, orientation)
    now_ns = np.array([picture.time.tai_ns])
    sigmas_s = timing_errors_s([elements[i] for i in near.tolist()], now_ns, share=0.68)[:, 0]
    sun = _sun(picture, float(reach_s.max(initial=0.0)), orientation)
    known = set(imaging)
    found, weights = [], []
    for done, (i, sigma_s) in enumerate(zip(near.tolist(), sigmas_s.tolist(), strict=True)):
        late_s = min(picture.within_s + 3.0 * sigma_s, float(reach_s[i]))
        fit = _fit(elements[i], picture, sigma_s, late_s, sun, orientation)
        if fit is not None:
            is_imaging = elements[i].norad_id in known
            found.append((elements[i], is_imaging, *fit[1:]))
            weights.append(fit[0] + (math.log(_IMAGING) if is_imaging else 0.0))
        if progress is not None and done % 64 == 63:
            progress(done + 1, len(near))
    if not found:
        return ()
    log = np.array(weights)
    share = np.exp(log - log.max())
    share /= share.sum()
    order = np.lexsort(([one[0].norad_id for one in found], -share))
    return tuple(_candidate(picture, found[k], float(share[k])) for k in order)


def _sun(picture: Picture, reach_s: float, orientation: EarthOrientation) -> SunTable:
    span = Span(picture.time + -(reach_s + 10.0), picture.time + (reach_s + 10.0))
    return SunTable.over(span, orientation)


def _student(x: Array) -> Array:
    """Log of Student's t for a deviation in sigmas, without its constant."""
    return np.asarray(-0.5 * (_TAIL + 1.0) * np.log1p(x * x / _TAIL), np.float64)


def _turn(angle: Array) -> Array:
    """Into [-pi, pi)."""
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi, np.float64)


@functools.lru_cache(maxsize=4)
def _axes(site: Site) -> tuple[Array, Array]:
    """Where a place is, and its east, north and up."""
    return site.r_itrf_m, east_north_up(site.lat_rad, site.lon_rad)


def _terms(
    picture: Picture, at: Times, sun: SunTable, r: Array
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]]:
    """(how far off [rad] is all that is known, sigmas, the angles themselves) at instants [TAI ns]."""
    place_m, axes = _axes(picture.site)
    ray = r - place_m
    distance = np.linalg.norm(ray, axis=1)
    ray /= distance[:, None]
    east, north, high = (ray @ axes.T).T
    lat, lon, _ = itrf_to_geodetic(r)
    sun_el, sun_az = _NO_SUN, _NO_SUN
    if picture.sun_elevation_rad is not None or picture.sun_azimuth_rad is not None:
        sun_el, sun_az = sun.angles_rad(picture.site, at)
    angles = {
        "off_nadir": np.arccos(np.clip(np.sum(up(lat, lon) * ray, axis=1), -1, 1)),
        "azimuth": np.arctan2(east, north) % (2 * np.pi),
        "incidence": np.arctan2(np.hypot(east, north), high),
        "range": distance,
        "sun_elevation": sun_el,
        "sun_azimuth": sun_az,
    }
    # Straight down there is no azimuth: the same error across the line of sight is a larger angle.
    sigmas = {
        "off_nadir": np.full(len(at), _OFF_NADIR_SIGMA_RAD),
        "incidence": np.full(len(at), _INCIDENCE_SIGMA_RAD),
        "azimuth": _AZIMUTH_SIGMA_RAD / np.maximum(np.sin(angles["incidence"]), 0.02),
        "sun_elevation": np.full(len(at), _SUN_SIGMA_RAD),
        "sun_azimuth": _SUN_SIGMA_RAD / np.maximum(np.cos(sun_el), 0.05),
    }
    off = {}
    for name in sigmas:
        known = getattr(picture, f"{name}_rad")
        if known is not None:
            off[name] = angles[name] - known
            if name.endswith("azimuth"):
                off[name] = _turn(off[name])
            elif name == "incidence" and picture.incidence_or_elevation:
                other = angles[name] - (np.pi / 2 - known)
                off[name] = np.where(np.abs(other) < np.abs(off[name]), other, off[name])
    return off, sigmas, angles


def _fit(
    one: ElementSet,
    picture: Picture,
    sigma_s: float,
    reach_s: float,
    sun: SunTable,
    orientation: EarthOrientation,
) -> tuple[float, float, dict[str, float], dict[str, float], float] | None:
    """(log likelihood, best offset [s], angles and misfits there, sigma [s]); None if out of question."""
    # In steps of half a minute, so that many objects share the Earth's rotation.
    half_s = 30.0 * math.ceil((reach_s + 10.0) / 30.0)
    span = Span(picture.time + -half_s, picture.time + half_s)
    ephemeris = make_ephemeris(one, span, orientation)

    def look(offsets_s: Array) -> Any:
        at = picture.time.tai_ns + np.rint(offsets_s * _NS).astype(np.int64)
        return _terms(picture, at, sun, ephemeris.position_itrf_m(at))

    # Far apart at first: what cannot come within five sigmas until the next look is out of question.
    half = math.ceil(reach_s / _COARSE_S)
    coarse_s = np.arange(-half, half + 1, dtype=np.float64) * _COARSE_S
    off, sigmas, angles = look(coarse_s)
    turn_rad = _FASTEST_RAD_S * _COARSE_S
    seen = angles["incidence"] < np.pi / 2 + turn_rad
    for name in ("off_nadir", "incidence"):
        if name in off:
            seen &= np.abs(off[name]) < turn_rad + _FAR_SIGMAS * sigmas[name]
    for name in ("sun_elevation", "sun_azimuth"):
        if name in off:
            seen &= np.abs(off[name]) < 1e-3 * _COARSE_S + 2.0 * _FAR_SIGMAS * sigmas[name]
    if not seen.any():
        return None
    fine_s = np.arange(-0.5 * _COARSE_S, 0.5 * _COARSE_S)
    offsets_s: Array = np.unique((coarse_s[seen, None] + fine_s).ravel()).astype(np.float64)
    offsets_s = offsets_s[np.abs(offsets_s) <= reach_s + 0.5]
    log, best = _score(offsets_s, look(offsets_s), picture, sigma_s)
    if best is None:
        return None
    around_s: Array = np.asarray(offsets_s[best] + np.linspace(-1.0, 1.0, 41), np.float64)
    told = look(around_s)
    _, best = _score(around_s, told, picture, sigma_s)
    if best is None:
        return None
    off, sigmas, angles = told
    at = picture.time.tai_ns + np.rint(around_s[best : best + 1] * _NS).astype(np.int64)
    angles["sun_elevation"] = np.full(len(around_s), sun.angles_rad(picture.site, at)[0][0])
    here = {name: float(np.broadcast_to(v, len(around_s))[best]) for name, v in angles.items()}
    misfits = {name: float((off[name] / sigmas[name])[best]) for name in off}
    misfits["time"] = float(around_s[best] / math.hypot(_CLOCK_SIGMA_S, sigma_s))
    return log, float(around_s[best]), here, misfits, sigma_s


def _score(
    offsets_s: Array, told: Any, picture: Picture, sigma_s: float
) -> tuple[float, int | None]:
    """(log of the likelihood's mean over time, number of the best offset, None if it was never seen)."""
    off, sigmas, angles = told
    # Late by the set's age, or off by the clock: both move the satellite along its track.
    wide = math.hypot(_CLOCK_SIGMA_S, sigma_s)
    beyond = np.maximum(np.abs(offsets_s) - picture.within_s, 0.0) / max(sigma_s, 0.1)
    logs = _student(offsets_s / wide) + 2.0 * _student(beyond)
    for name, value in off.items():
        logs += _student(value / sigmas[name])
    logs[~(angles["incidence"] < np.pi / 2)] = -np.inf  # below the horizon, or unknown
    if not np.isfinite(logs).any():
        return -math.inf, None
    return float(np.logaddexp.reduce(logs) - math.log(wide)), int(np.argmax(logs))


def _candidate(picture: Picture, found: tuple[Any, ...], score: float) -> Candidate:
    one, is_imaging, best_s, angles, misfits, sigma_s = found
    return Candidate(
        elements=one,
        time=picture.time + best_s,
        off_nadir_rad=angles["off_nadir"],
        azimuth_rad=angles["azimuth"],
        incidence_rad=angles["incidence"],
        range_m=angles["range"],
        sun_elevation_rad=angles["sun_elevation"],
        time_offset_s=best_s,
        timing_sigma_s=sigma_s,
        age_s=picture.time - one.epoch,
        imaging=is_imaging,
        score=score,
        misfits=misfits,
    )
