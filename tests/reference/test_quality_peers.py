"""Parts of the MTF, edges and GIQE as pyBSM has them, at the same inputs.

Figures computed once by pyBSM 0.16.1 (Kitware, Apache-2.0) on Python 3.11; `./run bench quality` asks it
again. Camera: aperture 1.1 m, focal length 13.3 m, pitch 8 um, 625 nm; frequencies in cycles/pixel of
8 um / 13.3 m.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.quality import (
    edge_overshoot,
    giqe3_niirs,
    giqe4_niirs,
    giqe5_niirs,
    mtf_jitter,
    mtf_optics,
    mtf_smear,
    mtf_tdi,
    mtf_wavefront,
    rer_from_mtf,
    weighted_rer,
)
from offnadir.units import deg

F = np.array([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
NU = F * 625e-9 * 13.3 / (1.1 * 8e-6)  # over the optical cut-off


@pytest.mark.parametrize(
    ("obscuration", "expected"),
    [
        (0.0, [1.0, 0.8799086, 0.702142254, 0.421819733, 0.18048041, 0.015521356]),
        (0.35, [1.0, 0.815761459, 0.550485521, 0.323539216, 0.205675681, 0.017688155]),
        (0.8, [1.0, 0.399767344, 0.141609285, 0.079376217, 0.073610809, 0.043114878]),
    ],
)
def test_optics(obscuration, expected):
    """circular_aperture_OTF with eta."""
    assert_allclose(mtf_optics(NU, obscuration), expected, atol=1e-7)


def test_wavefront():
    """wavefront_OTF with pv = (2 pi 0.07)^2 and L = 0.044 m, which is 0.04 of the aperture."""
    expected = [1.0, 0.82471941, 0.824115782, 0.824115782, 0.824115782, 0.824115782]
    assert_allclose(mtf_wavefront(NU, 0.07, 0.04), expected, atol=1e-7)


def test_detector_jitter_and_smear():
    """detector_OTF of 8 um, jitter_OTF of 0.1 pixel, drift_OTF of 1.5 pixels (absolute values)."""
    detector = [1.0, 0.983631643, 0.900316316, 0.636619772, 0.300105439, 0.0]
    assert_allclose(mtf_smear(F, 1.0), detector, atol=1e-7)
    jitter = [1.0, 0.998028026, 0.987738783, 0.951849807, 0.894909172, 0.820868717]
    assert_allclose(mtf_jitter(F, 0.1), jitter, atol=1e-7)
    drift = [1.0, 0.963397762, 0.784213304, 0.300105439, 0.108277262, 0.212206591]
    assert_allclose(np.abs(mtf_smear(F, 1.5)), drift, atol=1e-7)


def test_tdi_of_one_phase():
    """tdi_OTF with n_tdi = 32, phases_n = 1, beta = 1.01 (absolute values)."""
    expected = [1.0, 0.982330267, 0.892947724, 0.616720192, 0.282110043, 0.00842867]
    assert_allclose(np.abs(mtf_tdi(F, 32, 1, 1.01)), expected, atol=1e-7)


@pytest.mark.parametrize(("stages", "phases", "rate"), [(16, 3, 1.0), (32, 4, 1.01), (16, 2, 0.97)])
def test_tdi_of_several_phases_is_a_gliding_wave_added_up(stages, phases, rate):
    """Not as pyBSM, which takes a step of a whole pixel for each phase (0.295 at 0.5 for 32, 4, 1.01).

    A packet of charge stands still for 1/phases of a line's time and steps 1/phases pixel on; a wave glides
    by 1/rate pixel a line. What the packet sees of it, added up over all stages, is the MTF.
    """
    times = 400
    step = np.arange(stages * phases)[:, None]
    moment = (step + (np.arange(times) + 0.5) / times) / phases
    ahead = step / phases - moment / rate
    true = [abs(np.exp(2j * np.pi * f * ahead).mean()) for f in F]
    # Sums of 400 instants a step stand for an integral: (pi / 400)^2 / 6 of a step at 1 cycle/pixel.
    assert_allclose(np.abs(mtf_tdi(F, stages, phases, rate)), true, atol=2e-5)


def test_edge_of_a_design():
    """relative_edge_response and edge_height_overshoot of a slice of 2001 points to the cut-off.

    Q = 1, obscuration 0.35, wavefront error 0.07 wave with L = 0.044 m, jitter 0.1 pixel. No part of it is
    negative below the cut-off; where one is, pyBSM takes the absolute value and its edges become too steep.
    """
    f = np.linspace(0.0, 1.0, 2001)
    mtf = (
        mtf_optics(f, 0.35) * mtf_wavefront(f, 0.07, 0.04) * mtf_smear(f, 1.0) * mtf_jitter(f, 0.1)
    )
    # pyBSM's slice is the same but for 1e-6 cycles/radian that keep it from dividing by zero.
    assert_allclose(rer_from_mtf(f, mtf), 0.42827940, atol=2e-7)
    assert_allclose(edge_overshoot(f, mtf), 0.84369566, atol=2e-7)


def test_smear_of_8_pixels_rises_by_less_than_an_eighth():
    """Nothing makes an edge steeper than the smear alone does; the absolute value of its MTF would."""
    f = np.linspace(0.0, 1.0, 20_001)
    mtf = mtf_optics(f, np.sqrt(0.2)) * mtf_smear(f, 1.0) * mtf_smear(f, 8.0)
    assert rer_from_mtf(f, mtf) < 0.125 < rer_from_mtf(f, np.abs(mtf))


@pytest.mark.parametrize(
    ("gsd_m", "rer_1", "rer_2", "snr", "elevation_deg", "expected"),
    [
        (0.5, 0.4, 0.35, 38.0, 67.5, 5.054193591559321),
        (0.31, 0.9, 1.0, 5.0, 90.0, 5.570707948785651),
        (5.0, 0.12, 0.3, 150.0, 30.0, 0.8868596660176159),
    ],
)
def test_giqe5(gsd_m, rer_1, rer_2, snr, elevation_deg, expected):
    """giqe5; its GSD, too, is that of the normal plane."""
    niirs = giqe5_niirs(gsd_m, weighted_rer(rer_1, rer_2), snr, elevation_deg * deg)
    assert_allclose(niirs, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("gsd_m", "rer", "overshoot", "gain", "snr", "elevation_deg", "four", "three"),
    [
        (0.5, 0.4, 0.9, 1.5, 38.0, 67.5, 4.382620362416833, 4.820833011780922),
        (0.31, 0.95, 1.2, 4.0, 5.0, 90.0, 5.554598216293722, 5.552769485207384),
    ],
)
def test_giqe4_and_3(gsd_m, rer, overshoot, gain, snr, elevation_deg, four, three):
    """giqe4 but for its noise coefficient, 0.334 where the publication has 0.344; giqe3 as it is.

    pyBSM's giqe4 takes the GSD of the normal plane, giqe3 the one that it is given.
    """
    ground_m = gsd_m / np.sqrt(np.sin(elevation_deg * deg))
    misprint = (0.344 - 0.334) * gain / snr
    assert_allclose(giqe4_niirs(ground_m, rer, overshoot, gain, snr), four - misprint, atol=1e-12)
    assert_allclose(giqe3_niirs(gsd_m, rer, overshoot, gain, snr), three, atol=1e-12)
