"""The clear atmosphere and the Sun's spectrum against published runs and tables."""

from __future__ import annotations

import erfa
import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.quality import (
    Atmosphere,
    atmosphere_terms,
    solar_irradiance_w_m2_m,
    sun_distance_factor,
    transmittance_to_space,
)
from offnadir.quality._aerosols import aod_from_visibility
from offnadir.quality._scattering import (
    Layer,
    light_through,
    path_reflectance,
    rayleigh_depth,
    scatter,
)
from offnadir.units import deg, km, nm, um

SUMMER_23_KM = Atmosphere.of_profile("midlatitude_summer", aod_550=0.33)
SUMMER_5_KM = Atmosphere.of_profile("midlatitude_summer", visibility_m=5 * km)
# MODTRAN 5.2.1, mid-latitude summer, rural haze, 20 nm wide; shipped with pybsm 0.16.1 as atms/*.bin.
WAVELENGTHS_UM = np.array(
    [0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70, 0.76, 0.82, 0.86, 0.90, 0.94, 1.05, 1.24, 1.6, 2.2]
)
MODTRAN_23_KM = """0.4449 0.5364 0.5975 0.6346 0.6574 0.7026 0.7062 0.6661
    0.6833 0.8200 0.6679 0.3096 0.8642 0.8787 0.9039 0.8756"""
MODTRAN_5_KM = """0.1412 0.1924 0.2365 0.2728 0.3072 0.3523 0.3763 0.3792
    0.4114 0.5099 0.4272 0.2031 0.6021 0.6624 0.7467 0.7786"""


def test_transmittance_of_the_case_650_nm():
    """MODTRAN 5.2.1 in pybsm, IHAZE 1, ground to space at nadir, 650 nm: 0.7026."""
    assert_allclose(transmittance_to_space(SUMMER_23_KM, 650 * nm, 0.0), 0.7026, atol=0.005)


def test_transmittance_to_space_meets_modtran():
    """Straight up: 23 km (gas strengths come from this run, haze and air do not) and 5 km (nothing does)."""
    clear = transmittance_to_space(SUMMER_23_KM, WAVELENGTHS_UM * um, 0.0)
    hazy = transmittance_to_space(SUMMER_5_KM, WAVELENGTHS_UM * um, 0.0)
    assert_allclose(clear, np.array(MODTRAN_23_KM.split(), float), atol=0.005)
    assert_allclose(hazy, np.array(MODTRAN_5_KM.split(), float), atol=0.005)


@pytest.mark.parametrize(
    ("atmosphere", "ground_range_km", "modtran"),
    [
        (
            SUMMER_23_KM,
            20,
            [0.6236, 0.5914, 0.6028, 0.7577, 0.5902, 0.2313, 0.8146, 0.8343, 0.8704],
        ),
        (
            SUMMER_23_KM,
            34,
            [0.5223, 0.5044, 0.5106, 0.6787, 0.5034, 0.1627, 0.7508, 0.7775, 0.8265],
        ),
        (
            SUMMER_23_KM,
            60,
            [0.3589, 0.3645, 0.3632, 0.5354, 0.3659, 0.0846, 0.6298, 0.6687, 0.7420],
        ),
        (SUMMER_5_KM, 34, [0.1500, 0.1652, 0.1869, 0.2648, 0.2075, 0.0705, 0.3669, 0.4441, 0.5659]),
    ],
)
def test_slanted_transmittance_meets_modtran(atmosphere, ground_range_km, modtran):
    """Up to 20 km height at 45, 60 and 72 deg, from 700 nm on.

    A third of the ozone lies below 20 km; the air left out above takes up to 0.005 at 700 nm.
    """
    below = Atmosphere(
        visibility_m=atmosphere.visibility_m,
        aod_550=atmosphere.aod_550,
        water_kg_m2=29.2,
        ozone_m=0.001,
    )
    turn = ground_range_km / 6371
    zenith_rad = np.pi / 2 - np.arctan2(np.cos(turn) - 6371 / 6391, np.sin(turn))
    found = transmittance_to_space(below, WAVELENGTHS_UM[6:15] * um, zenith_rad)
    assert_allclose(found, modtran, atol=0.015)


def test_haze_of_a_visibility():
    """Depths at 550 nm in the two MODTRAN runs: -ln T less air (0.097) and ozone (0.028)."""
    depth = -np.log(np.array([0.6346, 0.2728])) - 0.0973 - 0.0280
    found = [aod_from_visibility(23 * km), aod_from_visibility(5 * km)]
    assert_allclose(found, depth, rtol=0.03)


def test_rayleigh_depth_meets_bodhaine():
    """Bodhaine et al. 1999, J. Atmos. Oceanic Technol. 16, 1854, equation 30, within 1 %."""
    x = np.linspace(0.35, 1.0, 14)
    top = 1.0455996 - 341.29061 * x**-2 - 0.90230850 * x**2
    bottom = 1 + 0.0027059889 * x**-2 - 85.968563 * x**2
    assert_allclose(rayleigh_depth(x * um, 101_325.0), 0.0021520 * top / bottom, rtol=0.01)


# sasktran2 2026.10.1: one even layer of air (depolarisation 0.0279) and Henyey-Greenstein haze, plane and
# parallel, discrete ordinates with 16 streams, delta-M, scalar; black ground for the path, Lambertian
# ground of 0.3 and 0.6 for spherical albedo and transmittance. Columns of the path: view zenith 0, 30 and 60
# deg, each looking towards the Sun, across, and with the Sun in the back.
SASKTRAN2 = [
    (
        (0.169735, 0.377580, 0.953646, 0.665986),  # air, haze, its albedo, its asymmetry
        60,
        [0.12313, 0.12313, 0.12314, 0.15710, 0.14198, 0.15480, 0.38765, 0.23171, 0.26104],
        0.19781,
        0.72877,
    ),
    (
        (0.049323, 0.297692, 0.983405, 0.730470),
        40,
        [0.03454, 0.03454, 0.03454, 0.04242, 0.03999, 0.04221, 0.10691, 0.07162, 0.07131],
        0.11146,
        0.92328,
    ),
    (
        (0.097275, 1.170000, 0.728935, 0.693289),
        60,
        [0.08366, 0.08366, 0.08365, 0.12657, 0.09716, 0.08872, 0.33707, 0.15257, 0.12780],
        0.13192,
        0.35554,
    ),
    (
        (0.360066, 0.027483, 0.956826, 0.674154),
        40,
        [0.13732, 0.13733, 0.13734, 0.12651, 0.14709, 0.18168, 0.19169, 0.20026, 0.27343],
        0.23970,
        0.80345,
    ),
]


@pytest.mark.parametrize(("layer", "sun_zenith_deg", "path", "spherical", "through"), SASKTRAN2)
def test_scattering_meets_sasktran2(layer, sun_zenith_deg, path, spherical, through):
    s = scatter(Layer(*(np.array([x]) for x in layer)))
    sun, view = sun_zenith_deg * deg, np.repeat([0.01, 30, 60], 3) * deg
    ahead = np.tile([0.0, np.pi / 2, np.pi], 3)
    cos_angle = -np.cos(sun) * np.cos(view) + np.sin(sun) * np.sin(view) * np.cos(ahead)
    mu0 = np.full(9, np.cos(sun))
    assert_allclose(path_reflectance(s, mu0, np.cos(view), cos_angle, ahead)[0], path, rtol=0.02)
    assert_allclose(s.spherical_albedo, spherical, rtol=0.005)
    assert_allclose(light_through(s, mu0[:1]), through, atol=0.002)


def test_path_reflectance_meets_6s():
    """6S version 4.1, frouingroup.ucsd.edu/RT_demo/6S/output, sim_370, 465, 500, 620 and 785.

    Maritime haze of 0.1, 20 kg/m2 of water, 3 mm of ozone, Sun at 30 deg, view at 45 deg across. What
    the sea adds is taken from the four mean reflectances printed there (direct to direct, diffuse to
    direct, direct to diffuse, albedo), with our transmittances: 0.003 to 0.025.
    """
    atmosphere = Atmosphere(aod_550=0.1, aerosol="maritime", water_kg_m2=20.0, ozone_m=0.003)
    rows = np.array(
        [
            [370, 0.2249, 1.000, 0.0003, 0.0286, 0.0191, 0.0649],
            [465, 0.1136, 0.994, 0.0220, 0.0452, 0.0366, 0.0842],
            [500, 0.0857, 0.978, 0.0151, 0.0373, 0.0291, 0.0776],
            [620, 0.0343, 0.922, 0.0014, 0.0205, 0.0138, 0.0644],
            [785, 0.0184, 0.990, 0.0003, 0.0165, 0.0112, 0.0630],
        ]
    )
    wavelength_nm, seen, gas, r_dd, r_sd, r_ds, albedo = rows.T
    t = atmosphere_terms(atmosphere, wavelength_nm * nm, 30 * deg, 45 * deg, 90 * deg)
    beam_down = t.transmittance_up_direct ** (np.cos(45 * deg) / np.cos(30 * deg))
    sky_down, sky_up = (
        t.transmittance_down - beam_down,
        t.transmittance_up - t.transmittance_up_direct,
    )
    sea = (beam_down * r_dd + sky_down * r_sd) * t.transmittance_up_direct
    sea += (beam_down * r_ds + sky_down * albedo) * sky_up
    again = albedo**2 * t.spherical_albedo / (1 - albedo * t.spherical_albedo)
    sea += t.transmittance_down * t.transmittance_up * again
    assert_allclose(t.path_reflectance + sea, seen / gas, rtol=0.05)
    assert_allclose(t.gas_transmittance, gas, atol=0.015)  # 6S: 5 nm wide, ours 20 nm


@pytest.mark.parametrize(
    ("atmosphere", "scattered", "reflected"),
    [
        (SUMMER_23_KM, [51.42, 26.84, 14.32, 11.09], [24.13, 29.11, 27.98, 22.08]),
        (SUMMER_5_KM, [84.10, 54.95, 34.28, 27.70], [6.40, 9.55, 11.05, 11.53]),
    ],
)
def test_radiance_meets_modtran(atmosphere, scattered, reflected):
    """MODTRAN 5.2.1 in pybsm, straight down from 24.5 km, W/(m2 sr um) at 450, 550, 650 and 860 nm.

    Sun at 50 deg on day 236, target of 0.15 amid `Mixed Forest` (0.034, 0.035, 0.033, 0.311). `SOL SCAT`
    holds what the forest's light adds in the air, `GRND RFLT` comes straight from the target.
    """
    wavelength_um = np.array([0.45, 0.55, 0.65, 0.86])
    forest = np.array([0.0342, 0.0350, 0.0330, 0.3111])
    wide = wavelength_um[:, None] + np.linspace(-0.01, 0.01, 21)
    sun = solar_irradiance_w_m2_m(wide * um).mean(axis=1) * um * sun_distance_factor(236)
    scale = sun * np.cos(50 * deg) / np.pi
    t = atmosphere_terms(atmosphere, wavelength_um * um, 50 * deg, 0.0, 0.0)
    lit = t.transmittance_down / (1 - forest * t.spherical_albedo)
    around = lit * (t.transmittance_up - t.transmittance_up_direct) * forest
    path = scale * t.gas_transmittance * (t.path_reflectance + around)
    target = scale * t.gas_transmittance * lit * t.transmittance_up_direct * 0.15
    assert_allclose(path, scattered, rtol=0.07)
    assert_allclose(target, reflected, rtol=0.03)


@pytest.mark.parametrize(
    ("low_nm", "high_nm", "esun_w_m2_um", "rtol"),
    [
        # Landsat 7 ETM+ bands 1 to 5: landsat.usgs.gov/esun (Chance and Kurucz)
        (450, 515, 1970.0, 0.01),
        (525, 605, 1842.0, 0.01),
        (630, 690, 1547.0, 0.01),
        (775, 900, 1044.0, 0.01),
        (1550, 1750, 225.7, 0.01),
        # WorldView-2: DigitalGlobe ABSRADCAL_FLEET_2016v0 (Thuillier 2003); its bands are not boxes
        (400, 450, 1773.81, 0.025),
        (450, 510, 2007.27, 0.025),
        (510, 580, 1829.62, 0.025),
        (630, 690, 1538.85, 0.025),
        (770, 895, 1053.21, 0.025),
    ],
)
def test_sun_meets_published_band_irradiance(low_nm, high_nm, esun_w_m2_um, rtol):
    band = np.linspace(low_nm, high_nm, 500) * nm
    assert_allclose(solar_irradiance_w_m2_m(band).mean() * um, esun_w_m2_um, rtol=rtol)


@pytest.mark.parametrize(
    ("low_nm", "high_nm", "irradiance_w_m2"),
    [(302, 3970, 1338.56), (400, 700, 529.96), (700, 1000, 311.32), (1000, 2500, 370.75)],
)
def test_binning_keeps_the_sunlight(low_nm, high_nm, irradiance_w_m2):
    """The table of ASTM G173-03 in pvlib 0.16.1, integrated by trapezoids."""
    x = np.linspace(low_nm, high_nm, 40_000) * nm
    assert_allclose(np.trapezoid(solar_irradiance_w_m2_m(x), x), irradiance_w_m2, rtol=0.001)


def test_sun_distance():
    """The Earth's place around the Sun after ERFA's epv00, through the year 2026, within 0.15 %."""
    day = np.arange(1.0, 366.0, 7.0)
    place_au = erfa.epv00(2_461_040.5, day)[0]["p"]  # day 1.0 is 1 January 2026, 0 h
    distance_au = np.linalg.norm(place_au, axis=-1)
    assert_allclose(sun_distance_factor(day), distance_au**-2, rtol=0.0015)
