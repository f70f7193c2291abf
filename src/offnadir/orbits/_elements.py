"""A mean element set, as SGP4 wants it, whatever the format it came in."""

from __future__ import annotations

from dataclasses import dataclass

from offnadir.epoch import Epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementSet:
    """SGP4 mean elements (TEME of epoch, WGS-72 constants) of one object.

    `norad_id` is an integer of up to nine digits and is ours: the `sgp4` package refuses numbers above
    339999, so it never sees it. `mean_motion_rad_s` is Kozai's, as published. `bstar` is per Earth
    radius; the two derivatives are the published ones (ndot/2 and nddot/6), which SGP4 ignores.
    """

    norad_id: int
    name: str
    object_id: str = ""
    epoch: Epoch
    mean_motion_rad_s: float
    eccentricity: float
    inclination_rad: float
    raan_rad: float
    arg_perigee_rad: float
    mean_anomaly_rad: float
    bstar: float = 0.0
    half_ndot_rad_s2: float = 0.0
    sixth_nddot_rad_s3: float = 0.0
    classification: str = "U"
    element_set_no: int = 0
    rev_at_epoch: int = 0
    source: str = ""
