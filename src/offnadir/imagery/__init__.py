"""Imagery: a planned look becomes raw detector counts, and raw counts a map-accurate product."""

from offnadir.imagery._acquire import acquire, acquisition_of_plan
from offnadir.imagery._acquisition import Acquisition
from offnadir.imagery._acquisition_file import read_acquisition, write_acquisition, write_tables
from offnadir.imagery._camera import CameraModel
from offnadir.imagery._meet import meet_terrain
from offnadir.imagery._models import band_model, models

__all__ = [
    "Acquisition",
    "CameraModel",
    "acquire",
    "acquisition_of_plan",
    "band_model",
    "meet_terrain",
    "models",
    "read_acquisition",
    "write_acquisition",
    "write_tables",
]
