"""Lines of sight between satellites against the slow twin, and what must hold whatever the pair."""

from __future__ import annotations

import math

import numpy as np
import pytest

from naive import illumination as naive
from offnadir.access._between import line_height
from offnadir.access.crosslinks import find_crosslinks
from offnadir.constants import WGS84_A_M, WGS84_B_M
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.orbits import ElementSet, fit_ephemeris, make_ephemeris
from offnadir.units import day, deg, hour, km

NS = 1_000_000_000
START = Epoch.from_utc("2026-05-31T00:00:00Z")
SPAN = Span(START, START + 21600.0)
EDGE_NS = 1_000_000
SHORT_NS = 30 * NS


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


ODD = [
    orbit(550, 0.001, 53.0, 0, 0, 0, "low 1"),
    orbit(550, 0.001, 53.0, 0, 0, 35, "low 2, same plane"),
    orbit(550, 0.001, 97.6, 20, 0, 300, "low 3, over the poles"),
    orbit(600, 0.72, 63.4, 100, 270, 40, "Molniya"),
    orbit(35786, 0.0, 0.1, 60, 0, 0, "relay"),
    orbit(90, 0.05, 30.0, 40, 0, 350, "dips below the clearance"),
]


def edges(table):
    return list(zip(table["start"].tolist(), table["stop"].tolist(), strict=True))


def same(ours, twin):
    ours, twin = ([r for r in rows if r[1] - r[0] > SHORT_NS] for rows in (ours, twin))
    assert len(ours) == len(twin)
    if ours:
        assert np.abs(np.array(ours) - np.array(twin)).max() <= EDGE_NS
    return len(ours)


@pytest.mark.parametrize(
    ("clearance_m", "max_range_m"), [(100 * km, None), (0.0, None), (100 * km, 4000 * km)]
)
def test_links_equal_those_of_the_slow_twin(flock, clearance_m, max_range_m):
    elements = [*flock[:3], *ODD]
    ephemerides = [make_ephemeris(one, SPAN) for one in elements]
    pairs = [(0, 1), (0, 2), (1, 5), (3, 4), (3, 5), (2, 6), (3, 7), (6, 7), (3, 8), (7, 8)]
    table = find_crosslinks(ephemerides, pairs, clearance_m=clearance_m, max_range_m=max_range_m)
    compared = 0
    for a, b in pairs:
        own = table.take((table["index_a"] == a) & (table["index_b"] == b))
        twin = naive.crosslinks(elements[a], elements[b], SPAN, clearance_m, max_range_m)
        compared += same(edges(own), twin)
    assert compared >= 10


def test_best_is_where_the_satellites_are_nearest():
    ephemerides = [make_ephemeris(one, SPAN) for one in ODD]
    table = find_crosslinks(ephemerides)
    assert len(table) > 40
    for row in range(len(table)):
        a, b = ephemerides[table["index_a"][row]], ephemerides[table["index_b"][row]]
        tai_ns = np.arange(table["start"][row], table["stop"][row], NS)
        tai_ns = np.append(tai_ns, [table["stop"][row], table["best"][row]])
        range_m = np.linalg.norm(a.position_itrf_m(tai_ns) - b.position_itrf_m(tai_ns), axis=1)
        assert table["range_m"][row] == pytest.approx(range_m[-1], abs=0.02)
        assert range_m[-1] <= range_m.min() + 0.02
        assert table["start"][row] <= table["best"][row] <= table["stop"][row]


def test_columns_name_the_pair_and_every_pair_is_tried_by_default():
    ephemerides = [make_ephemeris(one, SPAN) for one in ODD[:4]]
    table = find_crosslinks(ephemerides)
    pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert list(table.rows()) == list(find_crosslinks(ephemerides, pairs).rows())
    seen = set(zip(table["index_a"].tolist(), table["index_b"].tolist(), strict=True))
    assert {(0, 1), (0, 3), (2, 3)} <= seen <= set(pairs)
    for row in table.rows():
        assert row["satellite_a"] == ODD[row["index_a"]].name
        assert row["satellite_b"] == ODD[row["index_b"]].name
    assert table["norad_id_a"].tolist() == [999_999_999] * len(table)
    assert table["duration_s"] == pytest.approx((table["stop"] - table["start"]) / NS)
    turned = find_crosslinks(ephemerides, [(b, a) for a, b in pairs])
    assert np.abs(np.array(edges(turned)) - np.array(edges(table))).max() < 1000  # 1 us
    assert turned["satellite_a"].tolist() == table["satellite_b"].tolist()


def test_cutting_the_span_and_joining_gives_the_same():
    whole = find_crosslinks([make_ephemeris(one, SPAN) for one in ODD])
    cut = START + 10_000.0
    parts = [
        find_crosslinks([make_ephemeris(one, span) for one in ODD])
        for span in (Span(START, cut), Span(cut, SPAN.stop))
    ]
    joined = []
    for a in range(len(ODD)):
        for b in range(a + 1, len(ODD)):
            left, right = (
                edges(part.take((part["index_a"] == a) & (part["index_b"] == b))) for part in parts
            )
            if left and right and left[-1][1] == right[0][0] == cut.tai_ns:
                left[-1:], right[:1] = [(left[-1][0], right[0][1])], []
            joined += left + right
    assert len(joined) == len(whole)
    assert np.abs(np.array(joined) - np.array(edges(whole))).max() < 100_000
    assert parts[0]["cut_stop"].sum() == (parts[0]["stop"] == cut.tai_ns).sum() > 0
    assert parts[1]["cut_start"].sum() == (parts[1]["start"] == cut.tai_ns).sum() > 0


def test_more_clearance_and_less_range_give_links_inside_the_others():
    ephemerides = [make_ephemeris(one, SPAN) for one in ODD]
    wide = find_crosslinks(ephemerides, clearance_m=0.0)
    for tight in (
        find_crosslinks(ephemerides, clearance_m=200 * km),
        find_crosslinks(ephemerides, clearance_m=0.0, max_range_m=5000 * km),
    ):
        assert 0 < tight["duration_s"].sum() < wide["duration_s"].sum()
        for row in tight.rows():
            index = (wide["index_a"] == row["index_a"]) & (wide["index_b"] == row["index_b"])
            hold = wide.take(index)
            start, stop = (Epoch.from_utc(row[name]).tai_ns for name in ("start", "stop"))
            # Times in rows are rounded to a microsecond.
            assert np.any((hold["start"] <= start + 1000) & (hold["stop"] >= stop - 1000))


def still(r_m, number=0):
    """Something that hangs over a place."""
    return fit_ephemeris(
        lambda tai_ns: np.tile(np.asarray(r_m, np.float64), (len(tai_ns), 1)),
        SPAN,
        satellite=f"still {number}",
        norad_id=number,
        step_s=600.0,
    )


def test_the_line_grazes_the_poles_lower_than_the_equator():
    """Two things as high on either side of the Earth, the line between them at a known height."""
    for across, along, axis_m in (
        ((1, 0, 0), (0, 1, 0), WGS84_A_M),
        ((0, 0, 1), (0, 1, 0), WGS84_B_M),
    ):
        for height_m, clear in ((99.9 * km, 0), (100.1 * km, 1)):
            middle = np.array(across) * (axis_m + height_m)
            ends = [still(middle + sign * 5e6 * np.array(along)) for sign in (1, -1)]
            table = find_crosslinks(ends, clearance_m=100 * km)
            assert len(table) == clear, (across, height_m)


def test_a_line_that_ends_before_the_earth_is_clear():
    up = np.array([1.0, 0.0, 0.0])
    assert len(find_crosslinks([still(7e6 * up), still(9e6 * up)])) == 1
    assert len(find_crosslinks([still(7e6 * up), still(-9e6 * up)])) == 0
    low = WGS84_A_M + 50 * km
    assert len(find_crosslinks([still(low * up), still(9e6 * up)])) == 0
    assert len(find_crosslinks([still(low * up), still(9e6 * up)], clearance_m=49 * km)) == 1


def test_two_in_one_place_see_each_other():
    table = find_crosslinks([still([7e6, 0, 0]), still([7e6, 0, 0], 1)])
    assert table["range_m"].tolist() == [0.0]
    assert table["duration_s"].tolist() == [SPAN.duration_s]


def test_the_height_of_a_line_is_that_of_its_lowest_point():
    rng = np.random.default_rng(2)
    axes = np.array([WGS84_A_M, WGS84_A_M, WGS84_B_M])
    part = np.linspace(0, 1, 20001)[:, None]
    for _ in range(50):
        a, b = rng.normal(size=(2, 3)) * 1e7
        lowest = np.linalg.norm((a + part * (b - a)) / axes, axis=1).min()
        height = line_height(a, b, WGS84_A_M, WGS84_B_M)
        assert height == pytest.approx((lowest - 1) * WGS84_B_M, abs=30.0)
        # Its rate is at most the speed of the faster end.
        shift = rng.normal(size=(2, 3)) * 1e3
        moved = line_height(a + shift[0], b + shift[1], WGS84_A_M, WGS84_B_M)
        assert abs(moved - height) <= np.linalg.norm(shift, axis=1).max()


def test_a_link_of_ten_milliseconds_is_found():
    """One satellite stands; the other passes so that the line just rises over the limit."""
    middle = START + SPAN.duration_s / 2
    span = Span(middle + -100.0, middle + 90.0)
    limit_m = WGS84_A_M + 100 * km
    extras_m, seen_s = (-1e-3, 1e-4, 1e-2, 1.0), []
    for extra_m in extras_m:

        def sample(tai_ns, extra_m=extra_m):
            since = (tai_ns - middle.tai_ns) / NS
            x = limit_m + extra_m - 4.0 * since**2
            return np.stack([x, np.full(len(since), -3e6), 0 * since], axis=1)

        passing = fit_ephemeris(sample, span, satellite="passes", norad_id=2, step_s=100.0)
        table = find_crosslinks([still([limit_m, 3e6, 0.0]), passing])
        seen_s.append(table["duration_s"].sum())
    assert seen_s[0] == 0.0
    # The line's middle is above the limit while extra > 4 t^2.
    expected = [2 * math.sqrt(extra / 4.0) for extra in extras_m[1:]]
    assert expected[0] == pytest.approx(10e-3, abs=1e-6)
    assert seen_s[1:] == pytest.approx(expected, rel=0.1)


def test_spans_that_differ_are_searched_where_they_meet():
    early, late = Span(START, START + 2 * hour), Span(START + hour, START + 4 * hour)
    later = Span(START + 3 * hour, START + 4 * hour)
    one, two = ODD[0], ODD[4]
    both = Span(late.start, early.stop)
    expected = find_crosslinks([make_ephemeris(e, both) for e in (one, two)])
    table = find_crosslinks([make_ephemeris(one, early), make_ephemeris(two, late)])
    assert len(table) == len(expected) > 0
    assert np.abs(np.array(edges(table)) - np.array(edges(expected))).max() < 100_000
    assert table["cut_start"].tolist() == expected["cut_start"].tolist()
    assert table["cut_stop"].tolist() == expected["cut_stop"].tolist()
    assert len(find_crosslinks([make_ephemeris(one, early), make_ephemeris(two, later)])) == 0


def test_unknown_positions_end_a_link_and_are_marked():
    gap = (START.tai_ns + 6000 * NS, START.tai_ns + 6100 * NS)

    def sample(tai_ns):
        r = np.tile([8e6, 0.0, 0.0], (len(tai_ns), 1))
        r[(tai_ns > gap[0]) & (tai_ns < gap[1])] = np.nan
        return r

    broken = fit_ephemeris(sample, SPAN, satellite="broken", norad_id=3, step_s=600.0)
    table = find_crosslinks([broken, still([8e6, 1e6, 0.0])])
    assert table["cut_start"].tolist() == table["cut_stop"].tolist() == [True, True]
    assert table["stop"][0] <= gap[0]
    assert table["start"][1] >= gap[1]
    lost = fit_ephemeris(
        lambda tai_ns: np.full((len(tai_ns), 3), np.nan),
        SPAN,
        satellite="lost",
        norad_id=4,
        step_s=600.0,
    )
    assert len(find_crosslinks([lost, broken])) == 0


def test_many_pairs_come_in_order_and_progress_is_told():
    flock = [orbit(780, 0.0, 86.4, 18 * k, 0, 36 * j) for k in range(4) for j in range(4)]
    span = Span(START, START + hour)
    heard = []
    table = find_crosslinks(
        [make_ephemeris(one, span) for one in flock],
        progress=lambda done, total: heard.append((done, total)),
    )
    assert heard == [(64, 120), (120, 120)]
    keys = list(zip(table["index_a"], table["index_b"], table["start"], strict=True))
    assert keys == sorted(keys)
    assert len({key[:2] for key in keys}) > 64


def test_a_day_of_a_relay_in_geostationary_orbit():
    """Hidden from it is the part of a low orbit behind the Earth: 1/pi * asin(...) of each revolution."""
    span = Span(START, START + day)
    low, relay = orbit(550, 0.0, 0.0, 0, 0, 0), orbit(35786, 0.0, 0.0, 0, 0, 0)
    table = find_crosslinks([make_ephemeris(e, span) for e in (low, relay)])
    edge_m, r_low, r_high = WGS84_A_M + 100 * km, WGS84_A_M + 550 * km, WGS84_A_M + 35786 * km
    seen = (math.acos(edge_m / r_low) + math.acos(edge_m / r_high)) / math.pi
    assert table["duration_s"].sum() / day == pytest.approx(seen, abs=0.02)


def test_wrong_arguments_are_named():
    ephemerides = [make_ephemeris(one, SPAN) for one in ODD[:2]]
    with pytest.raises(InputError, match=r"pairs\[1\] = \(0, 2\)"):
        find_crosslinks(ephemerides, [(0, 1), (0, 2)])
    with pytest.raises(InputError, match=r"pairs\[0\] = \(1, 1\)"):
        find_crosslinks(ephemerides, [(1, 1)])
    for pair in ((0.5, 1.2), (0, 1, 2), (-1, 0)):
        with pytest.raises(InputError, match=r"pairs\[0\] = "):
            find_crosslinks(ephemerides, [pair])
    with pytest.raises(InputError, match=r"clearance_m = nan"):
        find_crosslinks(ephemerides, clearance_m=math.nan)
    with pytest.raises(InputError, match=r"max_range_m = 0"):
        find_crosslinks(ephemerides, max_range_m=0)
    assert len(find_crosslinks([])) == len(find_crosslinks(ephemerides[:1])) == 0
    assert find_crosslinks([]).names == find_crosslinks(ephemerides).names
