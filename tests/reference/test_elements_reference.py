"""Element sets against published examples, and against the reader in the `sgp4` package."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from importlib.resources import files

import pytest
from sgp4 import omm as sgp4_omm
from sgp4.api import Satrec

from offnadir.epoch import Epoch
from offnadir.orbits import element_set_to_omm, omm_to_element_set, read_elements

DAY_NS = 86_400_000_000_000
UNIX_JD = 2440587.5

# README of the Python package `sgp4`, section "Export".
ISS_2019 = [
    "1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991",
    "2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482",
]
# CCSDS 502.0-B-3, annex G: a TLE and the same as OMM.
GOES_9 = [
    "1 23581U 95025A   07064.44075725 -.00000113  00000-0  10000-3 0  9250",
    "2 23581   3.0539  81.7939 0005013 249.2363 150.1602  1.00273272 43169",
]
GOES_9_KVN = """\
CCSDS_OMM_VERS = 3.0
CREATION_DATE = 2007-065T16:00:00
ORIGINATOR = NOAA/USA
OBJECT_NAME = GOES 9
OBJECT_ID = 1995-025A
CENTER_NAME = EARTH
REF_FRAME = TEME
TIME_SYSTEM = UTC
MEAN_ELEMENT_THEORY = SGP/SGP4
EPOCH = 2007-064T10:34:41.4264
MEAN_MOTION = 1.00273272
ECCENTRICITY = 0.0005013
INCLINATION = 3.0539
RA_OF_ASC_NODE = 81.7939
ARG_OF_PERICENTER = 249.2363
MEAN_ANOMALY = 150.1602
GM = 398600.8
EPHEMERIS_TYPE = 0
CLASSIFICATION_TYPE = U
NORAD_CAT_ID = 23581
ELEMENT_SET_NO = 0925
REV_AT_EPOCH = 4316
BSTAR = 0.0001
MEAN_MOTION_DOT = -0.00000113
MEAN_MOTION_DDOT = 0.0
"""
# Kelso, "NORAD Two-Line Element Set Format", CelesTrak: the example of the format.
NOAA_14 = [
    "NOAA 14",
    "1 23455U 94089A   97320.90946019  .00000140  00000-0  10191-3 0  2621",
    "2 23455  99.0090 272.6745 0008546 223.1686 136.8816 14.11711747148495",
]
# Space-Track's catalogue of 2025-09-01: an object with an Alpha-5 number and no designator.
T0438 = [
    "0 TBA - TO BE ASSIGNED",
    "1 T0438U          25244.16084884  .00001600  00000-0  68453-3 0  9997",
    "2 T0438  88.9273 304.4450 0217748 349.3071  10.3521 14.12647605 52713",
]
# CelesTrak's JSON of 2025-05-25, group "resource".
SENTINEL_2A = {
    "OBJECT_NAME": "SENTINEL-2A",
    "OBJECT_ID": "2015-028A",
    "EPOCH": "2025-05-24T19:45:15.175584",
    "MEAN_MOTION": 14.30815525,
    "ECCENTRICITY": 0.0001246,
    "INCLINATION": 98.5695,
    "RA_OF_ASC_NODE": 220.2357,
    "ARG_OF_PERICENTER": 98.6843,
    "MEAN_ANOMALY": 261.4481,
    "EPHEMERIS_TYPE": 0,
    "CLASSIFICATION_TYPE": "U",
    "NORAD_CAT_ID": 40697,
    "ELEMENT_SET_NO": 999,
    "REV_AT_EPOCH": 51819,
    "BSTAR": 5.7011e-05,
    "MEAN_MOTION_DOT": 1.06e-06,
    "MEAN_MOTION_DDOT": 0,
}


def read_one(tmp_path, text):
    path = tmp_path / "one.txt"
    path.write_text(text)
    (one,) = read_elements(path).elements
    return one


def ulps(a: float, b: float) -> float:
    """Units in the last place between two numbers."""
    return 0.0 if a == b else abs(a - b) / math.ulp(max(abs(a), abs(b)))


def assert_same_as_sgp4(one, record):
    """Angles to the last bit; the rest as close as a second rounding of the same decimal."""
    assert one.eccentricity == record.ecco
    assert one.inclination_rad == record.inclo
    assert one.raan_rad == record.nodeo
    assert one.arg_perigee_rad == record.argpo
    assert one.mean_anomaly_rad == record.mo
    assert ulps(one.mean_motion_rad_s * 60.0, record.no_kozai) <= 1
    assert ulps(one.bstar, record.bstar) <= 2  # the package multiplies by a power of ten
    assert ulps(one.half_ndot_rad_s2 * 60.0**2, record.ndot) <= 3
    assert ulps(one.sixth_nddot_rad_s3 * 60.0**3, record.nddot) <= 4
    whole_days = (record.jdsatepoch - UNIX_JD) * DAY_NS  # exact: midnights and noons
    difference_ns = one.epoch.utc_ns - whole_days - record.jdsatepochF * DAY_NS
    assert abs(difference_ns) < 50  # ns; the package keeps an epoch to 1e-12 day in the fraction
    assert one.norad_id == record.satnum
    assert (one.element_set_no, one.rev_at_epoch) == (record.elnum, record.revnum)


def test_iss_of_the_sgp4_readme(tmp_path):
    """README of `sgp4`: the numbers in radians that it gives for this set, and the epoch's day."""
    one = read_one(tmp_path, "\n".join(ISS_2019))
    assert one.arg_perigee_rad == 0.3083420829620822
    assert one.inclination_rad == 0.9013560935706996
    assert one.mean_anomaly_rad == 1.4946964807494398
    assert one.raan_rad == 3.686137125541276
    assert ulps(one.mean_motion_rad_s * 60.0, 0.06763602333248933) <= 1
    assert (one.eccentricity, one.bstar) == (0.0007417, 3.8792e-05)
    days_ns = one.epoch.utc_ns - Epoch.from_utc("1949-12-31").utc_ns
    assert days_ns == 25545_69339541 * (DAY_NS // 10**8)
    assert one.object_id == "1998-067A"


def test_goes_9_as_tle_and_as_omm(tmp_path):
    """CCSDS 502.0-B-3, annex G: both spellings of one set are one set."""
    of_tle = read_one(tmp_path, "\n".join(["GOES 9", *GOES_9]))
    of_omm = read_one(tmp_path, GOES_9_KVN)
    assert replace(of_tle, source="") == replace(of_omm, source="")
    assert of_tle.epoch.utc(9) == "2007-03-05T10:34:41.426400000Z"


def test_noaa_14_of_the_format_description(tmp_path):
    """Kelso's example; 1997 day 320 is 16 November, 0.90946019 day 78577.360416 s."""
    one = read_one(tmp_path, "\n".join(NOAA_14))
    assert one.name == "NOAA 14"
    assert one.epoch.utc(9) == "1997-11-16T21:49:37.360416000Z"
    assert one.bstar == 0.10191e-3
    assert (one.element_set_no, one.rev_at_epoch) == (262, 14849)
    assert_same_as_sgp4(one, Satrec.twoline2rv(*NOAA_14[1:]))


def test_an_alpha_5_set_of_the_catalogue(tmp_path):
    one = read_one(tmp_path, "\n".join(T0438))
    assert (one.norad_id, one.name, one.object_id) == (270_438, "TBA - TO BE ASSIGNED", "")
    assert_same_as_sgp4(one, Satrec.twoline2rv(*T0438[1:]))


@pytest.mark.parametrize(
    ("text", "number"),
    [("A0000", 100_000), ("E8493", 148_493), ("J2931", 182_931), ("P4018", 234_018),
     ("W1928", 301_928), ("Z9999", 339_999)],
)  # fmt: skip
def test_alpha_5_examples_of_space_track(text, number):
    """The six examples in space-track.org's documentation, "Alpha-5"."""
    assert omm_to_element_set({**SENTINEL_2A, "NORAD_CAT_ID": text}).norad_id == number


def test_sentinel_2a_as_celestrak_json(tmp_path):
    one = read_one(tmp_path, json.dumps([SENTINEL_2A], indent=2))
    record = Satrec()
    sgp4_omm.initialize(record, SENTINEL_2A)
    assert_same_as_sgp4(one, record)
    assert element_set_to_omm(one) == SENTINEL_2A


def test_every_set_of_the_official_verification_file(tmp_path):
    """SGP4-VER.TLE of Vallado et al., AIAA 2006-6753, as it ships in `sgp4`.

    Three sets in it were edited by hand without a new checksum; we refuse them, `sgp4` does not look.
    """
    text = files("sgp4").joinpath("SGP4-VER.TLE").read_text()
    path = tmp_path / "ver.tle"
    path.write_text(text)
    file = read_elements(path)
    lines = [line for line in text.splitlines() if line[:2] in ("1 ", "2 ")]
    records = [Satrec.twoline2rv(a, b[:69]) for a, b in zip(lines[::2], lines[1::2], strict=True)]
    edited = {33333, 33334, 33335}
    good = [record for record in records if record.satnum not in edited]
    assert len(file.elements) == len(good) == 30
    for one, record in zip(file.elements, good, strict=True):
        assert_same_as_sgp4(one, record)
    assert {int(bad.text[2:7]) for bad in file.rejected} == edited
    assert all(bad.reason.startswith("checksum of line 1") for bad in file.rejected)
