"""aeossp_standard: many real satellites, point tasks with time windows, slews and batteries over 12 hours.

From the public repository `Mtrya/astro-reason` (MIT); a folder holds mission.yaml, satellites.yaml and
tasks.yaml. The rules, as its verifier (2026) applies them:

- Orbits: SGP4 with WGS-84 constants; TEME, ITRF and GCRF with UT1 = UTC and no polar motion (see `_space`).
- A picture of a task by a satellite starts on the action grid (5 s from the horizon's start), lasts exactly
  the task's duration, and lies inside the horizon and the task's window; sensor types are the same.
- At the start, every geometry step (5 s) after it and at the end the target is in view (the satellite above
  the plane through the target square to its geocentric direction) and the angle at the satellite between the
  target and the Earth's centre is at most max_off_nadir + 1e-6 deg.
- Before a picture passes at least slew + settling time from the end of the satellite's last picture. The slew
  is rest-to-rest through the angle between the lines of sight in GCRF, from the last target at its picture's
  end to this one at its picture's start: 2 sqrt(angle / a) up to v^2 / a, else 2 v / a + (angle - v^2 / a) /
  v. The first slew starts at nadir (as it is at the picture's start), no sooner than the horizon. A gap may
  be 1 ns short.
- Battery: the horizon is cut at the resource grid (10 s) and wherever a picture or a slew window (the slew +
  settling time right before a picture, to the microsecond) begins or ends. Over each piece the load is idle +
  imaging (in a picture) + slewing (in a slew window) power, and charge comes in if the satellite is sunlit at
  the piece's midpoint (cylindrical shadow of 6,378,136.3 m, Sun of Montenbruck and Gill). The charge may
  never be below -1e-9 Wh after a piece, and is then cut to the capacity.
- Value WCR = weight of the tasks completed / weight of all; a task completed twice counts once. Figures: CR,
  the same by number; TAT_s, mean of (end of the first picture - release); PC_Wh, the loads' energy over the
  horizon.
One violation makes a whole submission worth nothing.
"""

from __future__ import annotations

from ._aeossp_model import SENSORS, Instance, Picture, read, read_solution, write
from ._aeossp_verify import angle_deg, slew_s, verify
from ._aeossp_windows import Windows, windows

__all__ = [
    "SENSORS",
    "Instance",
    "Picture",
    "Windows",
    "angle_deg",
    "read",
    "read_solution",
    "slew_s",
    "verify",
    "windows",
    "write",
]
