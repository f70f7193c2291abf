"""Levels over time, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.planning._document_curves import (
    battery_points,
    memory_points,
    slews_to,
    thermal_points,
)
from offnadir.planning.model import Battery, Thermal
from offnadir.planning.slew import Slew
from offnadir.units import deg

H = 3_600_000.0


def test_memory_rises_in_pictures_and_falls_in_contacts():
    found = memory_points([(0, 10, 20), (5, 15, 10), (20, 30, -30)])
    assert found == [(0, 0), (5, 10), (10, 25), (15, 30), (20, 30), (30, 0)]
    assert memory_points([]) == []


def battery(**more: float) -> Battery:
    known = {
        "capacity_wh": 100.0,
        "charge_w": 30.0,
        "idle_w": 10.0,
        "imaging_w": 50.0,
        "slew_w": 20.0,
    }
    return Battery(**(known | {"initial_wh": 90.0} | more))


def test_battery_fills_up_and_is_drained():
    """Sun for an hour: +20 W, full after half of it. Then -10 W; a picture of 6 min takes 5 Wh more."""
    found = battery_points(
        battery(), 3 * H, sunlit=[(0.0, H)], imaging=[(2 * H, 2.1 * H)], slewing=[], sending=[]
    )
    times, levels = (np.array(column) for column in zip(*found, strict=True))
    assert_allclose(times / H, [0, 0.5, 1, 2, 2.1, 3])
    assert_allclose(levels, [90, 100, 100, 90, 84, 75])


def test_slews_and_contacts_drain_too():
    found = battery_points(
        battery(downlink_w=5.0),
        2 * H,
        sunlit=[],
        imaging=[],
        slewing=[(0.0, H)],
        sending=[(0.5 * H, H)],
    )
    assert found[-1][1] == pytest.approx(90 - 20 - 20 - 2.5)


class Turner:
    """As much of a satellite as slews ask for."""

    slew_law = Slew(law="table", table=((0.0, 0.0), (90 * deg, 90.0)), settling_s=4.0)


def test_slews_end_settled_and_begin_at_nadir():
    """One degree a second: 30 deg from nadir, then 20 deg on; after a blocked time from nadir again."""

    def los(angle_deg: float) -> list[float]:
        return [0.0, math.sin(angle_deg * deg), math.cos(angle_deg * deg)]

    start, stop = np.array([100_000, 200_000, 400_000]), np.array([101_000, 201_000, 401_000])
    sight = np.array([los(30), los(50), los(50)])
    found = slews_to(Turner(), start, stop, sight, sight, [(250_000.0, 300_000.0)])  # type: ignore[arg-type]
    assert_allclose(np.array(found) / 1e3, [[66, 96], [176, 196], [346, 396]], atol=1e-6)
    found = slews_to(Turner(), start, stop, sight, sight, [])  # type: ignore[arg-type]
    assert_allclose(np.array(found[2]) / 1e3, [396, 396], atol=1e-6)


def test_a_camera_warms_and_cools():
    """1 K/s for 10 s, constant 100 s: 100 (1 - exp(-0.1)) K; 100 s later that / e."""
    camera = Thermal(heating_k_s=1.0, time_constant_s=100.0, max_rise_k=20.0)
    found = dict(thermal_points(camera, 1000e3, [(50e3, 60e3)]))
    peak = 100 * (1 - math.exp(-0.1))
    assert found[0.0] == found[50e3] == 0.0
    assert found[60e3] == pytest.approx(peak)
    assert found[160e3] == pytest.approx(peak / math.e)
    assert found[1000e3] == pytest.approx(peak * math.exp(-9.4))
    assert list(found) == sorted(found)
