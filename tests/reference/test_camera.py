"""Cameras in orbit against hand-solved cases and what operators and other programs state."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from offnadir.constants import WGS84_A_M, WGS84_B_M, WGS84_E2
from offnadir.earth import Site, geodetic_to_itrf_m, interpolate, itrf_to_geodetic
from offnadir.epoch import Epoch, Span
from offnadir.imagery import acquire, band_model, models
from offnadir.imagery._camera import CameraModel
from offnadir.imagery._guidance import natural_scan, roll_pitch_yaw_rad
from offnadir.imagery._track import Track, matrix_of, quaternion_of
from offnadir.orbits import fit_ephemeris
from offnadir.sensors import load_camera
from offnadir.units import deg, km
from sample_orbits import EPOCH, circling, seen_at


def still(r, rotation, **fields):
    """A frame of 1001 x 1001 pixels of 1 mrad that stands still."""
    n = 5
    track = Track(
        time_s=np.arange(n) * 1.0,
        r_itrf_m=np.tile(r, (n, 1)),
        v_itrf_m_s=np.zeros((n, 3)),
        quaternion=np.tile(quaternion_of(rotation), (n, 1)),
    )
    about = {
        "shape": (1001, 1001), "band": "b", "chip": 0, "first_column": 0, "track": track,
        "ifov_rad": 1e-3, "first_time_s": 2.0, "line_time_s": 0.0, "x0": -0.5,
        "x_line": 1e-3, "x_column": 0.0, "y0": 0.5, "y_column": -1e-3,
    }  # fmt: skip
    return CameraModel(**{**about, **fields})


def over_the_equator(height_m=500 * km, **fields):
    """500 km above 0 N 0 E, x to the north, y to the east, looking down."""
    rotation = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    return still([WGS84_A_M + height_m, 0.0, 0.0], rotation, **fields)


def test_straight_down_by_hand():
    """Along the equator the Earth is a circle: its angle is asin(r sin(eta) / a) - eta.

    The camera looks down with ahead to the north, and lines go ahead: line 0 is the most southern, and
    so that nothing is mirrored column 0 is the most eastern. 400 pixels of 1 mrad from the middle is tan
    eta = 0.4.
    """
    model = over_the_equator()
    eta = np.arctan(0.4)
    angle = np.arcsin((WGS84_A_M + 500 * km) / WGS84_A_M * np.sin(eta)) - eta
    lat, lon = model.locate(500.0, [100.0, 500.0, 900.0], 0.0)
    assert_allclose(lat, 0.0, atol=1e-15)
    assert_allclose(lon, [angle, 0.0, -angle], atol=1e-14)


def test_to_the_north_by_hand():
    """In the meridian's plane the ray (A + h - t, 0.4 t) meets the ellipse x^2/a^2 + z^2/b^2 = 1."""
    model = over_the_equator()
    r = WGS84_A_M + 500 * km
    qa = 1 / WGS84_A_M**2 + 0.16 / WGS84_B_M**2
    qb, qc = -2 * r / WGS84_A_M**2, (r / WGS84_A_M) ** 2 - 1
    t = (-qb - np.sqrt(qb**2 - 4 * qa * qc)) / (2 * qa)
    latitude = np.arctan(0.4 * t / (r - t) / (1 - WGS84_E2))
    lat, lon = model.locate([900.0, 100.0], 500.0, 0.0)
    assert_allclose(lat, [latitude, -latitude], atol=1e-14)
    assert_allclose(lon, 0.0, atol=1e-15)


def test_height_is_geodetic_height():
    """At 9000 m and 45 deg of latitude the ellipsoid of longer axes is 0.013 m off; this is not."""
    site = geodetic_to_itrf_m(45 * deg, 0.0, 500 * km)
    down = -np.array([np.cos(45 * deg), 0.0, np.sin(45 * deg)])
    north = np.array([-np.sin(45 * deg), 0.0, np.cos(45 * deg)])
    model = still(site, np.stack([north, np.cross(down, north), down], axis=1))
    lat, lon = model.locate(900.0, 300.0, 9000.0)
    r, sight = model.rays(900.0, 300.0)
    toward = geodetic_to_itrf_m(lat, lon, 9000.0) - r
    assert_allclose(toward / np.linalg.norm(toward), sight, atol=1e-14)


def test_distortion_by_hand():
    """Light from 0.4 focal lengths falls on 0.4 (1 + 0.1 * 0.16 + 0.05 * 0.0256) = 0.406912 of them."""
    plain, bent = over_the_equator(), over_the_equator(k1=0.1, k2=0.05)
    place = plain.locate(500.0, 900.0, 0.0)
    assert_allclose(bent.project(*place, 0.0), [500.0, 906.912], atol=1e-6)
    assert_allclose(bent.locate(500.0, 906.912, 0.0), place, atol=1e-15)


def test_quaternions_are_those_of_scipy():
    rotations = Rotation.random(200, random_state=1)
    matrices = rotations.as_matrix()
    ours, theirs = quaternion_of(matrices), rotations.as_quat(scalar_first=True)
    assert_allclose(np.abs(np.sum(ours * theirs, axis=1)), 1.0, atol=1e-14)
    assert_allclose(matrix_of(ours), matrices, atol=1e-14)


def test_yaw_over_the_equator():
    """Orekit 13, YawCompensationTest: 3.206 +- 0.003 deg at the nodes of 7178 km and 50.046 deg."""
    orbit = circling(7178 * km, 50.046 * deg, gm=3.9860047e14)
    picture = acquire(orbit, load_camera("pleiades-1"), seen_at(orbit, 0.0), EPOCH)
    roll, pitch, yaw = roll_pitch_yaw_rad(picture.track)[np.argmin(np.abs(picture.track.time_s))]
    assert_allclose([roll, pitch], 0.0, atol=1e-9)
    assert_allclose(yaw, -3.206 * deg, atol=0.003 * deg)


def test_lines_a_second_of_pleiades():
    """CNES: 9,811.6 lines/s from 690 km. A circle keeps that height over one latitude at a time."""
    sensor = load_camera("pleiades-1")
    ifov = sensor.detector.pitch_m / sensor.optics.focal_length_m
    rates = []
    for u in (0.0, 45 * deg, 90 * deg):
        lat = np.arcsin(np.sin(98.2 * deg) * np.sin(u))
        ground_m = 1 / np.hypot(np.cos(lat) / WGS84_A_M, np.sin(lat) / WGS84_B_M)
        orbit = circling(ground_m + 690 * km, 98.2 * deg, u)
        rates.append(natural_scan(orbit, seen_at(orbit, 0.0), EPOCH, ifov).line_rate_hz)
    assert_allclose(rates, 9811.6, rtol=0.006)


def test_swath_of_pleiades_neo():
    """Airbus, user guide: 14 km at nadir and 19.68 km at 30 deg, from 620 km."""
    orbit = circling(WGS84_A_M + 620 * km, 97.9 * deg)
    sensor = load_camera("pleiades-neo")
    for roll, width_m in ((0.0, 14_000.0), (30 * deg, 19_680.0), (-30 * deg, 19_680.0)):
        picture = acquire(orbit, sensor, seen_at(orbit, roll), EPOCH, size=(1000, 100_000))
        model = band_model(picture, sensor.band.name)
        ends = geodetic_to_itrf_m(*model.locate(500.0, [-0.5, model.shape[1] - 0.5], 0.0), 0.0)
        assert_allclose(np.linalg.norm(ends[1] - ends[0]), width_m, rtol=0.003)
        (chip,) = models(picture)[sensor.band.name]
        assert chip.shape == model.shape


def test_sample_distance_of_worldview_2():
    """DigitalGlobe: 0.52 m at 20 deg from 770 km, the mean of both directions."""
    orbit = circling(WGS84_A_M + 770 * km, 98.5 * deg)
    picture = acquire(orbit, load_camera("worldview-2"), seen_at(orbit, 20 * deg), EPOCH)
    model = band_model(picture, picture.bands[0])
    line, column = (picture.size[0] - 1) / 2, (picture.size[1] - 1) / 2
    corners = geodetic_to_itrf_m(
        *model.locate(line + np.array([0, 1, 0]), column + np.array([0, 0, 1]), 0.0), 0.0
    )
    area = np.linalg.norm(np.cross(corners[1] - corners[0], corners[2] - corners[0]))
    assert_allclose(np.sqrt(area), 0.52, atol=0.005)
    assert_allclose(picture.view.off_nadir_rad, 20 * deg, atol=1e-6)


#: Landsat 8, path 98, row 84, 3 May 2021: positions [m] every 4 s from 00:38:49.716065 UTC (USGS, angle
#: coefficient file of LC08_L2SP_098084_20210503_20210508_02_T1, public domain), ...
LANDSAT_M = np.array(
    [
        [-4415989.517196, 3989483.330861, -3848356.189268],
        [-4399484.258901, 3983755.049169, -3873146.588394],
        [-4382903.882524, 3977946.224105, -3897867.427987],
        [-4366249.289804, 3972057.218998, -3922518.698997],
        [-4349520.523970, 3966087.671862, -3947099.651483],
        [-4332718.889291, 3960038.192567, -3971610.624898],
        [-4315843.365671, 3953908.451833, -3996050.202762],
        [-4298893.986751, 3947698.280590, -4020417.656685],
        [-4281870.466063, 3941407.025397, -4044711.907053],
        [-4264775.722465, 3935036.577428, -4068934.761887],
        [-4247608.474200, 3928585.765066, -4093084.327819],
        [-4230369.939129, 3922055.802501, -4117161.117411],
        [-4213059.004060, 3915445.006090, -4141163.133719],
        [-4195676.770996, 3908754.113493, -4165090.677244],
    ]
)
#: ... and its corners on the map from the first line's left (that file's lines and columns of the 30 m
#: grid from 609600, -3714000 in EPSG:32653), latitude and longitude [deg].
LANDSAT_CORNERS_DEG = np.array(
    [
        [-33.555368, 136.711506],
        [-33.947663, 138.744034],
        [-35.666300, 138.282076],
        [-35.267032, 136.207635],
    ]
)


def test_landsat_scans_as_it_did():
    """Looking down with our steering sees the first and last line of a real picture as lines.

    Without steering they would be askew by 3.2 deg. How far off nadir Landsat 8 looks is not published
    to better than a few tenths of a degree.
    """
    start = Epoch.from_utc("2021-05-03T00:38:49.716065Z")
    orbit = fit_ephemeris(
        lambda tai_ns: interpolate(LANDSAT_M, (tai_ns - start.tai_ns) / 4e9),
        Span(start + 4.0, start + 49.0), satellite="LANDSAT 8", norad_id=39084, step_s=5.0,
    )  # fmt: skip
    middle = start + 26.0
    lat, lon, _ = itrf_to_geodetic(orbit.position_itrf_m([middle.tai_ns])[0])
    below = Site(name="", lat_rad=float(lat), lon_rad=float(lon), alt_m=250.0)
    picture = acquire(orbit, load_camera("landsat-8"), below, middle, size=(7000, 6400))
    model = band_model(picture, "sharpest")
    lines, columns = model.project(*(LANDSAT_CORNERS_DEG.T * deg), 250.0)
    across = columns[[1, 2]] - columns[[0, 3]]
    skew = (lines[[1, 2]] - lines[[0, 3]]) / across
    assert_allclose(skew, 0.0, atol=0.05 * deg)
    assert_allclose(columns[[0, 1]], columns[[3, 2]], atol=3.0)  # its edges run along ours
    off = np.array([lines.mean() - 3499.5, columns.mean() - 3199.5]) * model.ifov_rad
    assert np.abs(off).max() < 0.2 * deg
