"""What a product is made by and what it consists of; the last steps that all products have in common."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import FileError, InputError
from offnadir.imagery._calibrate import QUANTITIES, Quantity
from offnadir.imagery._cog import write_cog, write_picture
from offnadir.imagery._correct import STEP_TAG, stamp_of, step_digest, step_tags
from offnadir.imagery._grid import Grid, is_geographic
from offnadir.imagery._ground import GroundModel, Terrain
from offnadir.imagery._level1 import write_json
from offnadir.imagery._ortho import KERNELS, Kernel, on_ground, orthorectify
from offnadir.imagery._pansharpen import METHODS, Method
from offnadir.imagery._raster import raster_info
from offnadir.imagery._stac import ItemAsset, ItemFacts, footprint, stac_item
from offnadir.imagery._terrain import LevelTerrain, RasterTerrain

Level = Literal["ortho", "basic"]
LEVELS: Final = ("ortho", "basic")
Refine = Literal["shift", "affine"]
#: `report(stage, done, total)`
Report = Callable[[str, int, int], None]
WORK: Final = ".work"
_M_PER_DEG: Final = 111_320.0
_MOST_PIXELS: Final = 4e10


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessOptions:
    """How a product is made.

    `gsd_m` is the pixel of the map, `crs` its projection; without them the image's own and its UTM zone.
    `mtfc` is the strength of MTF compensation, 0 for none; `mtf_nyquist` what a real camera's MTF is, if no
    acquisition tells it, and `snr` the contrast of the scene over the noise. `control` is a CSV file of
    ground control, `reference` a map image to fit the picture to. `hide` blanks what higher ground hides.
    For the lineage of the product, `command` is what makes it again, and `policies` are the packs of
    restrictions that it was judged by, each as name@version.
    """

    terrain: Terrain = field(default_factory=lambda: LevelTerrain(alt_m=0.0))
    level: Level = "ortho"
    crs: str | None = None
    gsd_m: float | None = None
    kernel: Kernel = "cubic"
    model: Literal["rigorous", "rpc"] = "rigorous"
    quantity: Quantity = "reflectance"
    mtfc: float = 0.0
    mtf_nyquist: float | None = None
    snr: float = 50.0
    pansharpen: Method | None = None
    control: Path | None = None
    reference: Path | None = None
    refine: Refine = "shift"
    clouds: bool = True
    hide: bool = False
    time: str | None = None
    platform: str = ""
    keep_work: bool = False
    threads: int = 2
    command: str = ""
    policies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wanted: dict[str, tuple[Any, Sequence[Any]]] = {
            "level": (self.level, LEVELS), "kernel": (self.kernel, KERNELS),
            "model": (self.model, ("rigorous", "rpc")), "quantity": (self.quantity, QUANTITIES),
            "pansharpen": (self.pansharpen, (None, *METHODS)), "refine": (self.refine, ("shift", "affine")),
        }  # fmt: skip
        for name, (value, known) in wanted.items():
            if value not in known:
                raise InputError(name, value, "one of " + ", ".join(map(str, known)))
        if self.gsd_m is not None and not 1e-3 <= self.gsd_m <= 1e6:
            raise InputError("gsd_m", self.gsd_m, "from 0.001 to 1000000 m")
        if not 0.0 <= self.mtfc <= 10.0:
            raise InputError("mtfc", self.mtfc, "from 0 to 10")
        if not 1 <= self.threads <= 256:
            raise InputError("threads", self.threads, "from 1 to 256")
        for policy in self.policies:
            if not all(policy.partition("@")[::2]):
                raise InputError("policies", policy, "name@version of a pack of restrictions")
        if self.crs is not None:
            is_geographic(self.crs)  # an error now, not after an hour

    def lineage(self, **more: Any) -> dict[str, Any]:
        """What a product of these options was made by, as far as they tell it, and `more`."""
        packs = [one.partition("@")[::2] for one in self.policies]
        return {
            **more,
            "policies": [{"name": name, "version": version} for name, version in packs],
            "commands": [one for one in (*more.get("commands", ()), self.command) if one],
        }

    def step(self, crs: str | None) -> float | None:
        """The pixel in units of the map; degrees where it is one of longitude and latitude."""
        if self.gsd_m is None:
            return None
        return self.gsd_m / _M_PER_DEG if crs and is_geographic(crs) else self.gsd_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A finished product: its STAC item, its rasters by name, the picture for the eye, what was found."""

    folder: Path
    item: Path
    rasters: Mapping[str, Path]
    preview: Path
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One raster of a product before it is handed over: an intermediate file and what it shows."""

    key: str
    source: Path
    title: str
    bands: tuple[tuple[str, Any], ...]
    scale: float | None = None
    unit: str = ""
    roles: tuple[str, ...] = ("data",)
    resampling: Literal["average", "nearest"] = "average"


@contextmanager
def workplace(folder: Path, keep: bool) -> Iterator[Path]:
    """A folder for a product and one within for what it is made of, which goes once that is done."""
    work = folder / WORK
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(folder, f"cannot be made: {error.strerror or error}") from error
    yield work
    if not keep:  # after trouble it stays: the next run goes on from there
        shutil.rmtree(work, ignore_errors=True)


def quiet(report: Report | None, stage: str) -> Callable[[int, int], None] | None:
    """Progress of one stage."""
    return None if report is None else lambda done, total: report(stage, done, total)


def terrain_key(terrain: Terrain) -> list[Any]:
    """What tells terrains apart in digests."""
    if isinstance(terrain, RasterTerrain):
        return [*stamp_of(terrain.path), repr(terrain.__reduce__()[1][1])]
    return [repr(terrain)]


def put_on_map(
    source: Path,
    model: GroundModel,
    grid: Grid,
    out: Path,
    keys: tuple[Any, ...],
    options: ProcessOptions,
    report: Report | None,
) -> None:
    """Orthorectify into an intermediate raster, unless it is there; `keys` tell the image and its model."""
    digest = step_digest(
        "ortho", *keys, terrain_key(options.terrain), repr(grid), options.kernel, options.hide
    )
    if step_tags(out, digest) is not None:
        return
    orthorectify(
        source, model, options.terrain, grid, out, kernel=options.kernel, hide=options.hide,
        threads=options.threads, tags={STEP_TAG: digest}, progress=quiet(report, "orthorectification"),
    )  # fmt: skip


def terrain_words(terrain: Terrain) -> str:
    """A terrain in the words of a lineage."""
    if isinstance(terrain, RasterTerrain):
        return f"elevation model {terrain.path.name}"
    if isinstance(terrain, LevelTerrain):
        return f"level ground at {terrain.alt_m:g} m above the ellipsoid"
    return "a terrain"


def check_room(folder: Path, grid: Grid, pixel_bytes: int) -> None:
    """FileError if the disk surely cannot hold a map, InputError if nothing could."""
    pixels = float(grid.shape[0]) * grid.shape[1]
    if pixels > _MOST_PIXELS:
        raise InputError("gsd", grid.shape, f"such that there are {_MOST_PIXELS:g} pixels at most")
    # the intermediate and the final file, each at a third of its plain size at best
    need = pixels * pixel_bytes * 2.0 / 3.0
    free = shutil.disk_usage(folder).free
    if need > free:
        raise FileError(
            folder,
            f"has room for {free / 1e6:.0f} MB; the product needs {need / 1e6:.0f} MB at least",
        )


def border(model: GroundModel, terrain: Terrain) -> tuple[NDArray[Any], NDArray[Any]]:
    """Latitudes and longitudes [rad] around an image, at the outer edges of its pixels."""
    lines, columns = model.shape
    share = np.linspace(0.0, 1.0, 9)[:-1]
    zero, one = np.zeros(8), np.ones(8)
    line = np.concatenate([zero, share, one, 1 - share]) * lines - 0.5
    column = np.concatenate([share, one, 1 - share, zero]) * columns - 0.5
    lat, lon = on_ground(model, terrain, line, column)
    seen = np.isfinite(lat)
    if seen.sum() < 3:
        raise InputError("model", model.shape, "one that sees the ground")
    return lat[seen], lon[seen]


def join_footprints(shapes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One outline of several."""
    from shapely.geometry import mapping, shape
    from shapely.ops import unary_union

    from offnadir.imagery._stac import _lists

    if len(shapes) == 1:
        return dict(shapes[0])
    whole = unary_union([shape(one) for one in shapes])
    made: dict[str, Any] = _lists(mapping(whole))
    return made


def outline(models: Sequence[GroundModel], terrain: Terrain) -> dict[str, Any]:
    """The footprint of images on the ground, as GeoJSON."""
    return join_footprints([footprint(*border(model, terrain)) for model in models])


def shown_bands(names: Sequence[str | None]) -> tuple[int, ...]:
    """Bands (from 1) for a picture in colour: red, green, blue by name, else by the usual orders."""
    words = [(name or "").lower() for name in names]
    if {"red", "green", "blue"} <= set(words):
        return tuple(words.index(name) + 1 for name in ("red", "green", "blue"))
    if len(words) == 3:
        return 1, 2, 3
    return (3, 2, 1) if len(words) >= 4 else (1,)


def hand_over(
    sheets: Sequence[Sheet],
    folder: Path,
    facts: ItemFacts,
    *,
    synthetic: bool,
    report: Report | None,
    found: Mapping[str, Any],
) -> Product:
    """Write COGs, the picture and last of all the item: a folder without it is not finished."""
    assets, rasters = [], {}
    for done, sheet in enumerate(sheets):
        if report is not None:
            report("writing", done, len(sheets))
        path = folder / f"{facts.name}_{sheet.key}.tif"
        step = raster_info(sheet.source).tags.get(STEP_TAG)
        if step is None or step_tags(path, step) is None:
            write_cog(sheet.source, path, resampling=sheet.resampling)
        rasters[sheet.key] = path
        assets.append(
            ItemAsset(
                key=sheet.key,
                path=path,
                title=sheet.title,
                roles=sheet.roles,
                bands=sheet.bands,
                scale=sheet.scale,
                unit=sheet.unit,
            )
        )
    preview = folder / f"{facts.name}_preview.png"
    best = _best(sheets)
    names = [name for name, _ in best.bands]
    write_picture(rasters[best.key], preview, bands=shown_bands(names), synthetic=synthetic)
    assets.append(
        ItemAsset(key="thumbnail", path=preview, title="Preview", roles=("thumbnail", "overview"))
    )
    if report is not None:
        report("writing", len(sheets), len(sheets))
    item = folder / f"{facts.name}.json"
    write_json(item, stac_item(facts, assets, folder=folder))
    return Product(folder=folder, item=item, rasters=rasters, preview=preview, report=dict(found))


def now_utc() -> str:
    """The time, for "created"."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _best(sheets: Sequence[Sheet]) -> Sheet:
    """The sheet that is shown: sharpened colour, else colour, else the first."""
    for key in ("pansharpened", "ms", "image"):
        for sheet in sheets:
            if sheet.key == key:
                return sheet
    return sheets[0]


def rounded(value: float | None, digits: int = 6) -> float | None:
    """A number for a report; None if there is none."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.{digits}g}")
