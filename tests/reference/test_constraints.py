"""Every kind of constraint against a slow twin that asks `geometry.look_angles` once a second."""

from __future__ import annotations

import numpy as np
import pytest

from offnadir.access import (
    AzimuthWithin,
    HorizonMask,
    IncidenceWithin,
    LookSide,
    MaxOffNadir,
    MinElevation,
    MinOffNadir,
    MinRange,
    MinSunGlint,
    PitchWithin,
    RollWithin,
    SatelliteSunlit,
    SunBelow,
    find_windows,
)
from offnadir.earth import EarthOrientation, Site, SunTable, east_north_up
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError, UnitRangeError
from offnadir.geometry import look_angles
from offnadir.geometry._shadow import shadow_margin_rad
from offnadir.orbits import make_ephemeris
from offnadir.units import deg, km

SPAN = Span(Epoch.from_utc("2026-05-31T00:00:00Z"), Epoch.from_utc("2026-06-01T00:00:00Z"))
NS = 1_000_000_000
SITES = [
    Site(name="Seoul", lat_rad=37.5665 * deg, lon_rad=126.978 * deg, alt_m=38.0),
    Site(name="Svalbard", lat_rad=78.2297 * deg, lon_rad=15.4075 * deg, alt_m=450.0),
    Site(name="Suva", lat_rad=-18.14 * deg, lon_rad=178.44 * deg),
]
# Sectors that together are one, with its start and width [deg].
SECTORS_OVER_NORTH = {
    "an overlap past north": (((300 * deg, 60 * deg), (50 * deg, 100 * deg)), (300, 160)),
    "three that touch": (
        ((-60 * deg, 60 * deg), (60 * deg, 100 * deg), (0.0, 5 * deg)),
        (300, 160),
    ),
    "one from north, one to it": (((0.0, 100 * deg), (300 * deg, 360 * deg)), (300, 160)),
}
SECTORS = ((300 * deg, 40 * deg), (150 * deg, 170 * deg), (160 * deg, 200 * deg))

CASES = {
    "least off-nadir": ([MinOffNadir(40 * deg)], lambda a: a["off_nadir"] >= 40 * deg),
    "incidence": (
        [IncidenceWithin(29 * deg, 46 * deg)],
        lambda a: (a["incidence"] >= 29 * deg) & (a["incidence"] <= 46 * deg),
    ),
    "roll": (
        [RollWithin(-25 * deg, 10 * deg)],
        lambda a: (a["roll"] >= -25 * deg) & (a["roll"] <= 10 * deg),
    ),
    "pitch": (
        [PitchWithin(-5 * deg, 20 * deg)],
        lambda a: (a["pitch"] >= -5 * deg) & (a["pitch"] <= 20 * deg),
    ),
    "roll and pitch": (
        [RollWithin(-30 * deg, 30 * deg), PitchWithin(-10 * deg, 10 * deg)],
        lambda a: (np.abs(a["roll"]) <= 30 * deg) & (np.abs(a["pitch"]) <= 10 * deg),
    ),
    "left, as a radar": (
        [LookSide("left"), IncidenceWithin(20 * deg, 50 * deg)],
        lambda a: (a["roll"] <= 0) & (a["incidence"] >= 20 * deg) & (a["incidence"] <= 50 * deg),
    ),
    "right": ([LookSide("right")], lambda a: a["roll"] >= 0),
    "least range": ([MinRange(1200 * km)], lambda a: a["range"] >= 1200 * km),
    "darkness": (
        [SunBelow(20 * deg), MaxOffNadir(60 * deg)],
        lambda a: (a["sun"] <= 20 * deg) & (a["off_nadir"] <= 60 * deg),
    ),
    "glint": (
        [MinSunGlint(35 * deg), MinElevation(10 * deg)],
        lambda a: (a["glint"] >= 35 * deg) & (a["incidence"] <= 80 * deg),
    ),
    "satellite in sunlight": ([SatelliteSunlit()], lambda a: a["lit"] >= 0),
    "azimuth sectors": (
        [AzimuthWithin(SECTORS)],
        lambda a: (
            ((a["azimuth"] - 300 * deg) % (2 * np.pi) <= 100 * deg)
            | ((a["azimuth"] >= 150 * deg) & (a["azimuth"] <= 200 * deg))
        ),
    ),
}


@pytest.fixture(scope="module")
def every_second(flock):
    """The angles of three satellites over three places at each second of the day, for all cases."""
    tai_ns = SPAN.start.tai_ns + np.arange(86401) * NS
    return {
        (elements.norad_id, site.name): angles(make_ephemeris(elements, SPAN), site, tai_ns)
        for elements in (flock[0], flock[3], flock[4])
        for site in SITES
    }


def angles(ephemeris, site, tai_ns):
    r, v = ephemeris.position_itrf_m(tai_ns), ephemeris.velocity_itrf_m_s(tai_ns)
    look = look_angles(r, v, site.r_itrf_m, site.lat_rad, site.lon_rad)
    table = SunTable.over(SPAN, EarthOrientation.bundled())
    sun_m = table.position_itrf_m(tai_ns)
    ray = sun_m - site.r_itrf_m
    ray /= np.linalg.norm(ray, axis=1)[:, None]
    up = east_north_up(site.lat_rad, site.lon_rad)[2]
    mirror = 2 * (ray @ up)[:, None] * up - ray
    to_satellite = (r - site.r_itrf_m) / look.range_m[:, None]
    glint = np.arccos(np.clip(np.sum(mirror * to_satellite, axis=1), -1, 1))
    return {
        "off_nadir": look.off_nadir_rad, "incidence": np.pi / 2 - look.elevation_rad,
        "roll": look.roll_rad, "pitch": look.pitch_rad, "azimuth": look.azimuth_rad,
        "range": look.range_m, "sun": np.arcsin(ray @ up), "glint": glint,
        "lit": shadow_margin_rad(r, sun_m),
    }  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_windows_equal_those_of_the_slow_twin(case, flock, every_second):
    wanted, met = CASES[case]
    tai_ns = SPAN.start.tai_ns + np.arange(86401) * NS
    compared = 0
    for elements in (flock[0], flock[3], flock[4]):
        ephemeris = make_ephemeris(elements, SPAN)
        table = find_windows(ephemeris, SITES, wanted)
        for number, site in enumerate(SITES):
            a = every_second[elements.norad_id, site.name]
            good = met(a) & (a["incidence"] <= np.pi / 2)
            here = table["site_index"] == number
            # Each second that the twin calls good lies in a window, and no other does (edges aside).
            inside = np.zeros(len(tai_ns), bool)
            edge = np.zeros(len(tai_ns), bool)
            for start, stop in zip(table["start"][here], table["stop"][here], strict=True):
                inside |= (tai_ns >= start) & (tai_ns <= stop)
                edge |= (np.abs(tai_ns - start) < 2_000_000) | (np.abs(tai_ns - stop) < 2_000_000)
            assert not np.any((inside != good) & ~edge), (elements.name, site.name)
            compared += int(here.sum())
            # An edge is where the sign changes: 5 ms outside it is bad, 5 ms inside good.
            for start, stop in zip(table["start"][here], table["stop"][here], strict=True):
                if stop - start < NS or start == SPAN.start.tai_ns or stop == SPAN.stop.tai_ns:
                    continue
                at = np.array([start - 5_000_000, start + 5_000_000, stop - 5_000_000])
                near = angles(ephemeris, site, np.append(at, stop + 5_000_000))
                told = met(near) & (near["incidence"] <= np.pi / 2)
                assert told.tolist() == [False, True, True, False], (elements.name, site.name)
    assert compared >= 8


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: MinOffNadir(40.0), UnitRangeError),
        (lambda: IncidenceWithin(46 * deg, 29 * deg), InputError),
        (lambda: RollWithin(-100 * deg, 0.0), UnitRangeError),
        (lambda: LookSide("up"), InputError),
        (lambda: MinRange(-1.0), InputError),
        (lambda: AzimuthWithin(()), InputError),
        (lambda: AzimuthWithin(((0.0, 400.0),)), UnitRangeError),
        (lambda: AzimuthWithin(((1.0, 1.0),)), InputError),
        (lambda: HorizonMask((), ()), InputError),
        (lambda: HorizonMask((0.0, 1.0), (0.1,)), InputError),
        (lambda: HorizonMask((2.0, 1.0), (0.1, 0.2)), InputError),
        (lambda: HorizonMask((1.0, 1.0), (0.1, 0.2)), InputError),
        (lambda: HorizonMask((0.0, 90.0), (0.1, 0.2)), UnitRangeError),
        (lambda: HorizonMask((0.0, 1.0), (0.1, 90 * deg)), UnitRangeError),
        (lambda: HorizonMask((0.0, 1.0), (0.1, np.nan)), UnitRangeError),
    ],
)
def test_impossible_limits_are_refused(make, error):
    with pytest.raises(error):
        make()


@pytest.mark.parametrize("case", SECTORS_OVER_NORTH)
def test_sectors_that_meet_past_north_are_one(case, flock):
    """As many windows, and the same ones, as in one sector of the same azimuths."""
    sectors, (first, width) = SECTORS_OVER_NORTH[case]
    ephemeris = make_ephemeris(flock[4], SPAN)
    one, some = (
        find_windows(ephemeris, SITES, [AzimuthWithin(wanted)])
        for wanted in (((first * deg, (first + width - 360) * deg),), sectors)
    )
    assert len(one) > 5
    assert len(some) == len(one)
    for edge in ("start", "stop"):
        assert np.max(np.abs(some[edge] - one[edge])) < 1000


def test_masks_and_sectors_may_be_lists_and_arrays(flock):
    ephemeris = make_ephemeris(flock[4], SPAN)
    mask, sectors = ((0.5, 2.0), (0.1, 0.2)), ((0.0, 2.0), (3.0, 4.0))
    found = [
        find_windows(
            ephemeris, SITES, [HorizonMask(*map(kind, mask)), AzimuthWithin(kind(sectors))]
        )
        for kind in (tuple, list, np.array)
    ]
    assert len(found[0]) > 0
    for table in found[1:]:
        assert np.array_equal(table["start"], found[0]["start"])


def test_what_is_no_constraint_is_refused(flock):
    ephemeris = make_ephemeris(flock[0], Span(SPAN.start, SPAN.start + 600.0))
    for one in ("30 deg", MaxOffNadir):
        with pytest.raises(InputError, match="constraints"):
            find_windows(ephemeris, SITES[0], [one])


def test_sectors_that_make_a_whole_circle_are_refused(flock):
    ephemeris = make_ephemeris(flock[0], Span(SPAN.start, SPAN.start + 600.0))
    with pytest.raises(InputError, match="whole circle"):
        find_windows(
            ephemeris, SITES[0], [AzimuthWithin(((0.0, 200 * deg), (190 * deg, 10 * deg)))]
        )
