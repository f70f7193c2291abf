"""One chip's picture in one band, tile by tile: light, optics, detectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir._threads import in_order
from offnadir.earth import Site, east_north_up
from offnadir.imagery._acquisition import Acquisition
from offnadir.imagery._camera import CameraModel
from offnadir.imagery._cloud_layer import CloudLayer, cover, shade
from offnadir.imagery._models import chips_of, picture_box
from offnadir.imagery._noise import Detectors, Digitiser, Flaws, counts, detectors, generator
from offnadir.imagery._optics import MARGIN, Exposure
from offnadir.imagery._radiance import BandLight, band_light, sight
from offnadir.imagery._raster import Box, boxes
from offnadir.imagery._sampling import Sunlight, see
from offnadir.quality import Atmosphere
from offnadir.quality._signal import electronics
from offnadir.sensors import Band

if TYPE_CHECKING:
    from offnadir.imagery._scene import Scene

Array = NDArray[np.float64]
Pixels = NDArray[np.float32]
SIDE: Final = 1024  # of tiles; the noise of a pixel depends on it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shot:
    """All that the picture of one chip is made from; `light` at the corners of tiles."""

    scene: Scene
    model: CameraModel
    band: Band
    exposure: Exposure
    light: BandLight
    sun: Sunlight
    clouds: CloudLayer | None
    detectors: Detectors
    digitiser: Digitiser
    seed: int
    ground_alt_m: float
    gsd_m: float

    @property
    def shape(self) -> tuple[int, int]:
        """Lines and columns."""
        return self.model.shape


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tile:
    """Counts of a box of the picture, and the truth if asked for: latitude, longitude [deg], height [m]."""

    box: Box
    counts: NDArray[np.uint16]
    truth: Array | None


def take(shot: Shot, box: Box, *, truth: bool = False) -> Tile:
    """The picture in one box."""
    top, bottom, left, right = box
    shape = bottom - top, right - left
    electrons, alt_m = electrons_of(shot, box, heights=truth)
    rng = generator(shot.seed, "noise", shot.band.name, shot.model.chip, top, left)
    made = counts(electrons, (top, left), shot.detectors, shot.digitiser, rng)
    known = None
    if alt_m is not None:
        line, column = np.arange(top, bottom)[:, None], np.arange(left, right)[None, :]
        alt_m = alt_m.astype(np.float64)
        lat, lon = shot.model.locate(line, column, alt_m)
        known = np.stack([np.degrees(lat), np.degrees(lon), alt_m])
    assert made.shape == shape
    return Tile(box=box, counts=made, truth=known)


def electrons_of(shot: Shot, box: Box, *, heights: bool = False) -> tuple[Pixels, Pixels | None]:
    """Electrons that the light of a box makes in usual detectors, without noise; heights [m] met there."""
    top, bottom, left, right = box
    shape = bottom - top, right - left
    n, padded = shot.exposure.samples, shot.exposure.padded((bottom - top, right - left))
    first = top - MARGIN, left - MARGIN
    seen = see(
        shot.scene,
        shot.band,
        shot.model,
        first,
        padded,
        n,
        shot.sun,
        alt_m=shot.ground_alt_m,
        heights=heights,
    )
    inside = slice(MARGIN, MARGIN + shape[0]), slice(MARGIN, MARGIN + shape[1])
    light = np.maximum(shot.exposure.expose(seen.light)[inside], np.float32(0.0))
    if shot.clouds is not None:
        sun = shot.sun.azimuth_rad, shot.sun.elevation_rad
        clouds = shade(
            shot.clouds, shot.model, (top, left), shape, sun, shot.ground_alt_m, shot.gsd_m
        )
        light = cover(light, clouds, shot.sun.direct_share)
    own, haze = (_patch(one, box) for one in (shot.light.own, shot.light.haze))
    light *= own
    light += haze
    if seen.alt_m is None:
        return light, None
    middle = slice(MARGIN * n + n // 2, None, n)
    alt_m = seen.alt_m[middle, middle][: shape[0], : shape[1]]
    return light, alt_m


def tiles(
    shot: Shot, *, truth: bool, threads: int, tick: Callable[[], None] | None = None
) -> Iterator[Tile]:
    """All tiles in order, a few of them in work at a time."""

    def work(box: Box) -> Tile:
        return take(shot, box, truth=truth)

    for _, tile in in_order(work, boxes(shot.shape, SIDE), threads):
        yield tile
        if tick:
            tick()


def corner_light(
    acquisition: Acquisition, model: CameraModel, band: Band, air: Atmosphere, sun_factor: float
) -> BandLight:
    """Light at the corners of tiles: look and Sun turn a little from place to place."""
    lines, columns = (np.arange(0, -(-side // SIDE) + 1) * SIDE - 0.5 for side in model.shape)
    alt_m = acquisition.aim.alt_m
    lat, lon, incidence, azimuth = sight(model, lines[:, None], columns[None, :], alt_m)
    sun_elevation, sun_azimuth = sun_angles(acquisition.aim, acquisition.view, lat, lon)
    light = band_light(
        acquisition.sensor,
        band,
        air,
        sun_elevation_rad=sun_elevation,
        incidence_rad=incidence,
        relative_azimuth_rad=sun_azimuth - azimuth,
        ground_alt_m=alt_m,
        sun_factor=sun_factor,
    )
    return BandLight(own=np.nan_to_num(light.own), haze=np.nan_to_num(light.haze))


def sun_angles(aim: Site, view: Any, lat_rad: Array, lon_rad: Array) -> tuple[Array, Array]:
    """Height and azimuth [rad] of the Sun over places, from those over the aim: it is infinitely far."""
    azimuth, elevation = view.sun_azimuth_rad, view.sun_elevation_rad
    local = np.array(
        [
            np.sin(azimuth) * np.cos(elevation),
            np.cos(azimuth) * np.cos(elevation),
            np.sin(elevation),
        ]
    )
    sun = local @ east_north_up(aim.lat_rad, aim.lon_rad)
    east, north, up = np.moveaxis(east_north_up(lat_rad, lon_rad) @ sun, -1, 0)
    return np.arctan2(up, np.hypot(east, north)), np.arctan2(east, north)


def motion_smear_px(
    acquisition: Acquisition, model: CameraModel, band: Band
) -> tuple[float, float]:
    """Smear [px] along and across, amid a chip, of a picture that does not keep step with its lines.

    The same point of the ground is looked for by the detectors that lie the integration time's lines ahead:
    it should come so many lines earlier, in the same column. 0 for a frame, whose smear is its sensor's.
    """
    if acquisition.is_frame:
        return 0.0, 0.0
    stages = electronics(acquisition.sensor, band).exposure_s / model.line_time_s
    line, column = (model.shape[0] - 1) / 2.0, (model.shape[1] - 1) / 2.0
    lat, lon = model.locate(line, column, acquisition.aim.alt_m)
    ahead = replace(model, x0=model.x0 + stages * model.ifov_rad)
    other_line, other_column = ahead.project(lat, lon, acquisition.aim.alt_m)
    along = abs(line - float(other_line)) - stages
    return float(abs(along)), float(abs(float(other_column) - column))


def chip_detectors(
    acquisition: Acquisition, model: CameraModel, band: Band, flaws: Flaws
) -> Detectors:
    """The detectors that take a chip's picture: its columns that the picture reaches, left to right."""
    plane = acquisition.focal_plane.band(band.name)
    lines, columns = model.shape
    chip = chips_of(acquisition, plane)[model.chip]
    built = len(plane.chips) - 1 - model.chip if acquisition.turned else model.chip
    rows = max(acquisition.focal_plane.rows, lines) if acquisition.is_frame else 1
    whole = detectors(acquisition.sensor, band, built, (rows, chip.columns), flaws)
    first = picture_box(acquisition, plane)[2] + model.first_column - chip.first_column
    step = -1 if acquisition.turned else 1
    top = (len(whole.gain) - lines) // 2 if rows > 1 else 0

    def part(values: NDArray[Any]) -> NDArray[Any]:
        rows_of = values[top : top + lines] if len(values) > 1 else values
        return np.ascontiguousarray(rows_of[::step, ::step][:, first : first + columns])

    return Detectors(
        gain=part(whole.gain),
        dark_e=part(whole.dark_e),
        zero_e=part(whole.zero_e),
        state=part(whole.state),
    )


def _patch(corners: Array, box: Box) -> Pixels:
    """Values between the corners of a tile."""
    top, bottom, left, right = box
    i, j = top // SIDE, left // SIDE
    v = ((np.arange(bottom - top) + 0.5) / SIDE)[:, None]
    u = ((np.arange(right - left) + 0.5) / SIDE)[None, :]
    (a, b), (c, d) = corners[i : i + 2, j : j + 2]
    return np.asarray((a * (1 - v) + c * v) * (1 - u) + (b * (1 - v) + d * v) * u, np.float32)
