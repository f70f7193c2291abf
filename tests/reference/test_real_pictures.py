"""Real pictures: what the operators published, and what we predict from an element set near.

Off-nadir: strips of the Maxar Open Data programme (imagery metadata CC BY-NC 4.0), every fifth in time
of the shared collection that has an element set within two days; time is published in whole seconds,
cut off, so half a second is added; places are the centres of 5 km tiles. Sun: scene centres of Landsat 8
(USGS, public domain), every sixth in time. Element sets: US Space Force, through public archives.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from offnadir.earth import EarthOrientation, Site, SunTable
from offnadir.epoch import Epoch, Span
from offnadir.geometry import look_angles
from offnadir.orbits import make_ephemeris, read_elements
from offnadir.units import deg


class Strip(NamedTuple):
    platform: str
    norad_id: int
    time_utc: str
    lat_deg: float
    lon_deg: float
    off_nadir_deg: float
    azimuth_deg: float
    line1: str
    line2: str


class Scene(NamedTuple):
    scene: str
    time_utc: str
    lat_deg: float
    lon_deg: float
    sun_elevation_deg: float
    sun_azimuth_deg: float


MAXAR = [
    Strip(
        "WV03",
        40115,
        "2019-07-03T11:47:48Z",
        31.69988,
        -8.1294,
        27.8,
        231.2,
        "1 40115U 14048A   19184.12661045 -.00000047  00000-0  66766-6 0  9995",
        "2 40115  97.8107 262.5384 0001994  59.8653 300.2773 14.85017284264806",
    ),
    Strip(
        "WV02",
        35946,
        "2020-09-08T11:16:12Z",
        31.24175,
        -7.39861,
        15.1,
        197.8,
        "1 35946U 09055A   20252.51017373  .00000006  00000-0  16556-4 0  9997",
        "2 35946  98.5184 324.1894 0002643 104.4038 255.7445 14.37662489572950",
    ),
    Strip(
        "WV02",
        35946,
        "2022-01-18T16:03:30Z",
        28.47132,
        -81.36351,
        24.6,
        141.9,
        "1 35946U 09055A   22018.43059818  .00000105  00000-0  49560-4 0  9991",
        "2 35946  98.5049  95.3625 0002260  93.2752 266.8700 14.37629401644350",
    ),
    Strip(
        "WV03",
        40115,
        "2022-03-15T11:33:21Z",
        13.40452,
        -16.69457,
        28.3,
        121.4,
        "1 40115U 14048A   22073.50689856  .00001829  00000-0  21959-3 0  9998",
        "2 40115  97.8607 149.7292 0002827  72.6555 287.4981 14.85221402411052",
    ),
    Strip(
        "WV03",
        40115,
        "2022-05-18T11:33:34Z",
        31.25127,
        -8.65866,
        26.4,
        233.4,
        "1 40115U 14048A   22137.10577633  .00001286  00000+0  15766-3 0  9999",
        "2 40115  97.8547 212.4813 0000268  69.0147 291.1071 14.84820746420491",
    ),
    Strip(
        "WV02",
        35946,
        "2022-05-25T11:25:52Z",
        30.96766,
        -7.14147,
        12.6,
        237.3,
        "1 35946U 09055A   22147.04815592  .00000178  00000+0  73699-4 0  9999",
        "2 35946  98.4866 222.4623 0002129  85.1252 275.0183 14.37667693662831",
    ),
    Strip(
        "WV03",
        40115,
        "2022-07-07T11:36:06Z",
        30.30351,
        -9.44201,
        28.9,
        229.0,
        "1 40115U 14048A   22189.46587500  .00000444  00000-0  58405-4 0  9993",
        "2 40115  97.8540 264.0944 0002769 105.1384 255.0138 14.84893911428232",
    ),
    Strip(
        "WV02",
        35946,
        "2023-01-24T13:30:17Z",
        -29.89762,
        -51.37313,
        21.9,
        153.8,
        "1 35946U 09055A   23025.14813202  .00000396  00000-0  14715-3 0  9998",
        "2 35946  98.4665 102.2701 0001919  33.2975 326.8347 14.37354938697764",
    ),
    Strip(
        "WV02",
        35946,
        "2023-03-06T11:33:16Z",
        30.34497,
        -9.39017,
        15.8,
        346.1,
        "1 35946U 09055A   23065.38335803  .00000545  00000+0  19671-3 0  9995",
        "2 35946  98.4593 141.8642 0001395 194.3861 165.7294 14.37412306703547",
    ),
    Strip(
        "WV02",
        35946,
        "2023-09-14T09:18:08Z",
        32.88002,
        21.88466,
        14.6,
        144.4,
        "1 35946U 09055A   23257.08052806  .00000307  00000+0  11701-3 0  9996",
        "2 35946  98.4445 330.2797 0002114  56.2307 303.9081 14.37485465731085",
    ),
    Strip(
        "WV02",
        35946,
        "2023-11-09T05:03:03Z",
        28.71803,
        82.35664,
        39.4,
        41.1,
        "1 35946U 09055A   23313.18215289  .00000477  00000-0  17362-3 0  9994",
        "2 35946  98.4382  25.3507 0001265 163.5608 196.5621 14.37533019739148",
    ),
    Strip(
        "WV03",
        40115,
        "2024-05-17T14:01:42Z",
        -29.66054,
        -52.78236,
        40.2,
        280.3,
        "1 40115U 14048A   24136.92885144  .00002924  00000+0  34516-3 0  9993",
        "2 40115  97.8484 210.5889 0002280 194.1114 166.0038 14.85469848528780",
    ),
]
LANDSAT = [
    Scene(
        "LC08_L2SP_045034_20161109_02_T1",
        "2016-11-09T18:52:35.132519Z",
        37.46501,
        -123.6689,
        33.224112,
        161.08422815,
    ),
    Scene(
        "LC08_L2SR_067091_20180720_02_T1",
        "2018-07-20T21:30:09.397611Z",
        -44.60184,
        -177.7928,
        16.68871843,
        35.88453656,
    ),
    Scene(
        "LC08_L2SR_067091_20190112_02_T2",
        "2019-01-12T21:30:47.732049Z",
        -44.60151,
        -177.76691,
        51.80839126,
        65.26198771,
    ),
    Scene(
        "LC08_L2SR_067091_20190317_02_T2",
        "2019-03-17T21:30:32.332004Z",
        -44.60178,
        -177.75302,
        35.56641891,
        47.9780656,
    ),
    Scene(
        "LC08_L2SP_198022_20190830_02_T1",
        "2019-08-30T10:33:15.208254Z",
        54.49303,
        6.41581,
        42.88097642,
        159.02808547,
    ),
    Scene(
        "LC08_L2SP_197022_20200215_02_T2",
        "2020-02-15T10:26:54.735950Z",
        54.49217,
        7.95277,
        20.83542551,
        160.32608009,
    ),
    Scene(
        "LC08_L2SP_197023_20200419_02_T1",
        "2020-04-19T10:26:50.794264Z",
        53.08713,
        7.21014,
        46.42496364,
        157.22769444,
    ),
    Scene(
        "LC08_L2SP_197023_20200521_02_T1",
        "2020-05-21T10:26:42.960282Z",
        53.08726,
        7.27433,
        55.19812741,
        154.54940894,
    ),
    Scene(
        "LC08_L2SP_044034_20201129_02_T1",
        "2020-11-29T18:46:25.526116Z",
        37.46531,
        -122.09877,
        28.59155017,
        161.28718133,
    ),
    Scene(
        "LC08_L2SP_197023_20210321_02_T1",
        "2021-03-21T10:27:05.527061Z",
        53.08756,
        7.24312,
        35.27857314,
        158.10773366,
    ),
    Scene(
        "LC08_L2SP_044034_20210609_02_T1",
        "2021-06-09T18:45:53.029526Z",
        37.4652,
        -122.1138,
        67.21806998,
        123.65998001,
    ),
    Scene(
        "LC08_L2SP_044034_20220103_02_T1",
        "2022-01-03T18:46:19.542715Z",
        37.46494,
        -122.09126,
        26.39705378,
        157.65672113,
    ),
]


def predicted_deg(strip: Strip, tmp_path) -> tuple[float, float]:
    path = tmp_path / "set.tle"
    path.write_text(f"{strip.line1}\n{strip.line2}\n")
    (elements,) = read_elements(path).elements
    time = Epoch.from_utc(strip.time_utc) + 0.5
    ephemeris = make_ephemeris(elements, Span(time + -60.0, time + 60.0))
    site = Site(name="tile", lat_rad=strip.lat_deg * deg, lon_rad=strip.lon_deg * deg)
    look = look_angles(
        ephemeris.position_itrf_m([time.tai_ns]),
        ephemeris.velocity_itrf_m_s([time.tai_ns]),
        site.r_itrf_m,
        site.lat_rad,
        site.lon_rad,
    )
    return look.off_nadir_rad[0] / deg, look.azimuth_rad[0] / deg


def test_off_nadir_of_real_maxar_strips(tmp_path):
    predicted = np.array([predicted_deg(strip, tmp_path) for strip in MAXAR])
    off = np.abs(predicted[:, 0] - [strip.off_nadir_deg for strip in MAXAR])
    assert np.percentile(off, 90) < 0.6
    assert np.median(off) < 0.2
    turned = (predicted[:, 1] - [strip.azimuth_deg for strip in MAXAR] + 180) % 360 - 180
    assert np.median(np.abs(turned)) < 1.0  # published azimuths are means over a tile


def test_sun_over_real_landsat_scenes():
    apart = []
    for scene in LANDSAT:
        time = Epoch.from_utc(scene.time_utc)
        table = SunTable.over(Span(time, time + 60.0), EarthOrientation.bundled())
        site = Site(name="centre", lat_rad=scene.lat_deg * deg, lon_rad=scene.lon_deg * deg)
        elevation, azimuth = table.angles_rad(site, [time.tai_ns])
        apart.append(abs(elevation[0] / deg - scene.sun_elevation_deg))
        turned = (azimuth[0] / deg - scene.sun_azimuth_deg + 180) % 360 - 180
        # The footprint's centroid is some km from the scene centre: 0.01 deg of longitude each.
        assert abs(turned * np.cos(elevation[0])) < 0.1
    assert np.percentile(apart, 90) < 0.02
