"""The intermediate rasters of a capture's product: images set right, bands put on a map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from offnadir.errors import FileError
from offnadir.imagery._acquisition import Acquisition
from offnadir.imagery._correct import STEP_TAG, correct, stamp_of, step_digest, step_tags, tag_of
from offnadir.imagery._focal_plane import sensor_band
from offnadir.imagery._grid import Grid
from offnadir.imagery._ground import GroundModel
from offnadir.imagery._level1 import ACQUISITION, Level1, Level1Image
from offnadir.imagery._models import band_model, models
from offnadir.imagery._mosaic import mosaic, union_grid
from offnadir.imagery._optics import band_sensor, otf
from offnadir.imagery._ortho import ortho_grid
from offnadir.imagery._product import (
    ProcessOptions,
    Report,
    put_on_map,
    rounded,
)
from offnadir.imagery._raster import boxes, opened, raster_info, read_box, window_of, writing
from offnadir.imagery._refine import CorrectedModel
from offnadir.imagery._restore import Restoration, restoration
from offnadir.imagery._rpc import rpc_of_tags
from offnadir.quality import giqe4_niirs
from offnadir.sensors import Band
from offnadir.units import um

#: A band as wide as that is panchromatic [m].
_WIDE_M = 0.15 * um


class Maker:
    """Makes the intermediate rasters of a capture's product, and keeps what was found on the way."""

    def __init__(
        self,
        level1: Level1,
        acquisition: Acquisition,
        work: Path,
        options: ProcessOptions,
        report: Report | None,
    ) -> None:
        self.level1, self.acquisition = level1, acquisition
        self.work, self.options, self.report = work, options, report
        self.files: dict[str, Path] = {}
        self.models: dict[str, GroundModel] = image_models(level1, acquisition, options.model)
        self.found: dict[str, Any] = {}
        self.cloud_cover: float | None = None

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands of the capture, the sharpest first."""
        return self.level1.bands

    def band(self, name: str) -> Band:
        """What the sensor knows of a band."""
        return sensor_band(self.acquisition.sensor, name)

    def groups(self) -> list[tuple[str, list[str]]]:
        """Bands of one sample distance, by what their raster is called."""
        ratios: dict[float, list[str]] = {}
        for name in self.bands:
            ratios.setdefault(self.band(name).gsd_ratio, []).append(name)
        made: list[tuple[str, list[str]]] = []
        for ratio in sorted(ratios):
            names = ratios[ratio]
            band = self.band(names[0])
            wide = band.high_m - band.low_m > _WIDE_M or "pan" in names[0].lower().split()
            key = "pan" if len(names) == 1 and not made and wide else "ms"
            taken = sum(1 for other, _ in made if other.startswith(key))
            made.append((key if not taken else f"{key}{taken + 1}", names))
        return made

    def correct_all(self) -> None:
        """Calibrate every image; what it took and gave goes into the report."""
        told: dict[str, Any] = {}
        for done, image in enumerate(self.level1.images):
            if self.report is not None:
                self.report("calibration", done, len(self.level1.images))
            path = self.work / f"L1B_{Path(image.file).stem}.tif"
            how = self._restoration(image)
            made = correct(
                self.level1, image, path, quantity=self.options.quantity, restoration=how,
                threads=self.options.threads, executor=self.options.executor,
            )  # fmt: skip
            self.files[image.file] = path
            told[image.file] = {
                "repaired detectors": made.repaired, "saturated": rounded(made.saturated, 3),
            } | ({} if how is None else _restored(how, self.predicted(image)))  # fmt: skip
        self.found["images"] = told

    def grids(self) -> dict[str, Grid]:
        """The map of each group of bands: all chips of all its bands, pixels at multiples of one step."""
        options = self.options
        sharp = band_model(self.acquisition, self.bands[0])
        first = ortho_grid(sharp, options.terrain, step=options.step(options.crs), crs=options.crs)
        step, crs = first.transform[0], first.crs
        made = {}
        for key, names in self.groups():
            wide = step * self.band(names[0]).gsd_ratio / self.band(self.bands[0]).gsd_ratio
            made[key] = union_grid(
                [
                    ortho_grid(self.models[image.file], options.terrain, step=wide, crs=crs)
                    for name in names
                    for image in self.level1.of_band(name)
                ]
            )
        return made

    def band_on(self, name: str, grid: Grid, stem: str, tag: str = "") -> Path:
        """One band on a map: its chips orthorectified each by its own model, and joined."""
        chips = self.level1.of_band(name)
        parts = []
        out = self.work / f"{stem}{tag}.tif"
        for image in chips:
            model = self.models[image.file]
            own, path = grid, out
            if len(chips) > 1:
                own = self._part_of(grid, model)
                path = self.work / f"{stem}_{image.chip + 1}{tag}.tif"
            self._ortho(self.files[image.file], model, own, path)
            parts.append(path)
        if len(parts) > 1:
            digest = step_digest("chips", repr(grid), *[tag_of(part) for part in parts])
            if step_tags(out, digest) is None:
                joined = mosaic(parts, out, grid=grid, digest=digest, threads=self.options.threads)
                self.found.setdefault("chips", {})[name] = {
                    "shares": [rounded(x, 4) for x in joined.shares],
                    "median difference where they overlap": rounded(joined.difference, 3),
                }
        return out

    def stacked(self, names: Sequence[str], parts: Sequence[Path], grid: Grid, key: str) -> Path:
        """Bands in one raster."""
        out = self.work / f"{key}.tif"
        digest = step_digest("stack", *[tag_of(part) for part in parts])
        if step_tags(out, digest) is not None:
            return out
        with writing(
            out, grid.shape, len(parts), "uint16", grid=grid, nodata=0.0, names=tuple(names),
            tags={STEP_TAG: digest},
        ) as target:  # fmt: skip
            for band, part in enumerate(parts, 1):
                with opened(part) as dataset:
                    for box in boxes(grid.shape):
                        target.write(read_box(dataset, 1, box), band, window=window_of(box))
        return out

    def predicted(self, image: Level1Image) -> Mapping[str, Any]:
        """What the capture says is to be expected of an image."""
        told = self.level1.notes.get("predicted", {}).get(image.file, {})
        return told if isinstance(told, Mapping) else {}

    def _restoration(self, image: Level1Image) -> Restoration | None:
        if self.options.mtfc <= 0.0:
            return None
        sensor = band_sensor(self.acquisition.sensor, self.band(image.band))
        told = self.predicted(image)
        smear = told.get("motion_smear_px", (0.0, 0.0))
        snr = float(told.get("snr") or self.options.snr)
        # the scene's contrast is taken as that between 7 and 15 % of reflectance, which `snr` is made with

        def blur(along: Any, across: Any) -> Any:
            return otf(sensor, along, across, smear_px=(float(smear[0]), float(smear[1])))

        return restoration(blur, snr, strength=self.options.mtfc)

    def _part_of(self, grid: Grid, model: GroundModel) -> Grid:
        """The part of a grid that a chip falls into."""
        own = ortho_grid(model, self.options.terrain, step=grid.transform[0], crs=grid.crs)
        row, column = (float(x) for x in grid.row_column(own.transform[2], own.transform[5]))
        top, left = math.floor(row + 0.5), math.floor(column + 0.5)
        bottom, right = (
            min(top + own.shape[0] + 1, grid.shape[0]),
            min(left + own.shape[1] + 1, grid.shape[1]),
        )
        top, left = max(top, 0), max(left, 0)
        return grid.part((top, max(bottom, top + 1), left, max(right, left + 1)))

    def _ortho(self, source: Path, model: GroundModel, grid: Grid, out: Path) -> None:
        keys = (tag_of(source), _model_key(model, self.level1))
        put_on_map(source, model, grid, out, keys, self.options, self.report)


def image_models(level1: Level1, acquisition: Acquisition, kind: str) -> dict[str, GroundModel]:
    """The model of each image of a capture, by its file."""
    rigorous = models(acquisition, jitter=False)
    made: dict[str, GroundModel] = {}
    for image in level1.images:
        path = level1.folder / image.file
        if kind == "rpc":
            info = raster_info(path)
            if info.rpc is None:
                raise FileError(
                    path, "has no rational polynomials; process it with --model rigorous"
                )
            made[image.file] = rpc_of_tags(info.rpc, info.shape)
            continue
        chips = {model.chip: model for model in rigorous.get(image.band, ())}
        if image.chip not in chips:
            raise FileError(
                path, f"is chip {image.chip} of {image.band}, which its acquisition does not have"
            )
        made[image.file] = chips[image.chip]
    return made


def _restored(how: Restoration, told: Mapping[str, Any]) -> dict[str, Any]:
    """What a restoration does; NIIRS before and after by GIQE 4, which knows enhanced pictures."""
    more: dict[str, Any] = {}
    if {"gsd_along_m", "gsd_across_m", "snr"} <= set(told):
        gsd_m = math.sqrt(told["gsd_along_m"] * told["gsd_across_m"])
        more["GIQE 4 NIIRS"] = [
            rounded(float(giqe4_niirs(gsd_m, _mean(rer), _mean(high), gain, told["snr"])), 3)
            for rer, high, gain in (
                (how.rer_before, how.overshoot_before, 1.0), (how.rer, how.overshoot, how.noise_gain),
            )
        ]  # fmt: skip
    return more | {
        "noise gain": rounded(how.noise_gain, 4),
        "RER": [rounded(x, 4) for x in (*how.rer_before, *how.rer)],
        "overshoot": [rounded(x, 4) for x in (*how.overshoot_before, *how.overshoot)],
        "MTF at Nyquist": [rounded(x, 4) for x in (*how.mtf_nyquist_before, *how.mtf_nyquist)],
    }


def _mean(pair: tuple[float, float]) -> float:
    """Geometric mean of along and across."""
    return math.sqrt(pair[0] * pair[1])


def _model_key(model: GroundModel, level1: Level1) -> Any:
    """What tells models apart in digests: corrections, and the acquisition for what they correct."""
    if isinstance(model, CorrectedModel):
        return [model.centre, model.line, model.column, _model_key(model.model, level1)]
    numbers = [
        model.shape,
        type(model).__name__,
        getattr(model, "band", ""),
        getattr(model, "chip", 0),
    ]
    return [*numbers, stamp_of(level1.folder / ACQUISITION)]


def plain(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name.lower())
