"""Imagery: a planned look becomes raw detector counts, and raw counts a map-accurate product."""

from offnadir.imagery._grid import Grid
from offnadir.imagery._ground import GroundModel, Terrain
from offnadir.imagery._ortho import OrthoReport, ortho_box, ortho_grid, orthorectify
from offnadir.imagery._refine import Refinement, refine
from offnadir.imagery._rpc import Rpc, read_rpc, write_rpc
from offnadir.imagery._rpc_fit import RpcFit, fit_rpc
from offnadir.imagery._terrain import LevelTerrain, RasterTerrain

__all__ = [
    "Grid",
    "GroundModel",
    "LevelTerrain",
    "OrthoReport",
    "RasterTerrain",
    "Refinement",
    "Rpc",
    "RpcFit",
    "Terrain",
    "fit_rpc",
    "ortho_box",
    "ortho_grid",
    "orthorectify",
    "read_rpc",
    "refine",
    "write_rpc",
]
