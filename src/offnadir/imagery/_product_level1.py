"""Products of our own captures: counts of detectors to map-accurate light."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from offnadir.errors import FileError, InputError
from offnadir.imagery._acquisition import Acquisition
from offnadir.imagery._acquisition_file import read_acquisition
from offnadir.imagery._align import band_offset, moved_by
from offnadir.imagery._calibrate import SCALES, UNITS
from offnadir.imagery._cloud_mask import cloud_mask
from offnadir.imagery._control import (
    ControlPoints,
    check_reference,
    read_control,
    reference_control,
    use_points,
)
from offnadir.imagery._correct import STEP_TAG, correct, stamp_of, step_digest, step_tags
from offnadir.imagery._focal_plane import sensor_band
from offnadir.imagery._grid import Grid
from offnadir.imagery._ground import GroundModel
from offnadir.imagery._level1 import ACQUISITION, Level1, Level1Image, read_level1
from offnadir.imagery._models import band_model, models
from offnadir.imagery._mosaic import mosaic, union_grid
from offnadir.imagery._optics import band_sensor, otf
from offnadir.imagery._ortho import ortho_grid, orthorectify
from offnadir.imagery._pansharpen import overlap_weights, pansharpen
from offnadir.imagery._product import (
    ProcessOptions,
    Product,
    Report,
    Sheet,
    check_room,
    hand_over,
    now_utc,
    outline,
    quiet,
    rounded,
    terrain_key,
    terrain_words,
    workplace,
)
from offnadir.imagery._raster import boxes, opened, raster_info, read_box, window_of, writing
from offnadir.imagery._refine import CorrectedModel, refine
from offnadir.imagery._restore import Restoration, restoration
from offnadir.imagery._rpc import rpc_of_tags
from offnadir.imagery._stac import ItemFacts
from offnadir.quality import giqe4_niirs
from offnadir.sensors import Band

#: Offsets of bands [px] below which nothing is done about them.
_ALIGNED_PX = 0.05


def process_level1(
    source: Path,
    folder: Path,
    options: ProcessOptions,
    *,
    name: str | None = None,
    report: Report | None = None,
) -> Product:
    """Make a product of a capture's folder: rasters of light on a map, mask, picture and STAC item.

    Each chip is calibrated, put on the map by its own model in one resampling, and joined with its
    neighbours; bands of one sample distance share a raster. FileError and InputError tell what is missing
    or damaged; an interrupted run goes on where it stopped.
    """
    level1 = read_level1(source)
    acquisition = read_acquisition(source / ACQUISITION)
    if options.reference is not None:
        check_reference(options.reference)
    with workplace(folder, options.keep_work) as work:
        maker = _Maker(level1, acquisition, work, options, report)
        maker.correct_all()
        if options.level == "basic":
            from offnadir.imagery._product_basic import basic_sheets

            sheets, found = basic_sheets(maker)
        else:
            sheets, found = maker.sheets()
        facts = maker.facts(name or acquisition.name or source.name, sheets)
        return hand_over(
            sheets, folder, facts, synthetic=level1.is_synthetic, report=report, found=found
        )


class _Maker:
    """Makes the intermediate rasters of a capture's product."""

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
        self.models: dict[str, GroundModel] = _models(level1, acquisition, options.model)
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
            key = "pan" if len(names) == 1 and not made else "ms"
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
                threads=self.options.threads,
            )  # fmt: skip
            self.files[image.file] = path
            told[image.file] = {
                "repaired detectors": made.repaired, "saturated": rounded(made.saturated, 3),
            } | ({} if how is None else _restored(how, self.predicted(image)))  # fmt: skip
        self.found["images"] = told

    def sheets(self) -> tuple[list[Sheet], dict[str, Any]]:
        """All rasters of an orthorectified product."""
        if self.options.control is not None or self.options.reference is not None:
            self._refine()
        grids = self._grids()
        sheets: list[Sheet] = []
        for key, names in self.groups():
            grid = grids[key]
            check_room(self.work, grid, 2 * len(names) * 2)
            orthos = [self.band_on(name, grid, f"{key}_{_plain(name)}") for name in names]
            orthos = self._aligned(names, orthos, grid, key)
            path = orthos[0] if len(orthos) == 1 else self._stacked(names, orthos, grid, key)
            sheets.append(self.sheet(key, path, names))
        if self.options.pansharpen is not None:
            sheets.append(self._sharpened(sheets, grids))
        if self.options.clouds and self.options.quantity == "reflectance":
            sheets.append(self._clouds(sheets))
        return sheets, self.found

    def sheet(self, key: str, path: Path, names: Sequence[str]) -> Sheet:
        """A raster of bands as part of the product."""
        quantity = self.options.quantity
        titles = {"pan": "Panchromatic", "pansharpened": "Pan-sharpened colour"}
        title = titles.get(key, "Colour" if len(names) > 1 else names[0])
        words = "reflectance above the air" if quantity == "reflectance" else "spectral radiance"
        roles = ("data", "reflectance") if quantity == "reflectance" else ("data",)
        return Sheet(
            key=key, source=path, title=f"{title}, {words}", scale=SCALES[quantity], unit=UNITS[quantity],
            bands=tuple((name, self.band(name)) for name in names), roles=roles,
        )  # fmt: skip

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
            digest = step_digest("chips", repr(grid), *[_tag(part) for part in parts])
            if step_tags(out, digest) is None:
                joined = mosaic(parts, out, grid=grid, digest=digest, threads=self.options.threads)
                self.found.setdefault("chips", {})[name] = {
                    "shares": [rounded(x, 4) for x in joined.shares],
                    "median difference where they overlap": rounded(joined.difference, 3),
                }
        return out

    def facts(self, name: str, sheets: Sequence[Sheet]) -> ItemFacts:
        """What the item tells of the picture."""
        a, level1, options = self.acquisition, self.level1, self.options
        view = a.view
        grid = raster_info(sheets[0].source).grid
        gsd = (
            math.sqrt(view.gsd_along_m * view.gsd_across_m)
            if grid is None
            else abs(grid.transform[0])
        )
        north = float(a.track.v_itrf_m_s[len(a.track.v_itrf_m_s) // 2][2])
        steps = [
            "dark level, uneven and dead detectors corrected", f"{options.quantity} above the air",
        ]  # fmt: skip
        if options.mtfc > 0:
            steps.append(f"MTF compensation of strength {options.mtfc:g}")
        geometry = (
            "rigorous camera model" if options.model == "rigorous" else "rational polynomials"
        )
        if options.level == "ortho":
            steps.append(
                f"orthorectified by the {geometry} on {terrain_words(options.terrain)}, {options.kernel}"
            )
        else:
            steps.append(
                f"chips and bands joined in the geometry of one line of detectors ({geometry})"
            )
        if options.pansharpen is not None:
            steps.append(f"pan-sharpened ({options.pansharpen})")
        more = {
            "offnadir:synthetic": level1.is_synthetic,
            "offnadir:scene": level1.attribution,
            "offnadir:sensor": a.sensor.name,
            "offnadir:elements": dict(a.elements),
            "offnadir:predicted": level1.notes.get("predicted", {}),
            "offnadir:report": self.found,
        }
        return ItemFacts(
            name=name,
            time=a.epoch.utc(6),
            footprint=outline([band_model(a, self.bands[0])], options.terrain),
            gsd_m=gsd,
            platform=a.satellite,
            instrument=a.sensor.name,
            off_nadir_rad=view.off_nadir_rad,
            incidence_rad=view.incidence_rad,
            azimuth_rad=view.azimuth_rad,
            sun_azimuth_rad=view.sun_azimuth_rad,
            sun_elevation_rad=view.sun_elevation_rad,
            cloud_cover=self.cloud_cover,
            designator=str(a.elements.get("OBJECT_ID", "")),
            orbit_state="ascending" if north > 0 else "descending",
            lineage=f"{a.sensor.title} counts of {level1.folder.name}: " + "; ".join(steps),
            level="L1C" if options.level == "ortho" else "L1B",
            now=now_utc(),
            more=more,
        )

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

    def _grids(self) -> dict[str, Grid]:
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
        a, b, c, d, e, f = grid.transform
        moved = (a, b, c + a * left + b * top, d, e, f + d * left + e * top)
        return Grid(
            crs=grid.crs, transform=moved, shape=(max(bottom - top, 1), max(right - left, 1))
        )

    def _ortho(self, source: Path, model: GroundModel, grid: Grid, out: Path) -> None:
        options = self.options
        digest = step_digest(
            "ortho", _tag(source), _model_key(model, self.level1), terrain_key(options.terrain), repr(grid),
            options.kernel, options.hide,
        )  # fmt: skip
        if step_tags(out, digest) is not None:
            return
        orthorectify(
            source, model, options.terrain, grid, out, kernel=options.kernel, hide=options.hide,
            threads=options.threads, tags={STEP_TAG: digest},
            progress=quiet(self.report, "orthorectification"),
        )  # fmt: skip

    def _aligned(self, names: list[str], orthos: list[Path], grid: Grid, key: str) -> list[Path]:
        """Bands of one raster upon the first of them, where the pictures say that geometry was not enough."""
        made = [orthos[0]]
        for name, path in zip(names[1:], orthos[1:], strict=True):
            offset = band_offset(orthos[0], path)
            told = {
                "rows": rounded(offset.row_px, 3), "columns": rounded(offset.column_px, 3),
                "spread": rounded(offset.spread_px, 3), "tiles": offset.tiles,
            }  # fmt: skip
            if offset.is_sure and math.hypot(offset.row_px, offset.column_px) > _ALIGNED_PX:
                for image in self.level1.of_band(name):
                    model = self.models[image.file]
                    self.models[image.file] = moved_by(model, self.options.terrain, grid, offset)
                path = self.band_on(name, grid, f"{key}_{_plain(name)}", "_aligned")
                after = band_offset(orthos[0], path)
                told |= {
                    "rows after": rounded(after.row_px, 3), "columns after": rounded(after.column_px, 3),
                }  # fmt: skip
            self.found.setdefault("band offsets px", {})[f"{name} to {names[0]}"] = told
            made.append(path)
        return made

    def _stacked(self, names: Sequence[str], parts: Sequence[Path], grid: Grid, key: str) -> Path:
        """Bands in one raster."""
        out = self.work / f"{key}.tif"
        digest = step_digest("stack", *[_tag(part) for part in parts])
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

    def _sharpened(self, sheets: Sequence[Sheet], grids: Mapping[str, Grid]) -> Sheet:
        """Colour on the panchromatic band's pixels, sharpened."""
        method = self.options.pansharpen
        assert method is not None
        groups = dict(self.groups())
        if "pan" not in groups or "ms" not in groups:
            raise InputError(
                "pansharpen", method, "left out: it takes a panchromatic band and coarser ones"
            )
        grid, names = grids["pan"], groups["ms"]
        check_room(self.work, grid, 2 * len(names) * 3)
        parts = [self.band_on(name, grid, f"fine_{_plain(name)}") for name in names]
        colour = self._stacked(names, parts, grid, "fine") if len(parts) > 1 else parts[0]
        out = self.work / "pansharpened.tif"
        pan = sheets[0].source
        weights = overlap_weights(self.band(groups["pan"][0]), [self.band(name) for name in names])
        digest = step_digest("pansharpen", _tag(pan), _tag(colour), method)
        if step_tags(out, digest) is None:
            pansharpen(
                pan, colour, out, method=method, weights=weights.tolist(), digest=digest,
                threads=self.options.threads, progress=quiet(self.report, "pan sharpening"),
            )  # fmt: skip
        self.found["pan-sharpening weights"] = {
            name: rounded(w, 4) for name, w in zip(names, weights, strict=True)
        }
        return self.sheet("pansharpened", out, names)

    def _clouds(self, sheets: Sequence[Sheet]) -> Sheet:
        """The mask, by the colours if there are any."""
        best = max(sheets, key=lambda one: (len(one.bands), -sheets.index(one)))
        for one in sheets:
            if one.key == "ms":
                best = one
        named: dict[str, int] = {}
        for k, (name, _) in enumerate(best.bands, 1):
            word = name.lower()
            for colour in ("blue", "green", "red", "nir"):
                if colour in word.split() or word == f"{colour}1":
                    named.setdefault(colour, k)
        if not {"blue", "green", "red"} <= set(named):
            best = sheets[0]
            named = {"pan": 1}
        out = self.work / "mask.tif"
        digest = step_digest("clouds", _tag(best.source), named)
        known = step_tags(out, digest)
        if known is not None:
            self.cloud_cover = float(known["CLOUD_COVER"])
        else:
            told = cloud_mask(
                best.source, out, bands=named, scale=SCALES["reflectance"], digest=digest
            )
            self.cloud_cover = told.cover
        return Sheet(
            key="mask", source=out, title="Clouds: 0 nothing, 1 clear, 2 cloud", bands=(("mask", None),),
            roles=("data-mask", "cloud"), resampling="nearest",
        )  # fmt: skip

    def _refine(self) -> None:
        """Fit all models to ground control or a reference image, by what the sharpest band shows."""
        points, whole = self._control()
        fit = refine(
            whole, points.line, points.column, points.lat_rad, points.lon_rad, points.alt_m,
            kind=self.options.refine,
        )  # fmt: skip
        said = np.stack(whole.project(points.lat_rad, points.lon_rad, points.alt_m), axis=1)
        rule = fit.model
        assert isinstance(rule, CorrectedModel)
        self.found["refined"] = {
            "points": len(points.line), "used": int(fit.used.sum()), "rms_px": rounded(fit.rms_px, 4),
            "shift_px": [rounded(rule.line[0], 4), rounded(rule.column[0], 4)],
            "off_before_px": rounded(
                float(np.sqrt(np.mean(np.sum((np.stack([points.line, points.column], 1) - said) ** 2, 1)))), 4
            ),
        }  # fmt: skip
        for image in self.level1.images:
            ratio = self.band(image.band).gsd_ratio / self.band(self.bands[0]).gsd_ratio
            model = self.models[image.file]
            # centres of pixels count from 0: the same point of two bands is (x + 0.5) / ratio - 0.5
            centre = (
                (rule.centre[0] + 0.5) / ratio - 0.5,
                (rule.centre[1] + 0.5) / ratio - 0.5 - image.first_column,
            )
            (a, b, c), (d, e, f) = rule.line, rule.column
            self.models[image.file] = CorrectedModel(
                model=model, centre=centre, line=(a / ratio, b, c), column=(d / ratio, e, f)
            )

    def _control(self) -> tuple[ControlPoints, GroundModel]:
        """Control points in the sharpest band's picture, and that picture's model without chips."""
        options = self.options
        whole = band_model(self.acquisition, self.bands[0])
        if options.control is None:
            assert options.reference is not None
            grid = self._grids()[self.groups()[0][0]]
            rough = self.band_on(self.bands[0], grid, "rough")
            points = reference_control(
                rough,
                whole,
                options.terrain,
                options.reference,
                progress=quiet(self.report, "registration"),
            )
            return points, whole
        points = read_control(options.control).on(options.terrain)
        images = self.level1.of_band(self.bands[0])
        named = [
            image
            for image in images
            if any(one in (image.file, Path(image.file).stem) for one in points.image)
        ]
        if not named and len(images) == 1:
            named = list(images)
        if not named:
            raise InputError(
                "image",
                sorted(set(points.image)),
                "the file of each point: " + ", ".join(i.file for i in images),
            )
        parts = []
        for image in named:
            part = use_points(points, image.file)
            # what a chip sees, in the picture of the whole band: by the ground that its model tells
            model = self.models[image.file]
            lat, lon = model.locate(part.line, part.column, part.alt_m)
            line, column = whole.project(lat, lon, part.alt_m)
            parts.append(replace(part, line=line, column=column))
        return _joined(parts), whole


def _joined(parts: Sequence[ControlPoints]) -> ControlPoints:
    def all_of(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    return ControlPoints(
        line=all_of("line"), column=all_of("column"), lat_rad=all_of("lat_rad"), lon_rad=all_of("lon_rad"),
        alt_m=all_of("alt_m"), image=tuple(one for part in parts for one in part.image),
    )  # fmt: skip


def _models(level1: Level1, acquisition: Acquisition, kind: str) -> dict[str, GroundModel]:
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


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name.lower())


def _tag(path: Path) -> str:
    return str(raster_info(path).tags.get(STEP_TAG, ""))
