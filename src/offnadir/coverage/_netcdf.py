"""A Coverage as an xarray dataset with CF metadata, and as NetCDF and Zarr (extra `[coverage]`)."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir import __version__
from offnadir._files import replacing
from offnadir.coverage._figures import FIGURES
from offnadir.errors import FileError, MissingExtraError
from offnadir.units import deg

if TYPE_CHECKING:
    from xarray import Dataset as Dataset

    from offnadir.coverage._coverage import Coverage

Array = NDArray[np.float64]

_LEVELS: Final = {
    "off_nadir_level": ("degree", "greatest off-nadir angle at the satellite", deg),
    "gsd_level": ("m", "greatest sample distance", 1.0),
    "niirs_level": ("1", "least NIIRS", 1.0),
}


def _library() -> Any:
    try:
        import xarray
    except ImportError as error:
        raise MissingExtraError("NetCDF and Zarr need xarray", "coverage") from error
    return xarray


def to_dataset(coverage: Coverage) -> Dataset:
    """Cells along `cell`, classes along their levels, curves along `time`; CF 1.11.

    Longitudes are -180 to 180, but for the bounds of cells across the antimeridian, which run on.
    """
    xr = _library()
    grid = coverage.grid
    variables: dict[str, Any] = {
        "lat": ("cell", grid.lat_rad / deg, _said("latitude", "degrees_north", "lat_bounds", grid)),
        "lon": ("cell", _turned(grid.lon_rad), _said("longitude", "degrees_east", "lon_bounds", grid)),
        "altitude": (
            "cell",
            grid.alt_m,
            {
                "standard_name": "height_above_reference_ellipsoid",
                "units": "m",
                "long_name": "height of the cell's place above WGS-84",
            },
        ),
        "time": ("time", coverage.time_s, {
            "standard_name": "time", "axis": "T", "calendar": "standard",
            "units": f"seconds since {coverage.span.start.utc(0).replace('T', ' ').rstrip('Z')}",
        }),
    }  # fmt: skip
    if grid.kind != "points":
        corners = _corners(grid.rings_deg())
        variables["lat_bounds"] = (("cell", "corner"), corners[..., 1], {})
        variables["lon_bounds"] = (("cell", "corner"), corners[..., 0], {})
    if grid.cell_ids is not None:
        text = np.array([f"{one:x}" for one in grid.cell_ids.tolist()])
        variables["cell_id"] = ("cell", text, {"long_name": "H3 number of the cell"})
    if grid.names is not None:
        variables["name"] = ("cell", np.array(grid.names), {"long_name": "name of the place"})
    coords = set(variables) - {"lat_bounds", "lon_bounds"}
    weights = {"standard_name": "cell_area", "units": "m2", "long_name": "area of the cell"}
    if grid.kind == "points":
        weights = {"units": "1", "long_name": "weight of the place"}
    variables["area"] = ("cell", grid.area_m2, weights)
    for name, values in coverage.cells.items():
        figure = FIGURES[name]
        said = {"units": figure.unit, "long_name": figure.long_name, "cell_measures": "area: area"}
        if not figure.level:
            variables[name] = ("cell", values, said)
            continue
        unit, title, scale = _LEVELS[figure.level]
        levels = np.array(coverage.levels(name)) / scale
        variables[figure.level] = (figure.level, levels, {"units": unit, "long_name": title})
        coords.add(figure.level)
        variables[name] = ((figure.level, "cell"), values, said)
    seen = {"units": "1", "long_name": "share of the area seen so far"}
    variables["seen_share"] = ("time", coverage.seen_share, seen)
    if coverage.clear_share is not None:
        clear = {"units": "1", "long_name": "share of the area expected to be seen clear so far"}
        variables["clear_share"] = ("time", coverage.clear_share, clear)
    dataset: Dataset = xr.Dataset(variables, attrs=_attributes(coverage))
    return dataset.set_coords(sorted(coords))


def write_netcdf(coverage: Coverage, path: Path) -> None:
    """A NetCDF-4 file that appears whole under its name; FileError if nothing can be written there."""
    dataset = to_dataset(coverage)
    _needs("netCDF4")
    with replacing(path) as part:
        try:
            packed = {name: {"zlib": True, "complevel": 4} for name in _numeric(dataset)}
            dataset.to_netcdf(part, engine="netcdf4", encoding=packed)
        except (OSError, RuntimeError) as error:
            raise FileError(path, f"cannot be written: {error}") from error


def write_zarr(coverage: Coverage, path: Path) -> None:
    """A Zarr folder that appears whole; an older one is replaced, any other folder is not.

    Format 2: format 3 has no settled way to write text.
    """
    dataset = to_dataset(coverage)
    _needs("zarr")
    if path.exists() and not (path / ".zgroup").is_file():
        raise FileError(path, "is there already and is no Zarr folder; give another name")
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    except OSError as error:
        raise FileError(path, f"cannot be written: {error.strerror or error}") from error
    try:
        dataset.to_zarr(folder / "new", mode="w", consolidated=True, zarr_format=2)
        if path.exists():
            path.rename(folder / "old")
        (folder / "new").rename(path)
    except OSError as error:
        raise FileError(path, f"cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _needs(name: str) -> None:
    import importlib.util

    if importlib.util.find_spec(name) is None:
        raise MissingExtraError(f"writing this needs {name}", "coverage")


def _numeric(dataset: Dataset) -> list[str]:
    return [str(name) for name, one in dataset.variables.items() if one.dtype.kind in "fiu"]


def _said(standard: str, unit: str, bounds: str, grid: Any) -> dict[str, str]:
    said = {"standard_name": standard, "units": unit, "long_name": f"{standard} of the middle"}
    return said if grid.kind == "points" else {**said, "bounds": bounds}


def _turned(lon_rad: Array) -> Array:
    return np.asarray((lon_rad / deg + 180.0) % 360.0 - 180.0, np.float64)


def _corners(rings: list[Array]) -> Array:
    """(cells, corners, 2): cells with fewer corners repeat the last, as CF wishes."""
    most = max(len(ring) for ring in rings)
    rows = [np.concatenate([ring, ring[-1:].repeat(most - len(ring), axis=0)]) for ring in rings]
    return np.array(rows)


def _attributes(coverage: Coverage) -> dict[str, Any]:
    wishes = coverage.wishes
    told: dict[str, Any] = {
        "Conventions": "CF-1.11",
        "title": f"Coverage of {coverage.grid.title}",
        "source": f"offnadir {__version__}, windows of SGP4 orbits",
        "grid": coverage.grid.kind,
        "time_coverage_start": coverage.span.start.utc(),
        "time_coverage_end": coverage.span.stop.utc(),
        "satellites": coverage.satellites,
        "stations": coverage.stations,
        "daylight_sun_elevation_deg": wishes.daylight_rad / deg,
        "stereo_convergence_deg": [wishes.stereo.least_rad / deg, wishes.stereo.most_rad / deg],
        "stereo_within_s": wishes.stereo.within_s,
    }
    if wishes.max_gsd_m is not None:
        told["looks_up_to_gsd_m"] = wishes.max_gsd_m
    if wishes.min_niirs is not None:
        told["looks_from_niirs"] = wishes.min_niirs
    if coverage.clouds:
        told["clouds"] = coverage.clouds
    return told
