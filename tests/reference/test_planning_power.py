"""Sunlight on a satellite against Skyfield; nodal periods against published repeat cycles."""

from __future__ import annotations

import erfa
import numpy as np
import pytest
from numpy.testing import assert_allclose
from skyfield.api import EarthSatellite, load

from offnadir.constants import AU_M, WGS84_A_M
from offnadir.earth import EarthOrientation, SunTable
from offnadir.epoch import Epoch, Span
from offnadir.orbits import fit_ephemeris, make_ephemeris, read_elements
from offnadir.planning._orbit_number import orbit_numbers, orbit_period_s
from offnadir.planning._power import sunlit_margin_rad, sunlit_ms

# US Space Force GP data as published by CelesTrak on 2026-05-30.
SETS = {
    "SENTINEL-2A": (
        "1 40697U 15028A   26150.59231876  .00000540  00000+0  22277-3 0  9998",
        "2 40697  98.5691 225.6931 0001116  89.9845 270.1466 14.30819576571212",
    ),
    "SKYSAT-C1": (
        "1 41601U 16040C   26150.04206291  .00013059  00000+0  37486-3 0  9999",
        "2 41601  96.9573 182.7483 0004465  93.9307 266.2449 15.35959295555085",
    ),
}
SPAN = Span(Epoch.from_utc("2026-05-31"), Epoch.from_utc("2026-06-01"))
NS = 1_000_000_000


@pytest.fixture
def elements(tmp_path):
    path = tmp_path / "sets.3le"
    path.write_text("".join(f"{name}\n{one}\n{two}\n" for name, (one, two) in SETS.items()))
    return {one.name: one for one in read_elements(path).elements}


class SunOfErfa:
    """Stands for both bodies of an ephemeris: their difference is the Sun from the Earth, by `epv00`.

    With the aberration, 0.1 mrad, since that is where the light comes from.
    """

    def __sub__(self, other):
        return self

    def at(self, t):
        heliocentric, _ = erfa.epv00(t.tdb, 0.0)
        light_au_day = 86_400 * 299_792_458 / AU_M
        p, v = heliocentric["p"], heliocentric["v"]
        distance_au = np.linalg.norm(p, axis=-1, keepdims=True)
        metres = (v / light_au_day * distance_au - p).T * AU_M
        return type("Position", (), {"xyz": type("Distance", (), {"m": metres})})


@pytest.mark.parametrize("name", SETS)
def test_sunlight_is_that_of_skyfield(elements, name):
    """`is_sunlit` of Skyfield: its own frames and light, a sphere of 6378136.6 m; to 30 ms.

    Its positions are 15 m from ours, without polar motion, which is 2 ms.
    """
    sun = SunTable.over(SPAN, EarthOrientation.bundled())
    lit_ms = sunlit_ms(make_ephemeris(elements[name], SPAN), SPAN, sun)
    scale = load.timescale(builtin=True)
    satellite = EarthSatellite(*SETS[name], name, scale)

    def says_skyfield(ms):
        at = scale.utc(2026, 5, 31, 0, 0, np.asarray(ms) / 1e3)
        return satellite.at(at).is_sunlit({"sun": SunOfErfa(), "earth": SunOfErfa()})

    edges = lit_ms.ravel()
    edges = edges[(edges > 0) & (edges < 86_400_000)]
    assert len(edges) in (28, 29, 30, 31, 32)  # two for each of 14 or 15 orbits and more
    before, after = says_skyfield(edges - 30), says_skyfield(edges + 30)
    assert np.all(before != after)
    every = np.arange(0, 86_400_000, 10_000)
    ours = ((every[:, None] >= lit_ms[:, 0]) & (every[:, None] < lit_ms[:, 1])).any(axis=1)
    clear = np.abs(every[:, None] - edges).min(axis=1) > 30
    assert np.array_equal(ours[clear], says_skyfield(every)[clear])


def test_shadow_of_a_circle_by_hand():
    """A circle over the equator at twice the Earth's radius: dark for 2 asin(1/2) = 60 of its 360 deg.

    The orbit turns once in 4 h as seen from the Sun, which is held still in the plane.
    """
    zero, turn_s = SPAN.start.tai_ns, 4 * 3600.0
    span = Span(SPAN.start, SPAN.start + turn_s)

    def circle(tai_ns):
        angle = 2 * np.pi * (np.asarray(tai_ns) - zero) / NS / turn_s
        flat = [np.cos(angle), np.sin(angle), np.zeros_like(angle)]
        return 2 * WGS84_A_M * np.stack(flat, axis=1)

    class Still:
        def position_itrf_m(self, tai_ns):
            return np.tile([1e6 * AU_M, 0.0, 0.0], (len(tai_ns), 1))

    ephemeris = fit_ephemeris(circle, span, satellite="C", norad_id=1, step_s=60.0)
    lit_ms = sunlit_ms(ephemeris, span, Still())
    minute_ms = 60_000
    assert_allclose(lit_ms, [[0, 100 * minute_ms], [140 * minute_ms, 240 * minute_ms]], atol=2)


def test_a_graze_of_a_second_is_found(elements):
    """Between the samples: an orbit lifted until its shadow is all but gone still has its eclipses."""
    zero = SPAN.start.tai_ns
    span = Span(SPAN.start, SPAN.start + 4 * 3600.0)
    # A circle whose plane is tilted so that it dips behind the limb by only a little.
    radius_m, turn_s = 1.1 * WGS84_A_M, 5800.0
    dip_rad = 2e-7
    tilt = np.arcsin(1 / 1.1) - dip_rad

    def circle(tai_ns):
        angle = 2 * np.pi * (np.asarray(tai_ns) - zero) / NS / turn_s
        x = np.cos(angle) * np.cos(tilt)
        return radius_m * np.stack([x, np.sin(angle), np.cos(angle) * np.sin(tilt)], axis=1)

    class Still:
        def position_itrf_m(self, tai_ns):
            return np.tile([1e9 * AU_M, 0.0, 0.0], (len(tai_ns), 1))

    ephemeris = fit_ephemeris(circle, span, satellite="C", norad_id=1, step_s=60.0)
    lit_ms = sunlit_ms(ephemeris, span, Still())
    dark_s = (lit_ms[1:, 0] - lit_ms[:-1, 1]) / 1e3
    assert len(dark_s) == 2  # at 2900 s and 8700 s; the third would be at 14500 s
    assert np.all(dark_s < 5.0)
    assert_allclose((lit_ms[1:, 0] + lit_ms[:-1, 1]) / 2e3, [2900.0, 8700.0], atol=0.5)
    assert np.all(sunlit_margin_rad(ephemeris, zero + lit_ms[1:, 0] * 10**6, Still()) > -1e-8)


def test_no_position_no_light(elements):
    """The ephemeris ends some minutes after its span; the span asked for, six hours."""
    late = Span(SPAN.start, SPAN.stop + 6 * 3600.0)
    sun = SunTable.over(late, EarthOrientation.bundled())
    ephemeris = make_ephemeris(elements["SENTINEL-2A"], SPAN)
    lit_ms = sunlit_ms(ephemeris, late, sun)
    assert 80_000_000 < lit_ms.max() < 90_000_000
    known = ephemeris.position_itrf_m(late.start.tai_ns + lit_ms.ravel() * 10**6 - 10**7)
    assert np.isfinite(known).all()


def test_nodal_period_of_sentinel_2(elements):
    """ESA: its track repeats after 143 orbits in 10 days, of 86400 s since it is sun-synchronous."""
    assert_allclose(
        orbit_period_s(elements["SENTINEL-2A"]), 10 * 86_400 / 143, atol=0.05
    )  # kept to within 1 km of track in 10 days, that is 0.2 s


def test_nodal_period_is_that_from_node_to_node(elements):
    """The mean over the day around the epoch of the times between SGP4's northward crossings."""
    for one in elements.values():
        day = Span(one.epoch + -43_200.0, one.epoch + 43_200.0)
        tai = day.start.tai_ns + np.arange(0, 86_400 * NS, NS)
        z = make_ephemeris(one, day).position_itrf_m(tai)[:, 2]
        rise = np.flatnonzero((z[:-1] < 0) & (z[1:] >= 0))
        nodes_s = rise - z[rise] / (z[rise + 1] - z[rise])
        # Periodic terms move the first and the last node by some tenths of a second.
        assert_allclose(np.diff(nodes_s).mean(), orbit_period_s(one), atol=0.05)


def test_orbits_are_numbered_by_whole_microseconds():
    assert orbit_numbers([0, 5_821_789, 5_821_790, 11_643_579, 11_643_580], 5821.789652).tolist() == [
        0, 0, 1, 1, 2,
    ]  # fmt: skip
    # 0.1 x 3 is not 0.3 for floats, but the third orbit of 0.1 s begins at 0.3 s.
    assert orbit_numbers([299, 300], 0.1).tolist() == [2, 3]
