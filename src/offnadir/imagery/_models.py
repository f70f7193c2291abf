"""The geometry of each chip's picture of an acquisition, and of a whole band's."""

from __future__ import annotations

import math
from collections.abc import Mapping

from offnadir.imagery._acquisition import Acquisition
from offnadir.imagery._camera import CameraModel
from offnadir.imagery._focal_plane import BandPlane, Chip
from offnadir.imagery._jitter import shaken
from offnadir.imagery._track import Track


def models(acquisition: Acquisition, *, jitter: bool = True) -> dict[str, tuple[CameraModel, ...]]:
    """The geometry of each chip's picture, by band; chips that the picture does not reach are left out.

    A chip that looks ahead or behind takes its lines earlier or later by a whole number of them
    (`line_shifts`), so that line l of all chips and bands is the same ground within half a line at a
    chip's middle, and some at its ends, but for what terrain adds. Without `jitter` it is what the ground
    station knows of it.
    """
    track = acquisition.track
    if jitter and acquisition.jitter is not None:
        track = shaken(track, acquisition.jitter)
    made: dict[str, tuple[CameraModel, ...]] = {}
    for name in acquisition.bands:
        plane = acquisition.focal_plane.band(name)
        made[name] = tuple(
            model
            for number, chip in enumerate(chips_of(acquisition, plane))
            if (model := _model(acquisition, track, plane, number, chip)) is not None
        )
    return made


def band_model(acquisition: Acquisition, band: str) -> CameraModel:
    """The geometry of a band as if one straight line of detectors had taken it: no chips, no distortion.

    Its line stands in the middle of where the chips stand, and its lines are theirs. It knows no jitter.
    """
    plane = acquisition.focal_plane.band(band)
    offsets = [chip.along_rad for chip in plane.chips]
    along = (min(offsets) + max(offsets)) / 2
    if acquisition.turned:
        along = -along
    whole = Chip(first_column=0, columns=plane.columns, along_rad=along)
    model = _model(acquisition, acquisition.track, plane, -1, whole)
    assert model is not None
    return model


def line_shifts(acquisition: Acquisition) -> dict[str, tuple[int, ...]]:
    """Lines by which each chip has to begin later, so that its middle sees what the boresight's line did.

    By band, from the picture's left to its right; at the height of the aim.
    """
    if acquisition.is_frame:
        return {}
    sharp = acquisition.focal_plane.bands[0]
    lines, _, left = picture_box(acquisition, sharp)
    straight = Chip(first_column=0, columns=sharp.columns)
    reference = _model(acquisition, acquisition.track, sharp, -1, straight, shift=0)
    assert reference is not None
    alt_m = acquisition.aim.alt_m
    made: dict[str, tuple[int, ...]] = {}
    for name in acquisition.bands:
        plane = acquisition.focal_plane.band(name)
        shifts = []
        for chip in chips_of(acquisition, plane):
            middle = chip.first_column + (chip.columns - 1) / 2.0 - (plane.columns - 1) / 2.0
            column = middle * plane.ifov_rad / sharp.ifov_rad + (sharp.columns - 1) / 2.0 - left
            place = reference.locate((lines - 1) / 2.0, column, alt_m)
            shift = _nominal_shift(plane, chip.along_rad)
            model = _model(acquisition, acquisition.track, plane, -2, chip, shift=shift, whole=True)
            assert model is not None
            late = float(model.project(*place, alt_m)[0]) - (model.shape[0] - 1) / 2.0
            shifts.append(shift + (round(late) if math.isfinite(late) else 0))
        made[name] = tuple(shifts)
    return made


def picture_box(acquisition: Acquisition, plane: BandPlane) -> tuple[int, int, int]:
    """Lines and columns of a band's picture, and its first one of all the band's columns."""
    ratio = plane.ifov_rad / acquisition.focal_plane.bands[0].ifov_rad
    lines, columns = (max(math.floor(n / ratio + 1e-9), 1) for n in acquisition.size)
    columns = min(columns, plane.columns)
    return lines, columns, (plane.columns - columns) // 2


def chips_of(acquisition: Acquisition, plane: BandPlane) -> tuple[Chip, ...]:
    """A band's chips from the picture's left to its right, turned by half a turn if the camera is."""
    if not acquisition.turned:
        return plane.chips
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


def _model(
    acquisition: Acquisition,
    track: Track,
    plane: BandPlane,
    number: int,
    chip: Chip,
    *,
    shift: int | None = None,
    whole: bool = False,
) -> CameraModel | None:
    """A chip's model, None where the picture does not reach it; number -1 stands for an ideal line."""
    lines, columns, left = picture_box(acquisition, plane)
    first, last = chip.first_column, chip.first_column + chip.columns
    if not whole:
        first, last = max(first, left), min(last, left + columns)
    if last <= first:
        return None
    ifov = plane.ifov_rad
    middle = (plane.columns - 1) / 2.0
    y0 = -(first - middle) * ifov
    sharp_ifov = acquisition.focal_plane.bands[0].ifov_rad
    x0, x_line = chip.along_rad, 0.0
    if acquisition.is_frame:
        first_s, line_s = -chip.along_rad / (acquisition.line_rate_hz * sharp_ifov), 0.0
        x0, x_line = x0 - (lines - 1) / 2.0 * ifov, ifov
    else:
        if shift is None:
            shift = _shift(acquisition.line_shifts, plane, number, chip)
        line_s = ifov / sharp_ifov / acquisition.line_rate_hz
        first_s = (shift - (lines - 1) / 2.0) * line_s
    middle_y = -(chip.first_column + (chip.columns - 1) / 2.0 - middle) * ifov
    is_ideal = number == -1
    return CameraModel(
        shape=(lines, last - first), band=plane.band, chip=number, first_column=first - left,
        track=track, ifov_rad=ifov,
        first_time_s=first_s, line_time_s=line_s,
        x0=x0 + chip.tilt_rad * (y0 - middle_y), x_line=x_line, x_column=-chip.tilt_rad * ifov,
        y0=y0 + chip.across_rad, y_column=-ifov,
        k1=0.0 if is_ideal else acquisition.focal_plane.k1,
        k2=0.0 if is_ideal else acquisition.focal_plane.k2,
    )  # fmt: skip


def _shift(shifts: Mapping[str, tuple[int, ...]], plane: BandPlane, number: int, chip: Chip) -> int:
    known = shifts.get(plane.band)
    if known is None:
        return _nominal_shift(plane, chip.along_rad)
    return known[number] if number >= 0 else round((min(known) + max(known)) / 2)


def _nominal_shift(plane: BandPlane, along_rad: float) -> int:
    return -round(along_rad / plane.ifov_rad)
