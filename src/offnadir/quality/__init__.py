"""Quality: from a camera's design and a look to edge response, noise and NIIRS."""

from offnadir.quality._giqe import Quality, giqe4_niirs, giqe5_niirs, predict, weighted_rer
from offnadir.quality._mtf import mtf_optics, nyquist_mtf, rer_from_design, sensor_rer

__all__ = [
    "Quality",
    "giqe4_niirs",
    "giqe5_niirs",
    "mtf_optics",
    "nyquist_mtf",
    "predict",
    "rer_from_design",
    "sensor_rer",
    "weighted_rer",
]
