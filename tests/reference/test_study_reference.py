"""Trade studies against what is published of real constellations, and against geometry by hand."""

from __future__ import annotations

import math

import pytest

from offnadir.coverage.study import load_study, run_study
from support.study_jobs import write_study

SENTINEL = """\
[span]
start = "2026-06-01T00:00:00Z"
duration = "40 d"

[[place]]
lat_deg = 0
lon_deg = 30.6
[[place]]
lat_deg = 0
lon_deg = 101.3
[[place]]
lat_deg = 0
lon_deg = -60.2

[wishes]
min_sun_elevation_deg = 10
revisit = "5 d 1 h"

[[orbit]]
family = "repeat"
repeat = "143/10"
descending_node = "10:30"
satellites = [1, 2]

[[sensor]]
library = "sentinel-2"
"""


def test_sentinel_2_sees_the_equator_every_10_days_with_one_and_every_5_with_two_satellites(
    tmp_path,
):
    """ESA, Sentinel-2 mission: 10 days at the equator with one satellite, 5 with two, 180 deg apart."""
    document = run_study(load_study(write_study(tmp_path, SENTINEL)), tmp_path / "out").document
    one, two = document["designs"]
    assert one["figures"]["longest_gap_h"] / 24 == pytest.approx(10, abs=0.01)
    assert two["figures"]["longest_gap_h"] / 24 == pytest.approx(5, abs=0.01)
    assert one["figures"]["mean_revisit_h"] / 24 == pytest.approx(10, abs=0.01)
    assert one["figures"]["high_height_km"] == pytest.approx(786, abs=3)  # published
    assert one["figures"]["inclination_deg"] == pytest.approx(
        98.62, abs=0.06
    )  # published; element sets have 98.57
    assert one["figures"]["gsd_nadir_m"] == pytest.approx(10, abs=0.2)  # published
    assert document["cheapest"] == 2


POLE = """\
[span]
start = "2026-06-01T00:00:00Z"
duration = "2 d"

[[place]]
lat_deg = 90
lon_deg = 0

[wishes]
revisit = "30 min"

[[orbit]]
family = "walker-delta"
satellites = [1, 2, 3, 4, 5]
height_km = 500
inclination_deg = 90

[[sensor]]
library = "skysat-c"
max_off_nadir_deg = 30
"""


def test_a_polar_ring_passes_the_pole_once_a_revolution(tmp_path):
    """By hand: T = 2 pi sqrt(a^3 / GM) = 94.6 min at 500 km, and a gap is T / n less the time in view.

    In view is the arc of twice 2.4 deg (30 deg off nadir from 500 km: asin(a / R sin 30) - 30), 1.2 min.
    So 3 satellites leave gaps of 30.3 min, 4 of 22.4: the least that keeps 30 min is 4.
    """
    document = run_study(load_study(write_study(tmp_path, POLE)), tmp_path / "out").document
    period_h = 2 * math.pi * math.sqrt((6378.135e3 + 500e3) ** 3 / 3.986e14) / 3600
    radius = 6356.8  # of the pole
    across = math.asin((6378.1 + 500) / radius * 0.5) - math.radians(30)
    view_h = 2 * across / (2 * math.pi) * period_h
    for n, one in enumerate(document["designs"], 1):
        assert one["figures"]["revisit_h"] == pytest.approx(period_h / n - view_h, abs=0.004)
    assert document["cheapest"] == document["smallest"] == 4
    assert document["why"]["cheaper"]["design"] == 3
