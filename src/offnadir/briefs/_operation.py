"""The report of an operation: its orders and what became of each, pictures, events, and the audit log."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from string import Template
from typing import Any, Final

from offnadir import __version__
from offnadir.briefs._html import NOTHING, Markup, clock, count, element, esc, join, num, table

_GOOD: Final = frozenset({"completed"})
_OPEN: Final = frozenset({"received", "held", "accepted", "scheduled", "tasked", "processing"})
_HASH_DIGITS: Final = 12


def operation_html(document: Mapping[str, Any], previews: Mapping[str, bytes]) -> str:
    """The report of an operation as one HTML file; only briefs of deliveries are linked, beside it.

    `document` has name, start, stop, orders (as `offnadir order show --json` tells each, with who it is
    for), pictures, events, audit, lists and packs; `previews` are PNGs by the id of their picture. The same
    input gives the same text.
    """
    shelf = files("offnadir.briefs") / "templates"
    css, page = (
        (shelf / name).read_text(encoding="utf-8") for name in ("report.css", "operation.html")
    )
    orders, pictures = document["orders"], document["pictures"]
    audit = document["audit"]
    return Template(page).substitute(
        css=css,
        version=esc(__version__),
        title=esc(document["name"]),
        span=esc(
            f"{clock(document['start'], seconds=False)} to {clock(document['stop'], seconds=False)} UTC"
        ),
        verdict=esc(_verdict(orders, audit)),
        verdict_class="good" if audit["whole"] else "bad",
        figures=_figures(orders, pictures, audit),
        warnings=_warning(pictures),
        orders=_orders(orders),
        histories=join(_history(one, pictures) for one in orders),
        images=join(_image(one, previews) for one in pictures if one["id"] in previews),
        pictures=_pictures(pictures),
        events=_events(document["events"]),
        checks=join(_checks(document)),
        audit=_audit(audit["log"]),
        audit_note=esc(_audit_note(audit)),
    )


def _verdict(orders: Sequence[Mapping[str, Any]], audit: Mapping[str, Any]) -> str:
    states = Counter(str(one["state"]) for one in orders)
    told = ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in states.most_common())
    whole = "is whole" if audit["whole"] else f"is damaged: {audit['trouble']}"
    return f"{count(len(orders), 'order')}: {told}. The audit log {whole}."


def _figures(
    orders: Sequence[Mapping[str, Any]], pictures: Sequence[Mapping[str, Any]], audit: Mapping[str, Any]
) -> Markup:  # fmt: skip
    held = sum(any(line["state"] == "held" for line in one["history"]) for one in orders)
    stopped = sum(one["state"] == "rejected" for one in orders)
    delivered = [one for one in pictures if one["stage"] == "delivered"]
    pairs = (
        ("Orders", num(len(orders))),
        ("Held for a person", num(held)),
        ("Rejected", num(stopped)),
        ("Pictures delivered", num(len(delivered))),
        ("Entries of the audit log", num(audit["entries"])),
    )
    return join(
        Markup(f"<div><dt>{esc(name)}</dt><dd>{esc(value)}</dd></div>") for name, value in pairs
    )


def _warning(pictures: Iterable[Mapping[str, Any]]) -> Markup:
    if not any(one.get("synthetic") for one in pictures):
        return Markup("")
    text = "The pictures were simulated over made-up ground: they show nothing that is there."
    return Markup(f'<section class="note"><p>{esc(text)}</p></section>')


def _chip(state: str) -> Markup:
    kind = "on" if state in _GOOD else "" if state in _OPEN else "off"
    return element("span", state.replace("_", " "), class_=f"tag {kind}".strip())


def _end_user(order: Mapping[str, Any]) -> str:
    known = order.get("end_user")
    if not known:
        return NOTHING
    return f"{known['name']} ({known['country']})" if known.get("country") else str(known["name"])


def _orders(orders: Sequence[Mapping[str, Any]]) -> Markup:
    heads = (
        ("Order", "t"), ("State", "t"), ("Customer", "w"), ("End user", "w"), ("Stopped or held by", "w"),
    )  # fmt: skip
    rows = [
        (
            "",
            (
                element("a", one["order"].get("title") or one["id"], href=f"#{one['id']}"),
                _chip(one["state"]),
                one["customer_name"],
                _end_user(one["order"]),
                _why(one),
            ),
        )
        for one in orders
    ]
    return table("orders-table", "Orders", heads, rows)


def _why(order: Mapping[str, Any]) -> str:
    """What stood in its way, in short."""
    for hold in order["holds"]:
        if hold["kind"] == "screening":
            return f"screening: like {hold['reference']} {hold['entry']}"
        return str(hold["kind"])
    if order["code"] == "restriction":
        words: str = order["history"][-1]["words"]
        return (
            words.partition(": ")[2].partition(": nothing")[0].partition(" (")[0] or "restriction"
        )
    return NOTHING


def _history(order: Mapping[str, Any], pictures: Sequence[Mapping[str, Any]]) -> Markup:
    """One order from beginning to end."""
    lines = join(
        Markup(
            f"<li><time>{esc(clock(line['at'], seconds=False))}</time> {_chip(line['state'])} "
            f"<p>{esc(line['words'])} <span class=idle>({esc(line['by'])})</span></p></li>"
        )
        for line in order["history"]
    )
    holds = join(_hold(hold) for hold in order["holds"])
    mine = [one for one in pictures if one["order"] == order["id"] and one.get("briefs")]
    links = join(element("p", join((f"{one['id']}: ", *_links(one)))) for one in mine)
    title = order["order"].get("title") or order["id"]
    return Markup(
        f'<article id="{esc(order["id"])}"><h3>{esc(title)} {_chip(order["state"])}</h3>'
        f'<p class="note">{esc(order["id"])}, for {esc(order["customer_name"])}, '
        f"placed by {esc(order['placed_by'])}</p>"
        f'<ol class="history">{lines}</ol>{holds}{links}</article>\n'
    )


def _hold(hold: Mapping[str, Any]) -> Markup:
    if hold["kind"] == "screening":
        what = (
            f"The {hold['role']} \u201c{hold['party']['name']}\u201d is like {hold['reference']}, "
            f"{hold['entry']}, of the {hold['list']} of {hold['list_date']}, score {hold['score']}: "
            f"{'; '.join(hold['reasons'])}."
        )
    else:
        what = str(hold.get("words") or hold["kind"])
    decided = (
        f" {hold['status'].capitalize()} by {hold['decided_by']}: {hold['why']}"
        if hold["decided_by"]
        else f" {hold['status'].capitalize()}."
    )
    return Markup(f'<p class="hold">{esc(what)}<strong>{esc(decided)}</strong></p>')


def _links(picture: Mapping[str, Any]) -> list[object]:
    named = {"en": "brief", "ko": "납품 보고서"}
    parts: list[object] = []
    for language, href in sorted(picture["briefs"].items()):
        if parts:
            parts.append(" · ")
        parts.append(element("a", named.get(language, language), href=href, hreflang=language))
    return parts


def _image(picture: Mapping[str, Any], previews: Mapping[str, bytes]) -> Markup:
    data = base64.b64encode(previews[picture["id"]]).decode("ascii")
    caption = join(
        (
            element("strong", picture["title"]),
            f" {picture['satellite']}, {clock(picture['start'])} UTC, "
            f"{num(picture.get('off_nadir_deg'), 1)}° off-nadir, GSD {num(picture.get('gsd_m'), 2)} m. ",
            *_links({"briefs": picture.get("briefs", {})}),
        )
    )  # fmt: skip
    shown = f'<img src="data:image/png;base64,{data}" alt="{esc(picture["title"])}">'
    return Markup(f"<figure>{shown}<figcaption>{caption}</figcaption></figure>")


def _pictures(pictures: Sequence[Mapping[str, Any]]) -> Markup:
    heads = (
        ("Picture of", "t"), ("Stage", "t"), ("Satellite", "t"), ("Taken, UTC", "t"), ("Off-nadir, °", "n"),
        ("Sun, °", "n"), ("GSD, m", "n"), ("NIIRS", "n"), ("Down, UTC", "t"), ("Station", "t"),
    )  # fmt: skip
    rows = [
        (
            "",
            (
                one["title"], _chip_stage(one["stage"]), one["satellite"], clock(one["start"]),
                num(one.get("off_nadir_deg"), 1), num(one.get("sun_elevation_deg"), 0),
                num(one.get("gsd_m"), 2), num(one.get("niirs"), 1), clock(one["down"]),
                one["station"] or NOTHING,
            ),
        )
        for one in pictures
    ]  # fmt: skip
    return table("operation-pictures", "Pictures", heads, rows)


def _chip_stage(stage: str) -> Markup:
    return element("span", stage, class_="tag on" if stage == "delivered" else "tag")


def _events(events: Sequence[Mapping[str, Any]]) -> Markup:
    rows = [("", (clock(one["at"]), one["text"])) for one in events]
    return table("events-table", "What happened", (("Clock, UTC", "t"), ("Event", "w")), rows)


def _checks(document: Mapping[str, Any]) -> Iterable[Markup]:
    for one in document["lists"]:
        text = f"{one['name']} of {one['date']}, {count(one['entries'], 'entry', 'entries')}"
        yield element("li", f"Screened against: {text}. {one.get('note', '')}".rstrip())
    for pack in document["packs"]:
        yield element("li", f"Restrictions: {pack}")


def _audit(log: Sequence[Mapping[str, Any]]) -> Markup:
    heads = (
        ("Entry", "n"), ("Clock, UTC", "t"), ("By", "t"), ("Action", "t"), ("About", "t"), ("Hash", "t"),
    )  # fmt: skip
    rows = [
        (
            "",
            (
                num(one["seq"]), clock(one["at"]), one["by"], one["action"], one["subject"],
                element("code", f"{one['hash'][:_HASH_DIGITS]}…"),
            ),
        )
        for one in log
    ]  # fmt: skip
    return table("audit-table", "Audit log", heads, rows)


def _audit_note(audit: Mapping[str, Any]) -> str:
    state = "every entry is as it was sealed" if audit["whole"] else audit["trouble"]
    return (
        f"{count(audit['entries'], 'entry', 'entries')}; {state}. Head: {audit['head']}. Whoever keeps the "
        "head finds out later whether anything was changed, taken out or cut off."
    )
