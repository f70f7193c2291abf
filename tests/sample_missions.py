"""Small missions to try rules with: real satellites, places around the Yellow Sea, one rule or all.

`write_mission(folder, "battery")` writes a mission file and what it names; `MISSIONS` lists them. Each
says what in it should bind.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

# US Space Force GP data as published by CelesTrak on 2026-05-30.
SETS: Final = """\
WORLDVIEW-3 (WV-3)
1 40115U 14048A   26150.58092465  .00001167  00000+0  14314-3 0  9991
2 40115  97.8569 225.6569 0002200  53.5175 306.6243 14.84989122639293
SKYSAT-C1
1 41601U 16040C   26150.04206291  .00013059  00000+0  37486-3 0  9999
2 41601  96.9573 182.7483 0004465  93.9307 266.2449 15.35959295555085
KOMPSAT-3A
1 40536U 15014A   26150.59361315  .00026749  00000+0  40066-3 0  9992
2 40536  97.6881 140.6812 0055091 239.4643 120.1165 15.53142044619081
"""
HEAD: Final = """\
elements = "sats.3le"

[span]
start = 2026-06-01T00:00:00Z
duration = "36 h"

[solver]
time_limit_s = 3
"""
WORLDVIEW: Final = """
[[satellite]]
norad_id = 40115
name = "WV3"
sensor = "worldview-3"
"""
SKYSAT: Final = """
[[satellite]]
norad_id = 41601
name = "SkySat"
sensor = "skysat-c"
"""
KOMPSAT: Final = """
[[satellite]]
norad_id = 40536
name = "Arirang"
sensor = "kompsat-3a"
"""
STATIONS: Final = """
[[station]]
name = "Svalbard"
lat_deg = 78.23
lon_deg = 15.41
antennas = 2

[[station]]
name = "Daejeon"
lat_deg = 36.37
lon_deg = 127.36
"""
PLACES: Final = {
    "Seoul": (37.57, 126.98), "Incheon": (37.46, 126.62), "Busan": (35.10, 129.04),
    "Pyongyang": (39.03, 125.75), "Sohae": (39.66, 124.71), "Dandong": (40.12, 124.39),
    "Dalian": (38.92, 121.63), "Qingdao": (36.07, 120.38), "Yantai": (37.54, 121.39),
    "Tianjin": (39.00, 117.75), "Jeju": (33.50, 126.53), "Mokpo": (34.79, 126.38),
    "Gunsan": (35.98, 126.71), "Ulsan": (35.52, 129.37), "Wonsan": (39.17, 127.44),
    "Shenyang": (41.80, 123.43), "Rizhao": (35.39, 119.54), "Lianyungang": (34.74, 119.45),
}  # fmt: skip
BAY: Final = "[[125.9, 36.9], [126.4, 36.9], [126.4, 37.4], [125.9, 37.4]]"


def point(name: str, *lines: str, weight: float = 1.0) -> str:
    """A [[request]] for one of PLACES, with more lines."""
    lat, lon = PLACES[name]
    keys = (
        f'name = "{name}"',
        f"lat_deg = {lat}",
        f"lon_deg = {lon}",
        f"weight = {weight:g}",
        *lines,
    )
    return "\n[[request]]\n" + "\n".join(keys) + "\n"


def points(*names: str) -> str:
    """Requests for these places, or all of PLACES; weights from 1 up."""
    return "".join(point(name, weight=1 + i % 5) for i, name in enumerate(names or PLACES))


MISSIONS: Final[dict[str, str]] = {
    "plain": HEAD + WORLDVIEW + SKYSAT + KOMPSAT + STATIONS + points(),
    # A pass over the Yellow Sea has time for fewer pictures the slower the turns are.
    "per_axis": HEAD
    + WORLDVIEW
    + 'slew = { law = "per_axis", rate_deg_s = [1.2, 0.8], acceleration_deg_s2 = [0.2, 0.2] }\n'
    + STATIONS
    + points(),
    "slew_table": HEAD
    + WORLDVIEW
    + 'slew = { law = "table", table = [[0, 11.66], [10, 11.66], [30, 25], [60, 40], [90, 52]] }\n'
    + STATIONS
    + points(),
    # Three pictures an orbit, or 5 s of them, where there is time for ten.
    "orbit_limits": HEAD
    + WORLDVIEW
    + "max_pictures_per_orbit = 3\n"
    + SKYSAT
    + "imaging_s_per_orbit = 5\nmax_duration_s = 10\n"
    + STATIONS
    + points(),
    # In any ten minutes at most 7 s of pictures: a pass over the sea is shorter than that.
    "duty": HEAD + WORLDVIEW + "duty = { imaging_s = 7, in_s = 600 }\n" + STATIONS + points(),
    # An eclipse drains 175 of the 210 Wh that may be drawn, and the Sun gives little more back: of the 12
    # pictures of 2 June, with their slews some 8 Wh each, there is power for eight.
    "battery": HEAD
    + WORLDVIEW
    + "[satellite.battery]\ncapacity_wh = 700\nmax_depth_of_discharge = 0.3\ncharge_w = 500\n"
    + "idle_w = 300\nimaging_w = 4500\nslew_w = 2000\ndownlink_w = 50\n"
    + STATIONS
    + points(),
    # Every picture warms by 4 to 5 K, and the camera stands 12.
    "thermal": HEAD
    + WORLDVIEW
    + "thermal = { heating_k_s = 2, time_constant_s = 900, max_rise_k = 12, initial_rise_k = 3 }\n"
    + STATIONS
    + points(),
    # WorldView-3 comes over at 02:10 and the day after at 02:24 UTC: in the one, and far into the other.
    "blocked": HEAD
    + WORLDVIEW
    + "blocked = [\n"
    + '  { start = 2026-06-01T02:09:00Z, stop = 2026-06-01T02:11:00Z, why = "calibration" },\n'
    + "  { start = 2026-06-01T20:00:00Z, stop = 2026-06-02T02:24:20Z },\n]\n"
    + STATIONS
    + points(),
    # Nothing new before noon of the first day: its pictures are lost, but for those of an older plan.
    "uplink": HEAD
    + WORLDVIEW
    + "next_uplink = 2026-06-01T12:00:00Z\n"
    + SKYSAT
    + STATIONS
    + points(),
    # Memory for ten pictures, compressed to a third; contacts that take two minutes to begin; one is lost.
    "downlink": HEAD
    + WORLDVIEW
    + "memory_gbit = 40\ncompression = 3\ndownlink_mbps = 80\n"
    + STATIONS
    + 'setup_s = 120\n\n[[outage]]\nstation = "Svalbard"\nstart = 2026-06-01T02:00:00Z\n'
    + 'stop = 2026-06-01T10:00:00Z\nsatellite = "WV3"\n\n'
    + '[[outage]]\nstation = "Daejeon"\nstart = 2026-06-01T12:00:00Z\nstop = 2026-06-02T12:00:00Z\n'
    + points("Seoul", "Incheon", "Busan", "Pyongyang", "Dalian", "Qingdao")
    + point("Mokpo", "deadline = 2026-06-01T10:00:00Z", weight=3),
    # One small request of tier 1 against many heavy ones of tier 2 and 3.
    "tiers": HEAD
    + WORLDVIEW
    + "max_pictures_per_orbit = 2\n"
    + STATIONS
    + point("Mokpo", "tier = 1", weight=0.1)
    + "".join(point(name, "tier = 2", weight=10) for name in ("Seoul", "Incheon", "Busan"))
    + "".join(point(name, "tier = 3", weight=100) for name in ("Dalian", "Qingdao", "Yantai")),
    "tri_stereo": HEAD
    + WORLDVIEW
    + STATIONS
    + point(
        "Seoul",
        "stereo = { min_convergence_deg = 8, max_convergence_deg = 25, views = 3 }",
        weight=4,
    )
    + point("Busan", "stereo = { views = 2 }", weight=3)
    + points("Incheon", "Gunsan", "Mokpo"),
    # 44 by 55 km in strips of 13 km: four, of which the curve wants all.
    "cover": HEAD
    + WORLDVIEW
    + KOMPSAT
    + STATIONS
    + f'\n[[request]]\nname = "Bay"\npolygon = {BAY}\nweight = 20\n'
    + "cover = { curve = [[0, 0], [0.4, 0.1], [0.7, 0.4], [1, 1]], overlap = 0.05 }\n"
    + points("Seoul", "Incheon", "Busan", "Gunsan"),
    # Busan up to four times, three hours to a day apart: within one pass two would be too close.
    "repeat": HEAD
    + WORLDVIEW
    + SKYSAT
    + KOMPSAT
    + STATIONS
    + point(
        "Busan",
        "min_sun_elevation_deg = 0",
        'repeat = { count = 4, min_spacing = "3 h", max_spacing = "20 h" }',
        weight=5,
    )
    + points("Seoul", "Incheon"),
    # Sohae only after Pyongyang, and soon; one of the two Chinese ports, two of three Korean ones.
    "relations": HEAD
    + WORLDVIEW
    + SKYSAT
    + KOMPSAT
    + STATIONS
    + point("Sohae", 'after = "Pyongyang"', 'after_within = "6 h"', weight=5)
    + point("Wonsan", 'after = "Sohae"', weight=5)
    + points("Pyongyang", "Dalian", "Qingdao", "Busan", "Mokpo", "Ulsan")
    + '\n[[choice]]\nrequests = ["Dalian", "Qingdao"]\n'
    + '\n[[choice]]\nrequests = ["Busan", "Mokpo", "Ulsan"]\nat_most = 2\n',
    # Overcast in the west in the morning, clear in the east; the cube ends after a day.
    "weather": HEAD
    + WORLDVIEW
    + KOMPSAT
    + STATIONS
    + '\n[weather]\ncloud_cube = "clouds.nc"\nmin_clear = 0.2\n'
    + points(),
}
MISSIONS["everything"] = (
    HEAD
    + WORLDVIEW
    + 'slew = { law = "per_axis", rate_deg_s = [2, 1.5], acceleration_deg_s2 = [0.5, 0.4], settling_s = 4 }\n'
    + "max_pictures_per_orbit = 8\nduty = { imaging_s = 60, in_s = 5400 }\ncompression = 2\n"
    + "thermal = { heating_k_s = 1, time_constant_s = 900, max_rise_k = 20 }\n"
    + "blocked = [{ start = 2026-06-01T06:00:00Z, stop = 2026-06-01T06:40:00Z }]\n"
    + "[satellite.battery]\ncapacity_wh = 900\ncharge_w = 1500\nidle_w = 400\nimaging_w = 300\nslew_w = 150\n"
    + SKYSAT
    + "next_uplink = 2026-06-01T03:00:00Z\nimaging_s_per_orbit = 40\n"
    + KOMPSAT
    + STATIONS
    + "setup_s = 30\n"
    + '\n[[outage]]\nstation = "Svalbard"\nstart = 2026-06-01T04:00:00Z\nstop = 2026-06-01T08:00:00Z\n'
    + "\n[request_defaults]\ntier = 2\n"
    + f'\n[[request]]\nname = "Bay"\npolygon = {BAY}\nweight = 20\ncover = true\ntier = 1\n'
    + point(
        "Seoul",
        "stereo = { min_convergence_deg = 8, max_convergence_deg = 25, views = 3 }",
        weight=4,
    )
    + point("Busan", 'repeat = { count = 2, min_spacing = "3 h" }', "min_sun_elevation_deg = 0")
    + point("Sohae", 'after = "Pyongyang"', 'after_within = "12 h"')
    + point("Mokpo", "deadline = 2026-06-01T10:00:00Z", weight=3)
    + points("Pyongyang", "Dalian", "Qingdao", "Incheon", "Gunsan", "Jeju")
    + '\n[[choice]]\nrequests = ["Dalian", "Qingdao"]\n'
    + '\n[weather]\ncloud_cube = "clouds.nc"\n'
)


def write_mission(folder: Path, name: str) -> Path:
    """Write one of MISSIONS, its element sets and, if it names one, its forecast; the mission file's path."""
    (folder / "sats.3le").write_text(SETS)
    text = MISSIONS[name]
    if "clouds.nc" in text:
        write_clouds(folder / "clouds.nc")
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def write_clouds(path: Path, *, hours: tuple[float, ...] = (0, 12, 24)) -> None:
    """A forecast from 30 to 45 deg north, 115 to 132 east: cloud from 0.95 in the west to 0.05 in the east.

    Later it clears up from the west; the last hour is the other way round. Needs netCDF4.
    """
    import netCDF4

    lat, lon = np.arange(30.0, 46.0), np.arange(115.0, 133.0)
    west = np.linspace(0.95, 0.05, len(lon))
    later = np.linspace(0.0, 1.0, len(hours))[:, None, None]
    cover = (1 - later) * west + later * west[::-1] + np.zeros((len(hours), len(lat), len(lon)))
    with netCDF4.Dataset(path, "w") as file:
        for axis, values in (("time", hours), ("latitude", lat), ("longitude", lon)):
            file.createDimension(axis, len(values))
            file.createVariable(axis, "f8", (axis,))[:] = values
        file["time"].units = "hours since 2026-06-01 00:00:00"
        file["latitude"].units, file["longitude"].units = "degrees_north", "degrees_east"
        tcc = file.createVariable("tcc", "f8", ("time", "latitude", "longitude"))
        tcc[:] = cover
        tcc.units = "1"
