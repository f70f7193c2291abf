"""Slew laws: published laws of turning, hand-solved turns, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from offnadir.errors import InputError
from offnadir.planning.slew import NADIR, Slew, slew_table, slew_time_s
from offnadir.sensors import Agility
from offnadir.units import deg


def los(roll_deg: float = 0.0, pitch_deg: float = 0.0) -> np.ndarray:
    """The line of sight that has this roll = atan2(y, z) and pitch = atan2(x, hypot(y, z))."""
    roll, pitch = roll_deg * deg, pitch_deg * deg
    across = math.cos(pitch)
    return np.array([math.sin(pitch), across * math.sin(roll), across * math.cos(roll)])


def table(*pairs_deg: tuple[float, float], settling_s: float = 0.0) -> Slew:
    pairs = tuple((angle * deg, seconds) for angle, seconds in pairs_deg)
    return Slew(law="table", table=pairs, settling_s=settling_s)


EULER = Slew.of(Agility(rate_rad_s=1.5 * deg, acceleration_rad_s2=0.5 * deg, settling_s=4.0))
AXES = Slew(
    law="per_axis",
    rate_rad_s=(2.0 * deg, 1.0 * deg),
    acceleration_rad_s2=(0.5 * deg, 0.25 * deg),
    settling_s=2.0,
)
TABLE = table((0, 5), (10, 12), (60, 40))


@pytest.mark.parametrize(
    ("turn_deg", "seconds"), [(5, 11.66), (10, 11.66), (20, 55 / 3), (45, 32.5), (75, 46), (100, 166 / 3)]
)  # fmt: skip
def test_the_law_of_agile_satellites_in_the_literature(turn_deg, seconds):
    """Liu, Laporte, Chen and He (2017), Computers and Operations Research 86: transition times.

    11.66 s to 10 deg, then 5 + d/1.5, 10 + d/2, 16 + d/2.5 and 22 + d/3 from 30, 60 and 90 deg on.
    """
    law = table((0, 11.66), (10, 11.66), (30, 25), (60, 40), (90, 52), (120, 62))
    # Between 10 and 30 deg the published law leaps by 7 ms at its start.
    assert_allclose(slew_time_s(law, los(-turn_deg / 2), los(turn_deg / 2)), seconds, atol=0.01)


def test_the_law_of_the_challenge_of_2003():
    """ROADEF challenge 2003: 2.5 s and the angle at 0.05 rad/s; 60 deg take 23.444 s."""
    law = Slew(law="table", table=((0.0, 0.0), (math.pi, math.pi / 0.05)), settling_s=2.5)
    assert_allclose(slew_time_s(law, los(-20), los(40)), 23.4440, atol=1e-4)


@pytest.mark.parametrize(
    ("law", "start", "stop", "seconds"),
    [
        (EULER, (0, 0), (30, 0), 30 / 1.5 + 1.5 / 0.5 + 4),  # 27 s
        (EULER, (-10, 0), (-8, 0), 2 * math.sqrt(2 / 0.5) + 4),  # 8 s: the rate is not reached
        (EULER, (0, 20), (0, -25), 45 / 1.5 + 3 + 4),
        (EULER, (12, 7), (12, 7), 4.0),
        (AXES, (-10, 0), (20, 10), 30 / 2 + 2 / 0.5 + 2),  # roll, 21 s; pitch would be 16 s
        (AXES, (0, 0), (2, 9), 9 / 1 + 1 / 0.25 + 2),  # pitch, 15 s; roll would be 6 s
        (AXES, (0, 0), (2, -1), 2 * math.sqrt(2 / 0.5) + 2),
        (TABLE, (0, 0), (5, 0), 8.5),
        (TABLE, (-30, 0), (5, 0), 12 + 25 * 28 / 50),
        (TABLE, (0, 40), (0, -40), 40 + 20 * 28 / 50),  # beyond the table it runs on
        (
            table((5, 3), (10, 4), settling_s=1),
            (0, 0),
            (1, 0),
            4.0,
        ),  # below it the first time holds
    ],
)
def test_turns_by_hand(law, start, stop, seconds):
    assert_allclose(slew_time_s(law, los(*start), los(*stop)), seconds, rtol=1e-12)
    assert_allclose(slew_time_s(law, los(*stop), los(*start)), seconds, rtol=1e-12)


def test_the_euler_angle_is_that_between_the_lines_of_sight():
    """Roll 45 and pitch 45 are 60 deg from nadir: cos 45 x cos 45 = 1/2."""
    assert_allclose(slew_time_s(EULER, NADIR, los(45, 45)), 60 / 1.5 + 3 + 4, rtol=1e-12)


def test_shapes_broadcast_and_nan_stays():
    many = np.stack([los(0), los(10), np.full(3, np.nan)])
    times = slew_time_s(EULER, many[:, None], np.stack([los(20), los(-5)]))
    assert times.shape == (3, 2)
    assert_allclose(times[1, 0], slew_time_s(EULER, los(10), los(20)), rtol=0)
    assert np.isnan(times[2]).all()
    assert slew_time_s(AXES, los(0), los(3)).shape == ()


angles = st.floats(-60, 60)


@given(a=angles, b=angles, c=angles, d=angles, law=st.sampled_from([EULER, AXES, TABLE]))
def test_no_law_favours_a_direction_nor_waits_less_than_it_settles(a, b, c, d, law):
    there = slew_time_s(law, los(a, b), los(c, d))
    assert there >= law.settling_s
    assert_allclose(slew_time_s(law, los(c, d), los(a, b)), there, rtol=1e-12)
    # A mirror image of the turn, left for right and ahead for back, takes as long.
    assert_allclose(slew_time_s(law, los(-a, -b), los(-c, -d)), there, rtol=1e-9, atol=1e-6)


@given(
    a=angles, b=st.floats(-60, 59), more=st.floats(0, 1), law=st.sampled_from([EULER, AXES, TABLE])
)
def test_a_longer_turn_takes_no_less(a, b, more, law):
    near, far = sorted([b, b + more], key=lambda angle: abs(angle - a))
    if (near - a) * (far - a) >= 0:
        assert slew_time_s(law, los(a), los(far)) >= slew_time_s(law, los(a), los(near)) - 1e-9


def test_a_function_is_asked_with_rows():
    asked = []

    def law(end, start):
        asked.append((end.shape, start.shape))
        return 5.0 + np.abs(end[:, 1] - start[:, 1])

    ends = np.broadcast_to(los(0), (4, 2, 3))
    assert_allclose(slew_time_s(law, ends, los(30)), np.full((4, 2), 5.5), rtol=1e-12)
    assert slew_time_s(law, los(0), los(30)).shape == ()
    assert asked == [((8, 3), (8, 3)), ((1, 3), (1, 3))]


@pytest.mark.parametrize(
    ("law", "wish"),
    [
        (lambda end, start: 5.0, "shape"),
        (lambda end, start: np.zeros((len(end), 3)), "shape"),
        (lambda end, start: np.full(len(end), -1.0), "from 0 s up"),
    ],
)
def test_what_a_function_says_is_looked_at(law, wish):
    with pytest.raises(InputError, match=wish):
        slew_time_s(law, los(0), los(30))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"law": "eigenaxis"}, "law"),
        ({"law": "euler"}, "rate_rad_s"),
        ({"law": "euler", "rate_rad_s": (1, 1), "acceleration_rad_s2": (1,)}, "rate_rad_s"),
        ({"law": "per_axis", "rate_rad_s": (1, 1), "acceleration_rad_s2": (1,)}, "acceleration_rad_s2"),
        ({"law": "per_axis", "rate_rad_s": (1, 0), "acceleration_rad_s2": (1, 1)}, "rate_rad_s"),
        ({"law": "table"}, "table"),
        ({"law": "table", "table": ((0, 1),)}, "table"),
        ({"law": "table", "table": ((0, 1), (0, 2))}, "table"),
        ({"law": "table", "table": ((0, 2), (1, 1))}, "table"),
        ({"law": "table", "table": ((-1, 2), (1, 3))}, "table"),
        ({"law": "table", "table": ((0, 2), (1, math.inf))}, "table"),
        ({"law": "table", "table": ((0, 1), (1, 2)), "rate_rad_s": (1,)}, "rate_rad_s"),
        ({"law": "euler", "rate_rad_s": (1,), "acceleration_rad_s2": (1,), "table": ((0, 1),)}, "table"),
        ({"law": "table", "table": ((0, 1), (1, 2)), "settling_s": -1}, "settling_s"),
        ({"law": "table", "table": ((0, 1), (1, 2)), "settling_s": math.nan}, "settling_s"),
    ],
)  # fmt: skip
def test_wrong_laws(fields, field):
    with pytest.raises(InputError) as caught:
        Slew(**fields)
    assert caught.value.field == field


def test_as_a_plan_says_it():
    assert slew_table(AXES) == {
        "law": "per_axis",
        "rate_deg_s": [2.0, 1.0],
        "acceleration_deg_s2": [0.5, 0.25],
        "settling_s": 2.0,
    }
    assert slew_table(TABLE)["table"] == [[0.0, 5.0], [10.0, 12.0], [60.0, 40.0]]
    assert slew_table(lambda end, start: end[:, 0]) == {"law": "function"}
