"""`offnadir customer` and `offnadir user`: who orders, and who may do what."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.cli._desk import DEFAULT_DB, As, Db, Json, Lists, OperationFile, open_desk

_SETTINGS: dict[str, Any] = {
    "no_args_is_help": True,
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
customer = typer.Typer(help="Those who order pictures: add, list.", **_SETTINGS)
user = typer.Typer(help="Those who work with the database, and their roles.", **_SETTINGS)


@customer.command("add")
def add_customer(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, in any script.")],
    kind: Annotated[
        str, typer.Option(metavar="person|organisation|vessel|unknown", help="What it is.")
    ] = "unknown",
    country: Annotated[
        str | None, typer.Option(metavar="CODE", help="Where it is at home, such as KR.")
    ] = None,
    sector: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="What it is to restrictions: media, company, ngo, research, government ...",
        ),
    ] = None,
    alias: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Another name. Repeatable.")
    ] = None,
    born: Annotated[
        list[str] | None, typer.Option(metavar="DATE", help="Date of birth. Repeatable.")
    ] = None,
    place: Annotated[
        list[str] | None,
        typer.Option(metavar="PLACE", help="Of birth or residence: town, country. Repeatable."),
    ] = None,
    nationality: Annotated[
        list[str] | None, typer.Option(metavar="COUNTRY", help="Name or ISO code. Repeatable.")
    ] = None,
    document: Annotated[
        list[str] | None, typer.Option(metavar="NUMBER", help="Number of a passport. Repeatable.")
    ] = None,
    quota_pictures: Annotated[
        int | None, typer.Option(metavar="N", help="Most pictures in a month. [default: any]")
    ] = None,
    quota_km2: Annotated[
        float | None, typer.Option(metavar="KM2", help="Most area in a month. [default: any]")
    ] = None,
    lists: Lists = None,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
    json: Json = False,
) -> None:
    """Add a customer, screen it, and print its id.

    Example: offnadir customer add "Daily News" --country KR --sector media --quota-pictures 100
    """
    told = {
        "name": name, "kind": kind, "country": country, "sector": sector, "aliases": alias,
        "birth_dates": born, "places": place, "nationalities": nationality, "ident": document,
    }  # fmt: skip
    asked = {key: value for key, value in told.items() if value}
    with open_desk(db, user, lists=lists, operation=operation, checks=True) as (desk, by):
        added = desk.add_customer(asked, by=by, quota_pictures=quota_pictures, quota_km2=quota_km2)
    if json:
        _say.print_json(added.document())
        return
    print(added.id)
    _say.note(f"{added.named.name} is a customer; `offnadir order place --customer {added.id} ...`")


@customer.command("list")
def list_customers(
    db: Db = DEFAULT_DB, operation: OperationFile = None, user: As = None, json: Json = False
) -> None:
    """List the customers in the order in which they came."""
    with open_desk(db, user, operation=operation) as (desk, by):
        found = desk.customers(by=by)
        while found and len(more := desk.customers(by=by, after=found[-1].id)) > 0:
            found += more
    if json:
        _say.print_json([one.document() for one in found])
    else:
        rows = [
            [one.id, one.named.name, one.named.country, _quota(one.quota_pictures), _km2(one)]
            for one in found
        ]
        head = ["id", "name", "country", "pictures a month", "km2 a month"]
        print(_say.columns(head, rows, [False, False, False, True, True]))
    if not found:
        raise typer.Exit(1)


def _quota(value: int | None) -> str:
    return "any" if value is None else str(value)


def _km2(one: Any) -> str:
    return "any" if one.quota_area_m2 is None else f"{one.quota_area_m2 / 1e6:g}"


@user.command("add")
def add_user(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user.")],
    role: Annotated[
        list[str],
        typer.Option(
            metavar="customer|planner|releaser|auditor|administrator",
            help="What the user may do. Repeatable; all roles that are wanted, also for one already known.",
        ),
    ],
    customer: Annotated[
        str | None,
        typer.Option(metavar="ID_OR_NAME", help="For the role customer: whose orders."),
    ] = None,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
    json: Json = False,
) -> None:
    """Add a user, or give one other roles."""
    with open_desk(db, user, operation=operation) as (desk, by):
        added = desk.add_user(name, role, customer=customer, by=by)
    if json:
        _say.print_json(added.document())
    else:
        print(f"{added.name}: {', '.join(added.roles)}")


@user.command("list")
def list_users(
    db: Db = DEFAULT_DB, operation: OperationFile = None, user: As = None, json: Json = False
) -> None:
    """List the users with their roles."""
    with open_desk(db, user, operation=operation) as (desk, by):
        found = desk.users(by=by)
    if json:
        _say.print_json([one.document() for one in found])
        return
    rows = [[one.name, ", ".join(one.roles), one.customer_id or ""] for one in found]
    print(_say.columns(["name", "roles", "customer"], rows, [False, False, False]))
