"""`offnadir order`: place an order, see where it stands, withdraw it, decide what is held."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.cli._desk import (
    DEFAULT_DB,
    As,
    Db,
    Json,
    Lists,
    OperationFile,
    Operator,
    Packs,
    open_desk,
)
from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir.operations import Coverage
    from offnadir.tasking import Desk
    from offnadir.tasking._views import OrderView

order = typer.Typer(
    help="Orders of pictures: place, list, show, cancel; and holds, decide, rescreen for releasers.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_Id = Annotated[str, typer.Argument(metavar="ORDER", help="Id of the order.")]


@order.command("place")
def place(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="The order in TOML or JSON, or its place as GeoJSON; options come on top.",
        ),
    ] = None,
    place: Annotated[
        str | None, typer.Option(metavar="LAT,LON", help="A place in degrees.")
    ] = None,
    area: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Or GeoJSON: a point, a line or a polygon.")
    ] = None,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="A name for people.")] = None,
    start: Annotated[
        str | None, typer.Option(metavar="UTC", help="Not taken before. [default: any time]")
    ] = None,
    stop: Annotated[str | None, typer.Option(metavar="UTC", help="Not taken after.")] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="optical|sar|tir|hyperspectral", help="Kind of sensor.")
    ] = None,
    max_off_nadir: Annotated[
        float | None, typer.Option(metavar="DEG", help="Greatest off-nadir angle.")
    ] = None,
    min_incidence: Annotated[
        float | None, typer.Option(metavar="DEG", help="Least incidence, as for radar.")
    ] = None,
    max_incidence: Annotated[
        float | None, typer.Option(metavar="DEG", help="Greatest incidence.")
    ] = None,
    azimuth: Annotated[
        str | None,
        typer.Option(
            metavar="FROM,TO", help="Where the satellite stands, clockwise from north, in degrees."
        ),
    ] = None,
    min_niirs: Annotated[float | None, typer.Option(metavar="N", help="Least NIIRS.")] = None,
    max_gsd: Annotated[
        float | None, typer.Option(metavar="M", help="Greatest ground sample distance.")
    ] = None,
    max_cloud: Annotated[
        float | None,
        typer.Option(metavar="PERCENT", help="Most cloud, as `archive search` has it."),
    ] = None,
    min_sun: Annotated[
        float | None, typer.Option(metavar="DEG", help="Least elevation of the Sun.")
    ] = None,
    priority: Annotated[
        int | None, typer.Option(metavar="1|2|3", help="1 goes first. [default: 2]")
    ] = None,
    deadline: Annotated[str | None, typer.Option(metavar="UTC", help="Delivered by then.")] = None,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="either|archive|new",
            help="A picture that exists, a new one, or the first if there is one. [default: either]",
        ),
    ] = None,
    level: Annotated[
        str | None, typer.Option(metavar="ortho|basic", help="Product level. [default: ortho]")
    ] = None,
    folder: Annotated[
        str | None, typer.Option(metavar="DIR", help="Where the product is put.")
    ] = None,
    webhook: Annotated[
        str | None, typer.Option(metavar="URL", help="What is told when the state changes.")
    ] = None,
    every: Annotated[
        float | None, typer.Option(metavar="DAYS", help="Again after so many days; with --count.")
    ] = None,
    count: Annotated[int | None, typer.Option(metavar="N", help="How many in all.")] = None,
    end_user: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who will use the picture.")
    ] = None,
    end_user_country: Annotated[
        str | None, typer.Option(metavar="CODE", help="Where that is at home, such as KR.")
    ] = None,
    beneficiary: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Who else profits. Repeatable.")
    ] = None,
    purpose: Annotated[str | None, typer.Option(metavar="TEXT", help="What for.")] = None,
    notes: Annotated[str | None, typer.Option(metavar="TEXT", help="Anything else.")] = None,
    customer: Annotated[
        str | None,
        typer.Option(metavar="ID_OR_NAME", help="For whom. [default: the customer you belong to]"),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Names this order for its customer: the same key again gives the same order.",
        ),
    ] = None,
    lists: Lists = None,
    packs: Packs = None,
    operator: Operator = None,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
    json: Json = False,
) -> None:
    """Place an order, by a file or by options, and print its id.

    It is then accepted, held until somebody decides, or rejected (exit code 1).

    Example: offnadir order place --place 37.57,126.98 --max-off-nadir 25 --deadline 2027-01-31
    """
    from offnadir.tasking import read_order, read_order_file

    document: dict[str, Any] = {} if file is None else read_order_file(file)
    _put(document, "place", _place(place, area))
    if start is not None or stop is not None:
        window = {"start": start, "stop": stop}
        document["windows"] = [{name: end for name, end in window.items() if end is not None}]
    looks = {
        "kind": kind, "max_off_nadir_deg": max_off_nadir, "min_incidence_deg": min_incidence,
        "max_incidence_deg": max_incidence, "azimuth_deg": _azimuth(azimuth), "min_niirs": min_niirs,
        "max_gsd_m": max_gsd, "max_cloud": _cloud_share(max_cloud), "min_sun_elevation_deg": min_sun,
    }  # fmt: skip
    _merge(document, "looks", looks)
    _merge(document, "delivery", {"folder": folder, "webhook": webhook})
    _merge(document, "recurrence", {"every_days": every, "count": count})
    told = {
        "title": title, "priority": priority, "deadline": deadline, "source": source, "level": level,
        "beneficiaries": beneficiary, "purpose": purpose, "notes": notes,
    }  # fmt: skip
    _put(document, "end_user", end_user)
    if end_user_country is not None:
        known = document.get("end_user")
        known = {"name": known} if isinstance(known, str) else known or {}
        document["end_user"] = {**known, "country": end_user_country}
    for name, value in told.items():
        _put(document, name, value)
    wanted = read_order(document, where="" if file is None else str(file))
    with open_desk(
        db, user, lists=lists, packs=packs, operator=operator, operation=operation, checks=True
    ) as (desk, by):
        placed, is_new = desk.place(wanted, by=by, key=key, customer=customer)
        view = desk.show(placed.id, by=by)
    if json:
        _say.print_json({**view.document(), "new": is_new})
    else:
        print(placed.id)
        if not is_new:
            _say.note(f"this key had placed it before, at {view.placed.placed.utc(0)}")
        _say.note(_where(view))
    if view.placed.state == "rejected":
        raise typer.Exit(1)


def _cloud_share(percent: float | None) -> float | None:
    """The share of a percentage; one up to 1 looks like a share, as order files have it."""
    if percent is None:
        return None
    if not 0.0 <= percent <= 100.0:
        raise InputError("--max-cloud", percent, "from 0 to 100 percent")
    if 0.0 < percent <= 1.0:
        hint = f"a share of {percent:g} is --max-cloud {100 * percent:g}"
        hint += "; less cloud is asked for by max_cloud, a share, in an order file"
        raise InputError("--max-cloud", percent, "a percentage: 0, or more than 1", hint=hint)
    return percent / 100.0


def _put(document: dict[str, Any], name: str, value: Any) -> None:
    if value is not None and value != []:
        document[name] = value


def _merge(document: dict[str, Any], name: str, values: dict[str, Any]) -> None:
    """Put the options that were given on top of a table of the file."""
    given = {key: value for key, value in values.items() if value is not None}
    if given:
        before = document.get(name)
        document[name] = {**before, **given} if isinstance(before, dict) else given


def _place(place: str | None, area: Path | None) -> Any:
    from offnadir.tasking import read_order_file

    if place is not None and area is not None:
        raise InputError("--area", str(area), "left out where --place is given")
    if area is not None:
        return read_order_file(area).get("place")
    if place is None:
        return None
    try:
        lat, lon = (float(part) for part in place.split(","))
    except ValueError as error:
        raise InputError("--place", place, "LAT,LON in degrees such as 37.57,126.98") from error
    if not abs(lat) <= 90:
        raise InputError("--place", place, "latitude first, from -90 to 90 degrees")
    return {"type": "Point", "coordinates": [lon, lat]}


def _azimuth(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        first, last = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError("--azimuth", text, "FROM,TO in degrees such as 90,270") from error
    return [first, last]


@order.command("list")
def list_orders(
    state: Annotated[str | None, typer.Option(metavar="STATE", help="Only in this state.")] = None,
    customer: Annotated[
        str | None, typer.Option(metavar="ID_OR_NAME", help="Only of this customer.")
    ] = None,
    is_open: Annotated[
        bool, typer.Option("--open", help="Only those to which something can still happen.")
    ] = False,
    limit: Annotated[int, typer.Option(metavar="N", help="At most so many.")] = 100,
    before: Annotated[
        str | None, typer.Option(metavar="ORDER", help="Only those placed before this one.")
    ] = None,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
    json: Json = False,
) -> None:
    """List orders, the latest first; exit code 1 if there are none."""
    with open_desk(db, user, operation=operation) as (desk, by):
        page = desk.list(
            by=by, state=state, customer=customer, is_open=is_open, limit=limit, before=before
        )
    if json:
        _say.print_json({"orders": [row.document() for row in page.rows], "next": page.next})
    elif page.rows:
        rows = [
            [row.id, row.state.value, row.code, row.placed.utc(0), row.customer, row.title]
            for row in page.rows
        ]
        head = ["id", "state", "why", "placed", "customer", "title"]
        print(_say.columns(head, rows, [False] * 6))
    if page.next is not None and not json:
        _say.note(f"there are more: --before {page.next}")
    if not page.rows:
        _say.note("no orders")
        raise typer.Exit(1)


@order.command("show")
def show(
    order_id: _Id,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
    json: Json = False,
) -> None:
    """Show an order with its history, and what it waits for."""
    with open_desk(db, user, operation=operation) as (desk, by):
        view = desk.show(order_id, by=by)
        coverage = _coverage(desk, view)
        reason = _reason(desk, view, by)
    if json:
        more = {} if coverage is None else {"coverage": coverage.document()}
        more |= {} if reason is None else {"not_planned": reason}
        _say.print_json({**view.document(), **more})
    else:
        _print_view(view)
        if reason is not None:
            from offnadir.operations import reason_in_words

            print(f"\nnot planned: {reason_in_words(reason)}")
        if coverage is not None and coverage.pictures:
            print(f"\n{coverage.words}; {coverage.left_m2 / 1e6:,.1f} km2 is left")


def _coverage(desk: Desk, view: OrderView) -> Coverage | None:
    """How much of an area is delivered."""
    if view.placed.order.place["type"] != "Polygon":
        return None
    from offnadir.operations import coverage_of

    return coverage_of(desk.database, view.placed.id)


def _reason(desk: Desk, view: OrderView, by: str) -> dict[str, Any] | None:
    """Why the newest plan leaves out an order that waits for it, as whoever asks may know it."""
    if view.placed.state.value != "accepted":
        return None
    from offnadir.operations import reason_of

    user = desk.find_user(by)
    return reason_of(desk.database, view.placed, whole=user is not None and user.sees_all)


def _where(view: OrderView) -> str:
    """State and what it means; for one that is over, why."""
    state = view.placed.state.value
    if view.placed.is_open:
        return f"{state}: {view.waits_for.removeprefix('held: ')}"
    return f"{state}: {view.history[-1].words}"


def _print_view(view: OrderView) -> None:
    placed = view.placed
    print(f"{placed.id}  {placed.order.title}".rstrip())
    print(_where(view))
    print(f"for {view.customer}, placed by {placed.placed_by} at {placed.placed.utc(0)}\n")
    for line in view.history:
        print(f"{line.at.utc(0)}  {line.state:<14}  {line.words}  ({line.by})")
    for hold in view.holds:
        print()
        until = "" if hold.until is None else f" until {hold.until.utc(0)}"
        decided = f" by {hold.decided_by}" if hold.decided_by else ""
        print(f"hold {hold.id}: {hold.kind}{until}, {hold.status}{decided}")
        for name in ("role", "entry", "reference", "list", "list_date", "score", "words"):
            if name in hold.document:
                print(f"  {name:<10} {hold.document[name]}")
        for reason in hold.document.get("reasons", ()):
            print(f"  {'reason':<10} {reason}")
        if hold.why:
            print(f"  {'why':<10} {hold.why}")
    for product, status in view.products:
        print(f"\nproduct {product}: {status}")


@order.command("cancel")
def cancel(
    order_id: _Id,
    why: Annotated[str, typer.Option(metavar="TEXT", help="A reason for the record.")] = "",
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
    json: Json = False,
) -> None:
    """Withdraw an order. Customers can until the satellite has it."""
    with open_desk(db, user, operation=operation) as (desk, by):
        placed = desk.cancel(order_id, by=by, why=why)
        view = desk.show(placed.id, by=by)
    if json:
        _say.print_json(view.document())
    else:
        print(f"{placed.id}: {placed.state}")


@order.command("holds")
def holds(
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
    json: Json = False,
) -> None:
    """List what waits for a decision, the oldest first; exit code 1 if there is nothing."""
    with open_desk(db, user, operation=operation) as (desk, by):
        found = desk.holds(by=by)
    if json:
        _say.print_json([hold.to_dict() for hold in found])
    elif found:
        rows = [
            [
                hold.id,
                hold.kind,
                hold.order_id or hold.customer_id,
                hold.document.get("reference", ""),
                hold.document.get("score", ""),
                hold.document.get("party", {}).get("name", "") or hold.document.get("effect", ""),
            ]
            for hold in found
        ]
        head = ["hold", "kind", "of", "entry", "score", "about"]
        print(_say.columns(head, rows, [False, False, False, False, True, False]))
    if not found:
        _say.note("nothing waits for a decision")
        raise typer.Exit(1)


@order.command("decide")
def decide(
    what: Annotated[
        str,
        typer.Argument(metavar="ID", help="A hold; or an order or customer, for all its holds."),
    ],
    decision: Annotated[str, typer.Argument(metavar="allow|refuse", help="The decision.")],
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why; it goes on record.")],
    lists: Lists = None,
    packs: Packs = None,
    operator: Operator = None,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
    json: Json = False,
) -> None:
    """Decide what is held; never what you placed yourself (four eyes)."""
    with open_desk(
        db, user, lists=lists, packs=packs, operator=operator, operation=operation, checks=True
    ) as (desk, by):
        decided = desk.decide(what, decision, why, by=by)
        orders = [desk.show(one.order_id, by=by) for one in decided[:1] if one.order_id]
    if json:
        _say.print_json(
            {
                "holds": [hold.to_dict() for hold in decided],
                "orders": [view.document() for view in orders],
            }
        )
        return
    for hold in decided:
        print(f"{hold.id}: {hold.status}")
    for view in orders:
        _say.note(f"{view.placed.id}: {_where(view)}")


@order.command("rescreen")
def rescreen(
    lists: Lists = None,
    packs: Packs = None,
    operator: Operator = None,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
    json: Json = False,
) -> None:
    """Screen customers and open orders that were not screened with these lists yet.

    Broken off, it goes on where it was; a second run finds nothing to do.
    """
    if not lists and operation is None:
        raise InputError("--list", lists, "given (or OFFNADIR_SANCTIONS)")
    with open_desk(
        db, user, lists=lists, packs=packs, operator=operator, operation=operation, checks=True
    ) as (desk, by):
        done = desk.rescreen(by=by)
    if json:
        _say.print_json(done.document())
    else:
        print(
            f"{_say.count(done.customers, 'customer')} and {_say.count(done.orders, 'order')} screened: "
            f"{done.held} now held, {done.cleared} went on"
        )
