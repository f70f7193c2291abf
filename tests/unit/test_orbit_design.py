"""What cannot fly is told, by field, value and wish, before anything is computed."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import pytest

from offnadir.epoch import Epoch
from offnadir.errors import InputError, MissingExtraError, UnitRangeError
from offnadir.orbits.design import (
    Orbit,
    SolarActivity,
    drag_lifetime,
    element_sets_of,
    elliptical,
    molniya,
    propellant_mass_kg,
    raan_at_local_time_rad,
    repeat_cycles,
    repeat_ground_track,
    sso_planes,
    string_of_pearls,
    sun_synchronous,
    sun_synchronous_altitude_m,
    sun_synchronous_inclination_rad,
    upkeep_delta_v_m_s_year,
    walker_delta,
    walker_star,
)
from offnadir.units import deg, km

EPOCH = Epoch.from_utc("2026-03-01")


def _orbit(**changed: object) -> Orbit:
    fields: dict[str, object] = {
        "name": "x",
        "epoch": EPOCH,
        "semi_major_m": 7000 * km,
        "inclination_rad": 98 * deg,
    }
    return Orbit(**{**fields, **changed})  # type: ignore[arg-type]


def _walker(**changed: object) -> tuple[Orbit, ...]:
    fields: dict[str, object] = {
        "inclination_rad": 53 * deg,
        "total": 24,
        "planes": 3,
        "phasing": 1,
        "altitude_m": 550 * km,
        "epoch": EPOCH,
    }
    return walker_delta(**{**fields, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "field", "wish"),
    [
        (lambda: _orbit(semi_major_m=6400 * km), "semi_major_m", "at least 100 km high"),
        (lambda: _orbit(semi_major_m=7000.0), "semi_major_m", "at least 100 km high"),
        (lambda: _orbit(semi_major_m=math.nan), "semi_major_m", "a number"),
        (lambda: _orbit(semi_major_m=384_400 * km), "semi_major_m", "100,000 km"),
        (lambda: _orbit(eccentricity=1.0), "eccentricity", "closed orbit"),
        (lambda: _orbit(eccentricity=1.3), "eccentricity", "closed orbit"),
        (lambda: _orbit(eccentricity=math.nan), "eccentricity", "closed orbit"),
        (lambda: _orbit(eccentricity=0.1), "semi_major_m, eccentricity", "perigee"),
        (lambda: _orbit(inclination_rad=98.0), "inclination_rad", "pi"),
        (lambda: _orbit(inclination_rad=-0.1), "inclination_rad", "pi"),
        (lambda: _orbit(raan_rad=120.0), "raan_rad", "4 pi"),
        (lambda: _orbit(mean_anomaly_rad=math.inf), "mean_anomaly_rad", "4 pi"),
        (lambda: _orbit(epoch="2026-03-01"), "epoch", "Epoch"),
        (lambda: _walker(planes=5), "planes", "divisor"),
        (lambda: _walker(phasing=3), "phasing", "from 0 to 2"),
        (lambda: _walker(total=0), "total", "from 1"),
        (lambda: _walker(total=2.5), "total", "whole"),
        (lambda: _walker(altitude_m=550.0), "altitude_m", "100 km"),
        (lambda: _walker(inclination_rad=53.0), "inclination_rad", "pi"),
        (
            lambda: walker_star(
                inclination_rad=1.5, total=6, planes=3, phasing=0, altitude_m=550 * km,
                epoch=EPOCH, spread_rad=180.0,
            ),
            "spread_rad", "2 pi",
        ),
        (
            lambda: sso_planes(
                altitude_m=500 * km, local_times_of_node_h=[], per_plane=1, epoch=EPOCH
            ),
            "local_times_of_node_h", "at least one",
        ),
        (
            lambda: sun_synchronous(altitude_m=500 * km, local_time_of_node_h=1030, epoch=EPOCH),
            "local_time_of_node_h", "0 to 24",
        ),
        (lambda: raan_at_local_time_rad(EPOCH, -1.0), "local_time_of_node_h", "0 to 24"),
        (lambda: sun_synchronous_inclination_rad(13_000 * km), "semi_major_m", "12,350"),
        (lambda: sun_synchronous_altitude_m(60 * deg), "inclination_rad", "95.7"),
        (lambda: sun_synchronous_altitude_m(95.0 * deg), "inclination_rad", "95.7"),
        (lambda: repeat_ground_track(days=1, revolutions=17, epoch=EPOCH), "revolutions", "fewer"),
        (lambda: repeat_ground_track(days=2, revolutions=30, epoch=EPOCH), "revolutions", "divisor"),
        (lambda: repeat_ground_track(days=0, revolutions=15, epoch=EPOCH), "days", "whole"),
        (lambda: repeat_ground_track(days=1, revolutions=3, epoch=EPOCH), "revolutions", "Sun"),
        (
            lambda: repeat_cycles(low_altitude_m=800 * km, high_altitude_m=500 * km),
            "high_altitude_m", "above",
        ),
        (
            lambda: repeat_cycles(low_altitude_m=500 * km, high_altitude_m=9000 * km),
            "high_altitude_m", "Sun",
        ),
        (
            lambda: elliptical(
                perigee_altitude_m=900 * km, apogee_altitude_m=500 * km, inclination_rad=1.0,
                arg_perigee_rad=0.0, epoch=EPOCH,
            ),
            "apogee_altitude_m", "perigee",
        ),
        (
            lambda: molniya(apogee_longitude_rad=1.0, epoch=EPOCH, perigee_altitude_m=30_000 * km),
            "perigee_altitude_m", "circle",
        ),
        (
            lambda: molniya(apogee_longitude_rad=1.0, epoch=EPOCH, revolutions_a_day=0),
            "revolutions_a_day", "1 to 8",
        ),
        (lambda: string_of_pearls(_orbit(), count=2), "spacing_s", "not both"),
        (
            lambda: string_of_pearls(_orbit(), count=2, spacing_s=9.0, spacing_rad=0.1),
            "spacing_s", "not both",
        ),
        (lambda: string_of_pearls(_orbit(), count=2, spacing_rad=30.0), "spacing_rad", "4 pi"),
        (
            lambda: drag_lifetime(_orbit(), ballistic_coefficient_kg_m2=0.0),
            "ballistic_coefficient_kg_m2", "above 0",
        ),
        (lambda: SolarActivity(f107=7.0, f107_average=70.0, ap=4.0), "f107", "from 50"),
        (
            lambda: propellant_mass_kg(dry_mass_kg=1.0, delta_v_m_s=-1.0, isp_s=220.0),
            "delta_v_m_s", "from 0",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(call: Callable[[], object], field: str, wish: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.field == field
    assert wish in str(caught.value)


def test_degrees_are_told_as_such() -> None:
    with pytest.raises(UnitRangeError, match=r"\* deg"):
        _orbit(inclination_rad=98.0)


def test_a_whole_constellation_has_numbers_and_names_of_its_own() -> None:
    sets = element_sets_of(_walker())
    assert len({one.norad_id for one in sets}) == len({one.name for one in sets}) == 24
    assert [one.name for one in sets[7:9]] == ["walker-1-8", "walker-2-1"]


def test_planes_by_local_time_stand_where_they_should() -> None:
    made = sso_planes(
        altitude_m=500 * km, local_times_of_node_h=[10.5, 13.5], per_plane=3, epoch=EPOCH, phasing=1
    )
    assert [round(one.local_time_of_node_h, 9) for one in made] == [10.5] * 3 + [13.5] * 3
    assert [round(one.mean_anomaly_rad / deg) for one in made] == [0, 120, 240, 60, 180, 300]


def test_drag_without_its_extra_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymsis", None)
    odd = SolarActivity(f107=101.5, f107_average=101.5, ap=7.5)  # so that no table is kept of it
    with pytest.raises(MissingExtraError, match=r"offnadir\[coverage\]"):
        upkeep_delta_v_m_s_year(_orbit(), ballistic_coefficient_kg_m2=50.0, activity=odd)
