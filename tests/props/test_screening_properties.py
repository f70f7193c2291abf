"""What holds of screening whatever the names are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offnadir.tasking import Party, Screener, name_score, read_list
from offnadir.tasking._names_form import forms
from offnadir.tasking.screening import comparisons
from sanctions import UN_LIST

WORD = st.text(st.sampled_from("abcdefghiklmnoprstuvyz"), min_size=3, max_size=9)
NAME = st.lists(WORD, min_size=1, max_size=4).map(" ".join)


@pytest.fixture(scope="module")
def screener(tmp_path_factory: pytest.TempPathFactory) -> Screener:
    path = tmp_path_factory.mktemp("list") / "consolidated.xml"
    path.write_text(UN_LIST, encoding="utf-8")
    return Screener([read_list(path)])


@settings(deadline=None, max_examples=60)
@given(a=NAME, b=NAME, kind=st.sampled_from(["person", "organisation"]))
def test_score_does_not_depend_on_who_is_asked(a: str, b: str, kind: str) -> None:
    assert name_score(a, b, kind=kind) == pytest.approx(name_score(b, a, kind=kind), abs=0.02)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=60)
@given(name=NAME)
def test_name_is_itself_in_any_case_and_accent(name: str) -> None:
    if forms(name, "person"):
        loud = name.upper().translate(str.maketrans("AEOU", "ÁÈÖÛ"))
        assert name_score(name, loud, kind="person") > 0.9


@settings(deadline=None, max_examples=60)
@given(text=st.text(max_size=40), kind=st.sampled_from(["person", "organisation", "vessel"]))
def test_any_text_is_taken(text: str, kind: str) -> None:
    """No sign of any script breaks the reading; what is found is finite and in [0, 1]."""
    for one in comparisons(text, "Kim Yong Chol", kind):  # type: ignore[arg-type]
        assert all(0.0 <= value <= 2.0 for value in one.values)


def test_many_at_once_are_as_one_by_one(screener: Screener) -> None:
    names = [
        "NADA",
        "Kim Young Chul",
        "Carl Gauss",
        "صدام حسين",
        "Saddam Husein",
        "Office Nr. 39",
        "NADA",
    ]
    parties = [Party(name=name, birth_dates=("1937",)) for name in names]
    together = list(screener.screen_many(parties))
    assert together == [screener.screen(party) for party in parties]
    assert [r.is_hit for r in together] == [True, True, False, True, True, True, True]
