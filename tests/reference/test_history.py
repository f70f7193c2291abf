"""Histories of real satellites against what their operators, and observers, say they did."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sgp4.model import WGS72, Satrec

from offnadir.epoch import Epoch
from offnadir.orbits import ElementSet
from offnadir.orbits._repeat import local_time_of_node_h, repeat_cycle
from offnadir.orbits._secular import RADIUS_M, mean_orbit
from offnadir.orbits.history import object_history
from offnadir.units import day, deg, hour, km, minute, mm

# Element sets of the US Space Force (Space-Track), as columns of a two-line set: epoch, inclination, node,
# eccentricity, perigee, anomaly, revolutions a day, B*. Sentinel-3B by way of the "TLE observation benchmark
# dataset" (Shorten et al., 2023), Malligyong-1 by way of github.com/Bill-Gray/tles.
SENTINEL_3B_FEBRUARY_2019 = """
    19040.82779476 98.6228 109.5725 .0001199 128.5085 231.6204 14.26738063 14496-4
    19041.80961220 098.6226 110.5399 .0001225 128.0046 232.1245 14.26738116 +10747-4
    19042.16026127 98.6226 110.8854 .0001233 128.0095 232.1197 14.26738141 99451-5
    19043.21220842 98.6224 111.9219 .0001259 127.3138 232.8158 14.26738280 13122-4
    19044.26415570 98.6223 112.9584 .0001287 126.4878 233.6421 14.26738273 10184-4
    19045.31610615 98.6344 113.9964 .0001277 125.7820 234.3479 14.26732593 10463-4
    19046.78883742 98.6340 115.4492 .0001354 124.0294 236.1015 14.26732988 82844-5
    19047.84078831 098.6338 116.4870 .0001380 123.2339 236.8974 14.26733035 +97626-5
    19048.82260911 098.6336 117.4557 .0001397 122.4174 237.7141 14.26733084 +11941-4
    19049.52390962 98.6334 118.1475 .0001411 122.1192 238.0126 14.26733141 13003-4
"""
SENTINEL_3B_JUNE_2019 = """
    19145.25120089 98.6193 212.5074 .0000805 115.4112 244.7152 14.26740474 14140-4
    19146.30314636 98.6193 213.5436 .0000817 116.7497 243.3767 14.26740553 12273-4
    19147.77587005 98.6192 214.9944 .0000851 117.5987 242.5280 14.26740649 11836-4
    19148.75768580 098.6192 215.9615 .0000874 118.5926 241.5343 14.26740703 +12902-4
    19149.17846395 98.6191 216.3760 .0000878 119.2997 240.8271 14.26740726 12654-4
    19150.30053897 98.6191 217.4813 .0000900 120.3601 239.7669 14.26740797 11831-4
    19151.21222492 098.6190 218.3793 .0000924 120.7266 239.4006 14.26740882 +13573-4
    19152.19404054 98.6190 219.3464 .0000957 120.9401 239.1874 14.26740971 17356-4
    19153.80702320 98.6189 220.9352 .0001001 121.7505 238.3773 14.26741058 15872-4
    19154.78883869 098.6188 221.9023 .0001034 121.7798 238.3483 14.26741123 +14708-4
    19155.06935731 98.6188 222.1786 .0001034 122.4308 237.6973 14.26741178 16926-4
    19156.75246929 098.6188 223.8364 .0001075 123.5770 236.5513 14.26741338 +18837-4
    19157.80441738 098.6187 224.8726 .0001081 121.6025 238.5261 14.26738325 +15796-4
    19158.22519616 98.6186 225.2870 .0001089 122.3845 237.7441 14.26738417 15223-4
    19159.27714315 98.6186 226.3233 .0001127 122.2493 237.8797 14.26738578 14041-4
    19160.46934966 98.6186 227.4976 .0001174 122.3182 237.8112 14.26738731 20980-4
    19161.38103701 098.6185 228.3956 .0001195 122.1342 237.9954 14.26738701 +10945-4
    19162.22259452 98.6185 229.2245 .0001216 122.0708 238.0591 14.26738732 76269-5
    19163.41480099 98.6185 230.3988 .0001250 121.5546 238.5757 14.26738803 97219-5
    19164.74726689 98.6184 231.7113 .0001283 121.1670 238.9636 14.26738948 15018-4
    19165.79921364 98.6184 232.7474 .0001310 120.7283 239.4026 14.26738994 13041-4
    19166.78103058 098.6183 233.7144 .0001339 120.2447 239.8866 14.26739055 +13483-4
    19167.13167950 98.6183 234.0598 .0001349 120.0345 240.0970 14.26739071 13991-4
    19168.18362615 98.6183 235.0959 .0001374 119.6174 240.5143 14.26739148 16583-4
"""
MALLIGYONG_1 = """
    23343.17766162 97.4270 227.7225 .0014685 211.9163 148.1185 15.21407416 21022-3
    24008.82288663 97.4257 257.9648 .0017472 106.5791 253.7365 15.21801737 26791-3
    24039.91927136 97.4230 288.6635 .0015866 6.5716 353.5725 15.22278979 37655-3
    24071.87700205 97.4176 320.1790 .0007996 237.8814 122.1646 15.21372398 23573-3
    24100.87845296 97.4129 348.7511 .0010866 134.8707 225.3413 15.21790853 25592-3
    24134.20855672 97.4076 21.5910 .0010112 36.3709 323.8212 15.22464803 45604-3
    24137.23184883 97.4080 24.5703 .0009744 26.3492 333.8238 15.22526125 52475-3
    24168.58979490 97.4046 55.4501 .0002403 144.9512 215.1882 15.21065654 27110-3
    24191.61256200 97.4007 78.0810 .0003684 105.7038 254.4604 15.21360011 24834-3
    24221.86331429 97.3955 107.8203 .0002688 57.2202 302.9293 15.21851950 45503-3
"""


def read(rows: str, norad_id: int, name: str) -> list[ElementSet]:
    sets = []
    for row in rows.split("\n"):
        if not row.strip():
            continue
        epoch, incl, raan, ecc, perigee, anomaly, motion, bstar = row.split()
        year = Epoch.from_utc(f"20{epoch[:2]}-01-01")
        sets.append(
            ElementSet(
                norad_id=norad_id,
                name=name,
                epoch=Epoch.from_utc_ns(year.utc_ns + round((float(epoch[2:]) - 1.0) * day * 1e9)),
                mean_motion_rad_s=float(motion) * 2.0 * np.pi / day,
                eccentricity=float(ecc),
                inclination_rad=float(incl) * deg,
                raan_rad=float(raan) * deg,
                arg_perigee_rad=float(perigee) * deg,
                mean_anomaly_rad=float(anomaly) * deg,
                bstar=float(f"{bstar[:-2]}e{bstar[-2:]}") * 1e-5,
            )
        )
    return sets


def sentinel(rows: str) -> list[ElementSet]:
    return read(rows, 43437, "SENTINEL-3B")


def test_secular_rates_are_those_of_the_official_code():
    """`Satrec` of the package sgp4 in Python shows its inner numbers, in rad/min and Earth radii."""
    sets = [sentinel(SENTINEL_3B_JUNE_2019)[0], *read(MALLIGYONG_1, 58400, "M")[:2]]
    orbit = mean_orbit(sets)
    for k, one in enumerate(sets):
        record = Satrec()
        record.sgp4init(
            WGS72, "i", 0, 25000.0, one.bstar, 0.0, 0.0, one.eccentricity, one.arg_perigee_rad,
            one.inclination_rad, one.mean_anomaly_rad, one.mean_motion_rad_s * 60.0, one.raan_rad,
        )  # fmt: skip
        assert_allclose(orbit.mean_motion_rad_s[k], record.no_unkozai / 60.0, rtol=1e-14)
        assert_allclose(orbit.semi_major_m[k], record.a * RADIUS_M, rtol=1e-14)
        assert_allclose(orbit.mean_anomaly_rate_rad_s[k], record.mdot / 60.0, rtol=1e-14)
        assert_allclose(orbit.arg_perigee_rate_rad_s[k], record.argpdot / 60.0, rtol=1e-12)
        assert_allclose(orbit.raan_rate_rad_s[k], record.nodedot / 60.0, rtol=1e-12)
        fall_m_s = -2.0 * orbit.semi_major_m[k] * record.cc1 / 60.0
        assert_allclose(orbit.decay_m_s[k], fall_m_s, rtol=1e-10)


def test_published_orbit_of_sentinel_3():
    """ESA: sun-synchronous, 10:00 at the descending node, 814.5 km, 385 orbits in 27 days, 100.99 min.

    sentinels.copernicus.eu, "Sentinel-3: orbit". The height is the mean above the ellipsoid; the track is
    kept within 1 km, and here is as it happens between two manoeuvres.
    """
    history = object_history(sentinel(SENTINEL_3B_JUNE_2019))
    assert (history.repeat.revs, history.repeat.days) == (385, 27)
    assert abs(history.repeat.drift_m) < 2 * km  # 7 m in the semi-major axis make 1.5 km in a cycle
    assert_allclose(history.repeat.duration_s, 27 * day, atol=10.0)
    assert_allclose(history.height_m, 814.5 * km, atol=0.2 * km)
    assert_allclose(history.table["local_time_of_node_h"], 22.0, atol=1 / 60)
    assert_allclose(history.table["nodal_period_s"] / minute, 100.99, atol=0.005)
    assert_allclose(history.local_time_drift_s_day, 0.0, atol=0.5)


def test_out_of_plane_manoeuvre_of_sentinel_3b():
    """International DORIS Service, s3bman.txt: 2019 day 044, 09:43:10 TAI in the middle, 588 s long,
    radial 0.0080, along 0.0094, cross 1.6162 m/s.
    """
    (burn,) = object_history(sentinel(SENTINEL_3B_FEBRUARY_2019)).manoeuvres
    assert burn.direction == "cross-track"
    assert burn.inclination_change_rad > 0.0
    assert_allclose(burn.cross_m_s, 1.6162, rtol=0.05)  # published digits: 1e-4 deg is 13 mm/s
    assert_allclose(burn.along_m_s, 0.0094, atol=0.5 * mm)
    true = Epoch.from_utc("2019-02-13T09:42:33Z")
    assert burn.timed
    assert abs(burn.time - true) < 1.5 * hour
    assert burn.start - true < 0.0 < burn.stop - true
    assert burn.confidence > 0.99


def test_in_plane_manoeuvre_of_five_millimetres_a_second():
    """The same file: 2019 day 156, 07:50:06 TAI, 2.6 s long, along 0.00523, cross 0.00167 m/s.

    The set of 18:04 that day does not know of it yet.
    """
    (burn,) = object_history(sentinel(SENTINEL_3B_JUNE_2019)).manoeuvres
    assert burn.direction == "along-track"
    assert_allclose(burn.along_m_s, 0.00523, atol=0.3 * mm)
    assert_allclose(burn.delta_v_m_s, 0.00523, atol=0.3 * mm)
    assert abs(burn.cross_m_s) < 3.0 * burn.cross_sigma_m_s
    true = Epoch.from_utc("2019-06-05T07:49:29Z")
    assert abs(burn.time - true) < 2.0 * hour
    assert abs(burn.time - true) < 3.0 * burn.time_sigma_s


def test_orbit_raising_of_malligyong_1():
    """M. Langbroek, The Space Review, 4 March 2024: five raisings from 19 to 24 February 2024, perigee up
    by 9 km from 488 km. From sets a month apart; the middle of the five is found within a day.
    """
    history = object_history(read(MALLIGYONG_1, 58400, "MALLIGYONG-1"))
    february = history.manoeuvres[0]
    assert (
        february.start < Epoch.from_utc("2024-02-19") < Epoch.from_utc("2024-02-24") < february.stop
    )
    assert february.timed
    assert Epoch.from_utc("2024-02-20T12:00Z") < february.time < Epoch.from_utc("2024-02-23T12:00Z")
    assert february.direction == "along-track"
    assert 3.0 * km < february.semi_major_change_m < 5.0 * km  # 9 km at perigee alone are 4.5 km
    assert not history.noise_measured


@pytest.mark.parametrize(
    ("utc", "hours", "local_h"),
    # At the mean equinox the mean Sun crosses north: the node at the Sun is noon. 2000-01-01 12:00: mean
    # longitude 280.460 deg (Astronomical Almanac, low-precision formulae).
    [("2000-01-01T12:00:00Z", 280.460 / 15.0, 12.0), ("2000-01-01T12:00:00Z", 100.460 / 15.0, 0.0)],
)
def test_local_time_of_the_node(utc, hours, local_h):
    found = local_time_of_node_h(
        np.array([Epoch.from_utc(utc).tai_ns]), np.array([hours * 15 * deg])
    )
    assert_allclose((found - local_h + 12.0) % 24.0, 12.0, atol=1e-4)


@pytest.mark.parametrize(
    ("revs", "days", "inclination_deg", "height_km"),
    # Published cycles of sun-synchronous satellites: Landsat 8 (USGS: 233 orbits in 16 days), Sentinel-2
    # (ESA: 143 in 10), Sentinel-1 (175 in 12), TerraSAR-X (DLR: 167 in 11).
    [(233, 16, 98.2, 705), (143, 10, 98.57, 786), (175, 12, 98.18, 693), (167, 11, 97.44, 514)],
)
def test_published_repeat_cycles(revs, days, inclination_deg, height_km):
    """A sun-synchronous node goes round once a year: so many turns in so many days of 86400 s."""
    cycle = repeat_cycle(2.0 * np.pi * revs / (days * day), 2.0 * np.pi / (365.2422 * day))
    assert (cycle.revs, cycle.days) == (revs, days)
    assert abs(cycle.drift_m) < 1.0
    assert_allclose(cycle.duration_s, days * day, rtol=1e-12)
