"""Ephemerides: known to their very ends, and steps that are none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from offnadir.access import MinElevation, Station, find_contacts, find_windows
from offnadir.earth import Site
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.orbits import make_ephemeris, read_ephemerides

SPAN = Span(Epoch.from_utc("2026-05-31"), Epoch.from_utc("2026-06-01"))
SEOUL = Site(name="Seoul", lat_rad=0.6557, lon_rad=2.2162, alt_m=38.0)


def test_a_file_is_known_from_its_first_instant_to_its_last(tmp_path):
    start = Epoch.from_utc("2026-05-31T00:00:00Z")
    span = Span(start, start + 600.0)
    angle = 0.2 + np.arange(0, 601, 50) * 1.1e-3
    rows = "".join(
        f"{(start + 50.0 * i).utc(0)},{7e6 * math.cos(a):.3f},{7e6 * math.sin(a):.3f},0.0\n"
        for i, a in enumerate(angle)
    )
    path = tmp_path / "whole.csv"
    path.write_text("time_utc,x_itrf_m,y_itrf_m,z_itrf_m\n" + rows)
    (track,) = read_ephemerides(path).tracks
    assert track.coverage == span
    ephemeris = track.ephemeris(track.coverage)
    at = start.tai_ns + np.arange(601) * 1_000_000_000
    radius = np.linalg.norm(ephemeris.position_itrf_m(at), axis=1)
    np.testing.assert_allclose(radius, 7e6, atol=0.01)  # a centimetre, at both ends too
    below = Site(name="below", lat_rad=0.0, lon_rad=0.5, alt_m=0.0)
    (window,) = find_windows(ephemeris, below, [MinElevation(0.01)]).rows()
    assert window["cut_start"]
    assert window["cut_stop"]


@pytest.mark.parametrize("step_s", [-5.0, 0.0, math.nan, 1e6])
def test_a_step_that_is_none_is_told(flock, step_s):
    start = Epoch.from_utc("2026-05-31T00:00:00Z")
    with pytest.raises(InputError, match="step_s"):
        make_ephemeris(flock[0], Span(start, start + 600.0), step_s=step_s)


def test_one_constraint_needs_no_list(flock):
    ephemeris = make_ephemeris(flock[0], SPAN)
    one = find_windows(ephemeris, SEOUL, MinElevation(0.1))
    assert len(one) > 0
    assert list(one.rows()) == list(find_windows(ephemeris, SEOUL, [MinElevation(0.1)]).rows())


def test_one_satellite_and_one_station_need_no_list(flock):
    ephemeris = make_ephemeris(flock[0], SPAN)
    station = Station(site=SEOUL, min_elevation_rad=0.1)
    one, many = find_contacts(ephemeris, station), find_contacts([ephemeris], [station])
    assert len(one) > 0
    assert list(one.rows()) == list(many.rows())
