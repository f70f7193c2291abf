"""Quality: what a look is worth, from a camera's or a radar's design to NIIRS, and what NIIRS tells."""

from offnadir.quality._atmosphere import (
    Atmosphere,
    AtmosphereTerms,
    atmosphere_terms,
    transmittance_to_space,
)
from offnadir.quality._budget import BandSignal, Budget, MtfTerm, budget
from offnadir.quality._cloud_cube import CloudCube, read_cloud_cube
from offnadir.quality._clouds import CloudClimatology, CloudModel
from offnadir.quality._giqe import giqe3_niirs, giqe4_niirs, giqe5_niirs, weighted_rer
from offnadir.quality._interpret import Sight, detect_recognise_identify, tasks_at
from offnadir.quality._mtf import (
    ALONG_ONLY,
    TERMS,
    edge_overshoot,
    mtf_design,
    mtf_jitter,
    mtf_optics,
    mtf_smear,
    mtf_tdi,
    mtf_term,
    mtf_wavefront,
    nyquist_mtf,
    rer_from_design,
    rer_from_mtf,
    sensor_rer,
    system_mtf,
)
from offnadir.quality._predict import Quality, predict
from offnadir.quality._radar import RadarQuality, nesz_needed, predict_radar
from offnadir.quality._radar_modes import predict_looks, predict_mode, radar_mode
from offnadir.quality._rated import Rated, rate_looks
from offnadir.quality._solar import solar_irradiance_w_m2_m, sun_distance_factor
from offnadir.quality._turbulence import coherence_diameter_m, mtf_turbulence

__all__ = [
    "ALONG_ONLY",
    "TERMS",
    "Atmosphere",
    "AtmosphereTerms",
    "BandSignal",
    "Budget",
    "CloudClimatology",
    "CloudCube",
    "CloudModel",
    "MtfTerm",
    "Quality",
    "RadarQuality",
    "Rated",
    "Sight",
    "atmosphere_terms",
    "budget",
    "coherence_diameter_m",
    "detect_recognise_identify",
    "edge_overshoot",
    "giqe3_niirs",
    "giqe4_niirs",
    "giqe5_niirs",
    "mtf_design",
    "mtf_jitter",
    "mtf_optics",
    "mtf_smear",
    "mtf_tdi",
    "mtf_term",
    "mtf_turbulence",
    "mtf_wavefront",
    "nesz_needed",
    "nyquist_mtf",
    "predict",
    "predict_looks",
    "predict_mode",
    "predict_radar",
    "radar_mode",
    "rate_looks",
    "read_cloud_cube",
    "rer_from_design",
    "rer_from_mtf",
    "sensor_rer",
    "solar_irradiance_w_m2_m",
    "sun_distance_factor",
    "system_mtf",
    "tasks_at",
    "transmittance_to_space",
    "weighted_rer",
]
