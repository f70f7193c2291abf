"""From features to a score: a logistic curve whose numbers stand in `screening_model.toml`."""

from __future__ import annotations

import math
import operator
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from offnadir.tasking._names_compare import FEATURES, Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Log-odds are `constant` less the weighted features."""

    constant: float
    weights: tuple[float, ...]

    def log_odds(self, comparison: Comparison) -> float:
        """Log-odds that the two names are of one person, as pairs in the fit are: half of them are."""
        away: float = sum(map(operator.mul, self.weights, comparison.values))
        return self.constant - away


@cache
def model() -> Model:
    """The model that the package ships."""
    raw = tomllib.loads(
        files("offnadir.tasking").joinpath("screening_model.toml").read_text(encoding="utf-8")
    )
    return Model(
        constant=float(raw["constant"]),
        weights=tuple(float(raw["features"][name]) for name in FEATURES),
    )


def probability(log_odds: float) -> float:
    """Between 0 and 1."""
    if log_odds < -30:
        return 0.0
    return 1 / (1 + math.exp(-log_odds))


def log_odds_of(probability: float) -> float:
    """The other way round."""
    return math.log(probability / (1 - probability))
