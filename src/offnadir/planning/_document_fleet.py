"""What plan.json says of a mission's satellites, stations, outages and choices."""

from __future__ import annotations

from typing import Any

from offnadir.orbits import element_set_to_omm, expected_timing_error_s
from offnadir.planning.model import GroundStation, Mission, Outage, Satellite
from offnadir.planning.slew import slew_table
from offnadir.units import Gbit, Mbit, day, deg, um

_RULES = ("duty", "battery", "thermal")


def satellite_entry(
    satellite: Satellite, mission: Mission, orbit_period_s: float
) -> dict[str, Any]:
    """A satellite with the element set that was used; rules that it does not have are left out."""
    sensor, elements = satellite.sensor, satellite.elements
    ends = (mission.span.start, mission.span.stop)
    entry: dict[str, Any] = {
        "name": satellite.name,
        "norad_id": elements.norad_id,
        "sensor": sensor.name,
        "sensor_title": sensor.title,
        "max_off_nadir_deg": round(satellite.max_off_nadir_rad / deg, 9),
        "memory_gbit": satellite.memory_bit / Gbit,
        "downlink_mbps": satellite.downlink_bit_s / Mbit,
        "data_rate_mbps": sensor.data_rate_bit_s / Mbit,
        "agility": {
            "rate_deg_s": sensor.agility.rate_rad_s / deg,
            "acceleration_deg_s2": sensor.agility.acceleration_rad_s2 / deg,
            "settling_s": sensor.agility.settling_s,
        },
        "optics": {
            "pitch_um": sensor.detector.pitch_m / um,
            "focal_length_m": sensor.optics.focal_length_m,
            "fov_deg": sensor.fov_rad / deg,
        },
        "elements": element_set_to_omm(elements),
        "elements_age_days": round(max(abs(end - elements.epoch) for end in ends) / day, 4),
        "expected_error_s": round(max(expected_timing_error_s(elements, end) for end in ends), 3),
    }
    return entry | _rules(satellite, orbit_period_s)


def _rules(satellite: Satellite, orbit_period_s: float) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    if satellite.slew is not None:
        rules["slew"] = slew_table(satellite.slew)
    if satellite.max_duration_s is not None:
        rules["max_duration_s"] = satellite.max_duration_s
    for name in ("max_pictures_per_orbit", "imaging_s_per_orbit"):
        if getattr(satellite, name) is not None:
            rules[name] = getattr(satellite, name)
            rules["orbit_period_s"] = orbit_period_s
    for name in _RULES:
        rule = getattr(satellite, name)
        if rule is not None:
            rules[name] = {key: getattr(rule, key) for key in type(rule).__dataclass_fields__}
    if satellite.compression != 1.0:
        rules["compression"] = satellite.compression
    if satellite.blocked:
        rules["blocked"] = [
            {"start": one.start.utc(), "stop": one.stop.utc(), "why": one.why}
            for one in satellite.blocked
        ]
    if satellite.next_uplink is not None:
        rules["next_uplink"] = satellite.next_uplink.utc()
    return rules


def station_entry(ground: GroundStation) -> dict[str, Any]:
    """A ground station."""
    station = ground.station
    mask = zip(station.mask_azimuth_rad, station.mask_elevation_rad, strict=True)
    entry: dict[str, Any] = {
        "name": station.site.name,
        "lat_deg": round(station.site.lat_rad / deg, 9),
        "lon_deg": round(station.site.lon_rad / deg, 9),
        "alt_m": station.site.alt_m,
        "min_elevation_deg": round(station.min_elevation_rad / deg, 9),
        "mask": [[round(az / deg, 9), round(el / deg, 9)] for az, el in mask],
        "antennas": ground.antennas,
    }
    return entry | ({"setup_s": ground.setup_s} if ground.setup_s else {})


def rule_entries(mission: Mission) -> dict[str, Any]:
    """`outages` and `choices`, if there are any."""
    entries: dict[str, Any] = {}
    if mission.outages:
        entries["outages"] = [_outage(one) for one in mission.outages]
    if mission.choices:
        entries["choices"] = [
            {"requests": list(one.requests), "at_most": one.at_most} for one in mission.choices
        ]
    return entries


def _outage(outage: Outage) -> dict[str, Any]:
    entry = {
        "station": outage.station,
        "start": outage.start.utc(),
        "stop": outage.stop.utc(),
    }
    return entry | ({"satellite": outage.satellite} if outage.satellite else {})
