"""The client: STAPI with what this service adds to it, over one connection that is kept."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from offnadir.client._errors import ServiceError
from offnadir.client._fetching import save
from offnadir.client._models import Json, Opportunities, Order, Product, Quote, Reasons, Status
from offnadir.errors import InputError, MissingExtraError

_AGAIN: Final = (429, 502, 503, 504)
_TRIES: Final = 5
_LONGEST_WAIT_S: Final = 60.0
#: Limits by name, and how a filter of STAPI says them.
_LIMITS: Final = {
    "max_off_nadir_deg": ("<=", "view:off_nadir"),
    "min_sun_elevation_deg": (">=", "view:sun_elevation"),
    "max_gsd_m": ("<=", "gsd"),
    "min_niirs": (">=", "offnadir:niirs"),
    "max_cloud_percent": ("<=", "eo:cloud_cover"),
}
Place = tuple[float, float] | Mapping[str, Any]


class Client:
    """A service at a URL, with an API key (by default OFFNADIR_URL and OFFNADIR_KEY of the environment).

    Requests that may be sent again are, when the service is busy or the connection breaks: an order has an
    idempotency key, and is placed once however often it is sent. Methods raise ServiceError for a no.

        with Client("https://pictures.example.com", key) as sky:
            order = sky.order(place=(37.45, 126.63), when="2026-06-01T00:00:00Z/..", max_off_nadir_deg=30)
            order = sky.wait(order.id)
            files = sky.fetch(order.id, "pictures")
    """

    def __init__(
        self, url: str | None = None, key: str | None = None, *, timeout_s: float = 30.0
    ) -> None:
        url = url or os.environ.get("OFFNADIR_URL")
        key = key or os.environ.get("OFFNADIR_KEY")
        if not url:
            raise InputError("url", url, "the address of a service, or OFFNADIR_URL set")
        try:
            import httpx
        except ImportError as error:
            raise MissingExtraError("the client", "client") from error
        headers = {"Authorization": f"Bearer {key.strip()}"} if key else {}
        self._errors = httpx.TransportError
        self._http = httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    def products(self) -> list[Product]:
        """What can be ordered."""
        return [Product.read(one) for one in self._pages("/products", "products")]

    def opportunities(
        self,
        product: str = "any",
        *,
        place: Place,
        when: str,
        limit: int = 100,
        filter: Json | None = None,  # noqa: A002
        **limits: float,
    ) -> Opportunities:
        """When a place can be imaged; `when` is `start/stop` in RFC 3339, either end may be `..`.

        `place` is (latitude, longitude) in degrees, or a GeoJSON geometry. `limits` are max_off_nadir_deg,
        min_sun_elevation_deg, max_gsd_m, min_niirs, max_cloud_percent; anything else a CQL2 `filter`. If
        there are none, `reasons` of what is returned say why.
        """
        body = {**_search(place, when, filter, limits), "limit": limit}
        headers = {"Prefer": "wait"}
        found = self._ask("POST", f"/products/{product}/opportunities", json=body, headers=headers)
        return Opportunities.read(found)

    def quote(
        self,
        product: str = "any",
        *,
        place: Place,
        when: str,
        filter: Json | None = None,  # noqa: A002
        parameters: Json | None = None,
        customer: str | None = None,
        **limits: float,
    ) -> Quote:
        """What would become of an order; nothing is placed."""
        body = {**_search(place, when, filter, limits), "order_parameters": _prefixed(parameters)}
        query = {} if customer is None else {"customer": customer}
        return Quote.read(self._ask("POST", f"/products/{product}/quotes", json=body, params=query))

    def order(
        self,
        product: str = "any",
        *,
        place: Place,
        when: str,
        filter: Json | None = None,  # noqa: A002
        parameters: Json | None = None,
        customer: str | None = None,
        key: str | None = None,
        **limits: float,
    ) -> Order:
        """Place an order; the same `key` and wish again give the same order.

        `parameters` are title, priority, deadline, recurrence, source, level, release, webhook, end_user,
        beneficiaries, purpose, notes: see `/products/any/order-parameters`.
        """
        body = {**_search(place, when, filter, limits), "order_parameters": _prefixed(parameters)}
        query = {} if customer is None else {"customer": customer}
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        path = f"/products/{product}/orders"
        return Order.read(self._ask("POST", path, json=body, params=query, headers=headers))

    def get(self, order_id: str) -> Order:
        """An order as it stands."""
        return Order.read(self._ask("GET", f"/orders/{order_id}"))

    def orders(self) -> Iterator[Order]:
        """All orders, the latest first."""
        return (Order.read(one) for one in self._pages("/orders?limit=100", "features"))

    def history(self, order_id: str) -> list[Status]:
        """What happened to an order, the latest first."""
        path = f"/orders/{order_id}/statuses?limit=1000"
        return [Status.read(one) for one in self._pages(path, "statuses")]

    def amend(self, order_id: str, change: Json) -> Order:
        """Change datetime, geometry, filter or order_parameters of an order not yet with a satellite."""
        return Order.read(self._ask("PATCH", f"/orders/{order_id}", json=dict(change)))

    def cancel(self, order_id: str, why: str = "") -> Order:
        """Withdraw an order."""
        return Order.read(self._ask("POST", f"/orders/{order_id}/cancel", json={"why": why}))

    def reasons(self, order_id: str) -> Reasons:
        """Why there is no picture of an order: what the planner says, and which limit stands in the way."""
        return Reasons.read(self._ask("GET", f"/orders/{order_id}/reasons"))

    def wait(self, order_id: str, *, timeout_s: float = 3600.0, every_s: float = 2.0) -> Order:
        """The order once nothing can happen to it any more; TimeoutError after `timeout_s`."""
        ends = time.monotonic() + timeout_s
        while True:
            order = self.get(order_id)
            if order.is_over:
                return order
            if time.monotonic() + every_s > ends:
                raise TimeoutError(f"order {order_id} is still {order.status.state}")
            time.sleep(every_s)

    def fetch(self, order_id: str, folder: str | Path) -> list[Path]:
        """Every delivered file of an order into `folder`/PICTURE, verified; what is there stays."""
        found: list[Path] = []
        items = self._ask("GET", f"/orders/{order_id}/products")["features"]
        for item in items:
            target = Path(folder) / str(item["id"]).replace("/", "_")
            found += [save(self._http, asset, target) for asset in item["assets"].values()]
        return found

    def _pages(self, path: str, key: str) -> Iterator[Any]:
        following: str | None = path
        while following is not None:
            page = self._ask("GET", self._own(following))
            yield from page[key]
            links: Sequence[Json] = page.get("links", ())
            following = next((one["href"] for one in links if one["rel"] == "next"), None)

    def _own(self, href: str) -> str:
        """A link's path and query, on our own service: the key goes to no other host."""
        parts = urlsplit(href)
        base = urlsplit(str(self._http.base_url)).path.rstrip("/")
        return parts.path.removeprefix(base) + (f"?{parts.query}" if parts.query else "")

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        """The answer's JSON; again and again while the service is busy."""
        safe = method == "GET" or "Idempotency-Key" in more.get("headers", {})
        for left in range(_TRIES - 1, -1, -1):
            try:
                answer = self._http.request(method, path, **more)
            except self._errors as error:
                if not left or not safe:
                    told = {"type": "unreachable", "detail": f"{self._http.base_url}: {error}"}
                    raise ServiceError(0, told) from error
                time.sleep(2.0 ** (_TRIES - 1 - left) * 0.25)
                continue
            again = answer.status_code in _AGAIN and (safe or answer.status_code == 429)
            if not again or not left:
                return _read(answer)
            asked = answer.headers.get("retry-after", "")
            wait_s = float(asked) if asked.isdigit() else 2.0 ** (_TRIES - 1 - left) * 0.25
            time.sleep(min(wait_s, _LONGEST_WAIT_S))
        raise AssertionError


def _read(answer: Any) -> Any:
    if answer.is_success:
        return answer.json()
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, Mapping):
        problem = {}
    raise ServiceError(answer.status_code, {"detail": answer.reason_phrase, **problem})


def _search(
    place: Place, when: str, filter_: Json | None, limits: Mapping[str, float]
) -> dict[str, Any]:
    geometry = place
    if not isinstance(place, Mapping):
        lat_deg, lon_deg = place
        geometry = {"type": "Point", "coordinates": [lon_deg, lat_deg]}
    parts: list[Any] = []
    for name, value in limits.items():
        if name not in _LIMITS:
            raise InputError(name, value, "one of " + ", ".join(_LIMITS))
        op, prop = _LIMITS[name]
        parts.append({"op": op, "args": [{"property": prop}, value]})
    if filter_ is not None:
        if not isinstance(filter_, Mapping):
            raise InputError("filter", filter_, 'CQL2 JSON, such as {"op": "<=", "args": [...]}')
        parts.append(dict(filter_))
    body: dict[str, Any] = {"datetime": when, "geometry": geometry}
    if parts:
        body["filter"] = parts[0] if len(parts) == 1 else {"op": "and", "args": parts}
    return body


def _prefixed(parameters: Json | None) -> dict[str, Any]:
    told = parameters or {}
    return {name if ":" in name else f"offnadir:{name}": value for name, value in told.items()}
