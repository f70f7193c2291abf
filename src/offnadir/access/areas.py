"""Areas on the ground: reading them, when they can be imaged, strips over them, and how they get covered."""

from offnadir.access._area_cover import cover_area, covered_at
from offnadir.access._area_read import read_areas
from offnadir.access._area_shape import Area
from offnadir.access._area_strips import Strip, cut_strips, track_heading_rad
from offnadir.access._area_windows import find_area_windows

__all__ = [
    "Area",
    "Strip",
    "cover_area",
    "covered_at",
    "cut_strips",
    "find_area_windows",
    "read_areas",
    "track_heading_rad",
]
