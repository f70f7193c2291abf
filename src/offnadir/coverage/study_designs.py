"""All designs of a study: genes, designs, neighbours, in one order that follows from the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from offnadir.coverage.study_model import Alternative, Design, Study, Value, Variable

Genes = tuple[int, ...]


@dataclass(frozen=True)
class Space:
    """The designs of a study as whole numbers: a gene for the orbit, the sensor, the stations, each variable.

    Genes of an orbit or sensor that a design does not have count nothing and are 0 in `tidy` genes, so that
    a design has one spelling.
    """

    study: Study

    @cached_property
    def sizes(self) -> Genes:
        """How many choices each gene has."""
        own = [len(one.values) for _, _, one in self._slots]
        study = self.study
        return (len(study.orbits), len(study.sensors), len(study.station_sets), *own)

    @cached_property
    def _slots(self) -> list[tuple[str, int, Variable]]:
        """Genes after the first three: whose they are, orbit or sensor, its number, and the variable."""
        return [
            (what, number, variable)
            for what, group in (("orbit", self.study.orbits), ("sensor", self.study.sensors))
            for number, one in enumerate(group)
            for variable in one.variables
        ]

    @property
    def count(self) -> int:
        """How many different designs there are."""
        orbits = sum(one.count for one in self.study.orbits)
        sensors = sum(one.count for one in self.study.sensors)
        return orbits * sensors * len(self.study.station_sets)

    def tidy(self, genes: Sequence[int]) -> Genes:
        """The one spelling of a design."""
        chosen = {"orbit": genes[0], "sensor": genes[1]}
        own = (
            gene if chosen[what] == number else 0
            for gene, (what, number, _) in zip(genes[3:], self._slots, strict=True)
        )
        return (int(genes[0]), int(genes[1]), int(genes[2]), *map(int, own))

    def design(self, genes: Sequence[int]) -> Design:
        """The design that genes stand for."""
        orbit, sensor = self.study.orbits[genes[0]], self.study.sensors[genes[1]]
        values: list[tuple[str, Value]] = [("orbit", orbit.name)]
        values += self._own("orbit", genes)
        values.append(("sensor", sensor.name))
        values += self._own("sensor", genes)
        values.append(("stations", self.study.station_sets[genes[2]]))
        return Design(genes[0], genes[1], tuple(values))

    def _own(self, what: str, genes: Sequence[int]) -> Iterator[tuple[str, Value]]:
        chosen = genes[0 if what == "orbit" else 1]
        for gene, (whose, number, variable) in zip(genes[3:], self._slots, strict=True):
            if whose == what and number == chosen:
                yield variable.name, variable.values[gene]

    def all(self) -> Iterator[Genes]:
        """The genes of every design once: orbits, then sensors, then stations, then variables in order."""
        for o, orbit in enumerate(self.study.orbits):
            for s, sensor in enumerate(self.study.sensors):
                for t in range(len(self.study.station_sets)):
                    for own in product(*self._ranges(o, orbit, s, sensor)):
                        yield (o, s, t, *own)

    def _ranges(self, o: int, orbit: Alternative, s: int, sensor: Alternative) -> Iterator[range]:
        chosen = {"orbit": o, "sensor": s}
        for what, number, variable in self._slots:
            yield range(len(variable.values) if chosen[what] == number else 1)

    def number(self, genes: Sequence[int]) -> int:
        """Place of a design in `all`, from 1: what it is called, whatever else is tried."""
        o, s, t = genes[:3]
        study = self.study
        sets = len(study.station_sets)
        sensors = sum(one.count for one in study.sensors)
        before = sum(one.count for one in study.orbits[:o]) * sensors * sets
        before += study.orbits[o].count * sum(one.count for one in study.sensors[:s]) * sets
        before += study.orbits[o].count * study.sensors[s].count * t
        own = 0
        for gene, (what, number, variable) in zip(genes[3:], self._slots, strict=True):
            if number == (o if what == "orbit" else s):
                own = own * len(variable.values) + gene
        return before + own + 1

    def neighbours(self, genes: Sequence[int]) -> list[tuple[str, Genes]]:
        """Designs that differ in one variable by one step, or in their stations, sensor or orbit."""
        names = ["orbit", "sensor", "stations", *(one.name for _, _, one in self._slots)]
        chosen = {"orbit": genes[0], "sensor": genes[1]}
        found = []
        for at, (name, size) in enumerate(zip(names, self.sizes, strict=True)):
            if at >= 3:
                what, number, _ = self._slots[at - 3]
                if chosen[what] != number:
                    continue
            steps = range(size) if at < 3 else (genes[at] - 1, genes[at] + 1)
            for value in steps:
                if value != genes[at] and 0 <= value < size:
                    moved = list(genes)
                    moved[at] = value
                    found.append((name, self.tidy(moved)))
        return found
