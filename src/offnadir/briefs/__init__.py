"""Briefs: what people look at, made from plain documents."""

from offnadir.briefs._czml import plan_czml
from offnadir.briefs._delivery import delivery_brief
from offnadir.briefs._geojson import plan_geojson
from offnadir.briefs._ics import plan_ics
from offnadir.briefs._images import Image
from offnadir.briefs._operation import operation_html
from offnadir.briefs._report import report_html
from offnadir.briefs._results import write_results
from offnadir.briefs._tracks import Track
from offnadir.briefs._words import REASONS

__all__ = [
    "REASONS",
    "Image",
    "Track",
    "delivery_brief",
    "operation_html",
    "plan_czml",
    "plan_geojson",
    "plan_ics",
    "report_html",
    "write_results",
]
