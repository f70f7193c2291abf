"""Sensors: cameras and agility as frozen numbers, and a library of real ones."""

from offnadir.sensors._library import (
    agility_profile,
    load_sensor,
    sensor_facts,
    sensor_from_table,
    sensor_names,
    sensor_of_satellite,
)
from offnadir.sensors._model import Agility, Detector, Optics, Sensor, slew_time_s

__all__ = [
    "Agility",
    "Detector",
    "Optics",
    "Sensor",
    "agility_profile",
    "load_sensor",
    "sensor_facts",
    "sensor_from_table",
    "sensor_names",
    "sensor_of_satellite",
    "slew_time_s",
]
