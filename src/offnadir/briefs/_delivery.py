"""The brief that goes out with a picture: one page, self-contained, in English or Korean."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, Final

from offnadir import __version__
from offnadir.briefs._delivery_words import LANGUAGES, content, words
from offnadir.briefs._html import NOTHING, Markup, clock, element, esc, join, num, utc_s
from offnadir.errors import InputError

_MOST_BYTES: Final = 20_000_000  # of a preview: beyond that a page is slow to open
_KM_OF_DEGREE: Final = 111.2
_SHA256: Final = "1220"  # multihash: SHA-256, 32 bytes
_DAY_S: Final = 86400.0

Pairs = Iterator[tuple[str, object]]


def delivery_brief(
    order: Mapping[str, Any],
    item: Mapping[str, Any],
    folder: Path,
    language: str = "en",
) -> str:
    """The brief of one delivered picture as HTML that needs no other file and no network.

    `order` is the order's document with its `id`, `item` the STAC item of the product, `folder` where its
    files lie: the preview is taken from there. What is not known is said to be so. InputError for another
    language.
    """
    if language not in LANGUAGES:
        raise InputError("language", language, " or ".join(LANGUAGES))
    say = words(language)
    told = item["properties"]
    title = str(order.get("title") or order.get("id") or item["id"])
    shelf = files("offnadir.briefs") / "templates"
    css, page = (
        (shelf / name).read_text(encoding="utf-8") for name in ("delivery.css", "delivery.html")
    )
    warning = element("p", say["synthetic"], class_="warning", role="note")
    return Template(page).substitute(
        language=language,
        css=css,
        version=esc(__version__),
        brief=esc(say["brief"]),
        title=esc(title),
        meta=esc(" · ".join(_meta(told, say))),
        warning=warning if told.get("offnadir:synthetic") else "",
        picture=_picture(item, folder, say),
        ordered=_section("ordered", _list(_ordered(order, say)), say),
        delivered=_section("delivered", _list(_delivered(item, say)), say),
        files=_section("files", _files(item, say, language), say),
        lineage=_section("lineage", _list(_lineage(told, say)), say),
        sure=_section("sure", join(element("p", one) for one in _sure(item, say)), say),
        footer=esc(say["footer"].format(version=__version__, item=f"{item['id']}.json")),
    )


def _meta(told: Mapping[str, Any], say: Mapping[str, str]) -> Iterator[str]:
    if told.get("platform"):
        yield str(told["platform"])
    taken = told.get("datetime") or told.get("start_datetime")
    if taken:
        yield f"{clock(str(taken))} UTC"
    yield f"{say['off_nadir']} {_angle(told.get('view:off_nadir'), say)}"
    yield f"GSD {_metres(told.get('gsd'), say)}"


def _section(key: str, inside: Markup, say: Mapping[str, str]) -> Markup:
    return Markup(f'<section id="{key}">\n<h2>{esc(say[key])}</h2>\n{inside}\n</section>')


def _list(pairs: Pairs) -> Markup:
    rows = join(
        Markup(f"<div><dt>{esc(name)}</dt><dd>{esc(value)}</dd></div>\n") for name, value in pairs
    )
    return Markup(f"<dl>\n{rows}</dl>")


def _picture(item: Mapping[str, Any], folder: Path, say: Mapping[str, str]) -> Markup:
    """The preview, inside the page."""
    for asset in item.get("assets", {}).values():
        if asset.get("type") != "image/png" or "thumbnail" not in asset.get("roles", ()):
            continue
        path = folder / Path(str(asset["href"])).name
        if path.is_file() and path.stat().st_size <= _MOST_BYTES:
            data = base64.b64encode(path.read_bytes()).decode("ascii")
            shown = Markup(f'<img src="data:image/png;base64,{data}" alt="{esc(say["preview"])}">')
            return Markup(f"<figure>{shown}</figure>")
    return element("p", say["no_picture"], class_="none")


def _ordered(order: Mapping[str, Any], say: Mapping[str, str]) -> Pairs:
    """What the order says, in the order in which people ask for it."""
    yield say["order"], order.get("id", NOTHING)
    if order.get("title"):
        yield say["title"], order["title"]
    if order.get("place"):
        yield say["place"], _where(order["place"])
    windows = [_window(one, say) for one in order.get("windows", ())]
    yield say["windows"], ", ".join(windows) or say["any_time"]
    if order.get("deadline"):
        yield say["deadline"], f"{clock(order['deadline'])} UTC"
    yield from _limits(order.get("looks", {}), say)
    if order.get("priority"):
        yield say["priority"], say["priority_value"].format(n=order["priority"])
    for key in ("level", "source"):
        value = order.get(key)
        if value:
            yield say[key], say.get(str(value), str(value))
    again = order.get("recurrence")
    if again:
        days = f"{again['every_days']:g}"
        yield say["recurrence"], say["every"].format(days=days, count=again["count"])
    end_user = order.get("end_user")
    if end_user:
        country = end_user.get("country")
        yield say["end_user"], f"{end_user['name']} ({country})" if country else end_user["name"]
    for key in ("purpose", "notes"):
        if order.get(key):
            yield say[key], order[key]


def _limits(looks: Mapping[str, Any], say: Mapping[str, str]) -> Pairs:
    for key, value in looks.items():
        if key == "kind":
            yield say[key], say.get(str(value), str(value))
        elif key == "azimuth_deg":
            yield say[key], f"{value[0]:g}° – {value[1]:g}°"
        elif key == "max_cloud":
            yield say[key], f"{100 * value:g} %"
        elif key in say:
            unit = "°" if key.endswith("_deg") else " m" if key.endswith("_m") else ""
            yield say[key], f"{value:g}{unit}"


def _window(window: Mapping[str, str], say: Mapping[str, str]) -> str:
    start, stop = window.get("start"), window.get("stop")
    if not start and not stop:
        return say["any_time"]
    key = "from_to" if start and stop else "from" if start else "until"
    return say[key].format(
        start=f"{clock(start, seconds=False)} UTC", stop=f"{clock(stop, seconds=False)} UTC"
    )


def _delivered(item: Mapping[str, Any], say: Mapping[str, str]) -> Pairs:
    """The picture's own figures."""
    told = item["properties"]
    yield say["picture"], item["id"]
    taken = told.get("datetime") or told.get("start_datetime")
    yield say["taken"], clock(taken) if taken else say["not_known"]
    if taken:
        local = datetime.fromisoformat(str(taken)[:19]) + timedelta(hours=9)
        yield say["taken_kst"], local.isoformat(" ")
    yield say["satellite"], told.get("platform") or say["not_known"]
    yield say["sensor"], ", ".join(told.get("instruments", ())) or say["not_known"]
    yield say["off_nadir"], _angle(told.get("view:off_nadir"), say)
    yield say["incidence"], _angle(told.get("view:incidence_angle"), say)
    for key in ("azimuth", "sun_azimuth"):
        value = told.get(f"view:{key}")
        known = say["degrees_of_north"].format(value=num(value, 1))
        yield say[key], say["not_known"] if value is None else known
    yield say["sun_elevation"], _angle(told.get("view:sun_elevation"), say)
    yield say["gsd"], _metres(told.get("gsd"), say)
    niirs = _niirs(told)
    yield say["niirs"], say["not_known"] if niirs is None else num(niirs, 1)
    cloud = told.get("eo:cloud_cover")
    yield say["cloud"], say["not_known"] if cloud is None else f"{num(cloud, 0)} %"
    state = told.get("sat:orbit_state")
    if state:
        yield say["orbit"], say.get(str(state), str(state))
    west, south, east, north = _box(item)
    lat, lon = (south + north) / 2, (west + east) / 2
    yield say["centre"], _point(lon, lat, 4)
    wide = (east - west) * _KM_OF_DEGREE * math.cos(math.radians(lat))
    yield say["extent"], f"{num(wide, 2)} × {num((north - south) * _KM_OF_DEGREE, 2)} km"


def _box(item: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees; east is beyond 180 where the picture crosses that meridian."""
    box: Sequence[float] = item["bbox"]
    west, south, east, north = box if len(box) == 4 else (box[0], box[1], box[3], box[4])
    return west, south, east + 360.0 if east < west else east, north


def _niirs(told: Mapping[str, Any]) -> float | None:
    """What is told of the picture, or predicted of its sharpest band."""
    known = told.get("offnadir:niirs")
    if isinstance(known, int | float):
        return float(known)
    predicted = told.get("offnadir:predicted")
    levels = [
        float(one["niirs"])
        for one in (predicted.values() if isinstance(predicted, Mapping) else ())
        if isinstance(one, Mapping) and isinstance(one.get("niirs"), int | float)
    ]
    return max(levels, default=None)


def _angle(value: float | None, say: Mapping[str, str]) -> str:
    return say["not_known"] if value is None else f"{num(value, 1)}°"


def _metres(value: float | None, say: Mapping[str, str]) -> str:
    return say["not_known"] if value is None else f"{num(value, 2)} m"


def _where(place: Mapping[str, Any]) -> str:
    """A point, or the middle of what is no point."""
    corners = place["coordinates"]
    if place["type"] == "Point":
        return _point(corners[0], corners[1], 4)
    line = corners[0] if place["type"] == "Polygon" else corners
    west, east = min(one[0] for one in line), max(one[0] for one in line)
    south, north = min(one[1] for one in line), max(one[1] for one in line)
    return f"{_point(west, south, 3)} – {_point(east, north, 3)}"


def _point(lon: float, lat: float, digits: int) -> str:
    lon = (lon + 180.0) % 360.0 - 180.0
    north, east = "N" if lat >= 0 else "S", "E" if lon >= 0 else "W"
    return f"{num(abs(lat), digits)}° {north}, {num(abs(lon), digits)}° {east}"


def _files(item: Mapping[str, Any], say: Mapping[str, str], language: str) -> Markup:
    heads = join(
        element("th", say[key], scope="col") for key in ("file", "content", "size", "checksum")
    )
    rows = []
    for asset in item.get("assets", {}).values():
        digest = str(asset.get("file:checksum", ""))
        size = asset.get("file:size")
        cells = join(
            (
                element("th", Path(str(asset["href"])).name, scope="row"),
                element("td", content(str(asset.get("title", "")), language)),
                element("td", NOTHING if size is None else _size(size)),
                element("td", element("code", digest.removeprefix(_SHA256) or NOTHING)),
            )
        )
        rows.append(element("tr", cells))
    return Markup(
        f'<div class="wide" tabindex="0" role="region" aria-label="{esc(say["files"])}"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{join(rows)}</tbody></table></div>"
    )


def _size(size: float) -> str:
    return f"{num(size / 1e6, 2)} MB" if size >= 1e6 else f"{num(size / 1e3, 1)} kB"


def _lineage(told: Mapping[str, Any], say: Mapping[str, str]) -> Pairs:
    if told.get("processing:lineage"):
        yield say["processing"], told["processing:lineage"]
    if told.get("processing:level"):
        yield say["processing_level"], told["processing:level"]
    software = told.get("processing:software", {})
    if software:
        yield say["software"], ", ".join(f"{name} {at}" for name, at in software.items())
    orbit = told.get("offnadir:elements") or {}
    if orbit.get("EPOCH"):
        epoch = clock(str(orbit["EPOCH"]))
        norad = orbit.get("NORAD_CAT_ID", NOTHING)
        yield say["element_set"], say["epoch_value"].format(norad=norad, epoch=epoch)
    if told.get("offnadir:scene"):
        yield say["ground"], told["offnadir:scene"]
    if told.get("proj:code"):
        yield say["projection"], told["proj:code"]
    if told.get("created"):
        yield say["made"], clock(str(told["created"]))


def _sure(item: Mapping[str, Any], say: Mapping[str, str]) -> Iterator[str]:
    """What the reader may rely on, and how far."""
    told = item["properties"]
    orbit = told.get("offnadir:elements") or {}
    taken = told.get("datetime") or told.get("start_datetime")
    if orbit.get("EPOCH") and taken:
        days = abs(utc_s(str(taken)) - utc_s(str(orbit["EPOCH"]))) / _DAY_S
        yield say["sure_orbit"].format(days=num(days, 1))
    else:
        yield say["sure_angles"]
    if _niirs(told) is not None:
        yield say["sure_niirs"]
    yield say["sure_no_cloud" if told.get("eo:cloud_cover") is None else "sure_cloud"]
    yield say["sure_map"]
    yield say["sure_files"]
