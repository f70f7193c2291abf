"""A case of stereo_imaging, its observations, and their files; the rules stand in that module."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from offnadir.earth import geodetic_to_itrf_m
from offnadir.errors import MISSING, InputError
from offnadir.units import deg

from ._common import Floats, Ints, Row, Rows, frozen, text_of, utc_ms, utc_text

#: scene: convergence [deg] from and to which a pair is best
SCENES = {
    "urban_structured": (8.0, 18.0),
    "vegetated": (8.0, 14.0),
    "rugged": (10.0, 20.0),
    "open": (15.0, 25.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """s satellites and t targets; angles [deg] as in the files, scenes by name."""

    name: str  # the folder's: it goes into the seeds
    horizon_start_utc_ms: int
    horizon_s: float
    cross_satellite: bool
    max_separation_s: float
    min_overlap: float
    min_convergence_deg: float
    max_convergence_deg: float
    max_pixel_ratio: float
    min_sun_elevation_deg: float
    anchor_deg: float  # most tilt of a triple's near-nadir picture
    weight_geometry: float
    weight_overlap: float
    weight_resolution: float
    triple_bonus: dict[str, float]  # by scene
    satellite_id: tuple[str, ...]  # (s)
    tle: tuple[tuple[str, str], ...]  # (s)
    pixel_deg: Floats  # (s,)
    half_field_deg: Floats  # (s,) across track
    max_off_nadir_deg: Floats  # (s,)
    max_rate_deg_s: Floats  # (s,)
    max_acceleration_deg_s2: Floats  # (s,)
    settling_s: Floats  # (s,)
    min_duration_s: Floats  # (s,)
    max_duration_s: Floats  # (s,)
    target_id: tuple[str, ...]  # (t)
    target_itrf_m: Floats  # (t, 3)
    target_radius_m: Floats  # (t,) of the disc
    target_scene: tuple[str, ...]  # (t)

    def utc_us(self, seconds: Floats | Ints | Sequence[float]) -> Ints:
        """UTC us since 1970 of seconds since the horizon's start, rounded to the us."""
        us = np.rint(np.asarray(seconds, np.float64) * 1e6).astype(np.int64)
        return self.horizon_start_utc_ms * 1000 + us

    def access_step_s(self, satellite: int) -> float:
        """Step at which a satellite's access is looked at."""
        return max(0.25, min(1.0, float(self.min_duration_s[satellite]) / 2.0))


class Observation(NamedTuple):
    """Rows of satellite and target, seconds since the horizon's start (whole ms), steering angles."""

    satellite: int
    target: int
    start_s: float
    end_s: float
    along_deg: float
    across_deg: float


def read(path: str | Path) -> Instance:
    """Read a case folder; InputError names file, line, key and wish."""
    folder = Path(path)
    mission = Rows(folder / "mission.yaml", "mission").only()
    start_ms, stop_ms = mission.utc_ms("horizon_start"), mission.utc_ms("horizon_end")
    if stop_ms <= start_ms:
        raise mission.wrong("horizon_end", mission.value("horizon_end"), "after horizon_start")
    optional = {"allow_cross_satellite_stereo": False, "max_stereo_pair_separation_s": 3600.0}
    cross, separation_s = (mission.value(k) if mission.has(k) else v for k, v in optional.items())
    if not isinstance(cross, bool):
        raise mission.wrong("allow_cross_satellite_stereo", cross, "true or false")
    limits, weights = "validity_thresholds.", "quality_model.pair_weights."
    bonus = "quality_model.tri_stereo_bonus_by_scene."
    return Instance(
        name=folder.name,
        horizon_start_utc_ms=start_ms,
        horizon_s=(stop_ms - start_ms) / 1e3,
        cross_satellite=cross,
        max_separation_s=float(separation_s),
        min_overlap=mission.number(limits + "min_overlap_fraction", 0.0, 1.0),
        min_convergence_deg=mission.number(limits + "min_convergence_deg", 0.0, 180.0),
        max_convergence_deg=mission.number(limits + "max_convergence_deg", 0.0, 180.0),
        max_pixel_ratio=mission.number(limits + "max_pixel_scale_ratio", 1.0),
        min_sun_elevation_deg=mission.number(limits + "min_solar_elevation_deg", -90.0, 90.0),
        anchor_deg=mission.number(limits + "near_nadir_anchor_max_off_nadir_deg", 0.0),
        weight_geometry=mission.number(weights + "geometry", 0.0),
        weight_overlap=mission.number(weights + "overlap", 0.0),
        weight_resolution=mission.number(weights + "resolution", 0.0),
        triple_bonus={scene: mission.number(bonus + scene, 0.0) for scene in SCENES},
        **_satellites(list(Rows(folder / "satellites.yaml", None))),
        **_targets(list(Rows(folder / "targets.yaml", None))),
    )


def _names(rows: Sequence[Row]) -> tuple[str, ...]:
    names = tuple(row.text("id") for row in rows)
    for at, row in enumerate(rows):
        if names[at] in names[:at]:
            raise row.wrong("id", names[at], "a name of its own")
    return names


def _column(rows: Sequence[Row], key: str, least: float = 0.0, most: float = np.inf) -> Floats:
    return frozen([row.number(key, least, most) for row in rows], np.float64)


def _satellites(rows: Sequence[Row]) -> dict[str, Any]:
    for row in rows:
        for key in ("tle_line1", "tle_line2"):
            if len(row.text(key)) < 69:
                raise row.wrong(key, row.text(key), "a line of 69 characters")
    pixel_deg = _column(rows, "pixel_ifov_deg", 1e-12)
    shortest = _column(rows, "min_obs_duration_s", 1e-3)
    return {
        "satellite_id": _names(rows),
        "tle": tuple((row.text("tle_line1"), row.text("tle_line2")) for row in rows),
        "pixel_deg": pixel_deg,
        "half_field_deg": frozen(
            0.5 * _column(rows, "cross_track_pixels", 1.0) * pixel_deg, np.float64
        ),
        "max_off_nadir_deg": _column(rows, "max_off_nadir_deg", 0.0, 89.0),
        "max_rate_deg_s": _column(rows, "max_slew_velocity_deg_per_s"),
        "max_acceleration_deg_s2": _column(rows, "max_slew_acceleration_deg_per_s2"),
        "settling_s": _column(rows, "settling_time_s"),
        "min_duration_s": shortest,
        "max_duration_s": _column(rows, "max_obs_duration_s", float(shortest.max(initial=0.0))),
    }


def _targets(rows: Sequence[Row]) -> dict[str, Any]:
    lat_deg, lon_deg = (
        _column(rows, "latitude_deg", -90.0, 90.0),
        _column(rows, "longitude_deg", -360.0, 360.0),
    )
    height_m = _column(rows, "elevation_ref_m", -12_000.0, 100_000.0)
    return {
        "target_id": _names(rows),
        "target_itrf_m": frozen(
            geodetic_to_itrf_m(lat_deg * deg, lon_deg * deg, height_m), np.float64
        ),
        "target_radius_m": _column(rows, "aoi_radius_m"),
        "target_scene": tuple(row.text("scene_type", tuple(SCENES)) for row in rows),
    }


def write(instance: Instance, solution: Sequence[Observation], path: str | Path) -> None:
    """Write the submission that the family's own verifier takes."""
    actions = [
        {
            "type": "observation",
            "satellite_id": instance.satellite_id[seen.satellite],
            "target_id": instance.target_id[seen.target],
            "start_time": utc_text(instance.horizon_start_utc_ms + round(seen.start_s * 1e3)),
            "end_time": utc_text(instance.horizon_start_utc_ms + round(seen.end_s * 1e3)),
            "off_nadir_along_deg": float(seen.along_deg),
            "off_nadir_across_deg": float(seen.across_deg),
        }
        for seen in (Observation(*row) for row in solution)
    ]
    Path(path).write_text(json.dumps({"actions": actions}, indent=1) + "\n", "utf-8")


def read_solution(instance: Instance, path: str | Path) -> list[Observation]:
    """The observations of a submission; InputError where satellite, target or a time cannot be read."""
    try:
        actions = json.loads(text_of(path))["actions"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(
            "actions", MISSING, "a JSON object with a list", where=str(path)
        ) from error
    names = {"satellite_id": instance.satellite_id, "target_id": instance.target_id}
    solution = []
    for at, action in enumerate(actions):
        where = f"{path}, actions[{at}]"
        rows = []
        for key, known in names.items():
            if action.get(key) not in known:
                raise InputError(key, action.get(key), "one of the case", where=where)
            rows.append(known.index(action[key]))
        times = []
        for key in ("start_time", "end_time"):
            ms = utc_ms(str(action.get(key)))
            if ms is None:
                raise InputError(key, action.get(key), "an instant in UTC", where=where)
            times.append((ms - instance.horizon_start_utc_ms) / 1e3)
        angles = [action.get(f"off_nadir_{axis}_deg") for axis in ("along", "across")]
        if not all(isinstance(angle, int | float) for angle in angles):
            raise InputError(
                "off_nadir_along_deg, off_nadir_across_deg", angles, "numbers", where=where
            )
        solution.append(Observation(*rows, *times, *angles))
    return solution
