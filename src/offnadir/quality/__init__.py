"""Quality: from a camera's design and a look to edge response, noise and NIIRS."""

from offnadir.quality._atmosphere import (
    Atmosphere,
    AtmosphereTerms,
    atmosphere_terms,
    transmittance_to_space,
)
from offnadir.quality._giqe import giqe4_niirs, giqe5_niirs, weighted_rer
from offnadir.quality._mtf import (
    mtf_design,
    mtf_optics,
    nyquist_mtf,
    rer_from_design,
    rer_from_mtf,
    sensor_rer,
)
from offnadir.quality._predict import Quality, predict
from offnadir.quality._solar import solar_irradiance_w_m2_m, sun_distance_factor

__all__ = [
    "Atmosphere",
    "AtmosphereTerms",
    "Quality",
    "atmosphere_terms",
    "giqe4_niirs",
    "giqe5_niirs",
    "mtf_design",
    "mtf_optics",
    "nyquist_mtf",
    "predict",
    "rer_from_design",
    "rer_from_mtf",
    "sensor_rer",
    "solar_irradiance_w_m2_m",
    "sun_distance_factor",
    "transmittance_to_space",
    "weighted_rer",
]
