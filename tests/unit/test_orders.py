"""The desk: what becomes of an order, who may do what, and what is told to whom."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fake_checks import (
    FakeScreener,
    FakeVerdict,
    Office,
    copy_of,
    office_of,
    open_office,
    replace_screener,
    verdict,
    wish,
)
from offnadir._database import open_database, sa
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.tasking import Product, RefusedError, State
from offnadir.tasking._amending import NotAmendedError
from offnadir.tasking._audit_verify import verify
from offnadir.tasking._deciding import DecidedError
from offnadir.tasking._fields import Reader
from offnadir.tasking._parties import read_named
from offnadir.tasking._people import UnknownNameError
from offnadir.tasking.states import StepError
from offnadir.units import day

COMMITTEE = {"name": "Committee for Space Technology", "country": "KP"}


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """An office that is set up once, and then copied."""
    path = tmp_path_factory.mktemp("office") / "a.sqlite"
    database = open_database(path)
    open_office(database)
    database.close()
    return path


@pytest.fixture
def office(ready, tmp_path):
    with copy_of(ready, tmp_path / "a.sqlite") as database:
        yield office_of(database)


def placed(office: Office, by: str = "kim", **more):
    return office.desk.place(wish(**more), by=by)[0]


def state(office: Office, order_id: str) -> State:
    return office.desk.show(order_id, by="loop").placed.state


def codes(office: Office, order_id: str) -> list[str]:
    return [line.code for line in office.desk.show(order_id, by="loop").history]


def to_processing(office: Office, order_id: str) -> None:
    for after, code in (
        ("scheduled", "planned"),
        ("tasked", "uplinked"),
        ("processing", "downlinked"),
    ):
        office.desk.advance(order_id, after, code, by="loop")


def used(office: Office) -> tuple[int, int]:
    with office.desk.database.read() as connection:
        query = sa.text("SELECT sum(pictures), sum(area_m2) FROM quota_use")
        row = connection.execute(query).one()
    return row[0] or 0, row[1] or 0


def actions(office: Office, subject: str) -> list[str]:
    return [entry.content["action"] for entry in office.desk.audit.entries(subject=subject)]


# From arrival to delivery


def test_an_order_goes_through_to_its_delivery(office):
    one = placed(office)
    assert one.state is State.ACCEPTED
    to_processing(office, one.id)
    answer = office.desk.release(one.id, Product(id="p", facts={"gsd_m": 0.5}), by="loop")
    assert answer.may_go
    assert office.desk.mark_delivered(one.id, "p", by="loop")
    assert not office.desk.mark_delivered(one.id, "p", by="loop")  # never twice
    office.desk.advance(one.id, "completed", "delivered", by="loop")
    view = office.desk.show(one.id, by="kim")
    assert view.placed.state is State.COMPLETED
    assert view.products == (("p", "delivered"),)
    assert codes(office, one.id) == [
        "placed", "passed", "planned", "uplinked", "downlinked", "delivered",
    ]  # fmt: skip
    assert used(office) == (1, 0)
    assert verify(office.desk.audit).is_whole


def test_a_step_with_a_key_is_taken_once(office):
    one = placed(office)
    for _ in range(2):
        office.desk.advance(one.id, "scheduled", "planned", by="loop", key="plan-7")
    assert codes(office, one.id) == ["placed", "passed", "planned"]
    office.desk.advance(one.id, "accepted", "unplanned", by="loop")
    office.desk.advance(one.id, "scheduled", "planned", by="loop", key="plan-7")
    assert state(office, one.id) is State.ACCEPTED


def test_several_changes_in_one_transaction_are_all_or_none(office):
    one, two = placed(office), placed(office)

    def both() -> None:
        with office.desk.begin() as connection:
            office.desk.advance(one.id, "scheduled", "planned", by="loop", within=connection)
            office.desk.advance(two.id, "tasked", "uplinked", by="loop", within=connection)

    with pytest.raises(StepError, match="is accepted and cannot become tasked"):
        both()
    assert state(office, one.id) is State.ACCEPTED


def test_what_is_over_stays_over(office):
    one = placed(office)
    assert office.desk.cancel(one.id, by="kim").state is State.USER_CANCELLED
    assert office.desk.cancel(one.id, by="kim").changes == 3  # again: nothing
    with pytest.raises(StepError, match="nothing follows that"):
        office.desk.advance(one.id, "scheduled", "planned", by="loop")


def test_a_customer_withdraws_only_until_the_satellite_has_it(office):
    one = placed(office)
    office.desk.advance(one.id, "scheduled", "planned", by="loop")
    office.desk.advance(one.id, "tasked", "uplinked", by="loop")
    with pytest.raises(StepError):
        office.desk.cancel(one.id, by="kim")
    assert office.desk.cancel(one.id, by="loop").state is State.CANCELLED


# Idempotency


def test_the_same_key_gives_the_same_order(office):
    one, is_new = office.desk.place(wish(), by="kim", key="k")
    again, is_new_again = office.desk.place(wish(), by="kim", key="k")
    assert (again.id, is_new, is_new_again) == (one.id, True, False)
    assert used(office) == (1, 0)


def test_the_same_key_with_another_order_is_refused(office):
    office.desk.place(wish(), by="kim", key="k")
    with pytest.raises(InputError, match="a key that this customer has not used yet"):
        office.desk.place(wish(title="another"), by="kim", key="k")
    assert len(office.desk.list(by="kim").rows) == 1


def test_keys_of_two_customers_are_two(office):
    one, _ = office.desk.place(wish(), by="kim", key="k")
    other, is_new = office.desk.place(wish(title="another"), by="lee", key="k")
    assert is_new
    assert other.id != one.id


def test_a_key_finds_its_order_after_the_deadline_too(office):
    order = wish(deadline="2026-11-30")
    one, _ = office.desk.place(order, by="kim", key="k")
    office.clock.now += 2 * day
    assert office.desk.place(order, by="kim", key="k")[0].id == one.id
    with pytest.raises(InputError, match="deadline"):
        office.desk.place(order, by="kim", key="another")


# Quotas


def test_quota_of_pictures_rejects_and_is_given_back(tmp_path):
    office = open_office(open_database(tmp_path / "a.sqlite"), quota_pictures=3)
    one = placed(office, recurrence={"every_days": 3, "count": 3})
    two = placed(office)
    assert (two.state, two.code) == (State.REJECTED, "quota")
    assert "4 pictures in 2026-11, of 3" in office.desk.show(two.id, by="kim").history[-1].words
    assert used(office) == (3, 0)
    office.desk.cancel(one.id, by="kim")
    assert used(office) == (0, 0)
    assert placed(office).state is State.ACCEPTED


def test_a_new_month_begins_at_midnight_utc(tmp_path):
    office = open_office(open_database(tmp_path / "a.sqlite"), quota_pictures=1)
    office.clock.now = Epoch.from_utc("2026-11-30T23:59:59.999Z")
    assert placed(office).state is State.ACCEPTED
    assert placed(office).state is State.REJECTED
    office.clock.now += 0.001
    assert placed(office).state is State.ACCEPTED


def test_quota_of_area(tmp_path):
    """A cell of 0.1 deg at the equator has 11.132 km by 11.057 km (WGS 84: pi/180 a, and the meridian)."""
    office = open_office(open_database(tmp_path / "a.sqlite"), quota_km2=150.0)
    cell = {"type": "Polygon", "coordinates": [[[0, 0], [0.1, 0], [0.1, 0.1], [0, 0.1], [0, 0]]]}
    one = placed(office, place=cell)
    assert one.quota_area_m2 / 1e6 == pytest.approx(11.132 * 11.057, rel=1e-3)
    assert placed(office, place=cell).code == "quota"
    assert placed(office).state is State.ACCEPTED  # a point has no area


def test_what_was_delivered_is_not_given_back(tmp_path):
    """Of three pictures one is delivered: neither withdrawing nor a smaller order gives the quota back."""
    office = open_office(open_database(tmp_path / "a.sqlite"), quota_pictures=3)
    one = placed(office, recurrence={"every_days": 3, "count": 3})
    to_processing(office, one.id)
    office.desk.release(one.id, Product(id="p", facts={"gsd_m": 0.5}), by="loop")
    office.desk.mark_delivered(one.id, "p", by="loop")
    office.desk.advance(one.id, "accepted", "next", by="loop")
    elsewhere = {"type": "Point", "coordinates": [1.0, 1.0]}
    for changed in ({"every_days": None, "count": 1}, {"count": 2}, {"place": elsewhere}):
        with pytest.raises(NotAmendedError, match="a picture of it was delivered"):
            office.desk.amend(one.id, lambda order, new=changed: replace(order, **new), by="kim")
    office.desk.amend(one.id, lambda order: replace(order, title="Port"), by="kim")
    assert used(office) == (3, 0)
    office.desk.cancel(one.id, by="kim")
    assert used(office) == (3, 0)
    assert placed(office).code == "quota"


# Screening


def test_a_hit_waits_for_a_releaser_and_the_customer_learns_no_more(office):
    one = placed(office, end_user=COMMITTEE)
    assert (one.state, one.code) == (State.HELD, "screening")
    view = office.desk.show(one.id, by="kim")
    assert view.waits_for == "held: screening found 1 possible match; a releaser decides"
    assert view.holds == ()
    told = json.dumps(view.document()["history"]) + view.waits_for
    assert "LISTED" not in told
    assert "KPe.012" not in told
    assert office.desk.show(one.id, by="rita").holds[0].document["reference"] == "KPe.012"
    decided = office.desk.decide(one.id, "allow", "a namesake", by="rita")
    assert [hold.status for hold in decided] == ["allowed"]
    assert codes(office, one.id) == ["placed", "screening", "released"]
    assert "a namesake" not in json.dumps(office.desk.show(one.id, by="kim").document())


@pytest.mark.parametrize("where", ["end_user", "beneficiaries"])
def test_everybody_who_is_named_is_screened(office, where):
    one = placed(office, **{where: COMMITTEE if where == "end_user" else ["Aid", COMMITTEE]})
    assert one.state is State.HELD


def test_a_match_that_was_allowed_is_remembered_for_the_same_list(office):
    one = placed(office, end_user=COMMITTEE)
    office.desk.decide(one.id, "allow", "a namesake", by="rita")
    assert placed(office, end_user=COMMITTEE).state is State.ACCEPTED
    assert placed(office, by="lee", end_user=COMMITTEE).state is State.ACCEPTED
    other = {**COMMITTEE, "country": "KR"}  # not the same party
    assert placed(office, end_user=other).state is State.HELD
    newer = office.with_list({"KPe.012": "Space Technology"}, date="2026-04-30")
    assert newer.desk.place(wish(end_user=COMMITTEE), by="kim")[0].state is State.HELD


def test_orders_that_wait_for_the_same_match_go_on_together(office):
    one, two = placed(office, end_user=COMMITTEE), placed(office, by="lee", end_user=COMMITTEE)
    office.desk.decide(one.id, "allow", "a namesake", by="rita")
    assert state(office, two.id) is State.ACCEPTED


def test_a_refusal_ends_the_order(office):
    one = placed(office, end_user=COMMITTEE)
    office.desk.decide(one.id, "refuse", "it is them", by="rita")
    assert state(office, one.id) is State.REJECTED
    assert used(office) == (0, 0)
    assert placed(office, end_user=COMMITTEE).state is State.HELD  # a refusal is not remembered


def test_four_eyes(office):
    office.desk.add_user("rita", ["releaser", "planner"], by="root")
    one, _ = office.desk.place(wish(end_user=COMMITTEE), by="rita", customer="Daily News")
    with pytest.raises(RefusedError, match="four eyes"):
        office.desk.decide(one.id, "allow", "I know them", by="rita")
    assert "refused" in actions(office, one.id)
    office.desk.decide(one.id, "allow", "looked at", by="rolf")
    assert state(office, one.id) is State.ACCEPTED


def test_who_amended_an_order_does_not_release_it(office):
    """A planner who is a releaser too may change anybody's order, and so is one of its authors."""
    office.desk.add_user("rita", ["releaser", "planner"], by="root")
    party = read_named(COMMITTEE, "end_user", Reader())
    one = placed(office)
    office.desk.amend(one.id, lambda order: replace(order, end_user=party), by="rita")
    with pytest.raises(RefusedError, match=r"rita amended the order.*four eyes"):
        office.desk.decide(one.id, "allow", "I know them", by="rita")
    two = placed(office, end_user=COMMITTEE)  # of this one she is no author, and may
    office.desk.decide(two.id, "allow", "a namesake", by="rita")
    assert state(office, two.id) is State.ACCEPTED
    assert state(office, one.id) is State.HELD  # nor does that decision release what she amended
    three = placed(office)
    changed = office.desk.amend(three.id, lambda order: replace(order, end_user=party), by="rita")
    assert changed.state is State.HELD


def test_nobody_is_released_by_his_own_earlier_decision(office):
    """Rita allows a match on Kim's order; then she places one herself: somebody else has to look."""
    office.desk.add_user("rita", ["releaser", "planner"], by="root")
    one = placed(office, end_user=COMMITTEE)
    office.desk.decide(one.id, "allow", "a namesake", by="rita")
    two, _ = office.desk.place(wish(end_user=COMMITTEE), by="rita", customer="Daily News")
    assert two.state is State.HELD


def test_a_customer_on_a_list_is_held_when_added_and_with_each_order(office):
    office.desk.add_customer({"name": "Institute of Space Technology"}, by="root")
    hold = office.desk.holds(by="rita")[0]
    assert hold.order_id is None
    one, _ = office.desk.place(wish(), by="loop", customer="Institute of Space Technology")
    assert one.state is State.HELD
    office.desk.decide(hold.id, "allow", "an institute in Europe", by="rita")
    assert state(office, one.id) is State.ACCEPTED


def test_without_a_list_nothing_is_accepted_until_there_is_one(office):
    desk = replace_screener(office.desk, None)
    one, _ = desk.place(wish(), by="kim")
    assert (one.state, one.code) == (State.HELD, "not_screened")
    with pytest.raises(InputError, match="rescreen"):
        desk.decide(one.id, "allow", "never mind", by="rita")
    assert office.desk.rescreen(by="rita").cleared == 1
    assert codes(office, one.id) == ["placed", "not_screened", "cleared"]


def test_a_new_list_stops_what_is_open_and_a_newer_one_lets_it_go(office):
    waits, scheduled, tasked, over = (placed(office) for _ in range(4))
    for one in (scheduled, tasked):
        office.desk.advance(one.id, "scheduled", "planned", by="loop")
    office.desk.advance(tasked.id, "tasked", "uplinked", by="loop")
    office.desk.cancel(over.id, by="kim")
    new = office.with_list({"X.1": "Daily"})
    done = new.desk.rescreen(by="rita")
    assert (done.customers, done.orders, done.held) == (2, 3, 2)
    assert state(office, waits.id) is State.HELD
    assert state(office, scheduled.id) is State.HELD
    assert state(office, tasked.id) is State.TASKED  # it is stopped before its delivery
    assert state(office, over.id) is State.USER_CANCELLED
    office.desk.advance(tasked.id, "processing", "downlinked", by="loop")
    assert not new.desk.release(tasked.id, Product(id="p", facts={}), by="loop").may_go
    before = new.desk.audit.head()
    assert new.desk.rescreen(by="rita").orders == 0
    assert new.desk.audit.head() == before  # a second run does nothing at all
    newer = office.with_list({"X.2": "nobody"}, date="2026-05-31")
    assert newer.desk.rescreen(by="rita").cleared == 3
    assert state(office, waits.id) is State.ACCEPTED
    assert state(office, scheduled.id) is State.ACCEPTED  # it has to be planned again
    assert state(office, tasked.id) is State.PROCESSING
    assert office.desk.holds(by="rita") == []


def test_a_rescreening_that_breaks_off_goes_on_where_it_was(office):
    ids = [placed(office).id for _ in range(4)]
    new = office.with_list({"X.1": "Daily"})
    seen = 0

    def clock():
        nonlocal seen
        seen += 1
        if seen == 6:
            raise KeyboardInterrupt
        return office.clock.now

    broken = new.desk
    object.__setattr__(broken, "clock", clock)
    with pytest.raises(KeyboardInterrupt):
        broken.rescreen(by="rita")
    held = [one for one in ids if state(office, one) is State.HELD]
    assert 0 < len(held) < 4
    object.__setattr__(broken, "clock", office.clock)
    assert broken.rescreen(by="rita").held == 4 - len(held)
    assert all(codes(office, one) == ["placed", "passed", "screening"] for one in ids)


# Restrictions


def test_a_restriction_rejects_an_order_with_its_words(office):
    office.judge.answers["order"] = verdict("deny")
    one = placed(office)
    assert (one.state, one.code) == (State.REJECTED, "restriction")
    words = office.desk.show(one.id, by="kim").history[-1].words
    assert words == (
        "a restriction forbids it: Rule of the test (the authority): words that all may read."
    )


def test_what_a_private_pack_says_is_not_told_to_the_customer(office):
    office.judge.answers["order"] = verdict("deny", told=FakeVerdict(effect="deny"))
    one = placed(office)
    view = office.desk.show(one.id, by="kim")
    assert view.history[-1].words == "a restriction forbids it"


def test_a_permit_is_waited_for(office):
    office.judge.answers["order"] = verdict("permit")
    one = placed(office)
    assert (one.state, one.code) == (State.HELD, "permit")
    office.desk.decide(one.id, "allow", "permit 12/2026 of the authority", by="rita")
    assert codes(office, one.id) == ["placed", "permit", "released"]


@pytest.mark.parametrize("effect", ["notify", "degrade", "delay"])
def test_milder_effects_are_noted_and_wait_for_delivery(office, effect):
    office.judge.answers["order"] = verdict(effect)
    assert placed(office).state is State.ACCEPTED


def test_after_screening_the_restrictions_still_count(office):
    office.judge.answers["order"] = verdict("permit")
    one = placed(office, end_user=COMMITTEE)
    office.desk.decide(one.id, "allow", "a namesake", by="rita")
    assert codes(office, one.id) == ["placed", "screening", "permit"]
    office.desk.decide(one.id, "allow", "permit 12/2026", by="rolf")
    assert state(office, one.id) is State.ACCEPTED


def test_all_who_would_have_the_picture_are_asked_about(office):
    placed(office, end_user={"name": "Aid", "country": "DE"}, beneficiaries=["Farmers"])
    names = [question.recipient_name for question in office.judge.asked]
    assert names == ["Daily News", "Aid", "Farmers"]
    assert [question.recipient_country for question in office.judge.asked] == ["KR", "DE", None]


# Release


def test_a_delay_holds_a_product_until_its_time(office):
    one = placed(office)
    to_processing(office, one.id)
    until = office.clock.now + 4 * day
    office.judge.answers["delivery"] = verdict("delay", until=until)
    product = Product(id="p", facts={})
    answer = office.desk.release(one.id, product, by="loop")
    assert (answer.status, answer.until) == ("held", until)
    head = office.desk.audit.head()
    assert office.desk.release(one.id, product, by="loop").status == "held"
    assert office.desk.audit.head() == head  # asked again, nothing new is written
    assert office.desk.show(one.id, by="kim").waits_for == (
        "held: it may be released from 2026-12-03T00:00:00Z"
    )
    office.clock.now = until
    office.judge.answers.clear()
    assert office.desk.release(one.id, product, by="loop").may_go
    assert codes(office, one.id)[-3:] == ["downlinked", "delay", "cleared"]


def test_a_product_may_be_denied_at_last(office):
    one = placed(office)
    to_processing(office, one.id)
    office.judge.answers["delivery"] = verdict("deny")
    answer = office.desk.release(one.id, Product(id="p", facts={}), by="loop")
    assert answer.status == "denied"
    assert state(office, one.id) is State.CANCELLED
    with pytest.raises(StepError):
        office.desk.mark_delivered(one.id, "p", by="loop")


def test_a_permit_for_a_product_is_given_once(office):
    one = placed(office)
    to_processing(office, one.id)
    office.judge.answers["delivery"] = verdict("permit")
    product = Product(id="p", facts={})
    assert office.desk.release(one.id, product, by="loop").status == "held"
    office.desk.decide(one.id, "allow", "permit 7", by="rita")
    assert state(office, one.id) is State.PROCESSING
    assert office.desk.release(one.id, product, by="loop").may_go


def test_what_is_refused_at_delivery_is_cancelled(office):
    one = placed(office)
    to_processing(office, one.id)
    office.judge.answers["delivery"] = verdict("permit")
    office.desk.release(one.id, Product(id="p", facts={}), by="loop")
    office.desk.decide(one.id, "refuse", "no permit", by="rita")
    assert state(office, one.id) is State.CANCELLED


def test_nothing_is_delivered_that_was_not_released(office):
    one = placed(office)
    to_processing(office, one.id)
    with pytest.raises(StepError):
        office.desk.mark_delivered(one.id, "p", by="loop")


def test_a_coarser_picture_may_go(office):
    one = placed(office)
    to_processing(office, one.id)
    office.judge.answers["delivery"] = verdict("degrade", gsd_m=0.4)
    answer = office.desk.release(one.id, Product(id="p", facts={"gsd_m": 0.3}), by="loop")
    assert (answer.may_go, answer.gsd_m) == (True, 0.4)


# Who may what


@pytest.mark.parametrize(
    ("by", "do"),
    [
        ("kim", lambda desk, one: desk.decide(one, "allow", "x", by="kim")),
        ("kim", lambda desk, one: desk.advance(one, "scheduled", "planned", by="kim")),
        ("loop", lambda desk, _: desk.add_user("eve", ["administrator"], by="loop")),
        ("loop", lambda desk, _: desk.read_log(by="loop")),
        ("rita", lambda desk, _: desk.place(wish(), by="rita", customer="Weekly")),
        ("anna", lambda desk, one: desk.cancel(one, by="anna")),
        ("mallory", lambda desk, one: desk.show(one, by="mallory")),
        ("mallory", lambda desk, _: desk.place(wish(), by="mallory", customer="Weekly")),
    ],
)
def test_every_refusal_is_on_record(office, by, do):
    one = placed(office)
    with pytest.raises(RefusedError):
        do(office.desk, one.id)
    entry = next(iter(office.desk.audit.entries(last=1)))
    assert (entry.content["by"], entry.content["action"]) == (by, "refused")
    assert verify(office.desk.audit).is_whole


def test_to_another_customer_an_order_does_not_exist(office):
    one = placed(office)
    told = set()
    for order_id in (one.id, one.id[:-1] + ("0" if one.id[-1] != "0" else "1")):
        with pytest.raises((RefusedError, UnknownNameError)) as error:
            office.desk.show(order_id, by="lee")
        told.add(str(error.value).replace(order_id, "ID"))
    assert told == {"there is no order ID"}
    with pytest.raises(RefusedError, match="there is no order"):
        office.desk.cancel(one.id, by="lee")
    assert office.desk.list(by="lee").rows == ()
    with pytest.raises(RefusedError):
        office.desk.place(wish(), by="lee", customer="Daily News")


def test_a_customer_does_not_learn_who_works_for_the_house(office):
    one = placed(office)
    office.desk.advance(one.id, "scheduled", "planned", by="loop")
    names = [line.by for line in office.desk.show(one.id, by="kim").history]
    assert names == ["kim", "offnadir", "the operator"]


def test_the_last_administrator_stays_one(office):
    with pytest.raises(InputError, match="administrator too"):
        office.desk.add_user("root", ["auditor"], by="root")


def test_names_of_any_script(office):
    name = "조선우주공간기술위원회 – Комитет"
    office.desk.add_customer({"name": name}, by="root")
    one, _ = office.desk.place(wish(title="北京🛰"), by="loop", customer=name)
    view = office.desk.show(one.id, by="loop")
    assert (view.customer, view.placed.order.title) == (name, "北京🛰")
    assert verify(office.desk.audit).is_whole


# Lists


def test_pages_hold_every_order_once_the_latest_first(office):
    ids = [placed(office, by="kim" if n % 2 else "lee").id for n in range(7)]
    found, before = [], None
    while True:
        page = office.desk.list(by="loop", limit=3, before=before)
        found += [row.id for row in page.rows]
        before = page.next
        if before is None:
            break
    assert found == sorted(ids, reverse=True) == ids[::-1]
    assert {row.customer for row in office.desk.list(by="kim").rows} == {"Daily News"}
    assert office.desk.list(by="loop", state="held").rows == ()
    with pytest.raises(InputError, match="state = 'lost'"):
        office.desk.list(by="loop", state="lost")


def test_ids_sort_by_arrival_whatever_the_clock_does(office):
    ids = []
    for step in (0, 0, -3600, 10, 0):
        office.clock.now += step
        ids.append(placed(office).id)
    assert ids == sorted(ids)
    assert len({one[-12:] for one in ids}) == 5  # and the rest is chance


# A crash between any two statements


@pytest.mark.parametrize("what", ["place", "decide", "release", "cancel"])
def test_a_crash_between_any_two_statements_leaves_all_or_nothing(office, what):
    desk = office.desk
    one = placed(office, end_user=COMMITTEE)
    other = placed(office)
    to_processing(office, other.id)
    office.judge.answers["delivery"] = verdict("permit")
    do = {
        "place": lambda: desk.place(wish(title="new"), by="kim", key="k"),
        "decide": lambda: desk.decide(one.id, "allow", "a namesake", by="rita"),
        "release": lambda: desk.release(other.id, Product(id="p", facts={}), by="loop"),
        "cancel": lambda: desk.cancel(one.id, by="kim"),
    }[what]
    before, crash_at = everything(office), 1
    while True:
        count = 0

        def crash(*_: object, at: int = crash_at) -> None:
            nonlocal count
            count += 1
            if count == at:
                raise MemoryError

        sa.event.listen(desk.database.engine, "before_cursor_execute", crash)
        try:
            do()
        except MemoryError:
            if everything(office, crash) != before:
                break  # all was done, and the crash came after it
            crash_at += 1
        else:
            break
        finally:
            sa.event.remove(desk.database.engine, "before_cursor_execute", crash)
    assert crash_at > 7
    assert verify(desk.audit).is_whole
    assert {
        "place": lambda: len(desk.list(by="kim", state="accepted").rows) == 1,
        "decide": lambda: codes(office, one.id)[-1] == "released",
        "release": lambda: codes(office, other.id)[-1] == "permit",
        "cancel": lambda: codes(office, one.id)[-1] == "withdrawn",
    }[what]()


def everything(office: Office, listener: object = None) -> list[object]:
    engine = office.desk.database.engine
    if listener is not None:
        sa.event.remove(engine, "before_cursor_execute", listener)
    with office.desk.database.read() as connection:
        names = connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        tables = sorted(row.name for row in names if not row.name.startswith("archive"))
        found = [
            sorted(map(repr, connection.execute(sa.text(f"SELECT * FROM {name}"))))
            for name in tables
        ]
    if listener is not None:
        sa.event.listen(engine, "before_cursor_execute", listener)
    return found


def test_what_was_decided_is_not_decided_again(office):
    one = placed(office, end_user=COMMITTEE)
    hold = office.desk.holds(by="rita")[0]
    office.desk.decide(hold.id, "allow", "a namesake", by="rita")
    with pytest.raises(DecidedError, match="is allowed already, by rita"):
        office.desk.decide(hold.id, "refuse", "after all", by="rolf")
    with pytest.raises(DecidedError, match="waits for a decision"):
        office.desk.decide(one.id, "refuse", "after all", by="rolf")


def test_the_screener_of_a_desk_tells_its_lists(office):
    assert replace_screener(office.desk, None).screened_with == "no list"
    one, two = (
        replace_screener(office.desk, FakeScreener({"A": "a"}, date)) for date in ("2026", "2027")
    )
    assert one.screened_with != two.screened_with
