"""Products of real images: rasters that come with rational polynomials, theirs or in a file beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir._threads import in_order
from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError
from offnadir.imagery._control import (
    ControlPoints,
    check_reference,
    read_control,
    reference_control,
)
from offnadir.imagery._correct import STEP_TAG, stamp_of, step_digest, step_tags, tag_of
from offnadir.imagery._grid import Grid, map_gsd_m
from offnadir.imagery._ground import GroundModel
from offnadir.imagery._mosaic import mosaic
from offnadir.imagery._ortho import ortho_grid
from offnadir.imagery._pansharpen import pansharpen
from offnadir.imagery._product import (
    ProcessOptions,
    Product,
    Report,
    Sheet,
    check_room,
    checked_name,
    hand_over,
    now_utc,
    outline,
    put_on_map,
    quiet,
    rounded,
    terrain_words,
    workplace,
)
from offnadir.imagery._raster import (
    Box,
    RasterInfo,
    SharedRaster,
    boxes,
    raster_info,
    window_of,
    writing,
)
from offnadir.imagery._refine import Refinement, refine
from offnadir.imagery._restore import REACH, Restoration, nyquist_otf, restoration, restore
from offnadir.imagery._rpc import Rpc, read_rpc, rpc_of_tags
from offnadir.imagery._sight_lines import SightAngles, sight_angles
from offnadir.imagery._stac import ItemFacts, multihash

#: Tags in which producers say when a picture was taken, the best first.
_TIMES: Final = ("ACQUISITIONDATETIME", "IMAGING_DATE", "NITF_IDATIM", "TIFFTAG_DATETIME")


def process_raster(
    sources: Sequence[Path],
    folder: Path,
    options: ProcessOptions,
    *,
    rpc: Path | None = None,
    name: str | None = None,
    report: Report | None = None,
) -> Product:
    """Put images with rational polynomials on a map: COG, picture and STAC item in `folder`.

    Several images of the same bands are joined along seams; with `options.pansharpen` a panchromatic and a
    colour image are fused. Values stay what they were (counts, or whatever the producer wrote). An
    interrupted run goes on where it stopped. FileError for what cannot be read, has no geometry, or does
    not fit on the disk.
    """
    infos = [raster_info(path) for path in sources]
    if not infos:
        raise InputError("sources", 0, "one image at least")
    if options.level != "ortho":
        raise InputError("level", options.level, "ortho, for what has no acquisition")
    if rpc is not None and len(infos) > 1:
        raise InputError("rpc", str(rpc), "left out with several images: each has its own")
    for path in (options.reference,):
        if path is not None:
            check_reference(path)
    models = [_model(info, rpc) for info in infos]
    name = checked_name(name or infos[0].path.stem)
    order = list(range(len(infos)))
    fuse = options.pansharpen is not None
    if fuse:
        order = _pan_first(infos)
    with workplace(folder, options.keep_work) as work:
        maker = _Maker(work, options, report)
        found: dict[str, Any] = {}
        fits: list[GroundModel] = []
        for k in order:
            model, fit = maker.refined(infos[k], models[k])
            fits.append(model)
            if fit is not None:
                found[f"refined {infos[k].path.name}"] = {
                    "points": len(fit.used), "used": int(fit.used.sum()), "rms_px": rounded(fit.rms_px, 4),
                }  # fmt: skip
        chosen = [infos[k] for k in order]
        grid = maker.grid(fits[0])
        sheets, told = maker.sheets(chosen, fits, grid, fuse=fuse)
        found |= told
        facts = _facts(name, chosen, fits, options, grid, found)
        return hand_over(sheets, folder, facts, synthetic=False, report=report, found=found)


class _Maker:
    """Makes the intermediate rasters of a product in its work folder."""

    def __init__(self, work: Path, options: ProcessOptions, report: Report | None) -> None:
        self.work, self.options, self.report = work, options, report

    def grid(self, model: GroundModel) -> Grid:
        options = self.options
        return ortho_grid(model, options.terrain, step=options.step(options.crs), crs=options.crs)

    def refined(
        self, info: RasterInfo, model: GroundModel
    ) -> tuple[GroundModel, Refinement | None]:
        """The model fitted to ground control or to the reference image."""
        options = self.options
        points: ControlPoints | None = None
        if options.control is not None:
            from offnadir.imagery._control import use_points

            points = use_points(read_control(options.control), info.path.name).on(options.terrain)
        elif options.reference is not None:
            rough = self.work / f"{info.path.stem}_rough.tif"
            self._ortho(info.path, model, self.grid(model), rough)
            points = reference_control(
                rough,
                model,
                options.terrain,
                options.reference,
                progress=quiet(self.report, "registration"),
            )
        if points is None:
            return model, None
        kind = options.refine
        fit = refine(
            model,
            points.line,
            points.column,
            points.lat_rad,
            points.lon_rad,
            points.alt_m,
            kind=kind,
        )
        return fit.model, fit

    def sheets(
        self, infos: Sequence[RasterInfo], models: Sequence[GroundModel], grid: Grid, *, fuse: bool
    ) -> tuple[list[Sheet], dict[str, Any]]:
        """All rasters of the product, and what was found on the way."""
        found: dict[str, Any] = {}
        if fuse:
            check_room(self.work, grid, _bytes(infos[0]) + 2 * _bytes(infos[1]))
            pan, colour = self.work / "pan.tif", self.work / "colour.tif"
            for info, model, path in zip(infos, models, (pan, colour), strict=True):
                self._ortho(info.path, model, grid, path)
            sharp = self.work / "pansharpened.tif"
            method = self.options.pansharpen or "brovey"
            digest = step_digest("pansharpen", tag_of(pan), tag_of(colour), method)
            if step_tags(sharp, digest) is None:
                weights = pansharpen(
                    pan, colour, sharp, method=method, digest=digest, threads=self.options.threads,
                    executor=self.options.executor, progress=quiet(self.report, "pan sharpening"),
                )  # fmt: skip
                found["pan-sharpening weights"] = [rounded(w, 4) for w in weights]
            return [
                _sheet("pan", pan, "Panchromatic, orthorectified"),
                _sheet("pansharpened", sharp, f"Pan-sharpened colour ({method})"),
            ], found
        if len(infos) == 1:
            check_room(self.work, grid, _bytes(infos[0]))
            path = self.work / "image.tif"
            self._ortho(infos[0].path, models[0], grid, path)
            return [_sheet("image", path, "Orthorectified image")], found
        step = grid.transform[0]
        parts = []
        for info, model in zip(infos, models, strict=True):
            own = ortho_grid(model, self.options.terrain, step=step, crs=grid.crs)
            check_room(self.work, own, _bytes(info))
            path = self.work / f"{info.path.stem}_ortho.tif"
            self._ortho(info.path, model, own, path)
            parts.append(path)
        path = self.work / "mosaic.tif"
        digest = step_digest("mosaic", *[tag_of(part) for part in parts])
        if step_tags(path, digest) is None:
            joined = mosaic(
                parts, path, balance=True, digest=digest, threads=self.options.threads,
                progress=quiet(self.report, "mosaic"),
            )  # fmt: skip
            found["mosaic"] = {
                "shares": [rounded(x, 4) for x in joined.shares],
                "gains": [rounded(x, 5) for x in joined.gains],
                "median difference": rounded(joined.difference, 4),
            }
        return [_sheet("image", path, "Orthorectified mosaic")], found

    def _ortho(self, source: Path, model: GroundModel, grid: Grid, out: Path) -> None:
        options = self.options
        if options.mtfc > 0.0:
            source = self._restored(source)
        put_on_map(source, model, grid, out, (stamp_of(source), repr(model)), options, self.report)

    def _restored(self, source: Path) -> Path:
        """The image sharpened, beside the others in the work folder."""
        options = self.options
        if options.mtf_nyquist is None:
            raise InputError(
                "mtf_nyquist", None, "given: a product of others does not tell its MTF"
            )
        how = restoration(nyquist_otf(options.mtf_nyquist), options.snr, strength=options.mtfc)
        info = raster_info(source)
        out = self.work / f"{source.stem}_restored.tif"
        digest = step_digest(
            "restore", stamp_of(source), options.mtf_nyquist, options.snr, options.mtfc
        )
        if step_tags(out, digest) is None:
            restore_raster(
                info, out, how, digest=digest, threads=options.threads, executor=options.executor
            )
        return out


def restore_raster(
    info: RasterInfo,
    out: Path,
    how: Restoration,
    *,
    digest: str = "",
    threads: int = 2,
    executor: Executor | None = None,
) -> None:
    """All bands of a raster sharpened; its type, nodata and RPCs stay."""
    tags = {STEP_TAG: digest} if digest else {}
    names = tuple(name or "" for name in info.band_names)
    work = _Sharpening(source=SharedRaster(info.path), info=info, how=how)
    with (
        work.source,
        writing(
            out, info.shape, info.bands, info.dtype, nodata=info.nodata, rpc=info.rpc, tags=tags,
            names=names,
        ) as target,
    ):  # fmt: skip
        for box, block in in_order(work, boxes(info.shape), threads, executor):
            target.write(block, window=window_of(box))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sharpening:
    """Sharpens a tile of all bands, in any process."""

    source: SharedRaster
    info: RasterInfo
    how: Restoration

    def __call__(self, box: Box) -> NDArray[Any]:
        info, reach = self.info, REACH + 2
        wide = (
            max(box[0] - reach, 0), min(box[1] + reach, info.shape[0]),
            max(box[2] - reach, 0), min(box[3] + reach, info.shape[1]),
        )  # fmt: skip
        inner = (
            slice(box[0] - wide[0], box[1] - wide[0]),
            slice(box[2] - wide[2], box[3] - wide[2]),
        )
        raws = self.source.read(range(1, info.bands + 1), wide)
        return np.stack([self._sharpened(raw)[inner] for raw in raws])

    def _sharpened(self, raw: NDArray[Any]) -> NDArray[Any]:
        nodata, kind = self.info.nodata, np.dtype(self.info.dtype)
        light = raw.astype(np.float32)
        if nodata is not None:
            light[raw == nodata] = np.nan
        made = restore(light, self.how.kernel)
        missing = ~np.isfinite(made)
        if kind.kind != "f":
            made = np.clip(np.rint(made), np.iinfo(kind).min, np.iinfo(kind).max)
            if nodata is not None:
                made[made == nodata] += 1.0 if nodata == 0 else -1.0
        if nodata is not None:
            made = np.where(missing, np.float32(nodata), made)
        return made.astype(kind)


def _model(info: RasterInfo, rpc: Path | None) -> Rpc:
    """The rational polynomials of an image: of a file if one is named, else its own."""
    if rpc is not None:
        return replace(read_rpc(rpc, info.shape), shape=info.shape)
    if info.rpc is None:
        if info.grid is not None:
            trouble = (
                "lies on a map already and has no rational polynomials: nothing to orthorectify"
            )
        else:
            trouble = "has no rational polynomials, neither in tags nor in a file beside it; name one: --rpc"
        raise FileError(info.path, trouble)
    try:
        return rpc_of_tags(info.rpc, info.shape)
    except InputError as error:
        raise FileError(
            info.path, f"has rational polynomials that cannot be used: {error}"
        ) from error


def _pan_first(infos: Sequence[RasterInfo]) -> list[int]:
    bands = [info.bands for info in infos]
    if len(infos) != 2 or sorted(bands)[0] != 1 or sorted(bands)[1] < 2:
        raise InputError("images", bands, "one of 1 band and one of several, to be fused")
    return [bands.index(1), 1 - bands.index(1)]


def _facts(
    name: str,
    images: Sequence[RasterInfo],
    models: Sequence[GroundModel],
    options: ProcessOptions,
    grid: Grid,
    found: Mapping[str, Any],
) -> ItemFacts:
    terrain, info = options.terrain, images[0]
    middle = models[0].locate((models[0].shape[0] - 1) / 2, (models[0].shape[1] - 1) / 2, 0.0)
    alt_m = 0.0
    if all(map(np.isfinite, middle)):
        alt_m = float(terrain.height_m(*middle))
    angles: SightAngles = sight_angles(models[0], alt_m)
    kind = "rational polynomials"
    if found:
        kind += ", refined" if any(key.startswith("refined") for key in found) else ""
    lineage = (
        f"{', '.join(sorted({info.path.name}))}: orthorectified with {kind} on {terrain_words(terrain)}, "
        f"{options.kernel} resampling"
    )
    return ItemFacts(
        name=name,
        time=options.time or _time(info.tags),
        footprint=outline(models, terrain),
        gsd_m=map_gsd_m(grid),
        platform=options.platform,
        off_nadir_rad=angles.off_nadir_rad,
        incidence_rad=angles.incidence_rad,
        azimuth_rad=angles.azimuth_rad,
        lineage=lineage,
        level="L3" if len(models) > 1 else "L1C",
        now=now_utc(),
        more={
            "offnadir:lineage": options.lineage(
                sources=[
                    {"file": one.path.name, "sha256": multihash(one.path)[4:]} for one in images
                ]
            ),
            **({"offnadir:report": dict(found)} if found else {}),
        },
    )


def _time(tags: Mapping[str, str]) -> str | None:
    """When the picture was taken, as far as tags tell: RFC 3339 in UTC, None if they do not."""
    for key in _TIMES:
        text = tags.get(key, "").strip()
        if key == "TIFFTAG_DATETIME" and len(text) == 19:
            text = text[:10].replace(":", "-") + "T" + text[11:]
        elif key == "NITF_IDATIM" and len(text) == 14 and text.isdigit():
            text = f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:]}"
        if not text:
            continue
        try:
            return Epoch.from_utc(text if text.endswith("Z") else text + "Z").utc(0)
        except InputError:
            continue
    return None


def _sheet(key: str, path: Path, title: str) -> Sheet:
    info = raster_info(path)
    names = tuple((name or f"band {k}", None) for k, name in enumerate(info.band_names, 1))
    return Sheet(key=key, source=path, title=title, bands=names)


def _bytes(info: RasterInfo) -> int:
    return info.bands * np.dtype(info.dtype).itemsize
