"""Who may do what: every route of the service, asked by everybody, about what is his, another's, nobody's.

The routes are those of the OpenAPI document: one that has no row here fails.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_bounds

from offnadir.tasking import Product
from sample_items import stac
from support.service import WISH, Hall, opened

#: In the order of the columns below. kim's are the things that are asked about; lee is of another customer.
#: The planner, releaser, auditor and administrator are the house's.
WHO = (None, "kim", "lee", "paula", "rita", "anna", "boss")
#: What each is answered: whose things they are, everybody with a key, staff alone, and so on.
OPEN = "200 200 200 200 200 200 200"
KEY = "401 200 200 200 200 200 200"
STAFF = "401 403 403 200 200 200 200"
OWN = "401 200 404 200 200 200 200"
AUDIT = "401 403 403 403 403 200 200"
BOSS = "401 403 403 403 403 403 200"
#: Route: statuses. Where a route names a thing, it is kim's.
TABLE = {
    "GET /": OPEN,
    "GET /conformance": OPEN,
    "GET /health": OPEN,
    "GET /health/live": OPEN,
    "GET /metrics": OPEN,
    "GET /products": OPEN,
    "GET /products/{product_id}": OPEN,
    "GET /products/{product_id}/conformance": OPEN,
    "GET /products/{product_id}/queryables": OPEN,
    "GET /products/{product_id}/order-parameters": OPEN,
    "POST /products/{product_id}/orders": "401 201 403 201 403 403 201",
    "POST /products/{product_id}/quotes": "401 200 403 200 403 403 200",
    "GET /orders": KEY,
    "GET /orders/{order_id}": OWN,
    "PATCH /orders/{order_id}": "401 200 404 200 403 403 200",
    "POST /orders/{order_id}/cancel": "401 200 404 200 403 403 200",
    "GET /orders/{order_id}/statuses": OWN,
    "GET /orders/{order_id}/events": OWN,
    "GET /orders/{order_id}/coverage": OWN,
    "GET /orders/{order_id}/reasons": OWN,
    "GET /orders/{order_id}/products": OWN,
    "GET /orders/{order_id}/products/{product}": OWN,
    "GET /orders/{order_id}/products/{product}/{file}": OWN,
    "POST /products/{product_id}/opportunities": KEY,
    "GET /products/{product_id}/opportunities/{collection_id}": OWN,
    "GET /searches/opportunities": KEY,
    "GET /searches/opportunities/{search_id}": OWN,
    "GET /searches/opportunities/{search_id}/statuses": OWN,
    "GET /satellites": KEY,
    "GET /satellites/{satellite_id}": KEY,
    "GET /satellites/{satellite_id}/elements": KEY,
    "GET /stations": KEY,
    "GET /windows": KEY,
    "GET /plan": "401 403 403 404 404 404 404",  # nobody has planned yet
    "GET /timeline": KEY,
    "GET /czml": KEY,
    "GET /stac": KEY,
    "GET /stac/conformance": KEY,
    "GET /stac/collections": KEY,
    "GET /stac/children": KEY,
    "GET /stac/queryables": KEY,
    "GET /stac/collections/{collection}": OWN,
    "GET /stac/collections/{collection}/queryables": OWN,
    "GET /stac/collections/{collection}/items": OWN,
    "GET /stac/collections/{collection}/items/{item}": OWN,
    "GET /stac/search": KEY,
    "POST /stac/search": KEY,
    "GET /assets/{item}/{key}": OWN,
    "POST /assets/{item}/{key}/link": OWN,
    "GET /tiles/{item}/{key}/tilejson.json": OWN,
    "GET /tiles/{item}/{key}/{z}/{x}/{y}.{kind}": OWN,
    "GET /previews/{item}/{key}.png": OWN,
    "GET /me": KEY,
    "GET /customers": STAFF,
    "POST /customers": "401 403 403 403 403 403 201",
    "GET /users": AUDIT,
    "POST /users": "401 403 403 403 403 403 201",
    "GET /keys": AUDIT,
    "POST /keys": "401 403 403 403 403 403 201",
    "DELETE /keys/{key_id}": BOSS,
    "GET /holds": "401 403 403 403 200 200 403",
    "POST /holds/{name}/decision": "401 403 403 403 200 403 403",
    "GET /audit": AUDIT,
    "POST /audit/verification": AUDIT,
}
#: Names of things that may be another's, with one of their kind that never was.
NOTHING = {
    "order_id": "o01ksxn9400p2a2gqy2jsvb", "collection_id": "q01ksxn9400p2a2gqy2jsvb",
    "search_id": "q01ksxn9400p2a2gqy2jsvb", "item": "nothing", "collection": "nothing",
    "key_id": "000000000000", "name": "h01ksxn9400p2a2gqy2jsvb", "satellite_id": "99999",
    "product_id": "nothing",
}  # fmt: skip
QUERIES = {
    "/windows": "?lat=37.5&lon=127",
    "/timeline": "?datetime=2026-05-31T00:00:00Z/2026-05-31T06:00:00Z",
    "/czml": "?datetime=2026-05-31T00:00:00Z/2026-05-31T03:00:00Z",
}
SECRET = {"offnadir:end_user": {"name": "Nobody Inparticular"}}  # on the list: its orders are held


class Things:
    """What kim has, by the names in the routes; what a route would use up is made anew."""

    def __init__(self, hall: Hall) -> None:
        self.hall, self.count = hall, 0
        service = hall.client.app.state.service  # type: ignore[attr-defined]
        self.customer = service.desk.find_user("kim").customer_id
        self.order = hall.place("kim")
        desk, operation = service.desk, service.operation
        for state, code in (
            ("scheduled", "planned"),
            ("tasked", "uplinked"),
            ("processing", "downlinked"),
        ):
            desk.advance(self.order, state, code, by=operation.user)
        desk.release(self.order, Product(id="p", facts={"gsd_m": 0.5}), by=operation.user)
        desk.mark_delivered(self.order, "p", by=operation.user)
        desk.advance(self.order, "completed", "delivered", by=operation.user)
        folder = operation.deliveries / self.order / "p"
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text("delivered")
        (folder / "p.json").write_text(json.dumps(stac("p")))
        prefer = {"Prefer": "respond-async"}
        url = "/products/any/opportunities"
        made = hall.post("kim", url, self.body("POST", url), headers=prefer)
        self.search = made.json()["id"]
        hall.client.app.state.finder.searches.work_off()  # type: ignore[attr-defined]
        west, south, east, north = 126.9, 37.5, 127.0, 37.6
        with rasterio.open(
            operation.path.parent / "x.tif", "w", driver="GTiff", dtype="uint8", count=1, height=64,
            width=64, crs="EPSG:4326", transform=from_bounds(west, south, east, north, 64, 64),
        ) as out:  # fmt: skip
            out.write(np.full((1, 64, 64), 100, np.uint8))
        item = stac("x", collection="kims")
        item["collection"] = item["properties"].pop("collection")
        item["assets"] = {"pan": {"href": "./x.tif"}}
        service.archive.add(item, folder=operation.path.parent)
        service.archive.let_read("x", self.customer)

    def names(self, route: str) -> dict[str, str]:
        """What stands in the route's braces."""
        found = {
            "product_id": "any", "order_id": self.order, "product": "p", "file": "a.txt", "key": "pan",
            "collection_id": self.search, "search_id": self.search, "satellite_id": "40115",
            "collection": "kims", "item": "x", "z": "12", "x": "3492", "y": "1586", "kind": "png",
        }  # fmt: skip
        if route.startswith("PATCH") or route.endswith("cancel"):
            found["order_id"] = self.hall.place("kim")
        if "{key_id}" in route:
            found["key_id"] = self.hall.post("boss", "/keys", {"user": "kim"}).json()["id"]
        if "/holds/{name}" in route:
            held = self.hall.place("kim", order_parameters=SECRET)
            holds = self.hall.get("rita", "/holds").json()["holds"]
            found["name"] = next(one["id"] for one in holds if one["order"] == held)
        return found

    def body(self, method: str, path: str) -> Any:
        """What is sent to a path."""
        self.count += 1
        if method == "PATCH":
            return {"order_parameters": {"offnadir:title": "changed"}}
        if method != "POST":
            return None
        if path.endswith("/opportunities"):
            return {name: WISH[name] for name in ("datetime", "geometry", "filter")}
        return {
            "/customers": {"name": f"Firm {self.count}", "kind": "organisation", "country": "NZ"},
            "/users": {"name": f"user{self.count}", "roles": ["auditor"]},
            "/keys": {"user": "lee"},
            "/stac/search": {},
            "/audit/verification": None,
        }.get(path, {"decision": "refuse", "why": "on the list"} if "/holds/" in path else
              {} if path.endswith(("cancel", "link")) else WISH)  # fmt: skip


@pytest.fixture(scope="module")
def things(
    hall_ready: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Things]:
    path, keys = hall_ready
    folder = tmp_path_factory.mktemp("matrix") / "operation"
    shutil.copytree(path.parent, folder)
    with opened(folder / path.name, keys) as hall:
        yield Things(hall)


def asked(things: Things, user: str | None, route: str, **other: str) -> int:
    """The status that a user is answered; `other` are names of other things than kim's."""
    method, _, template = route.partition(" ")
    names = {**things.names(route), **other}
    path = re.sub(r"{(\w+)}", lambda found: names[found[1]], template)
    url = path + QUERIES.get(path, "")
    if path.endswith(("/orders", "/quotes")) and method == "POST":
        url += f"?customer={things.customer}"
    status: int = things.hall.ask(user, method, url, json=things.body(method, path)).status_code
    return status


def test_every_route_has_a_row(things: Things) -> None:
    paths = things.hall.client.app.openapi()["paths"]  # type: ignore[attr-defined]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert routes == set(TABLE)


@pytest.mark.parametrize("route", TABLE)
def test_everybody_is_answered_as_the_table_says(things: Things, route: str) -> None:
    """Each role, about kim's things: her own, another's, the house's."""
    found = {user: asked(things, user, route) for user in WHO}
    assert found == dict(zip(WHO, map(int, TABLE[route].split()), strict=True))


@pytest.mark.parametrize(
    "route", [one for one in TABLE if set(NOTHING) & set(re.findall(r"{(\w+)}", one))]
)
def test_what_never_was_is_told_as_what_is_anothers(things: Things, route: str) -> None:
    """Whoever may do it at all is told 404; the others what they are told about any."""
    names = {name: value for name, value in NOTHING.items() if f"{{{name}}}" in route}
    if "product_id" in names and "collection_id" in names:
        del names["product_id"]
    wanted = {
        user: status if status in (401, 403) and not _places(route, user) else 404
        for user, status in zip(WHO, map(int, TABLE[route].split()), strict=True)
    }
    assert {user: asked(things, user, route, **names) for user in WHO} == wanted


def _places(route: str, user: str | None) -> bool:
    """Whether a product is looked for before it is seen who asks for whom."""
    return "{product_id}" in route and user is not None
