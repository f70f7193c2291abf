"""Quality: from a camera's design and a look to edge response, noise and NIIRS."""

from offnadir.quality._cloud_cube import CloudCube, read_cloud_cube
from offnadir.quality._clouds import CloudClimatology, CloudModel
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

__all__ = [
    "CloudClimatology",
    "CloudCube",
    "CloudModel",
    "Quality",
    "giqe4_niirs",
    "giqe5_niirs",
    "mtf_design",
    "mtf_optics",
    "nyquist_mtf",
    "predict",
    "read_cloud_cube",
    "rer_from_design",
    "rer_from_mtf",
    "sensor_rer",
    "weighted_rer",
]
