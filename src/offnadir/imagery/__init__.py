"""Imagery: a planned look becomes raw detector counts, and raw counts a map-accurate product."""

from offnadir.imagery._acquire import acquire, acquisition_of_plan
from offnadir.imagery._acquisition import Acquisition
from offnadir.imagery._acquisition_file import read_acquisition, write_acquisition, write_tables
from offnadir.imagery._camera import CameraModel
from offnadir.imagery._capture import CaptureOptions, capture
from offnadir.imagery._change import Change, ChangeReport, find_changes
from offnadir.imagery._grid import Grid
from offnadir.imagery._ground import GroundModel, Terrain
from offnadir.imagery._level1 import Level1, Level1Image, read_level1
from offnadir.imagery._measure import (
    Height,
    height_from_parallax,
    height_from_shadow,
    height_from_shadow_in_image,
    measure_area_m2,
    measure_length_m,
)
from offnadir.imagery._meet import meet_terrain
from offnadir.imagery._models import band_model, models
from offnadir.imagery._ortho import OrthoReport, ortho_box, ortho_grid, orthorectify
from offnadir.imagery._product import ProcessOptions, Product
from offnadir.imagery._product_level1 import process_level1
from offnadir.imagery._product_raster import process_raster
from offnadir.imagery._raster_scene import RasterScene, Scaling
from offnadir.imagery._refine import Refinement, refine
from offnadir.imagery._register import Registration, RegistrationError, register
from offnadir.imagery._rpc import Rpc, read_rpc, write_rpc
from offnadir.imagery._rpc_fit import RpcFit, fit_rpc
from offnadir.imagery._scene import Scene
from offnadir.imagery._ships import Ship, ShipReport, find_ships
from offnadir.imagery._slanted_edge import EdgeResponse, measure_edge
from offnadir.imagery._surface import SurfaceReport, make_surface, surface_grid
from offnadir.imagery._synthetic import Block, SyntheticScene
from offnadir.imagery._terrain import LevelTerrain, RasterTerrain

__all__ = [
    "Acquisition",
    "Block",
    "CameraModel",
    "CaptureOptions",
    "Change",
    "ChangeReport",
    "EdgeResponse",
    "Grid",
    "GroundModel",
    "Height",
    "Level1",
    "Level1Image",
    "LevelTerrain",
    "OrthoReport",
    "ProcessOptions",
    "Product",
    "RasterScene",
    "RasterTerrain",
    "Refinement",
    "Registration",
    "RegistrationError",
    "Rpc",
    "RpcFit",
    "Scaling",
    "Scene",
    "Ship",
    "ShipReport",
    "SurfaceReport",
    "SyntheticScene",
    "Terrain",
    "acquire",
    "acquisition_of_plan",
    "band_model",
    "capture",
    "find_changes",
    "find_ships",
    "fit_rpc",
    "height_from_parallax",
    "height_from_shadow",
    "height_from_shadow_in_image",
    "make_surface",
    "measure_area_m2",
    "measure_edge",
    "measure_length_m",
    "meet_terrain",
    "models",
    "ortho_box",
    "ortho_grid",
    "orthorectify",
    "process_level1",
    "process_raster",
    "read_acquisition",
    "read_level1",
    "read_rpc",
    "refine",
    "register",
    "surface_grid",
    "write_acquisition",
    "write_rpc",
    "write_tables",
]
