"""The report of an operation: what stood in an order's way, what is escaped, and a log that is damaged."""

from __future__ import annotations

from offnadir.briefs import operation_html

ORDER = {
    "id": "o01", "state": "rejected", "code": "refused", "customer_name": "Blue & Coast", "placed_by": "ann",
    "order": {"title": "<Sohae>", "end_user": {"name": "Korean Comittee", "country": "NZ"}},
    "history": [
        {"at": f"2026-05-31T00:{minute}:00Z", "state": state, "code": "", "words": state, "by": by}
        for minute, state, by in (
            ("00", "received", "ann"), ("00", "held", "offnadir"), ("10", "rejected", "rel"),
        )
    ],
    "holds": [{
        "kind": "screening", "status": "refused", "role": "end user", "party": {"name": "Korean Comittee"},
        "reference": "KPe.012", "entry": "KOREAN COMMITTEE", "list": "UN",
        "list_date": "2026-02-27", "score": "0.990",
        "reasons": ["the same words"], "decided_by": "rel", "why": "it is the listed one",
    }],
}  # fmt: skip
PICTURE = {
    "id": "o02-1", "order": "o02", "title": "Busan", "satellite": "KOMPSAT", "start": "2026-05-31T02:00:00Z",
    "down": None, "station": None, "stage": "planned",
    "off_nadir_deg": 12.34, "sun_elevation_deg": 60.0, "niirs": None,
    "gsd_m": 0.55, "briefs": {"en": "deliveries/brief.en.html"}, "preview": None, "synthetic": False,
}  # fmt: skip
DOCUMENT = {
    "name": "Small", "start": "2026-05-31T00:00:00Z", "stop": "2026-06-01T00:00:00Z", "orders": [ORDER],
    "pictures": [PICTURE], "events": [{"at": "2026-05-31T00:00:00Z", "text": "plan <1>"}],
    "audit": {"whole": True, "entries": 1, "head": "1:ab", "trouble": "", "log": [
        {"seq": 1, "at": "2026-05-31T00:00:00Z", "by": "ann", "action": "order.place", "subject": "o01",
         "hash": "ab" * 32}]},
    "lists": [{"name": "UN", "date": "2026-02-27", "entries": 1}], "packs": ["pack public"],
}  # fmt: skip


def test_an_order_that_a_person_refused_says_who_it_was_like_and_who_decided():
    text = operation_html(DOCUMENT, {})
    assert "1 order: 1 rejected. The audit log is whole." in text
    assert "screening: like KPe.012 KOREAN COMMITTEE" in text
    assert "Refused by rel: it is the listed one" in text
    assert "&lt;Sohae&gt;" in text
    assert "<Sohae>" not in text
    assert "plan &lt;1&gt;" in text
    assert "Blue &amp; Coast" in text
    assert "made-up ground" not in text  # no picture is said to be
    assert "<img" not in text
    assert "Screened against: UN of 2026-02-27, 1 entry" in text


def test_a_picture_that_is_shown_is_inside_the_page_and_simulated_ones_are_called_so():
    shown = {**DOCUMENT, "pictures": [{**PICTURE, "synthetic": True}]}
    text = operation_html(shown, {"o02-1": b"\x89PNG"})
    assert 'src="data:image/png;base64,iVBORw=="' in text
    assert 'href="deliveries/brief.en.html"' in text
    assert "made-up ground" in text


def test_a_damaged_log_is_told_first():
    audit = {**DOCUMENT["audit"], "whole": False, "trouble": "entry 1 was altered"}
    text = operation_html({**DOCUMENT, "audit": audit}, {})
    assert "The audit log is damaged: entry 1 was altered." in text
    assert 'class="verdict bad"' in text
