"""What a satellite of a mission file can stand: slew law, limits an orbit, battery, heat, blocked times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.planning._fields import (
    Kind,
    ListOf,
    Made,
    Number,
    Pairs,
    Text,
    Time,
    Word,
    as_lists,
)
from offnadir.planning._problems import Missing, Place
from offnadir.planning.model import (
    Battery,
    Blocked,
    DutyCycle,
    Slew,
    Thermal,
    satellite_troubles,
)
from offnadir.planning.slew import LONGEST_SETTLING_S, check_slew_table
from offnadir.sensors import Sensor
from offnadir.units import day, deg

_AXES: Final = "two numbers: of roll and of pitch"
_POWER: Final = Number(0, 1e6, "watts")
SLEW_KEYS: Final[Mapping[str, Kind]] = {
    "law": Word(("euler", "per_axis", "table")),
    "rate_deg_s": ListOf(Number(0.001, 30, "degrees a second", deg), _AXES),
    "acceleration_deg_s2": ListOf(Number(1e-4, 30, "degrees a second squared", deg), _AXES),
    "settling_s": Number(0, LONGEST_SETTLING_S, "seconds"),
    "table": Pairs(
        Number(0, 180, "degrees"),
        Number(0, 1e5, "seconds"),
        "[angle, time] pairs, 0 to 180 degrees and 0 to 100000 s",
    ),
}
DUTY_KEYS: Final[Mapping[str, Kind]] = {
    "imaging_s": Number(0, 1e6, "seconds", open_low=True),
    "in_s": Number(0, 31 * day, "seconds", open_low=True),
}
BATTERY_KEYS: Final[Mapping[str, Kind]] = {
    "capacity_wh": Number(0, 1e6, "watt hours", open_low=True),
    "initial_wh": Number(0, 1e6, "watt hours"),
    "max_depth_of_discharge": Number(0, 1, "(a share)", open_low=True),
    "charge_w": _POWER,
    "idle_w": _POWER,
    "imaging_w": _POWER,
    "slew_w": _POWER,
    "downlink_w": _POWER,
}
THERMAL_KEYS: Final[Mapping[str, Kind]] = {
    "heating_k_s": Number(0, 100, "kelvins a second", open_low=True),
    "time_constant_s": Number(0, 1e6, "seconds", open_low=True),
    "max_rise_k": Number(0, 1000, "kelvins", open_low=True),
    "initial_rise_k": Number(0, 1000, "kelvins"),
}
BLOCKED_KEYS: Final[Mapping[str, Kind]] = {"start": Time(), "stop": Time(), "why": Text()}
_LIMITS: Final = ("max_pictures_per_orbit", "imaging_s_per_orbit", "max_duration_s")
_NEEDED_OF_BATTERY: Final = ("capacity_wh", "charge_w", "idle_w", "imaging_w", "slew_w")
_NEEDED_OF_THERMAL: Final = ("heating_k_s", "time_constant_s", "max_rise_k")
_KEYS_OF_LAW: Final = {
    "euler": (),
    "per_axis": ("rate_deg_s", "acceleration_deg_s2"),
    "table": ("table",),
}


class _SlewKind:
    """The `slew` table, still without what the sensor has to add; None with a complaint."""

    def read(self, value: object, place: Place) -> dict[str, Any] | None:
        """Fields of a Slew."""
        said: dict[str, Any] | None = Made(SLEW_KEYS, dict, required=("law",)).read(value, place)
        if said is None or not isinstance(value, Mapping):
            return None
        law = said["law"]
        before = len(place.problems.errors)
        for key in _KEYS_OF_LAW[law]:
            if key not in said:
                place.key(key).complain(Missing(), f'given: the law "{law}" needs it')
            elif key != "table" and len(said[key]) != 2:
                place.key(key).complain(value[key], f"a list of {_AXES}")
        for key in said.keys() - {"law", "settling_s", *_KEYS_OF_LAW[law]}:
            hint = "change the figures of the sensor" if law == "euler" else ""
            place.key(key).complain(
                value[key], f'left out: the law "{law}" has no use for it', hint
            )
        if law == "euler" and "settling_s" in said:
            wish = 'left out: with the law "euler" it is that of the sensor'
            place.key("settling_s").complain(value["settling_s"], wish)
        if len(place.problems.errors) > before:
            return None
        if law == "table":
            try:
                check_slew_table(said["table"], unit="deg")
            except InputError as error:
                place.key("table").complain(as_lists(error.value), error.wish)
                return None
        return said


#: Keys of [[satellite]] beside what `_fleet` reads.
RULE_KEYS: Final[Mapping[str, Kind]] = {
    "slew": _SlewKind(),
    "max_pictures_per_orbit": Number(1, 10_000, whole=True),
    "imaging_s_per_orbit": Number(0, 1e5, "seconds", open_low=True),
    "max_duration_s": Number(0, 1e5, "seconds", open_low=True),
    "duty": Made(DUTY_KEYS, DutyCycle, required=("imaging_s", "in_s")),
    "battery": Made(BATTERY_KEYS, Battery, required=_NEEDED_OF_BATTERY),
    "thermal": Made(THERMAL_KEYS, Thermal, required=_NEEDED_OF_THERMAL),
    "compression": Number(1, 1000),
    "blocked": ListOf(
        Made(BLOCKED_KEYS, Blocked, required=("start", "stop")),
        "tables with start, stop and why",
    ),
    "next_uplink": Time(),
}


def read_rules(
    values: Mapping[str, Any], sensor: Sensor, span: Span, place: Place
) -> dict[str, Any]:
    """Fields of a Satellite from the values of RULE_KEYS; what contradicts another is complained of."""
    rules = {key: values[key] for key in (*_LIMITS, "duty", "battery", "thermal") if key in values}
    troubles = satellite_troubles(
        sensor,
        imaging_s_per_orbit=rules.get("imaging_s_per_orbit", sensor.duty.imaging_s_per_orbit),
        max_duration_s=rules.get("max_duration_s", sensor.duty.max_duration_s),
        duty=rules.get("duty"),
        thermal=rules.get("thermal"),
    )
    for error in troubles:
        here = place
        for key in error.field.split("."):
            here = here.key(key)
        here.complain(error.value, error.wish, error.hint)
    rules["compression"] = float(values.get("compression", 1.0))
    rules["slew"] = _slew(values.get("slew"), sensor)
    rules["blocked"] = _blocked(values.get("blocked", []), span, place.key("blocked"))
    rules["next_uplink"] = _uplink(values.get("next_uplink"), span, place.key("next_uplink"))
    return rules


def _slew(said: Mapping[str, Any] | None, sensor: Sensor) -> Slew | None:
    if said is None or said["law"] == "euler":
        return None  # the sensor's agility
    settling_s = sensor.agility.settling_s if said["law"] == "per_axis" else 0.0
    return Slew(
        law=said["law"],
        rate_rad_s=said.get("rate_deg_s", ()),
        acceleration_rad_s2=said.get("acceleration_deg_s2", ()),
        settling_s=float(said.get("settling_s", settling_s)),
        table=tuple((angle * deg, seconds) for angle, seconds in said.get("table", ())),
    )


def _blocked(blocked: Sequence[Blocked | None], span: Span, place: Place) -> tuple[Blocked, ...]:
    """Blocked times, cut to the span; complains of those that lie outside."""
    found = []
    for number, one in enumerate(blocked, 1):
        inside = None if one is None else cut_to_span(one.span, span, place.item(number))
        if one is not None and inside is not None:
            found.append(replace(one, start=inside.start, stop=inside.stop))
    free = span.start
    for one in sorted(found, key=lambda one: one.start):
        if one.start > free:
            break
        free = max(free, one.stop)
    if free >= span.stop:
        place.warn("the whole span is blocked: the satellite takes no picture")
    return tuple(found)


def _uplink(next_uplink: Epoch | None, span: Span, place: Place) -> Epoch | None:
    if next_uplink is not None and not span.contains(next_uplink):
        wish = f"within the mission's span, {span.start.utc(0)} to {span.stop.utc(0)}"
        place.complain(next_uplink.utc(0), wish)
        return None
    return next_uplink


def cut_to_span(one: Span, span: Span, place: Place) -> Span | None:
    """The part of a stretch of time that lies in the mission's span; complains if there is none."""
    if one.start >= span.stop or one.stop <= span.start:
        wish = f"within the mission's span, {span.start.utc(0)} to {span.stop.utc(0)}"
        place.complain(f"{one.start.utc(0)} to {one.stop.utc(0)}", wish)
        return None
    return Span(max(one.start, span.start), min(one.stop, span.stop))
