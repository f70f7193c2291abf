"""Quality: what a look is worth, from a camera's or a radar's design to NIIRS, and what NIIRS tells."""

from offnadir.quality._giqe import giqe4_niirs, giqe5_niirs, weighted_rer
from offnadir.quality._interpret import Sight, detect_recognise_identify, tasks_at
from offnadir.quality._mtf import (
    mtf_design,
    mtf_optics,
    nyquist_mtf,
    rer_from_design,
    rer_from_mtf,
    sensor_rer,
)
from offnadir.quality._predict import Quality, predict
from offnadir.quality._radar import RadarQuality, nesz_needed, predict_radar

__all__ = [
    "Quality",
    "RadarQuality",
    "Sight",
    "detect_recognise_identify",
    "giqe4_niirs",
    "giqe5_niirs",
    "mtf_design",
    "mtf_optics",
    "nesz_needed",
    "nyquist_mtf",
    "predict",
    "predict_radar",
    "rer_from_design",
    "rer_from_mtf",
    "sensor_rer",
    "tasks_at",
    "weighted_rer",
]
