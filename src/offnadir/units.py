"""Units by multiplication: `30 * deg` is radians going in, `angle_rad / deg` degrees coming out."""

from __future__ import annotations

import math
from typing import Final

rad: Final = 1.0
deg: Final = math.pi / 180.0
arcsec: Final = deg / 3600.0

m: Final = 1.0
km: Final = 1e3
cm: Final = 1e-2
mm: Final = 1e-3
um: Final = 1e-6
nm: Final = 1e-9

s: Final = 1.0
ms: Final = 1e-3
us: Final = 1e-6
minute: Final = 60.0
hour: Final = 3600.0
day: Final = 86400.0

bit: Final = 1.0
kbit: Final = 1e3
Mbit: Final = 1e6
Gbit: Final = 1e9
