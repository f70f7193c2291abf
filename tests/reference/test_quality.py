"""Image quality and viewing geometry against published worked values."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.geometry import (
    gsd_across_m,
    gsd_along_m,
    incidence_from_off_nadir_rad,
    off_nadir_from_incidence_rad,
    orbital_period_s,
    sar_ground_range_resolution_m,
    slant_range_m,
    swath_at_off_nadir_m,
)
from offnadir.quality import (
    coherence_diameter_m,
    giqe4_niirs,
    giqe5_niirs,
    mtf_optics,
    mtf_turbulence,
    predict,
    rer_from_design,
    weighted_rer,
)
from offnadir.sensors import Optics, agility_profile, load_camera, load_sensor, slew_time_s
from offnadir.units import deg, km, nm, um


@pytest.mark.parametrize(
    ("rer", "overshoot", "gsd_m", "published"),
    [
        (0.2135, 0.7783, 0.6994, 3.16),
        (0.2043, 0.7735, 0.6797, 3.15),
        (0.2711, 0.7832, 0.7509, 3.34),
        (0.2515, 0.7668, 0.7661, 3.23),
    ],
)
def test_giqe4_of_four_quickbird_pictures(rer, overshoot, gsd_m, published):
    """Kim, Kim & Kim 2008, ISPRS XXXVII-B1, table 3: G = 4.16, SNR = 10.

    Its two rows of IKONOS (3.01, 2.92) do not follow from their own figures by the equation it prints.
    """
    assert_allclose(giqe4_niirs(gsd_m, rer, overshoot, 4.16, 10), published, atol=0.015)


def test_giqe5_of_the_definition_of_niirs_5():
    """NGA, GIQE 5.0, 16 Sep 2015, figure 1: 20.8 inches at Q = 1 are NIIRS 5."""
    assert_allclose(giqe5_niirs(0.52832, rer=0.35, snr=50), 5.0, atol=0.05)


def test_giqe5_loses_0_87_when_smear_takes_the_edge():
    """NGA, GIQE 5.0, tables 5 and 6: Q = 1, smear of 8 pixels, SNR 50."""
    sharp = giqe5_niirs(1.0, weighted_rer(0.329, 0.329), 50)
    smeared = giqe5_niirs(1.0, weighted_rer(0.1, 0.329), 50)
    assert_allclose(smeared - sharp, -0.87, atol=0.01)


def test_weighted_edge_response():
    """NGA, GIQE 5.0, table 3, smear of 4 pixels: 0.169 and 0.329 make 0.211."""
    assert_allclose(weighted_rer(0.169, 0.329), 0.211, atol=0.001)
    assert_allclose(weighted_rer(0.329, 0.169), 0.211, atol=0.001)


@pytest.mark.parametrize(
    ("smear_px", "expected"),
    [(0, 0.329), (2, 0.247), (4, 0.169), (8, 0.100)],
)
def test_edge_response_of_a_design_with_smear(smear_px, expected):
    """NGA, GIQE 5.0, tables 3 and 5: Q = 1, 20 % of the area obscured, WFE 0.1 wave, 1/4 px clocking.

    The correlation length of the wavefront error is read from the report's figure 2 (0.04).
    """
    rer = rer_from_design(
        q=1.0,
        obscuration=np.sqrt(0.2),
        wfe_rms_waves=0.1,
        wfe_correlation=0.04,
        smear_px=smear_px,
        tdi_clocking_px=0.25,
    )
    assert_allclose(rer, expected, atol=0.015)


@pytest.mark.parametrize(
    ("alt_km", "pitch_um", "focal_m", "published_m"),
    [(681, 8, 13.3, 0.41), (685, 8.75, 8.6, 0.70), (694, 13, 12.905, 0.70)],
)
def test_ground_sample_distance_at_nadir(alt_km, pitch_um, focal_m, published_m):
    """GeoEye-1 (International Charter), KOMPSAT-3, Pleiades (eoPortal)."""
    assert_allclose(gsd_along_m(pitch_um * um, focal_m, alt_km * km), published_m, atol=0.01)


@pytest.mark.parametrize(
    ("sensor", "off_nadir_deg", "published_m"),
    [("worldview-2", 20, 0.52), ("worldview-1", 20, 0.55), ("worldview-1", 25, 0.59)],
)
def test_published_ground_sample_distance_off_nadir_is_the_geometric_mean(
    sensor, off_nadir_deg, published_m
):
    """DigitalGlobe data sheets of WorldView-1 and -2."""
    camera = load_sensor(sensor)
    alt_m = camera.reference_altitude_m
    off = off_nadir_deg * deg
    incidence = incidence_from_off_nadir_rad(off, alt_m)
    range_m = 6371008.8 * np.sin(incidence - off) / np.sin(off)
    quality = predict(camera, range_m=range_m, incidence_rad=incidence, sun_elevation_rad=60 * deg)
    assert_allclose(quality.gsd_m, published_m, rtol=0.03)


@pytest.mark.parametrize(("off_deg", "published_deg"), [(18.3, 20.0), (40.6, 45.0), (49.0, 55.0)])
def test_incidence_from_off_nadir(off_deg, published_deg):
    """KOMPSAT-5 image data manual v1.0 (2014), section 1: 550 km."""
    assert_allclose(
        incidence_from_off_nadir_rad(off_deg * deg, 550 * km) / deg, published_deg, atol=0.2
    )
    assert np.isnan(incidence_from_off_nadir_rad(80 * deg, 550 * km))
    assert_allclose(
        off_nadir_from_incidence_rad(published_deg * deg, 550 * km) / deg, off_deg, atol=0.2
    )
    assert np.isnan(off_nadir_from_incidence_rad(91 * deg, 550 * km))


@pytest.mark.parametrize(
    ("off_deg", "published_deg"),
    [
        (17.94, 20.00),
        (26.07, 29.20),
        (30.66, 34.47),
        (35.10, 39.66),
        (38.66, 43.89),
        (41.20, 46.97),
    ],
)
def test_beams_of_sentinel_1(off_deg, published_deg):
    """ESA, Sentinel-1 user guide, extra wide swath, table 2: least height, taken for 698 km."""
    found = incidence_from_off_nadir_rad(off_deg * deg, 698 * km) / deg
    assert_allclose(found, published_deg, atol=0.05)


def test_firesat():
    """Wertz & Larson, SMAD, table 9-15: 700 km and an incidence of 70 deg; rounds arcs to 12.1 deg."""
    high = 700 * km
    off = off_nadir_from_incidence_rad(70 * deg, high)
    assert_allclose(orbital_period_s(high) / 60, 98.8, atol=0.05)
    assert_allclose(off / deg, 57.9, atol=0.06)
    assert_allclose(slant_range_m(off, high), 1578 * km, rtol=0.004)
    assert_allclose(swath_at_off_nadir_m(2 * off, 0.0, high) / 6371008.8 / deg, 24.2, atol=0.11)
    horizon = off_nadir_from_incidence_rad(90 * deg, high)
    assert_allclose(horizon / deg, 64.3, atol=0.05)


def test_swath_of_pleiades_neo_on_a_sphere():
    """Airbus: 14 km at nadir, 19.68 km at 30 deg, from 620 km."""
    fov_rad = 2 * np.arctan(7 / 620)
    swath_m = swath_at_off_nadir_m(fov_rad, np.radians([0, 30, -30, 70]), 620 * km)
    assert_allclose(swath_m[:2], [14.0 * km, 19.68 * km], atol=0.03 * km)
    assert_allclose(swath_m[2], swath_m[1])
    assert np.isnan(swath_m[3])


def test_swath_at_an_angle_is_the_field_of_view_on_stretched_ground():
    """Field of view * range / cos(incidence), as long as the field is narrow."""
    camera = load_camera("worldview-2")
    off, alt = np.radians([0, 10, 20, 40]), camera.reference_altitude_m
    stretched = slant_range_m(off, alt) / np.cos(incidence_from_off_nadir_rad(off, alt))
    swath_m = swath_at_off_nadir_m(camera.fov_rad, off, alt)
    assert_allclose(swath_m, camera.fov_rad * stretched, rtol=1e-3)
    assert_allclose(swath_m[0], camera.swath_nadir_m, rtol=1e-4)


def test_diffraction_limit_of_a_great_mirror():
    """Molczan (satobs.org): 2.34 m at 550 nm from 300 km tell 8.6 cm apart."""
    optics = Optics(aperture_m=2.34, focal_length_m=20.0, wavelength_m=550 * nm)
    assert_allclose(optics.diffraction_limit_rad * 300 * km, 0.086, atol=0.0005)


def test_q_of_pleiades_by_hand():
    """eoPortal: 0.65 m aperture, 12.905 m focal length, 13 um pitch; 650 nm is the middle of the band."""
    assert_allclose(load_camera("pleiades-1").q, 0.65 * 12.905 / (0.65 * 13), rtol=1e-6)


def test_period_of_ikonos():
    """Semi-major axis 7056.97 km, 98.33 min."""
    assert_allclose(orbital_period_s(678.833 * km) / 60, 98.33, atol=0.05)


def test_periods_of_worldviews():
    """eoPortal, WorldView-1: 496 km, 94.6 min; International Charter, -2: 770, 100; -3: 617, 97."""
    minutes = orbital_period_s(np.array([496, 770, 617]) * km) / 60
    assert_allclose(minutes, [94.6, 100, 97], atol=0.5)
    assert np.isnan(orbital_period_s(-7000 * km))


def test_ground_range_resolution_of_iceye_spotlight():
    """ESA catalogue: 0.5 m slant, 1 m ground, at 30 deg."""
    assert_allclose(sar_ground_range_resolution_m(0.5, 30 * deg), 1.0, atol=0.01)
    assert np.all(np.isnan(sar_ground_range_resolution_m([0.5, 0.5], np.radians([0, 91]))))


def test_ground_range_resolution_of_radarsat_2():
    """MDA RN-SP-52-1238, issue 1/13, table 1-3: slant 1.6 and 3.1 m, and ranges on the ground."""
    slant_m, incidence_deg = [1.6, 1.6, 1.6, 1.6, 3.1, 3.1], [20, 54, 29, 50, 22, 49]
    found = sar_ground_range_resolution_m(slant_m, np.radians(incidence_deg))
    assert_allclose(found, [4.6, 2.0, 3.3, 2.1, 8.4, 4.1], atol=0.13)


@pytest.mark.parametrize(("apart_km", "published_s"), [(200, 11), (800, 25)])
def test_slews_of_pleiades(apart_km, published_s):
    """ISPRS Archives XXXVIII-1 (2010), TC III: 200 km in 11 s, 800 km in 25 s, settling included."""
    half = apart_km / 2 / 6371.0
    off = np.arctan2(6371.0 * np.sin(half), 694.0 + 6371.0 * (1 - np.cos(half)))
    assert_allclose(slew_time_s(2 * off, agility_profile("pleiades")), published_s, atol=1.0)
    assert_allclose(slew_time_s(2 * off, load_sensor("pleiades-1").agility), published_s, atol=1.0)


@pytest.mark.parametrize("obscuration", [0.0, 0.2, 0.447, 0.8])
def test_annular_mtf_is_the_overlap_of_two_rings(obscuration):
    """The definition: the autocorrelation of the pupil, counted on a fine grid."""
    n = 801
    x = np.linspace(-1, 1, n)
    r = np.hypot(*np.meshgrid(x, x))
    pupil = ((r <= 1) & (r >= obscuration)).astype(float)
    step = x[1] - x[0]
    for nu in (0.1, 0.33, 0.6, 0.9):
        shift = round(2 * nu / step)
        overlap = np.sum(pupil[:, shift:] * pupil[:, :-shift]) / np.sum(pupil)
        assert_allclose(mtf_optics(np.array([shift * step / 2]), obscuration), overlap, atol=5e-3)


def test_stretched_pixels_grow_with_one_over_cosine():
    """At 60 deg incidence a pixel covers twice as much along the line of sight's ground track."""
    along = gsd_along_m(8 * um, 13.3, 1000 * km)
    assert_allclose(gsd_across_m(8 * um, 13.3, 1000 * km, 60 * deg), 2 * along, rtol=1e-12)


@pytest.mark.parametrize(("altitude_km", "expected_m"), [(617, 15.18), (9, 0.4936)])
def test_coherence_of_light_from_the_ground(altitude_km, expected_m):
    """PyBSM 0.16.1: coherence_diameter of its Hufnagel-Valley 5/7 profile, 550 nm, 10,000 steps."""
    assert_allclose(coherence_diameter_m(550e-9, altitude_km * km), expected_m, rtol=2e-3)


def test_turbulence_of_a_short_exposure():
    """PyBSM 0.16.1, turbulence_OTF: 550 nm, D 1.1 m, r0 3 m, alpha 0.5; 1e5, 5e5 and 1e6 cycles/rad."""
    nu = np.array([1e5, 5e5, 1e6]) * 550e-9 / 1.1
    assert_allclose(mtf_turbulence(nu, 1.1, 3.0), [0.99642919, 0.9570352, 0.88447697], atol=1e-8)
