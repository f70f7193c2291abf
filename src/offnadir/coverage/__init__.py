"""Coverage: how often, how sharply and how soon satellites see the cells of a grid."""

from offnadir.coverage._cover import cover
from offnadir.coverage._coverage import Coverage
from offnadir.coverage._figures import FIGURES, Figure
from offnadir.coverage._grid import Grid, equal_area_grid, points_grid, regular_grid
from offnadir.coverage._observer import Observer
from offnadir.coverage._regions import Region, region_of, region_of_file
from offnadir.coverage._wishes import Stereo

__all__ = [
    "FIGURES",
    "Coverage",
    "Figure",
    "Grid",
    "Observer",
    "Region",
    "Stereo",
    "cover",
    "equal_area_grid",
    "points_grid",
    "region_of",
    "region_of_file",
    "regular_grid",
]
