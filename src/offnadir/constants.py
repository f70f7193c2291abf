"""Numbers of nature and of the reference ellipsoid, in SI; each with its source."""

from __future__ import annotations

from typing import Final

WGS84_A_M: Final = 6_378_137.0  # semi-major axis; NGA.STND.0036_1.0.0_WGS84, 2014, table 3.1
WGS84_F: Final = 1.0 / 298.257_223_563  # flattening; same table
WGS84_B_M: Final = WGS84_A_M * (1.0 - WGS84_F)
WGS84_E2: Final = WGS84_F * (2.0 - WGS84_F)
EARTH_RATE_RAD_S: Final = 7.292_115e-5  # nominal rotation rate; same table
GM_EARTH_M3_S2: Final = 3.986_004_418e14  # same table
EARTH_MEAN_RADIUS_M: Final = 6_371_008.8  # (2a + b)/3; Moritz, Geodetic Reference System 1980
AU_M: Final = 1.495_978_707e11  # IAU 2012 resolution B2
SPEED_OF_LIGHT_M_S: Final = 299_792_458.0  # SI
#: Width at half power of sinc(x)^2, the response to an unweighted band; Curlander & McDonough (1991), 1.2.
SINC_WIDTH: Final = 0.886
PLANCK_J_S: Final = 6.626_070_15e-34  # SI
