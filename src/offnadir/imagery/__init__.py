"""Imagery: a planned look becomes raw detector counts, and raw counts a map-accurate product."""

from offnadir.imagery._acquire import acquire, acquisition_of_plan
from offnadir.imagery._acquisition import Acquisition
from offnadir.imagery._acquisition_file import read_acquisition, write_acquisition, write_tables
from offnadir.imagery._camera import CameraModel
from offnadir.imagery._capture import CaptureOptions, capture
from offnadir.imagery._grid import Grid
from offnadir.imagery._ground import GroundModel, Terrain
from offnadir.imagery._level1 import Level1, Level1Image, read_level1
from offnadir.imagery._meet import meet_terrain
from offnadir.imagery._models import band_model, models
from offnadir.imagery._ortho import OrthoReport, ortho_box, ortho_grid, orthorectify
from offnadir.imagery._product import ProcessOptions, Product
from offnadir.imagery._product_level1 import process_level1
from offnadir.imagery._product_raster import process_raster
from offnadir.imagery._refine import Refinement, refine
from offnadir.imagery._rpc import Rpc, read_rpc, write_rpc
from offnadir.imagery._rpc_fit import RpcFit, fit_rpc
from offnadir.imagery._slanted_edge import EdgeResponse, measure_edge
from offnadir.imagery._terrain import LevelTerrain, RasterTerrain

__all__ = [
    "Acquisition",
    "CameraModel",
    "CaptureOptions",
    "EdgeResponse",
    "Grid",
    "GroundModel",
    "Level1",
    "Level1Image",
    "LevelTerrain",
    "OrthoReport",
    "ProcessOptions",
    "Product",
    "RasterTerrain",
    "Refinement",
    "Rpc",
    "RpcFit",
    "Terrain",
    "acquire",
    "acquisition_of_plan",
    "band_model",
    "capture",
    "fit_rpc",
    "measure_edge",
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
    "write_acquisition",
    "write_rpc",
    "write_tables",
]
