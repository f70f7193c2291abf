"""Image quality at the edges: impossible numbers, high ground, long smears, odd bands, degrees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.errors import InputError, UnitRangeError
from offnadir.quality import (
    Atmosphere,
    atmosphere_terms,
    budget,
    coherence_diameter_m,
    giqe3_niirs,
    giqe4_niirs,
    giqe5_niirs,
    mtf_optics,
    mtf_tdi,
    mtf_wavefront,
    predict,
    predict_radar,
    rer_from_design,
    solar_irradiance_w_m2_m,
)
from offnadir.quality._light import band_samples, photons_at
from offnadir.quality._mtf import with_smear
from offnadir.sensors import Band, load_camera
from offnadir.units import deg, km, nm

CAMERA = load_camera("worldview-3")
LOOK = {"range_m": 650 * km, "incidence_rad": 20 * deg, "sun_elevation_rad": 45 * deg}


def look(camera=CAMERA, **change):
    return predict(camera, **{**LOOK, **change})


@pytest.mark.parametrize("wrong", [0.0, -0.3])
def test_no_niirs_of_impossible_numbers(wrong):
    """A logarithm of nothing, or noise below 0, once made NIIRS inf, -inf or 5.7."""
    assert np.isfinite(giqe5_niirs(0.5, 0.4, 20))
    for gsd_m, rer, snr in ((wrong, 0.4, 20), (0.5, wrong, 20), (0.5, 0.4, wrong)):
        assert np.isnan(giqe5_niirs(gsd_m, rer, snr))
        assert np.isnan(giqe4_niirs(gsd_m, rer, 1.0, 1.0, snr))
        assert np.isnan(giqe3_niirs(gsd_m, rer, 1.0, 1.0, snr))


@pytest.mark.parametrize("range_m", [0.0, -1.0, np.nan])
def test_a_range_that_is_none(range_m):
    seen = look(range_m=np.array([650 * km, range_m]))
    assert np.array_equal(np.isnan(seen.niirs), [False, True])
    assert np.array_equal(np.isnan(seen.gsd_m), [False, True])


@pytest.mark.parametrize(("field", "value"), [("incidence_rad", 20.0), ("sun_elevation_rad", 45.0)])
def test_degrees_are_refused(field, value):
    """45 rad of Sun were once taken for the zenith."""
    with pytest.raises(UnitRangeError, match=rf"{field} = {value}.*\* deg"):
        look(**{field: np.array([0.3, value])})


def test_the_side_of_a_look_does_not_count():
    left, right = look(incidence_rad=-40 * deg), look(incidence_rad=40 * deg)
    assert left.snr == right.snr
    assert left.niirs == right.niirs
    looks = ({**LOOK, "incidence_rad": side * 40 * deg} for side in (-1, 1))
    left, right = (budget(CAMERA, **one).bands[0].haze_e for one in looks)
    assert left == right


@pytest.mark.parametrize("alt_m", [8000.0, 8848.0, 9000.0, 9500.0])
def test_the_highest_ground_has_the_clearest_air(alt_m):
    """Above 8 km there once was an error: the next table would have been at 10 km."""
    high, lower = look(ground_alt_m=alt_m), look(ground_alt_m=7000.0)
    assert high.snr > lower.snr
    assert_allclose(high.snr, lower.snr, rtol=0.03)
    assert np.isnan(look(ground_alt_m=np.nan).niirs)


def test_a_high_place_between_two_tables_is_as_one_of_its_own():
    """At 8.5 km against the terms of the air there."""
    wavelength, weight = band_samples(CAMERA.band)
    air = atmosphere_terms(Atmosphere(), wavelength, 45 * deg, 0.0, np.pi / 2, 8500.0)
    sea = atmosphere_terms(Atmosphere(), wavelength, 45 * deg, 0.0, np.pi / 2, 0.0)

    def alone(terms):
        passed = terms.transmittance_down * terms.transmittance_up_direct * terms.gas_transmittance
        return np.sum(weight * wavelength * passed / (1 - 0.15 * terms.spherical_albedo))

    gain = (
        photons_at(CAMERA.band, Atmosphere(), 0.3, 45 * deg, ground_alt_m=8500.0)[0]
        / photons_at(CAMERA.band, Atmosphere(), 0.3, 45 * deg)[0]
    )
    assert_allclose(gain, alone(air) / alone(sea), rtol=0.01)  # colours weighed by sunlight or not


@pytest.mark.parametrize("smear_px", [0.13, 5.0, 15.9, 17.0, 30.0, 77.0, 100.0])
def test_a_smear_of_a_look_is_one_of_the_sensor(smear_px):
    """Past 16 pixels a longer smear once cost nothing more."""
    own = with_smear(CAMERA, smear_px)
    assert_allclose(look(smear_px=smear_px).rer, look(own).rer, rtol=1e-3)
    assert np.isnan(look(smear_px=100.1).niirs)


def test_no_light_comes_from_below_nothing():
    """Through thick haze cubics between colours once made light a little negative."""
    thick = Atmosphere(aod_550=5.0)
    seen = look(incidence_rad=84 * deg, sun_elevation_rad=np.radians([5, 30, 90]), atmosphere=thick)
    assert not np.any(np.signbit(seen.snr))


def test_a_peak_between_two_samples_is_not_lost():
    peak = ((400 * nm, 0.0), (999 * nm, 0.0), (1000 * nm, 1.0), (1001 * nm, 0.0), (1100 * nm, 0.0))
    band = Band(name="line", low_m=400 * nm, high_m=1100 * nm, response=peak)
    _, weight = band_samples(band)
    assert_allclose(np.sum(weight), 1 * nm)  # a triangle, 1 high and 2 wide
    camera = replace(CAMERA, bands=(band,))
    assert budget(camera, **LOOK).bands[1].signal_e > 0


def test_a_response_ends_where_it_ends():
    """A window of 100 nm within edges 300 nm apart."""
    window = ((500 * nm, 1.0), (600 * nm, 1.0))
    band = Band(name="window", low_m=400 * nm, high_m=700 * nm, response=window)
    wavelength, weight = band_samples(band)
    assert_allclose(np.sum(weight), 100 * nm)
    assert_allclose(np.sum(weight * wavelength) / np.sum(weight), 550 * nm)


def test_radiance_is_the_mean_over_the_band():
    """The integral of the sunlit target over a wide band; at its middle photons weigh 3 % too little."""
    told = budget(
        CAMERA, range_m=617 * km, incidence_rad=0.0, sun_elevation_rad=45 * deg, reflectance=0.3
    )
    wavelength = CAMERA.band.low_m + (np.arange(48) + 0.5) / 48 * (
        CAMERA.band.high_m - CAMERA.band.low_m
    )
    t = atmosphere_terms(Atmosphere(), wavelength, 45 * deg, 0.0, np.pi / 2)
    straight = t.transmittance_up_direct
    lit = t.transmittance_down / (1 - 0.15 * t.spherical_albedo)
    top = t.path_reflectance + lit * (straight * 0.3 + (t.transmittance_up - straight) * 0.15)
    spectral = solar_irradiance_w_m2_m(wavelength) * np.sin(45 * deg) / np.pi
    expected = np.mean(spectral * t.gas_transmittance * top)
    assert_allclose(told.bands[0].radiance_w_m2_sr_m, expected, rtol=0.01)


def test_cautions_name_what_is_wrong():
    heat = replace(CAMERA, band=Band(name="heat", low_m=10_000 * nm, high_m=11_000 * nm))
    (text,) = budget(heat, **LOOK).cautions
    assert "2.59 um" in text  # and not that the Sun is down
    full = replace(CAMERA, detector=replace(CAMERA.detector, full_well_e=1000.0))
    assert any("fills a pixel" in text for text in budget(full, **LOOK).cautions)
    assert not any("fills" in text for text in budget(CAMERA, **LOOK).cautions)


def test_radiance_for_which_sentinel_2_states_its_ratio():
    """ESA, Sentinel-2 user handbook: 142 in B04 at 108 W/(m2 sr um)."""
    camera = load_camera("sentinel-2")
    sun_rad = camera.snr_reference_sun_elevation_rad
    red = budget(
        camera, range_m=786 * km, incidence_rad=0.0, sun_elevation_rad=sun_rad, reflectance=0.3
    ).bands[0]
    assert_allclose(red.radiance_w_m2_sr_m * 1e-6, 108, rtol=0.01)
    assert_allclose(red.snr, 142, rtol=0.001)


def test_radiance_to_which_landsat_8_is_scaled():
    """Morfitt et al. 2015: 227 in band 4 at 22 W/(m2 sr um); shot noise goes with the root of the light."""
    camera = load_camera("landsat-8")
    bands = budget(
        camera, range_m=705 * km, incidence_rad=0.0, sun_elevation_rad=45 * deg, reflectance=0.3
    ).bands
    assert_allclose(bands[0].snr, 227 * np.sqrt(bands[0].radiance_w_m2_sr_m * 1e-6 / 22), rtol=0.01)
    assert all(band.fill < 1 for band in bands)


def test_a_band_that_sees_no_ground_has_no_stated_ratio():
    """At 1375 nm water hides the ground; the ratio of ordinary land once gave it seconds of exposure."""
    bands = {b.name: b for b in budget(load_camera("landsat-8"), **LOOK).bands}
    assert not bands["cirrus"].stated
    assert bands["cirrus"].exposure_s == bands["sharpest"].exposure_s
    assert bands["cirrus"].snr < 20
    assert bands["swir1"].stated


def test_lists_are_as_good_as_tuples():
    """A list once failed deep inside, where light is kept by band."""
    band = Band(
        name="flat", low_m=450 * nm, high_m=800 * nm, response=[[450 * nm, 1.0], [800 * nm, 1.0]]
    )
    camera = replace(
        CAMERA, band=band, bands=[], detector=replace(CAMERA.detector, tdi_stages=[8, 16])
    )
    assert hash(camera) == hash(replace(camera, bands=()))
    assert_allclose(look(camera).niirs, look().niirs, atol=1e-9)


def test_no_looks_and_no_wavelengths():
    none = atmosphere_terms(Atmosphere(), 550 * nm, np.zeros((0, 1)), np.zeros(3), 0.2)
    assert none.path_reflectance.shape == none.transmittance_up.shape == (0, 3)
    none = atmosphere_terms(Atmosphere(), np.zeros(0), 0.1, np.zeros(3), 0.2)
    assert none.spherical_albedo.shape == (0, 3)
    assert look(range_m=np.zeros(0)).niirs.shape == (0,)


def test_designs_that_cannot_be():
    for q in (0.0, -1.0, np.nan):
        with pytest.raises(InputError, match="q ="):
            rer_from_design(q=q)
    for obscuration in (-0.1, 1.0, 1.5):
        with pytest.raises(InputError, match="obscuration"):
            mtf_optics(0.3, obscuration)
    with pytest.raises(InputError, match="correlation"):
        mtf_wavefront(0.3, 0.1, 0.0)
    with pytest.raises(InputError, match="rate_ratio"):
        mtf_tdi(0.3, 8, 4, 0.0)
    with pytest.raises(InputError, match="stages"):
        mtf_tdi(0.3, 0)
    with pytest.raises(InputError, match="altitude_m"):
        coherence_diameter_m(550 * nm, 0.0)


def test_what_a_radar_does_not_see_has_no_clutter():
    seen = predict_radar(
        incidence_rad=np.radians([0, -5, 40, 90]),
        azimuth_resolution_m=0.25,
        slant_resolution_m=0.25,
        nesz=10**-1.8,
        sigma_zero=0.1,
    )
    assert np.array_equal(np.isnan(seen.clutter_to_noise), [True, True, False, True])
    assert_allclose(seen.clutter_to_noise[2], 0.1 * 10**1.8)
