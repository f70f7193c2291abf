"""Histories made up with known manoeuvres, noise and faults, and what must come out."""

from __future__ import annotations

import dataclasses
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import typer
from numpy.testing import assert_allclose
from typer.testing import CliRunner

from naive.history import step_in_gap, wrong_reading
from offnadir.briefs.history_figure import write_history_figure
from offnadir.cli.history import history as history_verb
from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError
from offnadir.orbits import ElementSet
from offnadir.orbits._history_kernels import shocks
from offnadir.orbits._secular import mean_orbit
from offnadir.orbits.history import ObjectHistory, object_history
from offnadir.units import day, deg, hour, mm

FIRST = Epoch.from_utc("2020-01-01T00:00:00Z")
A_M = 7_100_000.0
N_RAD_S = np.sqrt(398_600.8e9 / A_M**3)
TURN = 2.0 * np.pi


def made(
    days,
    *,
    seed=1,
    fall_m_day=-2.0,
    raise_m=(),
    tilt_rad=(),
    turn_rad=(),
    wrong=(),
    bstar=3e-5,
    extra_fall=lambda t: 0.0 * t,
    noise_m=0.3,
) -> list[ElementSet]:
    """A made-up history: (day, size) of steps in semi-major axis, inclination and node, with noise.

    The phase follows from the size by integration in small steps, so that times can be told.
    """
    rng = np.random.default_rng(seed)
    days = np.asarray(days, float)
    fine = np.arange(0.0, days.max() + 0.01, 0.01)
    size = A_M + fall_m_day * fine + extra_fall(fine)
    for at, step in raise_m:
        size = size + step * (fine > at)
    plain = ElementSet(
        norad_id=90001,
        name="MADE UP",
        epoch=FIRST,
        mean_motion_rad_s=N_RAD_S,
        eccentricity=0.001,
        inclination_rad=98.2 * deg,
        raan_rad=1.0,
        arg_perigee_rad=1.5,
        mean_anomaly_rad=0.3,
        bstar=bstar,
    )
    orbit = mean_orbit([plain])
    size0 = float(orbit.semi_major_m[0])
    change = size - A_M  # metres from the plain orbit
    ahead = np.concatenate([[0.0], np.cumsum(-1.5 * N_RAD_S * day * change[:-1] / size0 * 0.01)])
    rate = {
        "mean_anomaly_rad": orbit.mean_anomaly_rate_rad_s[0] * day,
        "arg_perigee_rad": orbit.arg_perigee_rate_rad_s[0] * day,
        "raan_rad": orbit.raan_rate_rad_s[0] * day,
    }
    sets = []
    for k, t in enumerate(days):
        grown = float(np.interp(t, fine, change)) + rng.normal(0.0, noise_m)
        incl = plain.inclination_rad + sum(step for at, step in tilt_rad if t > at)
        node = plain.raan_rad + rate["raan_rad"] * t + sum(step for at, step in turn_rad if t > at)
        anomaly = plain.mean_anomaly_rad + rate["mean_anomaly_rad"] * t
        anomaly += float(np.interp(t, fine, ahead)) + rng.normal(0.0, 20.0) / A_M
        # Leave out of the node what a tilt does to its rate: tan(i) di.
        for at, step in tilt_rad:
            if t > at:
                node += -np.tan(plain.inclination_rad) * step * rate["raan_rad"] * (t - at)
        off = 400.0 if k in wrong else 0.0
        sets.append(
            dataclasses.replace(
                plain,
                epoch=FIRST + float(t) * day,
                mean_motion_rad_s=N_RAD_S * (1.0 - 1.5 * (grown + off) / size0),
                eccentricity=0.001 + rng.normal(0.0, 3.0) / A_M,
                inclination_rad=incl + rng.normal(0.0, 10.0) / A_M + 3.0 * off / A_M,
                raan_rad=(node + rng.normal(0.0, 10.0) / A_M) % TURN,
                arg_perigee_rad=(plain.arg_perigee_rad + rate["arg_perigee_rad"] * t) % TURN,
                mean_anomaly_rad=anomaly % TURN,
            )
        )
    return sets


DAILY = np.arange(0.0, 60.0, 0.97)


def test_nothing_is_found_where_nothing_was_done():
    for seed in range(5):
        assert object_history(made(DAILY, seed=seed)).manoeuvres == ()


def test_a_raise_is_found_with_time_size_and_direction():
    sets = made(DAILY, raise_m=[(30.3, 20.0)], noise_m=0.05)
    (burn,) = object_history(sets).manoeuvres
    assert burn.direction == "along-track"
    assert_allclose(burn.semi_major_change_m, 20.0, atol=1.0)
    assert_allclose(burn.along_m_s, N_RAD_S * 20.0 / 2.0, rtol=0.05)
    assert burn.start - FIRST < 30.3 * day < burn.stop - FIRST
    assert burn.timed
    assert abs((burn.time - FIRST) - 30.3 * day) < 3.0 * burn.time_sigma_s
    assert burn.time_sigma_s < 4.0 * hour
    assert_allclose(burn.period_change_s, 3.0 * np.pi / N_RAD_S * 20.0 / A_M, rtol=0.05)
    assert burn.confidence > 0.99


def test_lowering_has_the_other_sign():
    (burn,) = object_history(made(DAILY, raise_m=[(30.3, -40.0)])).manoeuvres
    assert_allclose(burn.along_m_s, -N_RAD_S * 40.0 / 2.0, rtol=0.05)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_tilt_is_cross_track_with_the_sign_of_the_inclination(sign):
    (burn,) = object_history(made(DAILY, tilt_rad=[(30.3, sign * 2e-4)])).manoeuvres
    assert burn.direction == "cross-track"
    assert_allclose(burn.inclination_change_rad, sign * 2e-4, atol=1e-5)
    assert_allclose(burn.cross_m_s, sign * N_RAD_S * A_M * 2e-4, rtol=0.05)
    assert abs(burn.along_m_s) < 3.0 * mm


def test_a_turn_of_the_node_is_cross_track():
    (burn,) = object_history(made(DAILY, turn_rad=[(30.3, 2e-4)])).manoeuvres
    assert burn.direction == "cross-track"
    assert_allclose(abs(burn.cross_m_s), N_RAD_S * A_M * 2e-4 * np.sin(98.2 * deg), rtol=0.05)


def test_several_manoeuvres_are_told_apart():
    steps = [(12.4, 15.0), (25.6, -12.0), (41.2, 30.0)]
    found = object_history(made(DAILY, raise_m=steps, noise_m=0.1)).manoeuvres
    assert len(found) == 3
    for burn, (at, size) in zip(found, steps, strict=True):
        assert burn.start - FIRST < at * day < burn.stop - FIRST
        assert_allclose(burn.semi_major_change_m, size, atol=1.5)


def test_wrong_sets_are_left_out_and_no_manoeuvres():
    history = object_history(made(DAILY, wrong=(10, 25, 44)))
    assert history.manoeuvres == ()
    assert history.left_out == 3
    assert np.flatnonzero(~history.table["used"]).tolist() == [10, 25, 44]


def test_a_wrong_set_beside_a_manoeuvre_does_not_spoil_it():
    after = int(np.searchsorted(DAILY, 30.3))
    (burn,) = object_history(made(DAILY, raise_m=[(30.3, 50.0)], wrong=(after,))).manoeuvres
    assert burn.start - FIRST < 30.3 * day < burn.stop - FIRST
    assert_allclose(burn.semi_major_change_m, 50.0, atol=2.0)


def test_a_storm_is_no_manoeuvre():
    """For two days drag is three times as strong and B* does not tell of it."""

    def storm(t):
        return -4.0 * np.clip(t - 30.0, 0.0, 2.0)

    assert object_history(made(DAILY, extra_fall=storm)).manoeuvres == ()


def test_a_small_raise_under_the_noise_is_not_claimed():
    assert object_history(made(DAILY, raise_m=[(30.3, 0.3)])).manoeuvres == ()


def test_weeks_without_sets_hide_how_but_not_that_an_orbit_was_raised():
    days = np.concatenate([np.arange(0.0, 100.0, 24.0), np.arange(120.0, 300.0, 24.0)])
    history = object_history(made(days, raise_m=[(107.0, 2000.0)], fall_m_day=-15.0, bstar=1.6e-4))
    (burn,) = history.manoeuvres
    assert burn.start - FIRST < 107.0 * day < burn.stop - FIRST
    assert not history.noise_measured
    assert_allclose(burn.semi_major_change_m, 2000.0, rtol=0.15)


def test_order_of_sets_does_not_matter():
    sets = made(DAILY, raise_m=[(30.3, 20.0)], wrong=(10,))
    mixed = [sets[k] for k in np.random.default_rng(2).permutation(len(sets))]
    one, two = object_history(sets), object_history(mixed)
    assert one.manoeuvres == two.manoeuvres
    for name in one.table.names:
        np.testing.assert_array_equal(one.table[name], two.table[name])


def test_a_set_issued_again_counts_once_and_the_later_one_wins():
    sets = made(DAILY)
    again = [dataclasses.replace(one, bstar=9e-5, epoch=one.epoch + 20.0) for one in sets[5:8]]
    history = object_history([*sets, *again])
    assert history.duplicates == 3
    assert len(history.table) == len(sets)
    fall = history.table["bstar_decay_m_day"]
    assert_allclose(fall[5:8] / fall[9], 3.0, rtol=1e-3)


def test_manoeuvres_do_not_hang_on_where_the_history_starts():
    sets = made(np.arange(0.0, 90.0, 0.97), raise_m=[(30.3, 20.0), (70.2, -15.0)])
    whole = object_history(sets).manoeuvres
    (late,) = object_history(sets[45:]).manoeuvres
    assert (late.start, late.stop) == (whole[1].start, whole[1].stop)
    assert_allclose(late.semi_major_change_m, whole[1].semi_major_change_m, rtol=0.02)


def test_gaps_are_named():
    days = np.concatenate([np.arange(0.0, 30.0), np.arange(55.0, 80.0)])
    (gap,) = object_history(made(days)).gaps
    assert gap.start == FIRST + 29.0 * day
    assert_allclose(gap.duration_s, 26.0 * day)


def test_decay_is_measured_without_the_manoeuvres():
    history = object_history(made(DAILY, raise_m=[(50.3, 100.0)], fall_m_day=-2.0))
    assert_allclose(history.decay_m_day, -2.0, atol=0.1)


def test_the_last_set_alone_is_marked_as_such():
    sets = made(DAILY, raise_m=[(DAILY[-1] - 0.5, 50.0)])
    history = object_history(sets)
    assert [burn.sets_after for burn in history.manoeuvres] in ([1], [])
    assert history.left_out == 1 - len(history.manoeuvres)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_few_sets_tell_the_orbit_but_no_manoeuvres(count):
    history = object_history(made(DAILY[:count]))
    assert history.manoeuvres == ()
    assert len(history.table) == count
    assert (history.span is None) == (count == 1)
    assert np.isnan(history.decay_m_day) == (count == 1)
    assert 700e3 < history.height_m < 760e3


@pytest.mark.parametrize(
    ("motion_rev_day", "eccentricity", "inclination_deg"),
    [
        (1.0027, 0.0003, 0.05),
        (2.006, 0.72, 63.4),
        (2.0056, 0.01, 55.0),
        (14.5, 0.0, 63.4),
        (15.9, 0.001, 0.001),
        (0.01, 0.1, 30.0),
        (1e-6, 0.1, 30.0),
    ],
)
def test_other_orbits_raise_no_alarm(motion_rev_day, eccentricity, inclination_deg):
    """Geostationary, Molniya, navigation; no perigee, and no node, to speak of. Warnings are errors."""
    orbit = {
        "mean_motion_rad_s": motion_rev_day * TURN / day,
        "eccentricity": eccentricity,
        "inclination_rad": inclination_deg * deg,
        "bstar": 0.0,
    }
    base = [dataclasses.replace(one, **orbit) for one in made(DAILY)]
    rates = mean_orbit(base[:1])
    sets = [
        dataclasses.replace(
            one,
            raan_rad=float(1.0 + rates.raan_rate_rad_s[0] * (one.epoch - FIRST)) % TURN,
            arg_perigee_rad=float(1.0 + rates.arg_perigee_rate_rad_s[0] * (one.epoch - FIRST))
            % TURN,
            mean_anomaly_rad=float(rates.mean_anomaly_rate_rad_s[0] * (one.epoch - FIRST)) % TURN,
        )
        for one in base
    ]
    history = object_history(sets)
    assert history.manoeuvres == ()
    assert history.repeat.revs >= 1


@pytest.mark.parametrize("inclination_deg", [0.0, 180.0])
def test_without_a_node_its_change_is_unknown(inclination_deg):
    sets = [
        dataclasses.replace(one, inclination_rad=inclination_deg * deg)
        for one in made(DAILY, raise_m=[(20.2, 300.0)])
    ]
    history = object_history(sets)
    assert len(history.manoeuvres) == 1
    if inclination_deg == 0.0:
        assert np.isnan(history.manoeuvres[0].node_change_rad)


def test_wrong_calls_name_field_and_wish():
    sets = made(DAILY[:6])
    with pytest.raises(InputError, match="at least one element set"):
        object_history([])
    with pytest.raises(InputError, match="of one object"):
        object_history([*sets, dataclasses.replace(sets[0], norad_id=5)])
    with pytest.raises(InputError, match="false_alarms"):
        object_history(sets, false_alarms=0.5)


def test_more_false_alarms_allowed_never_find_fewer():
    sets = made(DAILY, raise_m=[(20.0, 6.0), (40.0, 40.0)])
    counts = [
        len(object_history(sets, false_alarms=rate).manoeuvres) for rate in (1e-5, 1e-4, 1e-2)
    ]
    assert counts == sorted(counts)
    assert counts[0] == 1
    assert counts[-1] >= 2


def test_kernel_agrees_with_the_whole_covariance_matrix():
    rng = np.random.default_rng(4)
    n, r, q, tau = 14, 0.25, 0.1, 8.0
    dt = rng.uniform(0.3, 5.0, n - 1)
    s2 = rng.uniform(0.5, 2.0, n - 1)
    y = rng.normal(0.0, 2.0, n).cumsum()
    step, left_out = np.zeros(n - 1, bool), np.zeros(n, bool)
    step[6], left_out[3], left_out[9] = True, True, True
    size, variance, wrong = shocks(y, dt, r, q, s2, tau, step, left_out)
    for gap in range(n - 1):
        if step[gap]:
            continue
        naive_size, naive_variance = step_in_gap(y, dt, r, q, s2, tau, step, left_out, gap)
        assert_allclose(size[gap], naive_size, rtol=1e-4, atol=1e-6)
        assert_allclose(variance[gap], naive_variance, rtol=1e-4)
    for k in range(n):
        if not left_out[k]:
            naive = wrong_reading(y, dt, r, q, s2, tau, step, left_out, k)
            assert_allclose(wrong[k], naive, rtol=1e-4, atol=1e-6)


# --- the figure and the command -----------------------------------------------------------------


@pytest.fixture(scope="module")
def told() -> ObjectHistory:
    sets = made(DAILY, raise_m=[(20.2, 20.0)], tilt_rad=[(40.1, 2e-4)], wrong=(10,))
    return object_history(sets)


@pytest.mark.parametrize(
    ("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("PDF", b"%PDF")]
)
def test_figures_of_every_kind_are_written_alike_twice(told, tmp_path, suffix, magic):
    one, two = tmp_path / f"one.{suffix}", tmp_path / f"two.{suffix}"
    write_history_figure(told, one)
    write_history_figure(told, two)
    assert one.read_bytes().startswith(magic)
    assert one.read_bytes() == two.read_bytes()
    assert sorted(tmp_path.iterdir()) == [one, two]


def test_the_figure_names_what_it_shows(told, tmp_path):
    path = tmp_path / "figure.svg"
    write_history_figure(told, path)
    comments = path.read_text()
    ET.fromstring(comments)
    for words in (
        "MADE UP (90001)",
        "along-track (1)",
        "cross-track (1)",
        "left out as wrong",
        "UTC",
    ):
        assert f"<!-- {words} -->" in comments


def test_the_figure_of_a_set_without_a_name_gives_its_number_once(tmp_path):
    sets = [dataclasses.replace(one, name="NORAD 90001") for one in made(DAILY[:6])]
    write_history_figure(object_history(sets), tmp_path / "figure.svg")
    assert "<!-- NORAD 90001 -->" in (tmp_path / "figure.svg").read_text()


def test_figures_of_thin_histories_are_drawn(tmp_path):
    for count in (1, 2, 6):
        path = tmp_path / f"{count}.svg"
        write_history_figure(object_history(made(DAILY[:count])), path)
        assert "no manoeuvre stands out" in path.read_text()


def test_a_figure_that_cannot_be_written_is_told(told, tmp_path):
    with pytest.raises(InputError, match=r"\.png, \.svg, \.pdf"):
        write_history_figure(told, tmp_path / "figure.gif")
    with pytest.raises(FileError, match="No such file"):
        write_history_figure(told, tmp_path / "nowhere" / "figure.png")


def written(path: Path, sets: list[ElementSet]) -> Path:
    """Element sets as OMM in JSON."""
    from offnadir.orbits import element_set_to_omm

    path.write_text(json.dumps([element_set_to_omm(one) for one in sets]))
    return path


def run(*args: object):
    app = typer.Typer()
    app.command()(history_verb)
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    sets = made(DAILY, raise_m=[(20.2, 20.0)], tilt_rad=[(40.1, 2e-4)])
    return written(tmp_path_factory.mktemp("history") / "sets.json", sets)


def test_json_tells_the_manoeuvres(file):
    told = json.loads(run("--elements", file, "--json").stdout)
    assert (told["satellite"], told["norad_id"]) == ("MADE UP", 90001)
    assert told["element_sets"] == len(told["series"]) == len(DAILY)
    up, tilt = told["manoeuvres"]
    assert (up["direction"], tilt["direction"]) == ("along-track", "cross-track")
    assert_allclose(up["semi_major_change_m"], 20.0, atol=1.0)
    assert_allclose(tilt["inclination_change_deg"], 2e-4 / deg, atol=1e-3)
    assert up["start"] < up["time"] < up["stop"]
    assert {"revs", "days", "drift_km"} == set(told["repeat"])
    assert told["series"][0]["miss_along_m"] is None


def test_text_shows_one_line_a_manoeuvre(file):
    text = run("--elements", file).stdout
    assert text.startswith("MADE UP (90001): 62 element sets, 2020-01-01 to 2020-02-29")
    assert text.count("along-track") == text.count("cross-track") == 1
    assert max(map(len, text.splitlines())) <= 120
    quiet = run("--elements", file, "--stop", "2020-01-20").stdout
    assert "No manoeuvre stands out of the noise." in quiet


def test_text_of_a_single_set_says_what_is_unknown(tmp_path):
    text = run("--elements", written(tmp_path / "one.json", made(DAILY[:1]))).stdout
    assert ": 1 element set\n" in text
    assert "decay            unknown\n" in text
    assert "nan" not in text


def test_figure_option_writes_the_figure(file, tmp_path):
    result = run("--elements", file, "--figure", tmp_path / "made.png")
    assert result.exit_code == 0
    assert (tmp_path / "made.png").stat().st_size > 10_000
    vain = run("--elements", file, "--figure", tmp_path / "nowhere" / "made.png")
    assert isinstance(vain.exception, FileError)
    assert vain.stdout == ""  # told before the work


def test_satellite_must_be_named_if_there_are_several(file, tmp_path):
    other = [dataclasses.replace(one, norad_id=90002, name="OTHER") for one in made(DAILY[:6])]
    second = written(tmp_path / "other.json", other)
    result = run("--elements", file, "--elements", second)
    assert isinstance(result.exception, InputError)
    assert result.exception.field == "--satellite"
    assert "MADE UP (90001), OTHER (90002)" in str(result.exception)
    chosen = run("--elements", file, "--elements", second, "--satellite", "other", "--json")
    assert json.loads(chosen.stdout)["norad_id"] == 90002


@pytest.mark.parametrize(
    ("args", "field"),
    [
        (["--start", "2030-01-01"], "--start"),
        (["--stop", "2010-01-01"], "--stop"),
        (["--start", "2020-02-01", "--stop", "2020-01-01"], "--stop"),
        (["--figure", "x.gif"], "--figure"),
        (["--satellite", "nothing like it"], "--satellite"),
    ],
)
def test_the_command_refuses_with_the_field(file, args, field):
    error = run("--elements", file, *args).exception
    assert isinstance(error, InputError)
    assert error.field == field
