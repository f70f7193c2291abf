"""The archive: STAC items and their files, searched by place, time, angles and sharpness."""

from offnadir.catalog._archive import Archive, ArchivedItem, Page, Tally
from offnadir.catalog._query import ArchiveQuery

__all__ = ["Archive", "ArchiveQuery", "ArchivedItem", "Page", "Tally"]
