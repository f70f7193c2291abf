"""stereo_imaging: pairs and triples of pictures of targets, steered by the planner, over two days.

From the public repository `Mtrya/astro-reason` (MIT); a folder holds mission.yaml, satellites.yaml and
targets.yaml. The rules, as its verifier (v4, 2026) applies them:

- Orbits: SGP4 as skyfield has it; sights and targets in ITRF (WGS-84 heights), Sun as in `_space`.
- An observation has a satellite, a target, a start, an end and two steering angles that hold throughout:
  sight = nadir (to the Earth's centre) + tan(along) * flight direction + tan(across) * its right-hand side;
  the flight direction is the velocity against the turning Earth less its part along nadir. Its length is
  within the satellite's limits, its tilt atan(hypot(tan, tan)) at most max_off_nadir, it lies inside the
  horizon.
- At start, every step of max(0.25, min(1, shortest observation / 2)) s and at the end the target (not the
  sight) is accessible: sight line free of the ellipsoid, at most max_off_nadir from nadir, Sun at least
  min_solar_elevation high. Going on from there by the same step while that holds gives the access interval;
  observations in overlapping intervals of a satellite and target are of one pass.
- Between consecutive observations of one satellite pass at least settling time + rest-to-rest slew (as in
  aeossp_standard) through the angle between the sights, in ITRF, at the end of one and the start of the
  next.
- A pair is two observations of one target, midpoints at most max_stereo_pair_separation apart; of the same
  pass if of one satellite; of two satellites only if the mission allows it. It is valid if the angle at the
  target between the satellites at the midpoints (convergence) is within limits, the greater ground sample
  over the lesser is at most max_pixel_scale_ratio, and the overlap is at least min_overlap_fraction. Ground
  sample = slant range (along the sight at the midpoint to the ellipsoid) * pixel angle. Overlap = share of
  points of the target's disc (100 drawn at random, the seed a hash of names and times) that both strips
  cover; a strip is all within slant range * tan(half the field of view) of the line of the sight's places
  on the ellipsoid (every 8 s and at the end), in the plane east and north of the target.
- A pair's quality = 0.5 G + 0.35 min(1, overlap / 0.95) + 0.15 max(0, 1 - (ratio - 1) / 0.5), weights by
  the mission; G = 1 if the convergence is in the scene's band (SCENES), less 0.1 a degree outside.
- A triple is three observations, each two of which may pair; valid if all three strips overlap as much, at
  least two pairs are valid (overlap by 80 points) and one sight at its midpoint is at most
  near_nadir_anchor from nadir. Quality = min(1, best pair + the scene's bonus * (0.6 for two valid pairs +
  0.4 for the anchor)).
- A target is covered if it has a valid pair or triple; its quality is the best one's. Value: coverage_ratio
  = targets covered / all; among equals normalized_quality = sum of qualities / all targets counts. One
  violation makes a whole submission worth nothing.
"""

from __future__ import annotations

from ._stereo_candidates import Candidates, candidates, target_quality
from ._stereo_model import SCENES, Instance, Observation, read, read_solution, write
from ._stereo_verify import Pair, pair, verify

__all__ = [
    "SCENES",
    "Candidates",
    "Instance",
    "Observation",
    "Pair",
    "candidates",
    "pair",
    "read",
    "read_solution",
    "target_quality",
    "verify",
    "write",
]
