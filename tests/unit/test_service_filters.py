"""CQL2 filters. The forms are those of OGC 21-065r2 (CQL2), annex with JSON examples."""

from __future__ import annotations

import cql2
import pytest

from offnadir.errors import InputError
from offnadir.service._cql2_looks import read_filter
from offnadir.service._queryables import QUERYABLES
from offnadir.units import deg


def compare(op, name, *values):
    return {"op": op, "args": [{"property": name}, *values]}


def test_a_conjunction_becomes_limits():
    found = read_filter(
        {"op": "and", "args": [
            compare("<=", "view:off_nadir", 30),
            {"op": ">=", "args": [25, {"property": "view:off_nadir"}]},
            compare("between", "view:incidence_angle", 5, 35),
            {"op": "and", "args": [
                compare(">", "view:sun_elevation", 10), compare("<", "gsd", 0.7),
                compare(">=", "offnadir:niirs", 5), compare("<=", "eo:cloud_cover", 20),
                compare("between", "view:azimuth", 90, 270),
            ]},
        ]}
    )  # fmt: skip
    looks = found.only_limits()
    assert found.rest == ()
    assert looks.max_off_nadir_rad == pytest.approx(25 * deg)
    assert looks.min_incidence_rad == pytest.approx(5 * deg)
    assert looks.max_incidence_rad == pytest.approx(35 * deg)
    assert looks.min_sun_elevation_rad == pytest.approx(10 * deg)
    assert (looks.max_gsd_m, looks.min_niirs, looks.max_cloud) == (0.7, 5, 0.2)
    assert (looks.azimuth_from_rad, looks.azimuth_to_rad) == (
        pytest.approx(90 * deg), pytest.approx(270 * deg),
    )  # fmt: skip


def test_the_rest_judges_opportunities():
    found = read_filter(
        {"op": "and", "args": [
            compare("<=", "view:off_nadir", 30),
            {"op": "or", "args": [compare("=", "platform", "A"), compare(">", "view:off_nadir", 10)]},
            {"op": "not", "args": [compare("in", "platform", ["C"])]},
        ]}
    )  # fmt: skip
    assert found.looks.max_off_nadir_rad == pytest.approx(30 * deg)
    assert found.holds({"platform": "A", "view:off_nadir": 5})
    assert found.holds({"platform": "B", "view:off_nadir": 15})
    assert not found.holds({"platform": "B", "view:off_nadir": 5})
    assert not found.holds({"platform": "C", "view:off_nadir": 15})
    with pytest.raises(InputError, match="limits that an order can keep"):
        found.only_limits()


def test_what_has_no_value_meets_no_condition_and_not_its_contrary():
    """As CQL2 has it, section 6.4: a comparison with NULL is NULL."""
    plain = compare("<", "offnadir:probability", 0.5)
    for wish in (plain, {"op": "not", "args": [plain]}):
        assert not read_filter(wish).holds({"offnadir:probability": None})


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"op": "nope", "args": []}, "op = 'nope'"),
        (compare("like", "platform", "A%"), "op = 'like'"),
        (compare("<=", "view:offnadir", 30), "did you mean view:off_nadir?"),
        (compare("<=", "height", 30), "a queryable of the product"),
        (compare("<=", "view:off_nadir", "30"), "a number to compare"),
        (compare("<=", "view:off_nadir", True), "a number to compare"),
        (compare("<=", "view:off_nadir", float("nan")), "a number to compare"),
        (compare("<=", "platform", "A"), "for the text platform"),
        (compare("<=", "view:off_nadir"), "2 for <="),
        (compare("between", "view:off_nadir", 1), "3 for between"),
        (compare("<=", "view:off_nadir", 91), "from 0 to 90 deg"),
        ({"op": "and", "args": [compare("<=", "gsd", 1)]}, "two filters or more"),
        ({"op": "not", "args": []}, "one filter"),
        (compare("between", "view:sun_elevation", 50, 40), "at most 40"),
        ("view:off_nadir <= 30", "CQL2 JSON"),
        ({"op": "and", "args": {}}, "a list"),
        ([], "CQL2 JSON"),
    ],
)
def test_what_is_refused(value, says):
    with pytest.raises(InputError, match="filter") as caught:
        read_filter(value)
    assert says in str(caught.value)


def test_bottomless_filters_are_refused():
    deep = compare("<=", "gsd", 1)
    for _ in range(100):
        deep = {"op": "not", "args": [deep]}
    with pytest.raises(InputError, match="nested"):
        read_filter(deep)
    many = {"op": "or", "args": [{"op": "or", "args": [compare("<=", "gsd", 1)] * 150}] * 150}
    with pytest.raises(InputError, match="at most 200"):
        read_filter(many)


def test_a_required_queryable_left_out_is_refused():
    with pytest.raises(InputError, match="view:off_nadir: must be given"):
        read_filter(compare("<=", "gsd", 1), required=["view:off_nadir"])
    with pytest.raises(InputError, match="view:off_nadir: must be given"):
        read_filter(None, required=["view:off_nadir"])


def test_what_we_read_is_cql2_and_means_the_same_to_others():
    """Against cql2, another implementation: the rest holds where it says so."""
    rows = [
        {"platform": name, "view:off_nadir": angle, "gsd": 0.5 + angle / 50}
        for name in "AB" for angle in (1.0, 12.0, 31.0)
    ]  # fmt: skip
    both = [compare("=", "platform", "A"), compare(">", "gsd", 0.6)]
    filters = [
        {"op": "or", "args": [compare("=", "platform", "A"), compare("<", "gsd", 0.6)]},
        {"op": "not", "args": [{"op": "and", "args": both}]},
        compare("<>", "platform", "A"),
        compare("in", "platform", ["B", "C"]),
        compare("=", "view:off_nadir", 12.0),
        compare(">=", "view:off_nadir", 12),
    ]  # fmt: skip
    for wish in filters:
        ours = read_filter(wish)
        theirs = cql2.Expr(wish)
        theirs.validate()
        for row in rows:
            feature = {"type": "Feature", "geometry": None, "properties": row}
            assert ours.holds(row) == theirs.matches(feature), (wish, row)


def test_queryables_are_limits_that_looks_has():
    from offnadir.tasking._order import Looks

    for one in QUERYABLES.values():
        for name in (one.least, one.most):
            assert name is None or name in Looks.__slots__
