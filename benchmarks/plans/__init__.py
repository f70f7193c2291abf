"""Published instances as planning problems, and schedules as their solutions.

Each module has `problem(instance) -> Problem` and `solution(instance, schedule) -> solution` for `verify`
of the reader of the same name. They only translate: the solver is told nothing of where a problem comes from.
"""

from __future__ import annotations

from types import ModuleType

from . import aeossp_standard, agile, eossp_mrt, roadef2003, spot5, stereo_imaging

CONVERSIONS: dict[str, ModuleType] = {
    "spot5": spot5,
    "roadef2003": roadef2003,
    "agile": agile,
    "aeossp_standard": aeossp_standard,
    "stereo_imaging": stereo_imaging,
    "eossp_mrt": eossp_mrt,
}

__all__ = ["CONVERSIONS"]
