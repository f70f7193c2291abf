"""Windows as bare arrays are the windows of the table, block by block."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from offnadir.access import MaxOffNadir, MinElevation, SunAbove, find_windows
from offnadir.access.arrays import BlockSearch, LookArrays
from offnadir.earth import Site, east_north_up
from offnadir.epoch import Epoch, Span
from offnadir.orbits import ElementSet, make_ephemeris
from offnadir.units import day, deg

START = Epoch.from_utc("2026-06-01")
SPAN = Span(START, START + day)
SITES = [
    Site(name=f"{lat} {lon}", lat_rad=lat * deg, lon_rad=lon * deg, alt_m=alt)
    for lat in (-80, -35, 0, 20, 50, 70)
    for lon, alt in ((-170, 0.0), (-20, 2000.0), (100, 0.0))
]


@pytest.fixture(scope="module")
def tracks():
    return [
        make_ephemeris(
            ElementSet(
                norad_id=k,
                name=f"S{k}",
                epoch=START,
                mean_motion_rad_s=(15.2, 14.1, 2.0)[k] * 2 * np.pi / day,
                eccentricity=(1e-3, 1e-2, 0.4)[k],
                inclination_rad=(97.5, 50.0, 63.4)[k] * deg,
                raan_rad=1.0 * k,
                arg_perigee_rad=0.3,
                mean_anomaly_rad=2.0 * k,
            ),
            SPAN,
        )
        for k in range(3)
    ]


@pytest.mark.parametrize(
    "limits",
    [(MaxOffNadir(35 * deg),), (MinElevation(20 * deg), SunAbove(10 * deg))],
)
def test_blocks_have_the_rows_of_the_table(tracks, limits):
    table = find_windows(tracks, SITES, limits)
    r_m = np.array([one.r_itrf_m for one in SITES])
    enu = east_north_up([s.lat_rad for s in SITES], [s.lon_rad for s in SITES])
    rho = np.linalg.norm(r_m, axis=1)
    search = BlockSearch(tracks, limits, (float(rho.min()), float(rho.max())))
    halves = [search.looks(r_m[part], enu[part]) for part in (slice(0, 7), slice(7, None))]
    halves[1].place[:] += 7
    found = LookArrays.concat(halves)
    found = found.take(np.lexsort((found.start_s, found.place, found.satellite)))
    assert len(found) == len(table) > 20
    zero = START.tai_ns
    assert_array_equal(found.place, table["site_index"])
    assert_array_equal(found.satellite, table["norad_id"])
    for name in ("start", "stop"):
        # the bounds of the block differ, and so do the steps towards an edge: to what an edge is good for
        assert_allclose(getattr(found, name + "_s"), (table[name] - zero) * 1e-9, atol=1e-4)
    for name in ("off_nadir_rad", "azimuth_rad", "sun_elevation_rad"):
        assert_allclose(getattr(found, name), table[name], atol=1e-4)
    assert_allclose(found.range_m, table["range_m"], rtol=1e-6)
    which = list(zip(found.satellite, found.place, strict=True))
    first, last = (
        np.array(
            [
                tracks[k].position_itrf_m(int(t))[0] - r_m[p]
                for (k, p), t in zip(which, at, strict=True)
            ]
        )
        for at in (table["start"], table["stop"])
    )
    cosine = (first * last).sum(1) / np.linalg.norm(first, axis=1) / np.linalg.norm(last, axis=1)
    assert_allclose(found.apart_rad, np.arccos(np.clip(cosine, -1, 1)), atol=1e-4)


def test_nothing_found_is_no_rows(tracks):
    search = BlockSearch(tracks[:1], (MaxOffNadir(0.001 * deg),), (6.3e6, 6.4e6))
    looks = search.looks(np.array([[6378137.0, 0, 0]]), east_north_up([0.0], [0.0]))
    assert len(looks) == 0
    assert looks.place.dtype == np.int64
