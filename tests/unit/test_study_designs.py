"""Designs as whole numbers: each once, by one name, with its neighbours; fronts against brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offnadir.coverage.study_designs import Space
from offnadir.coverage.study_file import load_study
from offnadir.coverage.study_model import Alternative, Variable
from offnadir.coverage.study_rows import front
from support.study_jobs import write_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return load_study(write_study(tmp_path_factory.mktemp("study")))


def alternatives(sizes, kind):
    """Alternatives with variables of so many choices each."""
    return tuple(
        Alternative(
            name=f"{kind}{n}",
            kind=kind,
            variables=tuple(
                Variable(f"{kind}{n}v{m}", tuple(range(size))) for m, size in enumerate(own)
            ),
        )
        for n, own in enumerate(sizes)
    )


shapes = st.lists(st.lists(st.integers(1, 3), max_size=3), min_size=1, max_size=3)


@given(shapes, shapes, st.integers(1, 2))
def test_every_design_has_one_number_and_one_spelling(study, orbits, sensors, sets):
    made = replace(
        study, orbits=alternatives(orbits, "o"), sensors=alternatives(sensors, "s"),
        station_sets=tuple((str(n),) for n in range(sets)),
    )  # fmt: skip
    space = Space(made)
    every = list(space.all())
    assert [space.number(genes) for genes in every] == list(range(1, space.count + 1))
    assert len({space.design(genes) for genes in every}) == space.count
    assert all(space.tidy(genes) == genes for genes in every)
    for genes in every[:5]:
        for name, other in space.neighbours(genes):
            assert other in every
            changed = dict(space.design(other).values)
            same = {k: v for k, v in space.design(genes).values if changed.get(k) == v}
            if name not in ("orbit", "sensor"):
                assert len(same) == len(changed) - 1


def test_genes_of_what_a_design_does_not_have_count_nothing(study):
    made = replace(study, orbits=alternatives([[2], [3]], "o"))
    space = Space(made)
    size = len(space.sizes)
    some = [0, 0, 0, 1, 2, *[0] * (size - 5)]
    other = [0, 0, 0, 1, 1, *[0] * (size - 5)]
    assert space.tidy(some) == space.tidy(other)
    assert space.design(some) == space.design(other)


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=30))
def test_the_front_against_brute_force(rows):
    values = np.array(rows, float)
    brute = [not any(np.all(b <= a) and np.any(b < a) for b in values) for a in values]
    assert front(values).tolist() == brute


def test_a_front_with_what_never_happens():
    values = np.array([[np.inf, 1.0], [2.0, 3.0], [np.inf, 2.0]])
    assert front(values).tolist() == [True, True, False]
