"""Sensors: cameras, radars and agility as frozen numbers, and a library of real ones."""

from offnadir.sensors._library import (
    agility_profile,
    file_warnings,
    load_camera,
    load_sensor,
    read_sensor_file,
    satellites_with_sensors,
    sensor_facts,
    sensor_from_table,
    sensor_names,
    sensor_of_satellite,
    sensor_problems,
    sensors_of_satellites,
    user_sensor_folder,
)
from offnadir.sensors._model import Agility, Band, Detector, Duty, Optics, Sensor, slew_time_s
from offnadir.sensors._radar import Radar, RadarMode

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
