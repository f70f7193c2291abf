"""Published planning instances: a reader and an independent verifier of solutions for each family.

Each module has `read(path) -> Instance` (columns of numpy, units in their names), `verify(instance,
solution) -> Verdict` by the family's published rules alone, and `write` where a solution file is published.
No code here is shared with a solver. The instances themselves are not part of offnadir.
"""

from __future__ import annotations

from types import ModuleType

from . import aeossp_standard, agile, eossp_mrt, roadef2003, spot5, stereo_imaging
from ._common import Verdict

FAMILIES: dict[str, ModuleType] = {
    "spot5": spot5,
    "roadef2003": roadef2003,
    "agile": agile,
    "aeossp_standard": aeossp_standard,
    "stereo_imaging": stereo_imaging,
    "eossp_mrt": eossp_mrt,
}

__all__ = [
    "FAMILIES",
    "Verdict",
    "aeossp_standard",
    "agile",
    "eossp_mrt",
    "roadef2003",
    "spot5",
    "stereo_imaging",
]
