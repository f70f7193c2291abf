"""Sensors: cameras, radars and agility as frozen numbers, and a library of real ones."""

from offnadir.sensors._facts import file_warnings, sensor_facts
from offnadir.sensors._library import (
    agility_profile,
    load_camera,
    load_sensor,
    read_sensor_file,
    satellites_with_sensors,
    sensor_from_table,
    sensor_of_satellite,
    sensor_problems,
    sensors_of_satellites,
)
from offnadir.sensors._model import (
    Agility,
    Band,
    Detector,
    Duty,
    Optics,
    Sensor,
    rest_to_rest_s,
    slew_time_s,
)
from offnadir.sensors._radar import Radar, RadarMode
from offnadir.sensors._tables import sensor_names, user_sensor_folder

__all__ = [
    "Agility",
    "Band",
    "Detector",
    "Duty",
    "Optics",
    "Radar",
    "RadarMode",
    "Sensor",
    "agility_profile",
    "file_warnings",
    "load_camera",
    "load_sensor",
    "read_sensor_file",
    "rest_to_rest_s",
    "satellites_with_sensors",
    "sensor_facts",
    "sensor_from_table",
    "sensor_names",
    "sensor_of_satellite",
    "sensor_problems",
    "sensors_of_satellites",
    "slew_time_s",
    "user_sensor_folder",
]
