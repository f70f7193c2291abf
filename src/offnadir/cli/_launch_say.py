"""What `offnadir launch` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from offnadir.cli import _say
from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir.cli._launch_looks import Looks
    from offnadir.orbits import ElementSet
    from offnadir.orbits.launch import Ascent, Candidate, Launch, Reach, Spaceport, TargetOrbit

_DARK_DEG = -0.833  # the Sun's upper edge on the horizon, with refraction


def print_sites(*, json: bool) -> None:
    """The launch sites, with the azimuths that their ranges publish."""
    from offnadir.orbits.launch import spaceports

    rows = [_site(one) for one in spaceports()]
    if json:
        _say.print_json(rows)
        return
    cells = [
        (one.key, one.name, one.country, f"{row['lat_deg']:.2f}", f"{row['lon_deg']:.2f}", one.limits_text())
        for one, row in zip(spaceports(), rows, strict=True)
    ]  # fmt: skip
    header = ("site", "name", "country", "lat", "lon", "azimuths")
    print(_say.columns(header, cells, (False, False, False, True, True, False)))


def _site(one: Spaceport) -> dict[str, Any]:
    from offnadir.units import deg

    return {
        "site": one.key,
        "name": one.name,
        "country": one.country,
        "lat_deg": round(one.site.lat_rad / deg, 4),
        "lon_deg": round(one.site.lon_rad / deg, 4),
        "azimuths_deg": [[round(a / deg, 3), round(b / deg, 3)] for a, b in one.azimuths_rad],
        "limits_published": one.limits_published,
        "azimuth_source": one.azimuth_source,
        "source": one.source,
        "note": one.note,
    }


def print_reach(place: Spaceport, altitude_km: float, *, json: bool) -> None:
    """Inclinations within the limits, and the azimuths to them."""
    import math

    from offnadir.epoch import Epoch
    from offnadir.orbits.launch import inclined_target, reach
    from offnadir.units import deg, km

    if not 120.0 <= altitude_km <= 50_000.0:
        raise InputError("--altitude", altitude_km, "from 120 to 50000 km")
    speed_m_s = inclined_target(altitude_km * km, math.pi / 2, Epoch(0)).speed_m_s
    found = reach(place, speed_m_s)
    if json:
        _say.print_json({**_site(place), "reach": [_reach(one) for one in found]})
        return
    rows = [
        (
            one.direction,
            f"{one.azimuth_from_rad / deg:.1f}",
            f"{one.azimuth_to_rad / deg % 360:.1f}",
            f"{one.inertial_from_rad / deg:.1f}",
            f"{one.inertial_to_rad / deg:.1f}",
            f"{one.inclination_least_rad / deg:.2f}",
            f"{one.inclination_most_rad / deg:.2f}",
        )
        for one in found
    ]
    header = ("direction", "azimuth from", "to", "inertial from", "to", "inclination from", "to")
    print(_say.columns(header, rows, (False, *[True] * 6)))
    _say.note(_limits(place))


def _reach(one: Reach) -> dict[str, Any]:
    from offnadir.units import deg

    return {
        "direction": one.direction,
        "azimuth_from_deg": round(one.azimuth_from_rad / deg, 3),
        "azimuth_to_deg": round(one.azimuth_to_rad / deg, 3),
        "inertial_from_deg": round(one.inertial_from_rad / deg, 3),
        "inertial_to_deg": round(one.inertial_to_rad / deg, 3),
        "inclination_from_deg": round(one.inclination_least_rad / deg, 4),
        "inclination_to_deg": round(one.inclination_most_rad / deg, 4),
    }


def _limits(place: Spaceport) -> str:
    text = f"{place.name}: azimuths {place.limits_text()}"
    if not place.limits_published:
        text += ", none are assumed"
    if place.azimuth_source:
        text += f" ({place.azimuth_source})"
    return text + (f". {place.note}" if place.note else "")


def print_launches(
    place: Spaceport,
    target: TargetOrbit,
    how: Ascent,
    found: Sequence[Launch],
    looks: Looks,
    *,
    json: bool,
    left: int,
) -> None:
    """The launches, then what comes first after each."""
    firsts = [looks.rows(one) for one in found]
    if json:
        rows = [{**_row(one), "first": rows} for one, rows in zip(found, firsts, strict=True)]
        _say.print_json({"from": _site(place), "target": _target(target), "launches": rows})
        return
    if found:
        print(_say.columns(_HEADER, [_cells(one) for one in found], _RIGHT))
    for one, rows in zip(found, firsts, strict=True):
        if rows:
            print(f"\nAfter lift-off at {one.time.utc(0)}, in orbit from {one.insertion.utc(0)}:")
            print(_say.columns(_FIRST, [_first_cells(row) for row in rows], _FIRST_RIGHT))
    _summary(place, target, how, found, left)


_HEADER = (
    "lift-off (UTC)", "opens", "closes", "direction", "azimuth", "inertial", "in orbit", "at lat", "lon",
    "LTAN", "Sun", "launch by",
)  # fmt: skip
_RIGHT = (False, False, False, False, True, True, False, True, True, False, True, False)
_FIRST = ("first", "place", "start (UTC)", "stop", "after", "off-nadir", "elevation", "Sun")
_FIRST_RIGHT = (False, False, False, False, True, True, True, True)


def _cells(one: Launch) -> tuple[str, ...]:
    row = _row(one)
    return (
        row["lift_off"][:19].replace("T", " "),
        row["opens"][11:19],
        row["closes"][11:19],
        row["direction"],
        f"{row['first_azimuth_deg']:.1f}" + ("*" if one.excess_rad > 0 else ""),
        f"{row['inertial_azimuth_deg']:.1f}",
        row["insertion"][11:19],
        f"{row['insertion_lat_deg']:.1f}",
        f"{row['insertion_lon_deg']:.1f}",
        row["local_time_ascending"],
        f"{row['sun_elevation_deg']:+.1f}",
        row["light"],
    )


def _first_cells(row: dict[str, Any]) -> tuple[str, ...]:
    if row["start"] is None:
        return (row["what"], row["place"], "none", "", "", "", "", "")
    minutes = row["after_lift_off_s"] / 60.0
    after = f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
    return (
        row["what"], row["place"], row["start"][:19].replace("T", " "), row["stop"][11:19], after,
        f"{row['off_nadir_deg']:.1f}", f"{row['max_elevation_deg']:.1f}", f"{row['sun_elevation_deg']:+.1f}",
    )  # fmt: skip


def clock(hours: float) -> str:
    """Local time as HH:MM."""
    minutes = round(hours * 60.0) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _row(one: Launch) -> dict[str, Any]:
    from offnadir.units import deg

    sun_deg = one.sun_elevation_rad / deg
    return {
        "lift_off": one.time.utc(0),
        "opens": one.opens.utc(0),
        "closes": one.closes.utc(0),
        "direction": one.azimuth.direction,
        "first_azimuth_deg": round(one.first_azimuth_rad / deg, 2),
        "azimuth_deg": round(one.azimuth.ground_rad / deg, 2),
        "inertial_azimuth_deg": round(one.azimuth.inertial_rad / deg, 2),
        "outside_limits_deg": round(one.excess_rad / deg, 2),
        "turn_deg": round(one.turn_rad / deg, 2),
        "insertion": one.insertion.utc(0),
        "insertion_lat_deg": round(one.insertion_lat_rad / deg, 3),
        "insertion_lon_deg": round(one.insertion_lon_rad / deg, 3),
        "raan_deg": round(one.raan_rad / deg, 4),
        "local_time_ascending": clock(one.local_time_of_node_h),
        "local_time_descending": clock(one.local_time_of_node_h + 12.0),
        "sun_elevation_deg": round(sun_deg, 2),
        "light": "day" if sun_deg > _DARK_DEG else "twilight" if sun_deg > -18.0 else "night",
        "sigma_s": round(one.ascent.sigma_s),
        "dogleg_earlier_s": round(one.ascent.dogleg_s),
    }


def _target(target: TargetOrbit) -> dict[str, Any]:
    from offnadir.units import deg, km

    return {
        "name": target.name,
        "height_km": round(target.height_m / km, 3),
        "inclination_deg": round(target.inclination_rad / deg, 4),
    }


def _summary(
    place: Spaceport, target: TargetOrbit, how: Ascent, found: Sequence[Launch], left: int
) -> None:
    from offnadir.units import deg, km, minute

    lead_min = how.lead_s(target.pace_rad_s) / minute
    text = (
        f"{_say.count(len(found), 'launch').replace('launchs', 'launches')} from {place.name} into "
        f"{target.name}: {target.height_m / km:.0f} km, {target.inclination_rad / deg:.2f} deg; ascent "
        f"{how.duration_s / minute:.0f} min, lift-off {lead_min:.1f} min before the plane comes over"
    )
    _say.note(text)
    if how.first_azimuth_rad is None:
        _say.note(
            f"times good to about {how.sigma_s / minute:.0f} min for a direct flight; one that turns on its "
            f"way lifts off up to {how.dogleg_s / minute:.0f} min earlier"
        )
    if left:
        _say.note(f"{left} left out: azimuth outside {place.limits_text()} (--any-azimuth)")
    if any(one.excess_rad > 0 for one in found):
        _say.warn([f"* outside the azimuths of {place.key}, {place.limits_text()}"])
    if not place.limits_published:
        _say.note(f"{place.key}: azimuth limits not published, none are assumed")


def print_candidates(
    place: Spaceport,
    sets: Sequence[ElementSet],
    found: Sequence[Candidate],
    *,
    json: bool,
    count: int,
) -> None:
    """Launches that fit a satellite's first set, the best first."""
    rows = [_candidate(one) for one in found]
    if json:
        _say.print_json(rows)
        return
    first = min(sets, key=lambda one: one.epoch.tai_ns)
    cells = [
        (
            row["lift_off"][:19].replace("T", " "), f"{row['sigma_min']:.0f}", row["kind"],
            f"{row['misfit_min']:+.1f}" if row["place_known"] else "unknown",
            row["by_plane"][:19].replace("T", " "), row["direction"], f"{row['azimuth_deg']:.1f}",
            f"{row['outside_limits_deg']:.1f}" if row["outside_limits_deg"] else "",
            f"{row['set_age_days']:.1f}",
        )
        for row in rows
    ]  # fmt: skip
    header = (
        "lift-off (UTC)", "+- min", "kind", "place - plane min", "by the plane alone", "direction",
        "azimuth", "outside", "set age d",
    )  # fmt: skip
    right = (False, True, False, True, False, False, True, True, True)
    if cells:
        print(_say.columns(header, cells, right))
    _say.note(
        f"{len(found)} of {count} plane passages over {place.name}, from the set of "
        f"{first.name or first.norad_id} of {first.epoch.utc(0)}"
    )
    _say.note("several days may fit: which is the right one, this alone does not tell")


def _candidate(one: Candidate) -> dict[str, Any]:
    from offnadir.units import day, deg, minute

    return {
        "lift_off": one.time.utc(0),
        "sigma_min": round(one.sigma_s / minute, 2),
        "kind": one.kind,
        "place_known": one.place_known,
        "misfit_min": round(one.misfit_s / minute, 2),
        "by_plane": one.launch.time.utc(0),
        "direction": one.launch.azimuth.direction,
        "azimuth_deg": round(one.launch.azimuth.ground_rad / deg, 2),
        "outside_limits_deg": round(one.launch.excess_rad / deg, 2),
        "local_time_ascending": clock(one.launch.local_time_of_node_h),
        "set_age_days": round(one.set_age_s / day, 3),
    }
