"""What must hold for light in the clear atmosphere whatever the haze and the look."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from offnadir.errors import InputError, UnitRangeError
from offnadir.quality import Atmosphere, atmosphere_terms, transmittance_to_space
from offnadir.quality._aerosols import AEROSOL_TYPES, aod_from_visibility
from offnadir.quality._atmosphere import air_mass
from offnadir.quality._scattering import Layer, light_through, scatter
from offnadir.units import deg, km, nm, um

aods = st.floats(0.0, 1.5)
atmospheres = st.builds(
    Atmosphere,
    aod_550=aods,
    aerosol=st.sampled_from(AEROSOL_TYPES),
    water_kg_m2=st.floats(0, 60),
    ozone_m=st.floats(0, 0.005),
)
wavelengths = st.floats(0.35 * um, 2.5 * um)
zeniths = st.floats(0, 80 * deg)
azimuths = st.floats(-360 * deg, 360 * deg)
few = settings(max_examples=40)
TERMS = (
    "path_reflectance",
    "transmittance_down",
    "transmittance_up_direct",
    "transmittance_up",
    "spherical_albedo",
    "gas_transmittance",
)


@few
@given(atmospheres, wavelengths, zeniths, zeniths, azimuths)
def test_shares_of_light_are_shares(atmosphere, wavelength, sun, view, azimuth):
    t = atmosphere_terms(atmosphere, wavelength, sun, view, azimuth)
    for share in (
        t.transmittance_down,
        t.transmittance_up,
        t.spherical_albedo,
        t.gas_transmittance,
    ):
        assert 0 <= share <= 1
    assert t.path_reflectance > 0
    assert t.transmittance_up_direct < t.transmittance_up


@few
@given(atmospheres, wavelengths, st.floats(0, 75 * deg))
def test_no_light_is_made(atmosphere, wavelength, sun):
    """Over black ground, what goes back to space and what arrives add up to no more than came in."""
    x, w = np.polynomial.legendre.leggauss(8)
    view = np.arccos((x + 1) / 2)[:, None]
    azimuth = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    t = atmosphere_terms(atmosphere, wavelength, sun, view, azimuth)
    back = np.sum(t.path_reflectance.mean(axis=1) * (x + 1) / 2 * w)
    assert back + t.transmittance_down[0, 0] < 1.01


@few
@given(wavelengths, st.floats(0.05, 0.9), st.floats(0.0, 0.8))
def test_without_absorption_no_light_is_lost(wavelength, depth, asymmetry):
    """From even ground below, light comes back or goes through: S + mean of T over the hemisphere = 1."""
    layer = [
        Layer(*(np.array([v]) for v in row))
        for row in ((depth / 2, depth / 9, 1.0, asymmetry), (depth / 5, depth, 1.0, asymmetry))
    ]
    s = scatter(*layer)
    x, w = np.polynomial.legendre.leggauss(40)
    mu = (x + 1) / 2
    through = np.sum(light_through(s, mu)[0] * mu * w)
    assert_allclose(s.spherical_albedo + through, 1.0, atol=0.003)


@few
@given(atmospheres, wavelengths, zeniths, zeniths, azimuths)
def test_light_may_take_the_way_back(atmosphere, wavelength, sun, view, azimuth):
    there = atmosphere_terms(atmosphere, wavelength, sun, view, azimuth)
    back = atmosphere_terms(atmosphere, wavelength, view, sun, -azimuth)
    assert_allclose(there.path_reflectance, back.path_reflectance, rtol=1e-6)
    assert_allclose(there.transmittance_down, back.transmittance_up, rtol=1e-9)
    assert_allclose(there.gas_transmittance, back.gas_transmittance, rtol=1e-9)


@few
@given(aods, st.floats(0.01, 0.5), st.sampled_from(AEROSOL_TYPES), wavelengths, zeniths)
def test_more_haze_lets_less_through(aod, more, kind, wavelength, zenith):
    thin, thick = (Atmosphere(aod_550=a, aerosol=kind) for a in (aod, aod + more))
    a, b = (atmosphere_terms(x, wavelength, zenith, zenith, 0.0) for x in (thin, thick))
    assert b.transmittance_up_direct < a.transmittance_up_direct
    assert b.transmittance_down < a.transmittance_down


@few
@given(atmospheres, wavelengths, zeniths)
def test_straight_light_is_what_the_terms_say(atmosphere, wavelength, view):
    """With the Sun where the satellite is, the gases of both ways are those of one way twice as long."""
    alone = transmittance_to_space(atmosphere, wavelength, view)
    t = atmosphere_terms(atmosphere, wavelength, view, view, 0.0)
    gas = alone / t.transmittance_up_direct
    assert t.gas_transmittance <= gas * (1 + 1e-12)
    assert t.gas_transmittance >= gas**2 * (1 - 1e-9)  # bands saturate


@few
@given(st.floats(1 * km, 300 * km), st.floats(1.01, 2.0))
def test_a_farther_view_means_less_haze(visibility, factor):
    assert aod_from_visibility(visibility * factor) < aod_from_visibility(visibility)


def test_clean_air_scatters_little_in_the_infrared():
    """Without haze the path's light is that of single scattering by air, 3/16 (1 + cos^2) tau / (mu mu0)."""
    clean = Atmosphere(aod_550=0.0)
    t = atmosphere_terms(clean, 1600 * nm, 40 * deg, 0.0, 0.0)
    depth = 0.008569 * 1.6**-4
    once = 3 / 16 * (1 + np.cos(40 * deg) ** 2) * depth / np.cos(40 * deg)
    assert_allclose(t.path_reflectance, once, rtol=0.02)
    assert_allclose(t.transmittance_up_direct, 1 - depth, atol=1e-4)


def test_shapes_are_wavelength_then_looks():
    sun, view = np.linspace(0, 1.2, 5)[:, None], np.linspace(0, 1.0, 4)
    w = np.array([450, 860]) * nm
    whole = atmosphere_terms(Atmosphere(), w, sun, view, 0.7)
    one = atmosphere_terms(Atmosphere(), w[1], sun[3, 0], view[2], 0.7)
    for name in TERMS:
        assert getattr(whole, name).shape == (2, 5, 4)
        assert_allclose(getattr(whole, name)[1, 3, 2], getattr(one, name), rtol=1e-12)
    assert transmittance_to_space(Atmosphere(), w, sun).shape == (2, 5, 1)


@pytest.mark.parametrize("bad", [90 * deg, 120 * deg, -0.1, np.nan])
def test_below_the_horizon_is_nan(bad):
    """Sun and view, each alone; the look beside it stays whole."""
    for sun, view in (([bad, 0.5], 0.3), (0.5, [bad, 0.3])):
        t = atmosphere_terms(Atmosphere(), 550 * nm, sun, view, 1.0)
        for name in TERMS:
            assert np.isnan(getattr(t, name)).tolist() == [True, False]
    assert np.isnan(transmittance_to_space(Atmosphere(), 550 * nm, bad))


def test_a_low_sun_stays_finite():
    t = atmosphere_terms(Atmosphere(), 650 * nm, [88 * deg, 89.99 * deg], 0.0, 0.0)
    assert np.all(np.isfinite(t.path_reflectance))
    assert np.all(t.transmittance_down > 0)
    assert_allclose(air_mass([0.0, 60 * deg]), [1.0, 1.995], atol=0.001)  # 1 / cos: 2


def test_high_ground_has_less_air():
    low, high = (
        transmittance_to_space(Atmosphere(aod_550=0.0), [450 * nm, 760 * nm], 0.0, alt_m)
        for alt_m in (0.0, 3000.0)
    )
    assert np.all(high > low)


@pytest.mark.parametrize(
    ("error", "field", "values"),
    [
        (InputError, "visibility_m", {"visibility_m": 23.0}),
        (InputError, "aod_550", {"aod_550": -0.1}),
        (InputError, "aerosol", {"aerosol": "volcanic"}),
        (InputError, "water_kg_m2", {"water_kg_m2": np.nan}),
        (InputError, "ozone_m", {"ozone_m": 320.0}),
    ],
)
def test_a_wrong_atmosphere_is_refused(error, field, values):
    with pytest.raises(error) as caught:
        Atmosphere(**values)
    assert caught.value.field == field


def test_nanometres_in_place_of_metres_are_refused():
    with pytest.raises(UnitRangeError, match="nm"):
        transmittance_to_space(Atmosphere(), 550.0, 0.0)
    with pytest.raises(InputError, match="profile"):
        Atmosphere.of_profile("martian")
