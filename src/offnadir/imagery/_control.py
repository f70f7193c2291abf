"""Ground control: points that are known in an image and on the ground, from a file or a reference image."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import FileError, InputError
from offnadir.imagery._ground import GroundModel, Terrain
from offnadir.imagery._raster import raster_info
from offnadir.units import deg

Array = NDArray[np.float64]
_COLUMNS: Final = ("line", "column", "lat_deg", "lon_deg")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ControlPoints:
    """Points in an image (line, column) and on the ground [rad, m], arrays of one length.

    `alt_m` is above the ellipsoid; NaN asks the terrain. `image` names the file of each, "" where there is
    only one.
    """

    line: Array
    column: Array
    lat_rad: Array
    lon_rad: Array
    alt_m: Array
    image: tuple[str, ...]

    def on(self, terrain: Terrain) -> ControlPoints:
        """The same with heights of the terrain where they had none."""
        missing = np.isnan(self.alt_m)
        alt = self.alt_m.copy()
        if missing.any():
            alt[missing] = terrain.height_m(self.lat_rad[missing], self.lon_rad[missing])
        return ControlPoints(
            line=self.line, column=self.column, lat_rad=self.lat_rad, lon_rad=self.lon_rad, alt_m=alt,
            image=self.image,
        )  # fmt: skip


def read_control(path: Path) -> ControlPoints:
    """Ground control from a CSV file with a header: line, column, lat_deg, lon_deg; alt_m, image if known.

    Lines and columns count from 0 at the centre of the first pixel, heights are above the ellipsoid.
    FileError tells the row that cannot be used.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, skipinitialspace=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileError(path, f"cannot be read as CSV: {error}") from error
    if not rows or not set(_COLUMNS) <= set(rows[0]):
        raise FileError(path, f"has no header with {', '.join(_COLUMNS)}, or no points")
    values, images = [], []
    for number, row in enumerate(rows, 2):
        try:
            at = [float(row[name]) for name in _COLUMNS]
            at.append(float(row.get("alt_m") or math.nan))
        except (TypeError, ValueError) as error:
            raise FileError(path, f"line {number}: {error}") from error
        if not (abs(at[2]) <= 90.0 and abs(at[3]) <= 360.0 and all(map(math.isfinite, at[:4]))):
            raise FileError(
                path, f"line {number}: latitude or longitude out of range: {at[2]}, {at[3]}"
            )
        values.append(at)
        images.append((row.get("image") or "").strip())
    line, column, lat, lon, alt = np.array(values).T
    return ControlPoints(
        line=line,
        column=column,
        lat_rad=lat * deg,
        lon_rad=lon * deg,
        alt_m=alt,
        image=tuple(images),
    )


def reference_control(
    ortho: Path,
    model: GroundModel,
    terrain: Terrain,
    reference: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> ControlPoints:
    """Control points from a map image of the same place: what both show, by phase correlation.

    `ortho` is the image put on a map by `model` and `terrain`. What it shows at a pixel came from the line
    and column that the model tells for that place; where the reference shows the same is where it belongs.
    RegistrationError if they have nothing in common.
    """
    from offnadir.imagery._aligned import colour_bands, common_bands
    from offnadir.imagery._register import register

    try:
        bands = common_bands(raster_info(reference), raster_info(ortho))
    except InputError:  # grey against colour: the mean of the colours shows much the same
        bands = colour_bands(reference), colour_bands(ortho)
    found = register(reference, ortho, bands=bands, progress=progress)
    row, column, down, right = found.ties[found.kept][:, :4].T
    grid = found.grid
    lat, lon = grid.lat_lon(row, column)
    moved_lat, moved_lon = grid.lat_lon(row + down, column + right)
    line, sample = model.project(moved_lat, moved_lon, terrain.height_m(moved_lat, moved_lon))
    return ControlPoints(
        line=line, column=sample, lat_rad=lat, lon_rad=lon, alt_m=terrain.height_m(lat, lon),
        image=("",) * len(row),
    )  # fmt: skip


def check_reference(path: Path) -> None:
    """FileError unless a reference image lies on a map."""
    if raster_info(path).grid is None:
        raise FileError(path, "lies on no map, so it cannot tell where anything is")


def use_points(points: ControlPoints, image: str) -> ControlPoints:
    """Points of one image: those that name it, or no image at all; InputError if there are none."""
    use = np.array([one in ("", image, Path(image).stem) for one in points.image])
    if not use.any():
        raise InputError("image", sorted(set(points.image)), f"{image} for one point at least")
    return ControlPoints(
        line=points.line[use], column=points.column[use], lat_rad=points.lat_rad[use],
        lon_rad=points.lon_rad[use], alt_m=points.alt_m[use],
        image=tuple(one for one, used in zip(points.image, use, strict=True) if used),
    )  # fmt: skip
