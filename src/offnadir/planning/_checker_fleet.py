"""Satellites and stations of a plan document: how they turn, what feeds them, what stops them."""

from __future__ import annotations

import math

import numpy as np

from offnadir.errors import InputError
from offnadir.orbits import omm_to_element_set
from offnadir.planning._checker_model import Battery, Satellite, Slew, Station, Stretch, Thermal
from offnadir.planning._checker_node import Node
from offnadir.units import Gbit, Mbit, deg, km, um

LAWS = ("euler", "per_axis", "table", "function")


def satellite(node: Node) -> Satellite:
    elements = node["elements"]
    try:
        element_set = omm_to_element_set(elements.texts())
    except InputError as error:
        field = f"{elements.path}.{error.field}"
        raise InputError(field, error.value, error.wish, hint=error.hint) from error
    optics = node.maybe("optics") or Node("", {})
    return Satellite(
        name=node["name"].text(),
        norad_id=node.get("norad_id", lambda n: n.whole(0), element_set.norad_id),
        elements=element_set,
        max_off_nadir_rad=node.number_or("max_off_nadir_deg", 90.0, 0, 90) * deg,
        memory_bit=node.number_or("memory_gbit", math.inf, 0) * Gbit,
        downlink_bit_s=node.number_or("downlink_mbps", math.nan, 0) * Mbit,
        data_rate_bit_s=node.number_or("data_rate_mbps", math.nan, 0) * Mbit,
        compression=node.number_or("compression", 1.0, 1),
        slew=_slew(node),
        pitch_m=optics["pitch_um"].positive() * um if optics.value else math.nan,
        focal_length_m=optics["focal_length_m"].positive() if optics.value else math.nan,
        fov_rad=optics.number_or("fov_deg", math.nan, 0, 180) * deg,
        max_pictures_per_orbit=node.get("max_pictures_per_orbit", lambda n: n.whole(0), math.inf),
        imaging_s_per_orbit=node.number_or("imaging_s_per_orbit", math.inf, 0),
        max_duration_s=node.number_or("max_duration_s", math.inf, 0),
        duty_s=node.get("duty", lambda n: (n["imaging_s"].number(0), n["in_s"].positive()), None),
        battery=node.get("battery", _battery, None),
        thermal=node.get("thermal", _thermal, None),
        blocked=tuple(map(_blocked, node.list("blocked"))),
        next_uplink_ns=node.get("next_uplink", Node.time, None),
        orbit_period_s=node.get("orbit_period_s", lambda n: n.number(1.0), math.nan),
    )


def _slew(node: Node) -> Slew:
    """The law that is stated, else the rest-to-rest law of the sensor's agility."""
    slew, agility = node.maybe("slew"), node.maybe("agility")
    if slew is None and agility is None:
        return Slew(law="unknown")
    stated = Node(slew.path, {"law": "euler", **slew.mapping()}) if slew else Node("", {})
    law = stated["law"].text(LAWS) if slew else "euler"
    if law == "function":
        return Slew(law=law)
    if law == "table":
        return Slew(
            law=law, settling_s=stated.number_or("settling_s", 0.0, 0), table=_table(stated)
        )
    # An Euler law that states no figures of its own has those of the sensor.
    given = stated if agility is None or "rate_deg_s" in stated.mapping() else agility
    count = 2 if law == "per_axis" else 1
    rates, accelerations = (
        _axes(given[key], count) for key in ("rate_deg_s", "acceleration_deg_s2")
    )
    settling = stated.maybe("settling_s") or given.maybe("settling_s")
    return Slew(
        law=law,
        rate_rad_s=rates,
        acceleration_rad_s2=accelerations,
        settling_s=settling.number(0) if settling else 0.0,
    )


def _axes(node: Node, count: int) -> tuple[float, ...]:
    """One number, alone or in a list, or a pair for roll and pitch; radians."""
    items = node.items() if isinstance(node.value, (list, tuple)) else (node,)
    if len(items) != count:
        raise node.wrong("a number" if count == 1 else "a pair: roll, pitch")
    return tuple(item.positive() * deg for item in items)


def _table(node: Node) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    rows = []
    for item in node["table"].items(2):
        angle, seconds = item.pair()
        rows.append((angle.angle(0, 180), seconds.number(0)))
        if len(rows) > 1 and not (rows[-1][0] - rows[-2][0] > 1e-9 and rows[-1][1] >= rows[-2][1]):
            raise item.wrong("at a larger angle and no shorter than the pair before it")
    return np.array(rows, np.float64)


def _battery(node: Node) -> Battery:
    capacity = node["capacity_wh"].positive()
    return Battery(
        capacity_wh=capacity,
        initial_wh=node.number_or("initial_wh", capacity, 0, capacity),
        max_depth_of_discharge=node.number_or("max_depth_of_discharge", 0.3, 0, 1),
        charge_w=node["charge_w"].number(0),
        idle_w=node["idle_w"].number(0),
        imaging_w=node["imaging_w"].number(0),
        slew_w=node.number_or("slew_w", 0.0, 0),
        downlink_w=node.number_or("downlink_w", 0.0, 0),
    )


def _thermal(node: Node) -> Thermal:
    return Thermal(
        heating_k_s=node["heating_k_s"].number(0),
        time_constant_s=node["time_constant_s"].number(1e-3),
        max_rise_k=node["max_rise_k"].number(0),
        initial_rise_k=node.number_or("initial_rise_k", 0.0, 0),
    )


def _blocked(node: Node) -> Stretch:
    start, stop = node.stretch()
    why = node.maybe("why")
    said = "" if why is None or why.value == "" else why.text()
    return Stretch(start_ns=start, stop_ns=stop, why=said)


def outage(node: Node) -> Stretch:
    start, stop = node.stretch()
    return Stretch(
        start_ns=start,
        stop_ns=stop,
        station=node["station"].text(),
        satellite=node.get("satellite", Node.text, None),
    )


def station(node: Node) -> Station:
    mask = []
    for point in node.list("mask"):
        azimuth, elevation = point.pair()
        mask.append((azimuth.angle(0, 360), elevation.angle(-90, 90)))
    return Station(
        name=node["name"].text(),
        lat_rad=node["lat_deg"].angle(-90, 90),
        lon_rad=node["lon_deg"].angle(-360, 360),
        alt_m=node.number_or("alt_m", 0.0, -12 * km, 100 * km),
        min_elevation_rad=node.number_or("min_elevation_deg", 0.0, -90, 90) * deg,
        mask_rad=np.array(mask, np.float64).reshape(-1, 2),
        antennas=node.get("antennas", lambda n: n.whole(1), 1),
        setup_s=node.number_or("setup_s", 0.0, 0),
    )
