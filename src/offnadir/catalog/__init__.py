"""The archive: STAC items and their files, searched by place, time, angles and sharpness."""

from offnadir.catalog._archive import Archive, ArchivedItem, Page, Tally
from offnadir.catalog._assets import DamagedError
from offnadir.catalog._geoparquet import read_geoparquet, write_geoparquet
from offnadir.catalog._lineage import check_lineage, remake
from offnadir.catalog._query import ArchiveQuery

__all__ = [
    "Archive",
    "ArchiveQuery",
    "ArchivedItem",
    "DamagedError",
    "Page",
    "Tally",
    "check_lineage",
    "read_geoparquet",
    "remake",
    "write_geoparquet",
]
