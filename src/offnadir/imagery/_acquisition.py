"""A picture as it is taken: who, when, from where, turned how, with which detectors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.earth import Site, east_north_up, sun_itrf_m
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.geometry import Attitude, ground_pixel, look_angles
from offnadir.imagery._camera import CameraModel, Jitter
from offnadir.imagery._focal_plane import BandPlane, Chip, FocalPlane, focal_plane, sensor_band
from offnadir.imagery._guidance import (
    Scan,
    natural_scan,
    roll_pitch_yaw_rad,
    scanning_track,
    turn_rates_rad_s,
)
from offnadir.imagery._track import Track
from offnadir.orbits import Ephemeris, element_set_to_omm, make_ephemeris, omm_to_element_set
from offnadir.sensors import Sensor, load_camera
from offnadir.units import deg

Array = NDArray[np.float64]
_MOST_HZ = 1e7


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How the middle of a picture is seen and lit; angles [rad], azimuths clockwise from north.

    `azimuth_rad` is from the aim to the satellite; `incidence_rad` at the aim and `off_nadir_rad` at the
    satellite are from the vertical there. Sample distances [m] are those of the sharpest band on level
    ground: `gsd_along_m` from line to line, `gsd_across_m` from column to column.
    """

    off_nadir_rad: float
    incidence_rad: float
    azimuth_rad: float
    range_m: float
    sun_azimuth_rad: float
    sun_elevation_rad: float
    gsd_along_m: float
    gsd_across_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Acquisition:
    """All that the geometry of a picture follows from; `models` makes it.

    The boresight meets `aim` at `epoch`, from which the times of the `track` count. `size` is lines and
    columns of the sharpest band, `line_rate_hz` its lines a second (of a frame: the rows by which the image of
    the ground moves in a second). `bands` are those
    that are taken, by name. `turned` tells that the detectors are read the other way: the focal plane is
    turned by half a turn against the scan. `scan_azimuth_rad` is the strip's direction on the ground.
    `elements` is the mean-elements message that the orbit was made from, `request` and `name` those of
    the plan.
    """

    name: str
    satellite: str
    norad_id: int
    sensor: Sensor
    epoch: Epoch
    aim: Site
    size: tuple[int, int]
    line_rate_hz: float
    scan_azimuth_rad: float
    bands: tuple[str, ...]
    focal_plane: FocalPlane
    track: Track
    view: View
    jitter: Jitter | None = None
    turned: bool = False
    request: str = ""
    elements: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if min(self.size) < 1:
            raise InputError("size", self.size, "lines and columns above 0")
        if not self.bands or len(set(self.bands)) < len(self.bands):
            raise InputError("bands", self.bands, "one or more, each once")
        for name in self.bands:
            self.focal_plane.band(name)
            sensor_band(self.sensor, name)
        if not 0 < self.line_rate_hz <= _MOST_HZ:
            raise InputError("line_rate_hz", self.line_rate_hz, f"above 0, up to {_MOST_HZ:g}")

    @property
    def is_frame(self) -> bool:
        """Whether all lines are taken at once."""
        return self.focal_plane.rows > 1

    @property
    def duration_s(self) -> float:
        """Time [s] in which the lines of the sharpest band are taken."""
        return 0.0 if self.is_frame else self.size[0] / self.line_rate_hz


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
        if not 0 < line_rate_hz <= _MOST_HZ:
            raise InputError("line_rate_hz", line_rate_hz, f"above 0, up to {_MOST_HZ:g}")
        rate = line_rate_hz
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
    return Acquisition(
        name=name, request=request, satellite=ephemeris.satellite, norad_id=ephemeris.norad_id,
        sensor=sensor, epoch=epoch, aim=aim, size=size, line_rate_hz=rate,
        scan_azimuth_rad=scan.azimuth_rad, bands=names, focal_plane=plane, track=track, turned=turned,
        view=_view(ephemeris, aim, epoch, track, sharp.ifov_rad), jitter=jitter, elements=elements,
    )  # fmt: skip


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


def models(acquisition: Acquisition, *, jitter: bool = True) -> dict[str, tuple[CameraModel, ...]]:
    """The geometry of each chip's picture, by band; chips that the picture does not reach are left out.

    A chip that looks ahead or behind takes its lines earlier or later by a whole number of them, so that
    line l of all chips and bands is the same ground within half a line, but for terrain and steering.
    Without `jitter` it is what the ground station knows of it.
    """
    made: dict[str, tuple[CameraModel, ...]] = {}
    for name in acquisition.bands:
        plane = acquisition.focal_plane.band(name)
        chips = _turned(plane) if acquisition.turned else plane.chips
        made[name] = tuple(
            model
            for number, chip in enumerate(chips)
            if (model := _model(acquisition, plane, number, chip, jitter)) is not None
        )
    return made


def band_model(acquisition: Acquisition, band: str) -> CameraModel:
    """The geometry of a band as if one straight line of detectors had taken it: no chips, no distortion.

    Its line stands in the middle of where the chips stand, and its lines are theirs.
    """
    plane = acquisition.focal_plane.band(band)
    chips = _turned(plane) if acquisition.turned else plane.chips
    along = sum(chip.along_rad for chip in chips) / len(chips)
    whole = Chip(first_column=0, columns=plane.columns, along_rad=along)
    model = _model(acquisition, plane, -1, whole, jitter=False)
    assert model is not None
    return model


def _model(
    acquisition: Acquisition, plane: BandPlane, number: int, chip: Chip, jitter: bool
) -> CameraModel | None:
    lines, columns, left = picture_box(acquisition, plane)
    first = max(chip.first_column, left)
    last = min(chip.first_column + chip.columns, left + columns)
    if last <= first:
        return None
    ifov = plane.ifov_rad
    middle = (plane.columns - 1) / 2.0
    y0 = -(first - middle) * ifov
    ratio = ifov / acquisition.focal_plane.bands[0].ifov_rad
    if acquisition.is_frame:
        speed = acquisition.line_rate_hz * acquisition.focal_plane.bands[0].ifov_rad
        first_s, line_s, x_line = -chip.along_rad / speed, 0.0, ifov
        x0 = chip.along_rad - (lines - 1) / 2.0 * ifov
    else:
        line_s = ratio / acquisition.line_rate_hz
        first_s = (-(lines - 1) / 2.0 - round(chip.along_rad / ifov)) * line_s
        x0, x_line = chip.along_rad, 0.0
    is_whole = number < 0
    middle_y = -(chip.first_column + (chip.columns - 1) / 2.0 - middle) * ifov
    return CameraModel(
        shape=(lines, last - first), band=plane.band, chip=number, first_column=first - left,
        track=acquisition.track, jitter=acquisition.jitter if jitter else None, ifov_rad=ifov,
        first_time_s=first_s, line_time_s=line_s,
        x0=x0 + chip.tilt_rad * (y0 - middle_y), x_line=x_line, x_column=-chip.tilt_rad * ifov,
        y0=y0 + chip.across_rad, y_column=-ifov,
        k1=0.0 if is_whole else acquisition.focal_plane.k1,
        k2=0.0 if is_whole else acquisition.focal_plane.k2,
    )  # fmt: skip


def picture_box(acquisition: Acquisition, plane: BandPlane) -> tuple[int, int, int]:
    """Lines and columns of a band's picture, and its first one of all the band's columns."""
    ratio = plane.ifov_rad / acquisition.focal_plane.bands[0].ifov_rad
    lines, columns = (max(math.floor(n / ratio + 1e-9), 1) for n in acquisition.size)
    columns = min(columns, plane.columns)
    return lines, columns, (plane.columns - columns) // 2


def _turned(plane: BandPlane) -> tuple[Chip, ...]:
    """The chips of a focal plane that is turned by half a turn, from the picture's left to its right."""
    return tuple(
        Chip(
            first_column=plane.columns - chip.first_column - chip.columns,
            columns=chip.columns,
            along_rad=-chip.along_rad,
            across_rad=-chip.across_rad,
            tilt_rad=chip.tilt_rad,
        )
        for chip in reversed(plane.chips)
    )


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
