"""Eclipses against the slow twin, and what must hold whatever the orbit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from naive import illumination as naive
from offnadir.access._between import FLOOR_S
from offnadir.access._tracks import flight
from offnadir.access.illumination import (
    _bounds,
    beta_angle_rad,
    find_eclipses,
    local_solar_time_s,
    local_time_of_node_s,
)
from offnadir.constants import AU_M, WGS84_A_M, WGS84_B_M
from offnadir.earth import (
    EarthOrientation,
    SunTable,
    geodetic_to_itrf_m,
    itrf_to_geodetic,
    sun_itrf_m,
)
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.geometry._shadow import (
    SAFE,
    annular_margin_rad,
    limb,
    margin_rate_rad_s,
    shadow_margin_rad,
    sun_radius,
    sunlit_margin_rad,
    umbra_margin_rad,
)
from offnadir.orbits import ElementSet, fit_ephemeris, make_ephemeris
from offnadir.units import day, deg, hour, km, minute

NS = 1_000_000_000
START = Epoch.from_utc("2026-05-31T00:00:00Z")
SPAN = Span(START, START + 43200.0)
EDGE_NS = 1_000_000
SHORT_NS = 60 * NS


def orbit(height_km, ecc=0.0, incl=0.0, node=0.0, perigee=0.0, mean=0.0, name="made up"):
    a_m = (6378.137 + height_km) * km / (1 - ecc)
    return ElementSet(
        norad_id=999_999_999,
        name=name,
        epoch=START,
        mean_motion_rad_s=math.sqrt(3.986004418e14 / a_m**3),
        eccentricity=ecc,
        inclination_rad=incl * deg,
        raan_rad=node * deg,
        arg_perigee_rad=perigee * deg,
        mean_anomaly_rad=mean * deg,
    )


def held(sample, span=SPAN, **more):
    """An ephemeris of positions of one's own."""
    return fit_ephemeris(sample, span, satellite="own", norad_id=7, step_s=600.0, **more)


def whole(table):
    """(start, stop) of each eclipse from the first row to the last, and of each umbra."""
    row = np.flatnonzero(np.diff(table["eclipse"], prepend=-1))
    last = np.append(row, len(table))[1:] - 1
    shadow = list(zip(table["start"][row].tolist(), table["stop"][last].tolist(), strict=True))
    umbra = table.take(table["kind"] == "umbra")
    return shadow, list(zip(umbra["start"].tolist(), umbra["stop"].tolist(), strict=True))


def same(ours, twin):
    """All the same but those so short that the twin's looks may fall beside them."""
    ours, twin = ([r for r in rows if r[1] - r[0] > SHORT_NS] for rows in (ours, twin))
    assert len(ours) == len(twin)
    if ours:
        assert np.abs(np.array(ours) - np.array(twin)).max() <= EDGE_NS
    return len(ours)


def test_eclipses_equal_those_of_the_slow_twin(flock):
    compared = 0
    for elements in flock:
        shadow, umbra = whole(find_eclipses(make_ephemeris(elements, SPAN)))
        twin_shadow, twin_umbra = naive.eclipses(elements, SPAN)
        compared += same(shadow, twin_shadow) + same(umbra, twin_umbra)
    assert compared > 60


@pytest.mark.parametrize(
    "elements",
    [
        orbit(600, 0.72, 63.4, 100, 270, 10, "Molniya"),
        orbit(250, 0.0, 90.0, 250, 0, 0, "over the poles, low"),
        orbit(20200, 0.01, 55.0, 70, 0, 0, "navigation"),
        orbit(300, 0.9, 20.0, 270, 0, 355, "very eccentric"),
        orbit(35786, 0.0, 23.0, 340, 0, 0, "geosynchronous, inclined"),
    ],
    ids=lambda one: one.name,
)
def test_odd_orbits_equal_the_slow_twin_too(elements):
    span = Span(START, START + day)
    shadow, umbra = whole(find_eclipses(make_ephemeris(elements, span)))
    twin_shadow, twin_umbra = naive.eclipses(elements, span)
    assert same(shadow, twin_shadow) + same(umbra, twin_umbra) > 0


def test_rows_of_an_eclipse_follow_each_other_without_gap(flock):
    table = find_eclipses([make_ephemeris(one, SPAN) for one in flock])
    assert len(table) > 60
    for name in np.unique(table["satellite"]):
        own = table.take(table["satellite"] == name)
        assert own["duration_s"].min() > 0
        assert np.all(own["start"][1:] >= own["stop"][:-1])
        inside = np.diff(own["eclipse"]) == 0
        assert np.array_equal(own["start"][1:][inside], own["stop"][:-1][inside])
        assert np.all(own["kind"][1:][inside] != own["kind"][:-1][inside])
        assert np.unique(own["eclipse"]).tolist() == list(range(own["eclipse"][-1] + 1))


def test_ends_of_the_span_are_marked_and_cutting_changes_nothing_else(flock):
    elements = flock[0]
    long = find_eclipses(make_ephemeris(elements, SPAN))
    inside = long.take(long["kind"] == "umbra")
    middle_ns = int((inside["start"][2] + inside["stop"][2]) // 2)
    cut = Epoch(middle_ns)
    left = find_eclipses(make_ephemeris(elements, Span(SPAN.start, cut)))
    right = find_eclipses(make_ephemeris(elements, Span(cut, SPAN.stop)))
    assert left["cut_stop"].tolist() == [False] * (len(left) - 1) + [True]
    assert right["cut_start"].tolist() == [True] + [False] * (len(right) - 1)
    assert left["stop"][-1] == right["start"][0] == middle_ns
    assert len(left) + len(right) == len(long) + 1
    joined = np.concatenate([left["start"], right["start"][1:]])
    assert np.abs(joined - long["start"]).max() < 20_000  # other segments, other millimetres


def test_order_and_company_change_nothing(flock):
    ephemerides = [make_ephemeris(one, SPAN) for one in flock]
    together = list(find_eclipses(ephemerides).rows())
    alone = [row for one in ephemerides for row in find_eclipses(one).rows()]
    assert together == alone
    generated = list(find_eclipses(one for one in ephemerides).rows())
    assert generated == together


def test_a_high_sun_on_the_orbit_means_no_eclipse_and_a_low_one_means_one():
    """Circular orbit over a sphere: dark if |sin(beta)| < a / r; flattening and discs blur by 1 deg."""
    span = Span(START, START + 3 * hour)
    counted = {True: 0, False: 0}
    for node in range(0, 360, 6):
        ephemeris = make_ephemeris(orbit(700, 0.0, 98.0, node), span)
        beta = abs(beta_angle_rad(ephemeris, START.tai_ns)[0])
        edge = math.asin(WGS84_A_M / (WGS84_A_M + 700 * km))
        if abs(beta - edge) < 1 * deg:
            continue
        dark = len(find_eclipses(ephemeris)) > 0
        assert dark == (beta < edge), node
        counted[dark] += 1
    assert min(counted.values()) >= 3


def crossing(depth_rad, speed_rad_s=1e-3):
    """A satellite 7000 km out whose Sun grazes the limb to a depth at the middle of the span.

    It swings in the plane through the Sun; returns the ephemeris and the margin's least value.
    """
    orientation = EarthOrientation.bundled()
    middle = SPAN.start.tai_ns + round(SPAN.duration_s / 2 * NS)

    def sample(tai_ns):
        sun = sun_itrf_m(tai_ns, orientation)
        sun /= np.linalg.norm(sun, axis=1, keepdims=True)
        side = np.cross(sun, [0.0, 0.0, 1.0])
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        since = (tai_ns - middle) / NS
        # Angle between the satellite's zenith and the point opposite to the Sun.
        apart = math.asin(WGS84_A_M / 7e6) - depth_rad + 1e-6 * speed_rad_s * since**2
        return 7e6 * (-np.cos(apart)[:, None] * sun + np.sin(apart)[:, None] * side)

    return sample, middle


def test_a_shadow_of_a_few_milliseconds_is_found():
    # Found by bisection over the depth: the satellite only just touches the penumbra.
    span = Span(SPAN.start + 21000.0, SPAN.start + 22200.0)
    low, high = -0.02, 0.02
    for _ in range(60):
        depth = (low + high) / 2
        sample, middle = crossing(depth)
        sat, sun = (
            sample(np.array([middle])),
            sun_itrf_m(np.array([middle]), EarthOrientation.bundled()),
        )
        low, high = (low, depth) if sunlit_margin_rad(sat[0], sun[0]) < 0 else (depth, high)
    lengths = []
    for extra in (-1e-10, 1e-14, 1e-12, 1e-10):
        sample, _ = crossing(high + extra)
        table = find_eclipses(held(sample, span))
        lengths.append(table["duration_s"].sum())
        assert set(table["kind"]) <= {"penumbra"}
    assert lengths[0] == 0.0
    assert FLOOR_S < lengths[1] < lengths[2] < lengths[3] < 30.0


def test_unknown_positions_end_a_shadow_and_are_marked():
    orientation = EarthOrientation.bundled()
    gap = (SPAN.start.tai_ns + 10_000 * NS, SPAN.start.tai_ns + 12_000 * NS)

    def behind(tai_ns):
        sun = sun_itrf_m(tai_ns, orientation)
        r = -7e6 * sun / np.linalg.norm(sun, axis=1, keepdims=True)
        r[(tai_ns > gap[0]) & (tai_ns < gap[1])] = np.nan
        return r

    ephemeris = held(behind)
    table = find_eclipses(ephemeris)
    assert table["kind"].tolist() == ["umbra", "umbra"]
    assert table["eclipse"].tolist() == [0, 1]
    assert table["cut_start"].tolist() == table["cut_stop"].tolist() == [True, True]
    assert (table["start"][0], table["stop"][1]) == (SPAN.start.tai_ns, SPAN.stop.tai_ns)
    assert table["stop"][0] <= gap[0]
    assert table["start"][1] >= gap[1]
    assert table["stop"][0] > gap[0] - 600 * NS
    assert table["start"][1] < gap[1] + 600 * NS
    nothing = find_eclipses(held(lambda tai_ns: np.full((len(tai_ns), 3), np.nan)))
    assert len(nothing) == 0
    assert nothing.names == table.names


def test_beyond_the_tip_of_the_umbra_a_ring_is_left():
    """At the Sun-Earth point L2, 1.5 million km out, the Earth is too small to hide the Sun."""
    orientation = EarthOrientation.bundled()

    def crossing_behind(tai_ns):
        sun = sun_itrf_m(tai_ns, orientation)
        sun /= np.linalg.norm(sun, axis=1, keepdims=True)
        side = np.cross(sun, [0.0, 0.0, 1.0])
        since = (tai_ns - SPAN.start.tai_ns) / NS - SPAN.duration_s / 2
        return -1.5e9 * sun + 1500.0 * since[:, None] * side

    table = find_eclipses(held(crossing_behind))
    assert table["kind"].tolist() == ["penumbra", "annular", "penumbra"]
    assert table["eclipse"].tolist() == [0, 0, 0]
    # Radii of 0.2437 deg (Earth) and 0.2625 to 0.264 deg (Sun) at that distance.
    earth, sun = math.asin(WGS84_A_M / 1.5e9), math.asin(6.957e8 / (1.5e9 + 1.0139 * AU_M))
    across_m_s = 1500.0 * np.hypot(1, 0) * math.cos(sun_declination(START))
    expected = np.array([sun + earth, sun - earth]) * 1.5e9 / across_m_s * 2
    found = np.array([table["duration_s"].sum(), table["duration_s"][1]])
    assert found == pytest.approx(expected, rel=0.05)


def test_in_front_of_the_earth_nothing_covers_the_sun():
    def before(tai_ns):
        sun = sun_itrf_m(tai_ns, EarthOrientation.bundled())
        return 1.5e9 * sun / np.linalg.norm(sun, axis=1, keepdims=True)

    assert len(find_eclipses(held(before))) == 0


def sun_declination(epoch):
    x, y, z = sun_itrf_m(epoch.tai_ns, EarthOrientation.bundled())[0]
    return math.atan2(z, math.hypot(x, y))


def test_progress_is_told_and_no_satellite_gives_an_empty_table(flock):
    heard = []
    ephemerides = [make_ephemeris(one, SPAN) for one in flock[:2]]
    find_eclipses(ephemerides, progress=lambda done, total: heard.append((done, total)))
    find_eclipses(iter(ephemerides), progress=lambda done, total: heard.append((done, total)))
    assert heard == [(1, 2), (2, 2), (1, 0), (2, 0)]
    assert len(find_eclipses([])) == 0


# The margins themselves.


def unit(rng, n):
    v = rng.normal(size=(n, 3))
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def true_distance_rad(sat, sun):
    """Angle between the Sun's centre and the nearest of very many points of the limb."""
    axes = np.array([WGS84_A_M, WGS84_A_M, WGS84_B_M])
    p = sat / axes
    one = np.cross(p, [0.3, 0.5, 0.8])
    one /= np.linalg.norm(one)
    two = np.cross(p, one) / np.linalg.norm(p)
    height = math.sqrt(1 - 1 / (p @ p))
    to_sun = (sun - sat) / np.linalg.norm(sun - sat)
    turns = np.linspace(0, 2 * np.pi, 2001)
    for _ in range(4):
        rim = np.cos(turns)[:, None] * one + np.sin(turns)[:, None] * two
        sight = (p / (p @ p) + height * rim - p) * axes
        sight /= np.linalg.norm(sight, axis=1, keepdims=True)
        angles = 2 * np.arcsin(np.linalg.norm(sight - to_sun, axis=1) / 2)
        middle, width = turns[angles.argmin()], turns[1] - turns[0]
        turns = np.linspace(middle - 2 * width, middle + 2 * width, 2001)
    u = to_sun / axes
    inside = u @ p < 0 and (u @ p) ** 2 > (u @ u) * (p @ p - 1)
    return -angles.min() if inside else angles.min()


@pytest.mark.parametrize("height_km", [150, 500, 2000, 36000])
def test_the_angle_to_the_limb_is_that_of_a_scanned_limb(height_km):
    rng = np.random.default_rng(height_km)
    r_m = WGS84_A_M + height_km * km
    for zenith in unit(rng, 60):
        across = np.cross(zenith, unit(rng, 1)[0])
        across /= np.linalg.norm(across)
        from_nadir = math.asin(WGS84_A_M / r_m) + rng.uniform(-0.007, 0.007)
        sat = r_m * zenith
        sun = sat + AU_M * (-zenith * math.cos(from_nadir) + across * math.sin(from_nadir))
        angle, distance = limb(1.0, sat, sun)
        assert distance == pytest.approx(AU_M, rel=1e-12)
        assert angle == pytest.approx(true_distance_rad(sat, sun), abs=3e-9)


def test_far_from_the_limb_the_margin_is_still_the_angle():
    rng = np.random.default_rng(3)
    for direction, to_sun in zip(unit(rng, 100), unit(rng, 100), strict=True):
        sat = direction * rng.uniform(6.5e6, 5e7)
        exact = true_distance_rad(sat, AU_M * to_sun)
        assert limb(1.0, sat, AU_M * to_sun)[0] == pytest.approx(exact, rel=1e-4)


def test_the_sun_overhead_and_underfoot():
    for axis in np.vstack([np.eye(3), [[0.6, 0.0, 0.8]]]):
        sat = 7e6 * axis
        horizon = math.asin(WGS84_A_M / 7e6)
        for sign, expected in ((1.0, math.pi - horizon), (-1.0, -horizon)):
            angle = limb(1.0, sat, sign * AU_M * axis)[0]
            assert angle == pytest.approx(expected, abs=0.01)  # the flattened Earth: 21 km of 2900


def test_on_the_ground_the_limb_is_the_horizon():
    lat, lon = 40 * deg, 30 * deg
    place = geodetic_to_itrf_m(lat, lon, 0.0)
    sun = sun_itrf_m(START.tai_ns + 36000 * NS, EarthOrientation.bundled())[0]
    up = np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])
    elevation = math.asin((sun - place) @ up / np.linalg.norm(sun - place))
    assert limb(1.0, place, sun)[0] == pytest.approx(elevation, abs=1e-7)
    deep = place * 0.999
    assert limb(1.0, deep, sun)[0] == pytest.approx(elevation, abs=1e-3)


def test_margins_agree_with_each_other_and_with_the_array_form():
    rng = np.random.default_rng(5)
    sats, sun = unit(rng, 50) * 8e6, np.array([0.3, 0.8, 0.1]) * AU_M
    margins = shadow_margin_rad(sats, sun)
    assert margins.shape == (50,)
    for sat, margin in zip(sats, margins, strict=True):
        angle, distance = limb(1.0, sat, sun)
        radius = sun_radius(distance)
        assert radius == pytest.approx(math.asin(6.957e8 / distance), abs=1e-12)
        assert margin == pytest.approx(sunlit_margin_rad(sat, sun), abs=1e-13)
        assert margin == pytest.approx(angle - radius, abs=1e-13)
        assert umbra_margin_rad(sat, sun) == pytest.approx(angle + radius, abs=1e-13)
        assert annular_margin_rad(sat, sun) > 0
    assert shadow_margin_rad(sats[0], sun).shape == ()
    assert shadow_margin_rad(sats.reshape(5, 10, 3), sun).shape == (5, 10)
    assert np.isnan(shadow_margin_rad([np.nan, 0.0, 0.0], sun))


@pytest.mark.parametrize(
    "elements",
    [
        orbit(200, 0.0, 90.0, 30),
        orbit(300, 0.72, 63.4, 100, 270),
        orbit(500, 0.0, 51.6, 200),
        orbit(35786, 0.0, 0.1),
    ],
)
def test_no_margin_changes_faster_than_its_bound(elements):
    span = Span(START, START + 20000.0)
    ephemeris = make_ephemeris(elements, span)
    tai_ns = START.tai_ns + np.arange(0, 20000 * NS, NS // 2)
    r_m = ephemeris.position_itrf_m(tai_ns)
    speed = np.linalg.norm(ephemeris.velocity_itrf_m_s(tai_ns), axis=1).max()
    bound = margin_rate_rad_s(speed, np.linalg.norm(r_m, axis=1).min())
    sun = SunTable.over(span, ephemeris.orientation).position_itrf_m(tai_ns)
    margins = shadow_margin_rad(r_m, sun)
    # After a wait of SAFE * |margin| / bound the sign is the same at every half second before.
    reach = np.floor(SAFE * np.abs(margins) / bound / 0.5).astype(int)
    changes = np.flatnonzero(np.diff(np.sign(margins)) != 0)
    assert len(changes) > 0 or elements.mean_motion_rad_s < 1e-3
    for change in changes:
        before = np.arange(change + 1)
        assert np.all(before + reach[: change + 1] <= change + 1)
    near = np.abs(margins[:-1]) < 0.3
    assert np.abs(np.diff(margins)[near]).max(initial=0.0) / 0.5 < bound


@pytest.mark.parametrize(
    "elements",
    [
        orbit(200, 0.0, 90.0, 30),
        orbit(300, 0.72, 63.4, 250, 270),
        orbit(500, 0.0, 51.6, 200),
        orbit(20200, 0.01, 55.0, 70),
        orbit(35786, 0.0, 15.0, 340),
        orbit(300, 0.9, 20.0, 270, 0, 355),
    ],
)
def test_no_margin_bends_more_than_its_bound_near_the_limb(elements):
    span = Span(START, START + day)
    ephemeris = make_ephemeris(elements, span)
    _, bend, zone = _bounds(flight(ephemeris, START))
    tai_ns = START.tai_ns + np.arange(0, 86400, 2) * NS
    sun = SunTable.over(span, ephemeris.orientation).position_itrf_m(tai_ns)
    margins = shadow_margin_rad(ephemeris.position_itrf_m(tai_ns), sun)
    near = np.abs(margins[1:-1]) < zone
    assert near.sum() > 10
    assert np.abs(np.diff(margins, 2)[near]).max() / 4.0 < bend


def test_the_light_at_every_instant_is_as_the_table_says():
    """Random orbits, a look every half second: what a finer step would find is in the table."""
    rng = np.random.default_rng(11)
    seen = 0
    for _ in range(12):
        elements = orbit(
            rng.uniform(200, 3000), rng.choice([0.0, 0.01, 0.3, 0.7]), *rng.uniform(0, 180, 4)
        )
        span = Span(START, START + 4 * hour)
        ephemeris = make_ephemeris(elements, span)
        tai_ns = START.tai_ns + np.arange(1, 4 * 7200) * (NS // 2)
        sun = SunTable.over(span, ephemeris.orientation).position_itrf_m(tai_ns)
        margins = shadow_margin_rad(ephemeris.position_itrf_m(tai_ns), sun)
        table = find_eclipses(ephemeris)
        dark = np.zeros(len(tai_ns), np.bool_)
        for start, stop in zip(table["start"], table["stop"], strict=True):
            dark |= (tai_ns >= start) & (tai_ns <= stop)
        clear = np.abs(margins) > 1e-8
        assert np.array_equal(dark[clear], margins[clear] < 0)
        seen += int(np.abs(np.diff(dark.astype(int))).sum())
    assert seen > 20


# Beta and solar time.


def test_beta_is_the_sun_over_the_plane_by_the_textbook_formula(flock):
    """sin(beta) = cos(dec) sin(i) sin(node - ra) + sin(dec) cos(i), from the mean elements of the day."""
    from offnadir.earth._orientation import sun_gcrs_m

    for elements in flock:
        x, y, z = sun_gcrs_m(np.array([elements.epoch.tai_ns]))[0]
        # The element set's axes are of date: 26 years of precession, 0.37 deg, turn the Sun by so much.
        ra = math.atan2(y, x) + 26.41 * 46.1 / 3600 * deg
        dec = math.atan2(z, math.hypot(x, y))
        i, node = elements.inclination_rad, elements.raan_rad
        sine = math.cos(dec) * math.sin(i) * math.sin(node - ra) + math.sin(dec) * math.cos(i)
        span = Span(elements.epoch, elements.epoch + 6000.0)
        (beta,) = beta_angle_rad(make_ephemeris(elements, span), elements.epoch.tai_ns)
        assert beta == pytest.approx(math.asin(sine), abs=0.25 * deg), elements.name


def test_beta_is_negative_on_the_other_side(flock):
    """The same path flown backwards has the opposite angular momentum."""
    forward = held(lambda tai_ns: circle(tai_ns, 1.0))
    back = held(lambda tai_ns: circle(tai_ns, -1.0))
    tai_ns = START.tai_ns + np.arange(0, 43200, 900) * NS
    ours, theirs = beta_angle_rad(forward, tai_ns), beta_angle_rad(back, tai_ns)
    assert ours == pytest.approx(-theirs, abs=1e-4)
    assert ours.mean() == pytest.approx(sun_declination(START), abs=0.3 * deg)
    assert ours.mean() > 20 * deg


def circle(tai_ns, sense):
    """A circle over the equator among the stars, seen from the turning Earth."""
    since = (tai_ns - START.tai_ns) / NS
    lon = (sense * 1.08e-3 - 7.292115e-5) * since
    return 7e6 * np.stack([np.cos(lon), np.sin(lon), 0 * lon], axis=1)


def test_an_equatorial_orbit_has_no_node_to_tell_the_time_of():
    tai_ns = START.tai_ns + np.arange(0, 7200, 600) * NS
    assert np.isnan(local_time_of_node_s(held(lambda t: circle(t, 1.0)), tai_ns)).all()


def test_the_node_is_where_the_satellite_crosses_the_equator_going_north(flock):
    elements = flock[4]
    ephemeris = make_ephemeris(elements, SPAN)
    tai_ns = START.tai_ns + np.arange(0, 43200 * NS, NS)
    r_m = ephemeris.position_itrf_m(tai_ns)
    up = np.flatnonzero((r_m[:-1, 2] < 0) & (r_m[1:, 2] >= 0))
    _, lon, _ = itrf_to_geodetic(r_m[up])
    for kind in ("mean", "apparent"):
        below = local_solar_time_s(lon, tai_ns[up], kind)
        node = local_time_of_node_s(ephemeris, tai_ns[up], "ascending", kind)
        apart = (below - node + day / 2) % day - day / 2
        assert np.abs(apart).max() < 20.0  # a second of flight is 0.06 deg, or 14 s of time
    assert len(up) >= 7


def test_solar_noon_is_when_the_sun_stands_on_the_meridian():
    lon = np.linspace(-179, 179, 25) * deg
    tai_ns = START.tai_ns + np.arange(25) * 9 * day * NS
    tai_ns = tai_ns.astype(np.int64)
    seconds = local_solar_time_s(lon, tai_ns, "apparent")
    sun = sun_itrf_m(tai_ns, EarthOrientation.bundled())
    east = -np.sin(lon) * sun[:, 0] + np.cos(lon) * sun[:, 1]
    out = np.cos(lon) * sun[:, 0] + np.sin(lon) * sun[:, 1]
    hour_angle = -np.arctan2(east, out)
    assert seconds == pytest.approx((hour_angle / (2 * np.pi) + 0.5) % 1.0 * day, abs=1e-6)


def test_solar_time_runs_with_the_longitude_and_stays_within_a_day():
    tai_ns = START.tai_ns + np.arange(0, 86400, 60) * NS
    for kind in ("mean", "apparent"):
        here, there = (local_solar_time_s(lon * deg, tai_ns, kind) for lon in (0.0, 15.0))
        assert (there - here) % day == pytest.approx(hour, abs=1e-6)
        assert here.min() >= 0
        assert here.max() < day
        assert (np.diff(here) % day) == pytest.approx(60.0, abs=0.02)
    many = local_solar_time_s(0.0, tai_ns, "apparent")  # from a table
    few = local_solar_time_s(0.0, tai_ns[::100], "apparent")  # one by one
    assert many[::100] == pytest.approx(few, abs=1e-5)


def test_the_equation_of_time_reaches_16_minutes_in_november():
    """Astronomical Almanac: between -14.3 min in February and +16.4 min in early November."""
    tai_ns = START.tai_ns + np.arange(365) * 86400 * NS
    apparent, mean = (local_solar_time_s(0.0, tai_ns, kind) for kind in ("apparent", "mean"))
    minutes = ((apparent - mean + day / 2) % day - day / 2) / minute
    assert minutes.max() == pytest.approx(16.4, abs=0.1)
    assert minutes.min() == pytest.approx(-14.25, abs=0.1)
    november = Epoch.from_utc("2026-11-03T00:00:00Z") - START
    assert abs(int(minutes.argmax()) - november / day) <= 1


def test_wrong_words_are_named(flock):
    ephemeris = make_ephemeris(flock[0], SPAN)
    with pytest.raises(InputError, match="kind = 'true': must be one of mean, apparent"):
        local_solar_time_s(0.0, START.tai_ns, "true")
    with pytest.raises(InputError, match="node = 'up': must be one of ascending, descending"):
        local_time_of_node_s(ephemeris, START.tai_ns, "up")
