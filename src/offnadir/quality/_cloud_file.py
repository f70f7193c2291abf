"""Forecast files of cloud cover, NetCDF or GRIB; the only file that knows xarray."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import MISSING, FileError, InputError, MissingExtraError

TOTAL: Final = ("tcc", "clt", "tcdc", "cloud_area_fraction", "total_cloud_cover", "cloud_cover")
LAYERS: Final = (
    ("lcc", "cll", "lcdc", "low_type_cloud_area_fraction", "low_cloud_cover", "cloud_cover_low"),
    (
        "mcc",
        "clm",
        "mcdc",
        "medium_type_cloud_area_fraction",
        "medium_cloud_cover",
        "cloud_cover_mid",
    ),
    ("hcc", "clh", "hcdc", "high_type_cloud_area_fraction", "high_cloud_cover", "cloud_cover_high"),
)
MEMBERS: Final = ("number", "realization", "member", "ensemble", "ensemble_member", "ens")
_PERCENT = {"%", "percent", "per cent", "pct"}
_FRACTION = {"1", "(0 - 1)", "0 - 1", "0-1", "(0-1)", "fraction", "dimensionless", "proportion", ""}
_EIGHTHS = {"okta", "oktas", "eighths", "1/8"}
_TENTHS = {"tenth", "tenths", "1/10"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CloudFile:
    """What one file says: cover (time, member, latitude, longitude), all axes ascending.

    `utc_ns` are the times that it holds for, `run_utc_ns` when each was forecast (or the same time where
    the file does not say). `unit` is how the numbers were taken.
    """

    path: str
    utc_ns: NDArray[np.int64]
    run_utc_ns: NDArray[np.int64]
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]
    cover: NDArray[np.float32]
    unit: str


def read_cloud_file(path: Path, variable: str | None = None) -> CloudFile:
    """Total cloud cover of a NetCDF or GRIB file, told by its content and not by its name.

    A variable is known by its name or `standard_name` (TOTAL); without one, low, middle and high cloud are
    put together as if they lay at random over each other. Raises FileError where the file cannot be read,
    InputError for what it says, OffnadirError where the libraries are missing.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    grib = start == b"GRIB"
    if not grib and start[:3] != b"CDF" and start != b"\x89HDF":
        raise FileError(path, "is neither NetCDF nor GRIB")
    last: InputError | None = None
    for data in _datasets(path, grib=grib, variable=variable):
        with data:
            try:
                return _from_dataset(data, path, variable)
            except InputError as error:
                if error.field != "cloud cover":
                    raise
                last = error
    raise last or _no_cloud(path, (), variable)


def _datasets(path: Path, *, grib: bool, variable: str | None) -> Iterator[Any]:
    """The file opened; a GRIB file once for each way its messages may fit together."""
    xarray = _xarray()
    if not grib:
        try:
            yield xarray.open_dataset(path, decode_timedelta=True)
        except (OSError, ValueError) as error:
            raise FileError(path, _first_line(error)) from error
        return
    try:
        import cfgrib  # noqa: F401
    except (ImportError, RuntimeError) as error:
        raise MissingExtraError(f"{path}: GRIB needs cfgrib and ecCodes", "weather") from error
    for names in [[variable]] if variable else [["tcc"], ["lcc", "mcc", "hcc"]]:
        parts = [part for name in names if (part := _grib_part(xarray, path, name)) is not None]
        if variable and parts:
            parts[0] = parts[0].rename({next(iter(parts[0].data_vars)): variable})
        if len(parts) == len(names):
            yield parts[0] if len(parts) == 1 else xarray.merge(parts, compat="override")


def _grib_part(xarray: Any, path: Path, name: str) -> Any:
    """One variable of a GRIB file; instantaneous values where means over hours stand beside them."""
    for keys in ({}, {"stepType": "instant"}):
        options = {
            "indexpath": "",
            "filter_by_keys": {"shortName": name, **keys},
            "errors": "raise",
        }
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # cfgrib on its own calls of xarray
                data = xarray.open_dataset(path, engine="cfgrib", backend_kwargs=options)
        except Exception as error:  # noqa: BLE001  cfgrib raises what it finds: DatasetBuildError, KeyError, EOFError
            trouble = error
            continue
        return data if data.data_vars else None
    raise FileError(path, f"{name}: {_first_line(trouble)}") from trouble


def _from_dataset(data: Any, path: Path, variable: str | None) -> CloudFile:
    found = _find(data, path, variable)
    parts = [_scaled(data[name], path) for name in found]
    array, unit = parts[0]
    if len(parts) > 1:
        clear = 1 - array
        for part, _ in parts[1:]:
            clear = clear * (1 - part)
        array, unit = 1 - clear, "layers at random over each other"
    lat = _axis(array, path, ("latitude", "lat"), "degrees_north", "latitude")
    lon = _axis(array, path, ("longitude", "lon"), "degrees_east", "longitude")
    member = next((name for name in array.dims if str(name).lower() in MEMBERS), None)
    valid, run, time_dims = _times(array, path)
    keep = {lat, lon, member, *time_dims}
    for name in array.dims:
        if name not in keep:
            if array.sizes[name] != 1:
                raise _bad(path, str(name), array.sizes[name], "one level: cloud of the whole sky")
            array = array.isel({name: 0})
    if member is None:
        array, member = array.expand_dims("member"), "member"
    values = array.transpose(*time_dims, member, lat, lon).values.astype(np.float32)
    values = values.reshape(-1, *values.shape[len(time_dims) :])
    lat_deg = np.asarray(array[lat].values, np.float64)
    lon_deg = np.asarray(array[lon].values, np.float64)
    _check_axes(path, str(lat), lat_deg, str(lon), lon_deg)
    rows, when = np.argsort(lat_deg), np.argsort(valid, kind="stable")
    columns, lon_deg = _eastward(lon_deg)
    return CloudFile(
        path=str(path),
        utc_ns=valid[when],
        run_utc_ns=run[when],
        lat_deg=lat_deg[rows],
        lon_deg=lon_deg,
        cover=values[when][:, :, rows][..., columns],
        unit=unit,
    )


def _find(data: Any, path: Path, variable: str | None) -> list[str]:
    """Names of the variables to read: one of the whole sky, or three of layers."""
    if variable is not None:
        if variable not in data.data_vars:
            raise _no_cloud(path, data.data_vars, variable)
        return [variable]
    total = _named(data, TOTAL)
    if total:
        return [total]
    layers = [_named(data, names) for names in LAYERS]
    if all(layers):
        return [name for name in layers if name]
    raise _no_cloud(path, data.data_vars, None)


def _named(data: Any, names: Sequence[str]) -> str | None:
    for wanted in names:
        for name, array in data.data_vars.items():
            if wanted in (str(name).lower(), str(array.attrs.get("standard_name", "")).lower()):
                return str(name)
    return None


def _scaled(array: Any, path: Path) -> tuple[Any, str]:
    """The array as a fraction, and how its numbers were taken."""
    unit = str(array.attrs.get("units", "")).strip().lower()
    values = np.asarray(array.values)
    if values.dtype.kind not in "fiu":
        raise _bad(path, str(array.name), str(values.dtype), "numbers")
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        raise _bad(path, str(array.name), "only missing values", "a cloud cover")
    least, most = float(finite.min()), float(finite.max())
    if unit in _PERCENT:
        full, name = 100.0, "%"
    elif unit in _EIGHTHS:
        full, name = 8.0, "oktas"
    elif unit in _TENTHS:
        full, name = 10.0, "tenths"
    elif unit in _FRACTION:
        # GRIB tables call the same numbers 0 to 1 in one centre and % in another: the numbers decide
        full, name = (100.0, "%") if most > 1.5 else (1.0, "0 to 1")
    else:
        raise _bad(path, f"{array.name}.units", unit, "%, 1 (a fraction), oktas or tenths")
    if least < -0.01 * full or most > 1.01 * full:
        worst = least if least < -0.01 * full else most
        raise _bad(path, str(array.name), worst, f"from 0 to {full:g} ({name})")
    return (array.astype(np.float32) / np.float32(full)).clip(0.0, 1.0), name


def _axis(array: Any, path: Path, names: Sequence[str], units: str, what: str) -> Any:
    """The dimension that is latitude or longitude: by name, standard name or unit."""
    for name in array.dims:
        attributes = array[name].attrs if name in array.coords else {}
        by_attribute = attributes.get("standard_name") == what or attributes.get("units") == units
        if str(name).lower() in names or by_attribute:
            if name not in array.coords:
                raise _bad(path, str(name), MISSING, f"a coordinate with values of {what}")
            return name
    dims = ", ".join(str(name) for name in array.dims)
    raise _bad(path, f"dimensions of {array.name}", dims, f"a regular grid with an axis of {what}")


def _eastward(lon_deg: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Columns from the west edge on, which lies behind the widest gap, and their ascending longitudes.

    The same meridian given twice (0 and 360) counts once.
    """
    turned, columns = np.unique(np.round(lon_deg % 360.0, 7) % 360.0, return_index=True)
    start = int(np.argmax(np.diff(turned, append=turned[0] + 360.0)) + 1) % turned.size
    ascending = np.where(turned >= turned[start], turned, turned + 360.0)
    return np.roll(columns, -start), np.roll(ascending, -start)


def _times(array: Any, path: Path) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[Any, ...]]:
    """UTC ns that the values hold for and of the runs, flattened, and the dimensions they run over."""
    time = next((n for n in ("time", "forecast_reference_time") if n in array.coords), None)
    step = next(
        (n for n in ("step", "lead_time", "leadtime", "forecast_period") if n in array.coords), None
    )
    if "valid_time" in array.coords:
        valid = array["valid_time"]
    elif time is not None and step is not None and array[step].dtype.kind == "m":
        # CF: with a forecast_period beside it, `time` is already when it holds, unless that is a dimension
        beside = step == "forecast_period" and step not in array.dims
        valid = array[time] if beside else array[time] + array[step]
    elif time is not None:
        valid = array[time]
    else:
        raise _bad(path, "time", MISSING, "a coordinate time (with step) or valid_time")
    if valid.dtype.kind != "M":
        shown = valid.dt.calendar if valid.dtype.kind == "O" else str(valid.dtype)
        raise _bad(path, str(valid.name or "time"), shown, "dates of the usual calendar")
    dims = tuple(name for name in array.dims if name in valid.dims)
    extra = {"time", "valid_time", "step", "lead_time", "leadtime", "forecast_period"}
    dims += tuple(n for n in array.dims if n in extra and n not in dims)
    run = valid
    for name in ("forecast_reference_time", "time"):
        if name in array.coords and array[name].dtype.kind == "M":
            run = array[name]
            break
    shape = {name: array.sizes[name] for name in dims}
    flat = [
        np.broadcast_to(
            part.transpose(*[n for n in dims if n in part.dims]).values.reshape(
                [shape[n] if n in part.dims else 1 for n in dims]
            ),
            list(shape.values()),
        )
        .astype("datetime64[ns]")
        .astype(np.int64)
        .reshape(-1)
        for part in (valid, run)
    ]
    if np.any(flat[0] == np.iinfo(np.int64).min):
        raise _bad(path, str(valid.name or "time"), "not a time", "times without gaps")
    return flat[0], flat[1], dims


def _check_axes(
    path: Path, lat: str, lat_deg: NDArray[np.float64], lon: str, lon_deg: NDArray[np.float64]
) -> None:
    if not np.all(np.abs(lat_deg) <= 90.0):
        worst = float(lat_deg[~(np.abs(lat_deg) <= 90.0)][0])
        raise _bad(path, lat, worst, "degrees from -90 to 90")
    for name, values in ((lat, lat_deg), (lon, lon_deg)):
        if values.size < 2 or np.unique(values).size != values.size:
            raise _bad(
                path, name, f"{values.size} values", "at least two different values, none twice"
            )


def _xarray() -> Any:
    # ecCodes, which xarray loads, brings a PROJ of its own; pyproj loaded after it finds no projection, or
    # ends the process
    with suppress(ImportError):
        import pyproj  # noqa: F401
    try:
        import xarray
    except ImportError as error:
        raise MissingExtraError("forecasts of clouds need xarray", "weather") from error
    return xarray


def _no_cloud(path: Path, names: Any, variable: str | None) -> InputError:
    there = ", ".join(str(name) for name in names) or MISSING
    wish = (
        variable
        or "a total cloud cover (tcc, clt, tcdc or cloud_area_fraction), or all of low, middle and high"
    )
    return InputError("cloud cover", there, wish, where=str(path))


def _bad(path: Path, field: str, value: object, wish: str) -> InputError:
    return InputError(field, value, wish, where=str(path))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
