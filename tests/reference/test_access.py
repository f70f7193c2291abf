"""Windows on real element sets against the slow twin and against counts from elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from naive import access as naive
from offnadir.access import (
    HorizonMask,
    MaxOffNadir,
    MaxRange,
    MinElevation,
    Station,
    SunAbove,
    find_contacts,
    find_windows,
)
from offnadir.earth import Site
from offnadir.epoch import Epoch, Span
from offnadir.orbits import make_ephemeris
from offnadir.units import deg, km

SPAN = Span(Epoch.from_utc("2026-05-31T00:00:00Z"), Epoch.from_utc("2026-06-01T00:00:00Z"))
EDGE_NS = 2_000_000  # the promise: 2 ms
SHORT_NS = 1_000_000_000  # the twin looks once a second and misses what is shorter


def site(name: str, lat_deg: float, lon_deg: float, alt_m: float = 0.0) -> Site:
    return Site(name=name, lat_rad=lat_deg * deg, lon_rad=lon_deg * deg, alt_m=alt_m)


SITES = [
    site("Seoul", 37.5665, 126.978, 38.0),
    site("Vostochny", 51.884, 128.333, 250.0),
    site("Svalbard", 78.2297, 15.4075, 450.0),
    site("Quito", -0.18, -78.47, 2850.0),
    site("Suva", -18.14, 178.44),  # beside the antimeridian
    site("South Pole", -90.0, 0.0, 2835.0),
]
MASK = (
    (0.0, 60 * deg, 120 * deg, 200 * deg, 300 * deg),
    (5 * deg, 20 * deg, 3 * deg, 12 * deg, 8 * deg),
)
CASES = {
    "horizon": ([], naive.Wish()),
    "elevation": ([MinElevation(10 * deg)], naive.Wish(min_elevation_rad=10 * deg)),
    "off-nadir and Sun": (
        [MaxOffNadir(35 * deg), SunAbove(5 * deg)],
        naive.Wish(max_off_nadir_rad=35 * deg, min_sun_rad=5 * deg),
    ),
    "off-nadir in the dark too": (
        [MaxOffNadir(20 * deg)],
        naive.Wish(max_off_nadir_rad=20 * deg),
    ),
    "range": ([MaxRange(900 * km)], naive.Wish(max_range_m=900 * km)),
    "skyline": ([HorizonMask(*MASK)], naive.Wish(mask=MASK)),
}


@pytest.mark.parametrize("case", CASES)
def test_windows_equal_those_of_the_slow_twin(case, flock):
    constraints, wish = CASES[case]
    compared = 0
    for elements in flock:
        table = find_windows(make_ephemeris(elements, SPAN), SITES, constraints)
        ours = list(zip(*(table[c].tolist() for c in ("site_index", "start", "stop")), strict=True))
        twin = naive.windows(elements, SITES, SPAN, wish)
        # A gap or a window of under a second can fall between the twin's looks.
        ours = [row for row in ours if row[2] - row[1] > SHORT_NS]
        twin = [row for row in twin if row[2] - row[1] > SHORT_NS]
        assert [row[0] for row in ours] == [row[0] for row in twin], elements.name
        if ours:
            apart = np.abs(np.array(ours)[:, 1:] - np.array(twin)[:, 1:])
            assert apart.max() <= EDGE_NS, elements.name
        compared += len(ours)
    assert compared >= 10


def test_best_is_where_off_nadir_is_least_and_elevation_greatest_is_over_the_window(flock):
    elements = flock[0]
    ephemeris = make_ephemeris(elements, SPAN)
    table = find_windows(ephemeris, SITES[0], [MinElevation(5 * deg)])
    assert len(table) > 3
    for row in range(len(table)):
        tai_ns = np.arange(table["start"][row], table["stop"][row], 100_000_000)
        r_m = naive.positions_itrf_m(elements, tai_ns)
        elevation = naive.margins(r_m, None, SITES[0], naive.Wish())
        nadir = 1.0 - naive.margins(r_m, None, SITES[0], naive.Wish(max_off_nadir_rad=1.0))
        nadir = np.maximum(nadir, 0)
        assert table["max_elevation_rad"][row] == pytest.approx(elevation.max(), abs=1e-5)
        least_ns = tai_ns[np.argmin(nadir)]
        if nadir.min() > 0:
            assert abs(table["best"][row] - least_ns) <= 200_000_000
            assert table["off_nadir_rad"][row] == pytest.approx(nadir.min(), abs=1e-5)


def test_a_month_of_sentinel_2a_over_madrid_has_123_windows(flock):
    """Workload A of the shared benchmark: 123 windows by a dense search of another library."""
    start = Epoch.from_utc("2026-05-31T00:00:00Z")
    span = Span(start, start + 30 * 86400.0)
    madrid = site("Madrid", 40.4168, -3.7038, 667.0)
    table = find_windows(make_ephemeris(flock[0], span), madrid, [MinElevation(10 * deg)])
    assert len(table) == 123


def test_a_geostationary_satellite_is_seen_all_day_and_both_ends_are_marked(flock):
    goes = next(e for e in flock if e.norad_id == 41866)
    table = find_windows(make_ephemeris(goes, SPAN), site("Quito", -0.18, -78.47))
    assert len(table) == 1
    assert table["cut_start"][0]
    assert table["cut_stop"][0]
    assert (table["start"][0], table["stop"][0]) == (SPAN.start.tai_ns, SPAN.stop.tai_ns)


def test_off_nadir_never_looks_through_the_earth(flock):
    table = find_windows([make_ephemeris(e, SPAN) for e in flock], SITES, [MaxOffNadir(89 * deg)])
    assert table["elevation_rad"].min() > -1e-9  # an edge lies on the horizon, to rounding


def test_contacts_obey_least_elevation_and_skyline_at_once(flock):
    station = Station(
        site=SITES[0],
        min_elevation_rad=10 * deg,
        mask_azimuth_rad=MASK[0],
        mask_elevation_rad=MASK[1],
    )
    elements = flock[0]
    table = find_contacts([make_ephemeris(elements, SPAN)], [station])
    wish = naive.Wish(min_elevation_rad=10 * deg, mask=MASK)
    twin = naive.windows(elements, [SITES[0]], SPAN, wish)
    ours = np.column_stack([table["start"], table["stop"]])
    assert len(ours) == len(twin) > 0
    assert np.abs(ours - np.array(twin)[:, 1:]).max() <= EDGE_NS
