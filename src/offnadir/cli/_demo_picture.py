"""The demo's best picture, taken and processed: what the camera counts, and the map made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from offnadir.briefs import Image

#: Lines and columns around the aim, in the sharpest band: some seconds of work.
_SIZE = (1200, 1200)
_SEED = 1


def is_possible() -> bool:
    """Whether the libraries for images are installed."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("rasterio", "pyproj", "scipy"))


def best_picture(plan: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The sharpest picture of a plan, one of land if there is one; None if it has none."""
    import numpy as np

    from offnadir.imagery._synthetic_coast import is_land

    taken = plan["collections"]
    lat, lon = (np.radians([one["aim"][key] for one in taken]) for key in ("lat_deg", "lon_deg"))
    land = is_land(lat, lon).tolist() if taken else []
    ranks = [(ashore, float(one["niirs"])) for ashore, one in zip(land, taken, strict=True)]
    return taken[ranks.index(max(ranks))] if ranks else None


def take_best(
    plan: Mapping[str, Any], folder: Path, report: Callable[[str, int, int], None]
) -> list[Image]:
    """Capture the best picture of a plan over made-up ground, process it, and show both."""
    from offnadir.briefs import Image
    from offnadir.cli.capture import of_plan
    from offnadir.imagery import (
        CaptureOptions,
        ProcessOptions,
        RasterTerrain,
        capture,
        process_level1,
    )
    from offnadir.imagery._aimed import aimed
    from offnadir.imagery._warm import wait_for_it

    one = best_picture(plan)
    if one is None:
        return []
    wait_for_it()
    scene, acquisition = aimed(of_plan(plan, one["id"], None), {"size": _SIZE}, seed=_SEED)
    raw, made = folder / one["id"] / "level1", folder / one["id"] / "product"
    level1 = capture(
        acquisition, scene, raw, CaptureOptions(seed=_SEED),
        progress=lambda done, total: report("Taking the best picture", done, total),
    )  # fmt: skip
    heights = RasterTerrain(raw / "dem.tif", outside="edge")
    product = process_level1(
        raw, made, ProcessOptions(terrain=heights, pansharpen="brovey", mtfc=0.5),
        report=lambda stage, done, total: report(f"Processing: {stage}", done, total),
    )  # fmt: skip
    told = level1.notes["predicted"][level1.images[0].file]
    where = f"{one['request']}, {one['satellite']}, {one['start'][:16].replace('T', ' ')} UTC"
    return [
        Image(
            title=f"{one['id']}: as the detectors counted it",
            caption=f"{where}. The ground is made up; orbit, camera, light and noise are those of the plan.",
            png=(raw / "preview.png").read_bytes(),
            figures=(
                ("GSD", f"{told['gsd_along_m']:.2f} × {told['gsd_across_m']:.2f} m"),
                ("Off-nadir", f"{one['off_nadir_deg']:.1f}°"),
                ("Signal to noise", f"{told['snr']:.0f}"),
                ("NIIRS", f"{told['niirs']:.1f}"),
            ),
        ),
        Image(
            title=f"{one['id']}: the map product",
            caption="Calibrated, sharpened, its bands aligned and put on the map with the terrain; a "
            f"Cloud-Optimized GeoTIFF with a STAC item, in {one['id']}/product.",
            png=product.preview.read_bytes(),
        ),
    ]
