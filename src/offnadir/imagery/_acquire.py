"""From a place, a time and a camera in orbit, or a plan's entry, to an acquisition."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from offnadir.earth import Site, east_north_up, sun_itrf_m
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.geometry import Attitude, ground_pixel, look_angles
from offnadir.imagery._acquisition import MOST_HZ, Acquisition, View
from offnadir.imagery._focal_plane import FocalPlane, focal_plane
from offnadir.imagery._guidance import (
    Scan,
    natural_scan,
    roll_pitch_yaw_rad,
    scanning_track,
    turn_rates_rad_s,
)
from offnadir.imagery._jitter import Jitter
from offnadir.imagery._models import line_shifts
from offnadir.imagery._track import Track
from offnadir.orbits import Ephemeris, element_set_to_omm, make_ephemeris, omm_to_element_set
from offnadir.sensors import Sensor, load_camera
from offnadir.units import deg


def acquire(
    ephemeris: Ephemeris,
    sensor: Sensor,
    aim: Site,
    epoch: Epoch,
    *,
    duration_s: float | None = None,
    size: tuple[int, int] | None = None,
    bands: Sequence[str] | None = None,
    scan_azimuth_rad: float | None = None,
    line_rate_hz: float | None = None,
    turned: bool = False,
    plane: FocalPlane | None = None,
    jitter: Jitter | None = None,
    name: str = "",
    request: str = "",
) -> Acquisition:
    """A picture of the aim, which lies in its middle and is seen at `epoch`.

    `size` is lines and columns of the sharpest band; else all columns, and the lines of `duration_s`, by
    default the sensor's shortest. A frame has its own rows. The strip runs as the satellite flies or in
    the direction `scan_azimuth_rad`. Lines follow each other as if roll and pitch were held, but no
    faster than the sensor can, or at `line_rate_hz`; the satellite turns so that each of them is taken one
    sample distance after the last (docs/theory/camera-model.md). InputError for an aim that is not seen,
    and for a scan that asks for more than the satellite's rate of turning.
    """
    plane = plane or focal_plane(sensor)
    sharp = plane.bands[0]
    names = tuple(bands) if bands is not None else tuple(one.band for one in plane.bands)
    scan = natural_scan(ephemeris, aim, epoch, sharp.ifov_rad)
    rate = min(scan.line_rate_hz, sensor.detector.max_line_rate_hz or math.inf)
    if line_rate_hz is not None:
        if not 0 < line_rate_hz <= MOST_HZ:
            raise InputError("line_rate_hz", line_rate_hz, f"above 0, up to {MOST_HZ:g}")
        rate = line_rate_hz
    if scan_azimuth_rad is not None and not math.isfinite(scan_azimuth_rad):
        raise InputError("scan_azimuth_rad", scan_azimuth_rad, "a number")
    azimuth = scan.azimuth_rad if scan_azimuth_rad is None else scan_azimuth_rad % (2 * math.pi)
    scan = Scan(azimuth_rad=azimuth, line_rate_hz=rate)
    size = _size(sensor, plane, rate, duration_s, size)
    half_s = 0.0 if plane.rows > 1 else size[0] / rate / 2
    late_s = max(
        abs(chip.along_rad) + abs(chip.tilt_rad) * sharp.columns * sharp.ifov_rad
        for one in plane.bands for chip in one.chips
    ) / (sharp.ifov_rad * rate)  # fmt: skip
    track = scanning_track(
        ephemeris, aim, epoch, scan, sharp.ifov_rad, (-half_s - late_s, half_s + late_s)
    )
    fastest = float(turn_rates_rad_s(track).max())
    if fastest > sensor.agility.rate_rad_s:
        most = sensor.agility.rate_rad_s / deg
        wish = (
            f"a scan that turns the satellite by {most:.2f} deg/s at most, not {fastest / deg:.2f}"
        )
        raise InputError("scan_azimuth_rad", scan.azimuth_rad, wish)
    elements = {} if ephemeris.elements is None else dict(element_set_to_omm(ephemeris.elements))
    picture = Acquisition(
        name=name, request=request, satellite=ephemeris.satellite, norad_id=ephemeris.norad_id,
        sensor=sensor, epoch=epoch, aim=aim, size=size, line_rate_hz=rate,
        scan_azimuth_rad=scan.azimuth_rad, bands=names, focal_plane=plane, track=track, turned=turned,
        view=_view(ephemeris, aim, epoch, track, sharp.ifov_rad), jitter=jitter, elements=elements,
    )  # fmt: skip
    return replace(picture, line_shifts=line_shifts(picture))


def acquisition_of_plan(
    plan: Mapping[str, Any],
    collection: str,
    *,
    sensor: Sensor | None = None,
    alt_m: float | None = None,
    size: tuple[int, int] | None = None,
    **more: Any,
) -> Acquisition:
    """The picture of an entry of plan.json, by its id; `more` is handed to `acquire`.

    Its aim lies in the middle of picture and time. `alt_m` is the height there, where the plan's is not
    good enough: on a mountain 1000 m higher the picture would be off by 1000 m times the tangent of the
    incidence. The sensor is the library's of that name. InputError for an id that the plan does not have.
    """
    entries = {str(one["id"]): one for one in plan.get("collections", ())}
    if collection not in entries:
        shown = ", ".join(list(entries)[:5]) + (", ..." if len(entries) > 5 else "")
        raise InputError("collection", collection, f"one of the plan's: {shown or 'it has none'}")
    entry = entries[collection]
    rows = [one for one in plan["satellites"] if one["norad_id"] == entry["norad_id"]]
    row = next(
        (one for one in rows if one["name"] == entry["satellite"]), rows[0] if rows else None
    )
    if row is None or not row.get("elements"):
        raise InputError("satellite", entry["satellite"], "one of the plan's with orbital elements")
    start = Epoch.from_utc(entry["start"], field="start")
    duration_s = Epoch.from_utc(entry["stop"], field="stop") - start
    epoch = start + duration_s / 2
    place = entry["aim"]
    aim = Site(
        name=str(entry["request"]),
        lat_rad=place["lat_deg"] * deg,
        lon_rad=place["lon_deg"] * deg,
        alt_m=float(place["alt_m"] if alt_m is None else alt_m),
    )
    ephemeris = make_ephemeris(
        omm_to_element_set(row["elements"]), Span(epoch + -60.0, epoch + 60.0)
    )
    return acquire(
        ephemeris, sensor or load_camera(row["sensor"]), aim, epoch,
        duration_s=duration_s, size=size, name=collection, request=str(entry["request"]), **more,
    )  # fmt: skip


def _size(
    sensor: Sensor,
    plane: FocalPlane,
    rate: float,
    duration_s: float | None,
    size: tuple[int, int] | None,
) -> tuple[int, int]:
    columns = plane.bands[0].columns
    if size is not None:
        if min(size) < 1 or max(size) > 10_000_000:
            raise InputError("size", size, "lines and columns from 1 to 10,000,000")
        lines = min(size[0], plane.rows) if plane.rows > 1 else size[0]
        return int(lines), int(min(size[1], columns))
    if plane.rows > 1:
        return plane.rows, columns
    duration_s = sensor.min_duration_s if duration_s is None else duration_s
    if not 0 < duration_s <= 600:
        raise InputError("duration_s", duration_s, "above 0, up to 600 s")
    return max(round(duration_s * rate), 1), columns


def _view(ephemeris: Ephemeris, aim: Site, epoch: Epoch, track: Track, ifov_rad: float) -> View:
    at = int(np.argmin(np.abs(track.time_s)))
    r, v = track.r_itrf_m[at], track.v_itrf_m_s[at]
    look = look_angles(r, v, aim.r_itrf_m, aim.lat_rad, aim.lon_rad)
    roll, pitch, yaw = roll_pitch_yaw_rad(track)[at]
    attitude = Attitude(roll_rad=roll, pitch_rad=pitch, yaw_rad=yaw)
    pixel = ground_pixel(r, v, attitude, ifov_rad, ifov_rad, alt_m=aim.alt_m)
    tai_ns = np.array([epoch.tai_ns], np.int64)
    sun = sun_itrf_m(tai_ns, ephemeris.orientation)[0] - aim.r_itrf_m
    east, north, up = east_north_up(aim.lat_rad, aim.lon_rad) @ sun
    return View(
        off_nadir_rad=float(look.off_nadir_rad),
        incidence_rad=math.pi / 2 - float(look.elevation_rad),
        azimuth_rad=float(look.azimuth_rad),
        range_m=float(look.range_m),
        sun_azimuth_rad=math.atan2(east, north) % (2 * math.pi),
        sun_elevation_rad=math.atan2(up, math.hypot(east, north)),
        gsd_along_m=float(pixel.gsd_along_track_m),
        gsd_across_m=float(pixel.gsd_across_track_m),
    )
