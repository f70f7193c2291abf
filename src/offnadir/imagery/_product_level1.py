"""Products of our own captures: counts of detectors to map-accurate light."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from offnadir.errors import InputError
from offnadir.imagery._acquisition_file import read_acquisition
from offnadir.imagery._align import band_offset, moved_by
from offnadir.imagery._calibrate import SCALES, UNITS
from offnadir.imagery._cloud_mask import cloud_mask
from offnadir.imagery._control import (
    check_reference,
)
from offnadir.imagery._correct import step_digest, step_tags, tag_of
from offnadir.imagery._grid import Grid
from offnadir.imagery._level1 import ACQUISITION, Level1, digest_of, read_level1
from offnadir.imagery._level1_maker import Maker, plain
from offnadir.imagery._level1_refine import refine_models
from offnadir.imagery._models import band_model
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
    terrain_words,
    workplace,
)
from offnadir.imagery._raster import raster_info
from offnadir.imagery._stac import ItemFacts, multihash

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
        maker = Maker(level1, acquisition, work, options, report)
        maker.correct_all()
        if options.level == "basic":
            from offnadir.imagery._product_basic import basic_sheets

            sheets, found = basic_sheets(maker)
        else:
            sheets, found = ortho_sheets(maker)
        facts = item_facts(maker, name or acquisition.name or source.name, sheets)
        return hand_over(
            sheets, folder, facts, synthetic=level1.is_synthetic, report=report, found=found
        )


def ortho_sheets(maker: Maker) -> tuple[list[Sheet], dict[str, Any]]:
    """All rasters of an orthorectified product."""
    if maker.options.control is not None or maker.options.reference is not None:
        refine_models(maker)
    grids = maker.grids()
    sheets: list[Sheet] = []
    for key, names in maker.groups():
        grid = grids[key]
        check_room(maker.work, grid, 2 * len(names) * 2)
        orthos = [maker.band_on(name, grid, f"{key}_{plain(name)}") for name in names]
        orthos = _aligned(maker, names, orthos, grid, key)
        path = orthos[0] if len(orthos) == 1 else maker.stacked(names, orthos, grid, key)
        sheets.append(sheet_of(maker, key, path, names))
    if maker.options.pansharpen is not None:
        sheets.append(_sharpened(maker, sheets, grids))
    if maker.options.clouds and maker.options.quantity == "reflectance":
        sheets.append(_clouds(maker, sheets))
    return sheets, maker.found


def sheet_of(maker: Maker, key: str, path: Path, names: Sequence[str]) -> Sheet:
    """A raster of bands as part of the product."""
    quantity = maker.options.quantity
    titles = {"pan": "Panchromatic", "pansharpened": "Pan-sharpened colour"}
    title = titles.get(key, "Colour" if len(names) > 1 else names[0])
    words = "reflectance above the air" if quantity == "reflectance" else "spectral radiance"
    roles = ("data", "reflectance") if quantity == "reflectance" else ("data",)
    return Sheet(
        key=key, source=path, title=f"{title}, {words}", scale=SCALES[quantity], unit=UNITS[quantity],
        bands=tuple((name, maker.band(name)) for name in names), roles=roles,
    )  # fmt: skip


def item_facts(maker: Maker, name: str, sheets: Sequence[Sheet]) -> ItemFacts:
    """What the item tells of the picture."""
    a, level1, options = maker.acquisition, maker.level1, maker.options
    view = a.view
    grid = raster_info(sheets[0].source).grid
    gsd = (
        math.sqrt(view.gsd_along_m * view.gsd_across_m) if grid is None else abs(grid.transform[0])
    )
    north = float(a.track.v_itrf_m_s[len(a.track.v_itrf_m_s) // 2][2])
    steps = [
        "dark level, uneven and dead detectors corrected", f"{options.quantity} above the air",
    ]  # fmt: skip
    if options.mtfc > 0:
        steps.append(f"MTF compensation of strength {options.mtfc:g}")
    geometry = "rigorous camera model" if options.model == "rigorous" else "rational polynomials"
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
        "offnadir:niirs": _best_niirs(level1),
        "offnadir:lineage": options.lineage(
            sensor={"name": a.sensor.name, "sha256": digest_of(dataclasses.asdict(a.sensor))},
            seed=level1.notes.get("seed"),
            captured_by=level1.notes.get("software"),
            acquisition_sha256=multihash(level1.folder / ACQUISITION)[4:],
            commands=[str(level1.notes.get("command") or "")],
        ),
        "offnadir:predicted": level1.notes.get("predicted", {}),
        "offnadir:report": maker.found,
    }
    return ItemFacts(
        name=name,
        time=a.epoch.utc(6),
        footprint=outline([band_model(a, maker.bands[0])], options.terrain),
        gsd_m=gsd,
        platform=a.satellite,
        instrument=a.sensor.name,
        off_nadir_rad=view.off_nadir_rad,
        incidence_rad=view.incidence_rad,
        azimuth_rad=view.azimuth_rad,
        sun_azimuth_rad=view.sun_azimuth_rad,
        sun_elevation_rad=view.sun_elevation_rad,
        cloud_cover=maker.cloud_cover,
        designator=str(a.elements.get("OBJECT_ID", "")),
        orbit_state="ascending" if north > 0 else "descending",
        lineage=f"{a.sensor.title} counts of {level1.folder.name}: " + "; ".join(steps),
        level="L1C" if options.level == "ortho" else "L1B",
        now=now_utc(),
        more=more,
    )


def _best_niirs(level1: Level1) -> float | None:
    """The best NIIRS that was predicted of an image."""
    told = [one.get("niirs") for one in level1.notes.get("predicted", {}).values()]
    return rounded(max((one for one in told if one is not None), default=None), 4)


def _aligned(
    maker: Maker, names: list[str], orthos: list[Path], grid: Grid, key: str
) -> list[Path]:
    """Bands of one raster upon the first of them, where the pictures say that geometry was not enough."""
    made = [orthos[0]]
    for name, path in zip(names[1:], orthos[1:], strict=True):
        offset = band_offset(orthos[0], path)
        told = {
            "rows": rounded(offset.row_px, 3), "columns": rounded(offset.column_px, 3),
            "spread": rounded(offset.spread_px, 3), "tiles": offset.tiles,
        }  # fmt: skip
        if offset.is_sure and math.hypot(offset.row_px, offset.column_px) > _ALIGNED_PX:
            for image in maker.level1.of_band(name):
                model = maker.models[image.file]
                maker.models[image.file] = moved_by(model, maker.options.terrain, grid, offset)
            path = maker.band_on(name, grid, f"{key}_{plain(name)}", "_aligned")
            after = band_offset(orthos[0], path)
            told |= {
                "rows after": rounded(after.row_px, 3), "columns after": rounded(after.column_px, 3),
            }  # fmt: skip
        maker.found.setdefault("band offsets px", {})[f"{name} to {names[0]}"] = told
        made.append(path)
    return made


def _sharpened(maker: Maker, sheets: Sequence[Sheet], grids: Mapping[str, Grid]) -> Sheet:
    """Colour on the panchromatic band's pixels, sharpened."""
    method = maker.options.pansharpen
    assert method is not None
    groups = dict(maker.groups())
    if "pan" not in groups or "ms" not in groups:
        raise InputError(
            "pansharpen", method, "left out: it takes a panchromatic band and coarser ones"
        )
    grid, names = grids["pan"], groups["ms"]
    check_room(maker.work, grid, 2 * len(names) * 3)
    parts = [maker.band_on(name, grid, f"fine_{plain(name)}") for name in names]
    colour = maker.stacked(names, parts, grid, "fine") if len(parts) > 1 else parts[0]
    out = maker.work / "pansharpened.tif"
    pan = sheets[0].source
    weights = overlap_weights(maker.band(groups["pan"][0]), [maker.band(name) for name in names])
    digest = step_digest("pansharpen", tag_of(pan), tag_of(colour), method)
    if step_tags(out, digest) is None:
        pansharpen(
            pan, colour, out, method=method, weights=weights.tolist(), digest=digest,
            threads=maker.options.threads, progress=quiet(maker.report, "pan sharpening"),
        )  # fmt: skip
    maker.found["pan-sharpening weights"] = {
        name: rounded(w, 4) for name, w in zip(names, weights, strict=True)
    }
    return sheet_of(maker, "pansharpened", out, names)


def _clouds(maker: Maker, sheets: Sequence[Sheet]) -> Sheet:
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
    out = maker.work / "mask.tif"
    digest = step_digest("clouds", tag_of(best.source), named)
    known = step_tags(out, digest)
    if known is not None:
        maker.cloud_cover = float(known["CLOUD_COVER"])
    else:
        told = cloud_mask(best.source, out, bands=named, scale=SCALES["reflectance"], digest=digest)
        maker.cloud_cover = told.cover
    return Sheet(
        key="mask", source=out, title="Clouds: 0 nothing, 1 clear, 2 cloud", bands=(("mask", None),),
        roles=("data-mask", "cloud"), resampling="nearest",
    )  # fmt: skip
