"""Imagery: a planned look becomes raw detector counts, and raw counts a map-accurate product."""

from offnadir.imagery._acquire import acquire, acquisition_of_plan
from offnadir.imagery._acquisition import Acquisition
from offnadir.imagery._acquisition_file import read_acquisition, write_acquisition, write_tables
from offnadir.imagery._camera import CameraModel
from offnadir.imagery._capture import CaptureOptions, capture
from offnadir.imagery._level1 import Level1, Level1Image, read_level1
from offnadir.imagery._meet import meet_terrain
from offnadir.imagery._models import band_model, models
from offnadir.imagery._slanted_edge import EdgeResponse, measure_edge

__all__ = [
    "Acquisition",
    "CameraModel",
    "CaptureOptions",
    "EdgeResponse",
    "Level1",
    "Level1Image",
    "acquire",
    "acquisition_of_plan",
    "band_model",
    "capture",
    "measure_edge",
    "meet_terrain",
    "models",
    "read_acquisition",
    "read_level1",
    "write_acquisition",
    "write_tables",
]
