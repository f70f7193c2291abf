"""Rational polynomial models: where the pixels of a real product lie, as its operator gives it away."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir._files import replacing
from offnadir.errors import FileError, InputError
from offnadir.units import deg

Array = NDArray[np.float64]
Twenty = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rpc:
    """Line and column as ratios of cubic polynomials of latitude, longitude and height: a GroundModel.

    Lines and columns count from 0 at the *centre* of the first pixel, as RPC00B and GDAL's RPC tags do; the
    readers take other conventions to this one. Heights are above the ellipsoid, although some files say
    nothing of it. Coefficients stand in the order of RPC00B (`_rpc_kernels`). Denominators must be above 0:
    where they are not, and more than 4 scales from the offsets, the model sees nothing (NaN).
    `err_bias_m` and `err_rand_m` are the operator's word on its error, root mean square per axis.
    """

    shape: tuple[int, int]
    line_off: float
    column_off: float
    lat_off_rad: float
    lon_off_rad: float
    height_off_m: float
    line_scale: float
    column_scale: float
    lat_scale_rad: float
    lon_scale_rad: float
    height_scale_m: float
    line_num: Twenty
    line_den: Twenty
    column_num: Twenty
    column_den: Twenty
    err_bias_m: float | None = None
    err_rand_m: float | None = None
    _scales: Array = field(init=False, repr=False, compare=False)
    _coefficients: Array = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if min(self.shape) < 1:
            raise InputError("shape", self.shape, "lines and columns above 0")
        for name in _NUMBERS:
            value = getattr(self, name)
            if not math.isfinite(value) or (
                name.endswith(("scale", "scale_rad", "scale_m")) and value == 0.0
            ):
                raise InputError(name, value, "a number, and a scale not 0")
        for name in _POLYNOMIALS:
            row = getattr(self, name)
            if len(row) != 20 or not all(map(math.isfinite, row)):
                raise InputError(name, row, "twenty numbers")
        object.__setattr__(self, "_scales", np.array([getattr(self, name) for name in _NUMBERS]))
        rows = np.array([getattr(self, name) for name in _POLYNOMIALS])
        object.__setattr__(self, "_coefficients", rows)

    def locate(self, line: ArrayLike, column: ArrayLike, alt_m: ArrayLike) -> tuple[Array, Array]:
        """Latitude and longitude [rad] of what pixels see at a height, to 1e-12 of the scales; else NaN."""
        from offnadir.imagery._rpc_kernels import locate

        return self._run(locate, line, column, alt_m)

    def project(
        self, lat_rad: ArrayLike, lon_rad: ArrayLike, alt_m: ArrayLike
    ) -> tuple[Array, Array]:
        """Line and column that see a place."""
        from offnadir.imagery._rpc_kernels import project

        return self._run(project, lat_rad, lon_rad, alt_m)

    def _run(self, kernel: object, *inputs: ArrayLike) -> tuple[Array, Array]:
        arrays = [np.asarray(value, np.float64) for value in inputs]
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        flat = [np.broadcast_to(array, shape).flatten() for array in arrays]
        out = np.empty((2, flat[0].size))
        kernel(*flat, self._scales, self._coefficients, out[0], out[1])  # type: ignore[operator]
        first, second = out.reshape(2, *shape)
        return first, second


_NUMBERS = (
    "line_off", "column_off", "lat_off_rad", "lon_off_rad", "height_off_m",
    "line_scale", "column_scale", "lat_scale_rad", "lon_scale_rad", "height_scale_m",
)  # fmt: skip
_POLYNOMIALS = ("line_num", "line_den", "column_num", "column_den")
# What GDAL calls the numbers above, in that order, and what Maxar's .RPB files do.
_TAGS = (
    "LINE_OFF", "SAMP_OFF", "LAT_OFF", "LONG_OFF", "HEIGHT_OFF",
    "LINE_SCALE", "SAMP_SCALE", "LAT_SCALE", "LONG_SCALE", "HEIGHT_SCALE",
)  # fmt: skip
_RPB = (
    "lineOffset", "sampOffset", "latOffset", "longOffset", "heightOffset",
    "lineScale", "sampScale", "latScale", "longScale", "heightScale",
)  # fmt: skip
_TAG_ROWS = ("LINE_NUM_COEFF", "LINE_DEN_COEFF", "SAMP_NUM_COEFF", "SAMP_DEN_COEFF")
_RPB_ROWS = ("lineNumCoef", "lineDenCoef", "sampNumCoef", "sampDenCoef")


def rpc_of_tags(tags: Mapping[str, object], shape: tuple[int, int] | None = None) -> Rpc:
    """The model in GDAL's `RPC` tags: LINE_OFF ..., LINE_NUM_COEFF with twenty numbers, or COEFF_1 to _20.

    `shape` is the image's; without it, what offsets and scales span. InputError names a tag that is missing
    or no number.
    """
    numbers = [_number(tags, name) for name in _TAGS]
    rows = [_row(tags, name) for name in _TAG_ROWS]
    for k in (2, 3, 7, 8):
        numbers[k] *= deg
    if shape is None:
        shape = (
            max(1, round(numbers[0] + abs(numbers[5])) + 1),
            max(1, round(numbers[1] + abs(numbers[6])) + 1),
        )
    errors = [_error_m(tags, name) for name in ("ERR_BIAS", "ERR_RAND")]
    named: dict[str, Any] = dict(zip((*_NUMBERS, *_POLYNOMIALS), (*numbers, *rows), strict=True))
    return Rpc(shape=shape, **named, err_bias_m=errors[0], err_rand_m=errors[1])


def rpc_tags(rpc: Rpc) -> dict[str, str]:
    """GDAL's `RPC` tags of a model, as `_raster.writing` and rasterio take them."""
    angles = {"lat_off_rad", "lon_off_rad", "lat_scale_rad", "lon_scale_rad"}
    tags = {
        tag: _text(getattr(rpc, name) / (deg if name in angles else 1.0))
        for tag, name in zip(_TAGS, _NUMBERS, strict=True)
    }
    for tag, name in zip(_TAG_ROWS, _POLYNOMIALS, strict=True):
        tags[tag] = " ".join(repr(value) for value in getattr(rpc, name))
    for tag, error in (("ERR_BIAS", rpc.err_bias_m), ("ERR_RAND", rpc.err_rand_m)):
        if error is not None:
            tags[tag] = _text(error)
    return tags


def read_rpc(path: Path, shape: tuple[int, int] | None = None) -> Rpc:
    """The model in a file: `_RPC.TXT` or `_rpc.txt`, `.RPB`, DIMAP's `RPC_*.XML`, or a raster that has one.

    A raster gives its model by its tags or by a file beside it that GDAL knows, and its shape. Files of text
    count from the centre of the first pixel, except DIMAP: SPOT and Pleiades call that pixel (1, 1) and
    Pleiades Neo says itself where it begins. FileError tells what the file lacks.
    """
    try:
        with path.open("rb") as file:
            head = file.read(1 << 20)
    except OSError as error:
        raise FileError(path, f"cannot be read: {error.strerror or error}") from error
    if b"\0" in head:
        from offnadir.imagery._raster import raster_info

        info = raster_info(path)
        if info.rpc is None:
            raise FileError(
                path, "has no rational polynomials, neither in tags nor in a file beside it"
            )
        tags, shape = dict(info.rpc), shape or info.shape
    else:
        text = head.decode("utf-8", "replace")
        if text.lstrip("\ufeff \r\n\t").startswith("<"):
            from offnadir.imagery._dimap import dimap_tags

            tags, spans = dimap_tags(path, head)
            shape = shape or spans
        elif "BEGIN_GROUP" in text:
            tags = _rpb_tags(text)
        else:
            pairs = (line.partition(":")[::2] for line in text.splitlines() if ":" in line)
            tags = {key.strip(): value.strip() for key, value in pairs}
    try:
        return rpc_of_tags(tags, shape)
    except InputError as error:
        raise FileError(
            path, f"is no file of rational polynomials that can be used: {error}"
        ) from error


def write_rpc(rpc: Rpc, path: Path) -> None:
    """Write `NAME_RPC.TXT`, which GDAL finds beside NAME.tif; whole or not at all."""
    tags = rpc_tags(rpc)
    lines = [f"{name}: {tags[name]}" for name in (*_TAGS, "ERR_BIAS", "ERR_RAND") if name in tags]
    for name in _TAG_ROWS:
        values = enumerate(tags[name].split(), 1)
        lines += [f"{name}_{k}: {value}" for k, value in values]
    with replacing(path) as part:
        part.write_text("\n".join(lines) + "\n", encoding="ascii")


def _number(tags: Mapping[str, object], name: str) -> float:
    words = str(tags.get(name, "")).split()
    try:
        return float(words[0])  # a unit may follow
    except (IndexError, ValueError):
        raise InputError(name, tags.get(name), "a number") from None


def _error_m(tags: Mapping[str, object], name: str) -> float | None:
    """An error that is told; unknown ones are written as -1 or in words."""
    try:
        error_m = _number(tags, name)
    except InputError:
        return None
    return error_m if error_m >= 0.0 else None


def _row(tags: Mapping[str, object], name: str) -> Twenty:
    if name in tags:
        words = str(tags[name]).replace(",", " ").split()
        try:
            return tuple(map(float, words))
        except ValueError:
            raise InputError(name, tags[name], "twenty numbers") from None
    return tuple(_number(tags, f"{name}_{k}") for k in range(1, 21))


def _rpb_tags(text: str) -> dict[str, object]:
    """Tags of a Maxar .RPB: `name = value;`, where a value in brackets runs over lines."""
    names = dict(zip((*_RPB, *_RPB_ROWS), (*_TAGS, *_TAG_ROWS), strict=True))
    names |= {"errBias": "ERR_BIAS", "errRand": "ERR_RAND"}
    tags: dict[str, object] = {}
    for statement in text.split(";"):
        key, equals, value = statement.rpartition("=")
        words = key.split()
        if equals and words and words[-1] in names:
            tags[names[words[-1]]] = value.strip().strip("()")
    return tags


def _text(value: float) -> str:
    """A number to 15 digits: what came as degrees and was kept as radians reads as it did."""
    return f"{value:.15g}"


assert {*_NUMBERS, *_POLYNOMIALS} <= {item.name for item in fields(Rpc)}
