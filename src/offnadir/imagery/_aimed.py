"""The ground below a picture, and the picture aimed at its height."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from offnadir.imagery._acquisition import Acquisition
    from offnadir.imagery._scene import Scene

#: Instead of a file: ground made up from place and seed.
SYNTHETIC: Final = "synthetic"
#: What makes an acquisition, given the height of its middle (None: as planned) and more of `acquire`.
Maker = Callable[[float | None, Mapping[str, Any]], "Acquisition"]


def aimed(
    make: Maker,
    more: Mapping[str, Any],
    scene: str = SYNTHETIC,
    dem: Path | None = None,
    geoid_m: float = 0.0,
    seed: int = 0,
    *,
    dem_edge: bool = False,
) -> tuple[Scene, Acquisition]:
    """The scene, "synthetic" or a raster's, and the acquisition that aims at its ground.

    `dem` holds the heights of a raster's ground, `geoid_m` above the ellipsoid; level without.
    `dem_edge` goes on with its edge beyond it.
    """
    first = make(None, more)
    aim = first.aim
    ground: Scene
    if scene == SYNTHETIC:
        from offnadir.imagery._synthetic import SyntheticScene

        view = first.view
        ground = SyntheticScene(
            lat_rad=aim.lat_rad,
            lon_rad=aim.lon_rad,
            seed=seed % 2**32,
            target_gsd_m=math.sqrt(view.gsd_along_m * view.gsd_across_m),
            # the picture has its lines from top to bottom as the scan goes: the targets stand upright in it
            target_azimuth_rad=(first.scan_azimuth_rad + math.pi) % (2 * math.pi),
        )
    else:
        from offnadir.imagery._raster_scene import RasterScene
        from offnadir.imagery._terrain import LevelTerrain, RasterTerrain

        terrain = (
            LevelTerrain(alt_m=aim.alt_m)
            if dem is None
            else RasterTerrain(dem, geoid_m=geoid_m, outside="edge" if dem_edge else "error")
        )
        ground = RasterScene(Path(scene), terrain)
    alt_m = float(ground.terrain.height_m(aim.lat_rad, aim.lon_rad))
    return ground, make(alt_m, more)
