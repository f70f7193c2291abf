"""The one door to pymoo: genes asked for, figures told, by NSGA-II or NSGA-III."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir.coverage.study_designs import Genes
from offnadir.errors import MissingExtraError

Array = NDArray[np.float64]
_MOST_PARTITIONS: Final = 200
_TRIES: Final = 5


class Optimiser:
    """A genetic algorithm over whole numbers 0 to size - 1, asked and told generation by generation.

    K. Deb et al., A fast and elitist multiobjective genetic algorithm: NSGA-II (2002), and K. Deb and H.
    Jain, NSGA-III (2014), as pymoo has them: simulated binary crossover and polynomial mutation, rounded.
    Wishes are constraints: a design that keeps them goes before one that does not. The same seed
    and the same answers give the same questions.
    """

    def __init__(
        self, sizes: Genes, *, objectives: int, wishes: int, method: str, population: int, seed: int
    ) -> None:
        try:
            from pymoo.config import Config

            Config.warnings["not_compiled"] = False
            from pymoo.core.problem import Problem
            from pymoo.operators.crossover.sbx import SBX
            from pymoo.operators.mutation.pm import PM
            from pymoo.operators.repair.rounding import RoundingRepair
            from pymoo.operators.sampling.rnd import IntegerRandomSampling
        except ImportError as error:
            raise MissingExtraError(f"method {method} needs a library", "coverage") from error
        # genes without a choice stay out: there is nothing to cross or mutate
        self._free = np.flatnonzero(np.array(sizes) > 1)
        self._count = len(sizes)
        high = np.array(sizes)[self._free] - 1
        self._problem: Any = Problem(
            n_var=len(high), n_obj=objectives, n_ieq_constr=wishes, xl=np.zeros(len(high)), xu=high,
            vtype=int,
        )  # fmt: skip
        operators = {
            "pop_size": population,
            "sampling": IntegerRandomSampling(),
            "crossover": SBX(prob=0.9, eta=5.0, vtype=float, repair=RoundingRepair()),
            "mutation": PM(eta=5.0, vtype=float, repair=RoundingRepair()),
            "eliminate_duplicates": True,
        }
        self._algorithm: Any = _algorithm(method, objectives, population, operators)
        # near the end nearly all children are known: a few tries for new ones, not pymoo's hundred
        self._algorithm.mating.n_max_iterations = _TRIES
        self._algorithm.setup(self._problem, termination=("n_gen", 10**9), seed=seed, verbose=False)
        self._asked: Any = None

    def ask(self) -> list[Genes]:
        """The next generation; empty where the algorithm has nothing new to ask."""
        self._asked = self._algorithm.ask()
        if self._asked is None or not len(self._asked):
            return []
        whole = np.zeros((len(self._asked), self._count), np.int64)
        whole[:, self._free] = np.rint(self._asked.get("X"))
        return [tuple(row) for row in whole.tolist()]

    def tell(self, objectives: Array, violations: Array) -> None:
        """Objectives of the generation, less is better, and violations, 0 where a wish is kept."""
        from pymoo.core.evaluator import Evaluator
        from pymoo.problems.static import StaticProblem

        answers = {"F": objectives, "G": violations} if violations.shape[1] else {"F": objectives}
        Evaluator().eval(StaticProblem(self._problem, **answers), self._asked)
        self._algorithm.tell(infills=self._asked)


def _algorithm(method: str, objectives: int, population: int, operators: dict[str, Any]) -> Any:
    if method == "nsga2":
        from pymoo.algorithms.moo.nsga2 import NSGA2

        return NSGA2(**operators)
    from pymoo.algorithms.moo.nsga3 import NSGA3
    from pymoo.util.ref_dirs import get_reference_directions

    return NSGA3(
        ref_dirs=get_reference_directions(
            "das-dennis", objectives, n_partitions=_partitions(objectives, population)
        ),
        **operators,
    )


def _partitions(objectives: int, population: int) -> int:
    """The most partitions whose reference directions are no more than the population (Das and Dennis)."""
    from math import comb

    fitting: Sequence[int] = [
        p for p in range(1, _MOST_PARTITIONS) if comb(p + objectives - 1, p) <= population
    ]
    return max(fitting, default=1)
