"""Lineage: what a product of ours was made from and by, so that it can be traced and made again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from offnadir.errors import MISSING, InputError

_SHA256: Final = re.compile("[0-9a-f]{64}")


def is_ours(item: Mapping[str, Any]) -> bool:
    """Whether offnadir made the product."""
    software = item["properties"].get("processing:software")
    return isinstance(software, Mapping) and "offnadir" in software


def check_lineage(item: Mapping[str, Any]) -> None:
    """InputError, naming what is missing, for a product of ours whose lineage is not whole.

    Whole is: the version of offnadir; the element set (mean-elements message) or the images it was made from
    with their checksums; of a capture also the sensor with the checksum of its numbers, and the seed; the
    packs of restrictions it was judged by; the commands that make it again.
    """
    if not is_ours(item):
        return
    name = str(item.get("id"))
    properties = item["properties"]
    lineage = properties.get("offnadir:lineage")
    _demand(
        isinstance(lineage, Mapping), "offnadir:lineage", lineage, "given with every product", name
    )
    assert isinstance(lineage, Mapping)
    version = properties["processing:software"]["offnadir"]
    _demand(_is_text(version), "processing:software.offnadir", version, "the version", name)
    if "sources" in lineage:
        sources = lineage["sources"]
        good = _all(sources, lambda one: _is_text(one.get("file")) and _is_sum(one.get("sha256")))
        _demand(good, "offnadir:lineage.sources", sources, "images with file and sha256", name)
    else:
        _check_capture(properties, lineage, name)
    packs = lineage.get("policies")
    good = _all(packs, lambda one: _is_text(one.get("name")) and _is_text(one.get("version")))
    wish = "the packs of restrictions that it was judged by, with name and version"
    _demand(good, "offnadir:lineage.policies", packs, wish, name)
    _demand(
        bool(remake(item)), "offnadir:lineage.commands", lineage.get("commands"), "commands", name
    )


def remake(item: Mapping[str, Any]) -> tuple[str, ...]:
    """The commands that make a product again, in order; none if it does not tell."""
    lineage = item["properties"].get("offnadir:lineage")
    commands = lineage.get("commands") if isinstance(lineage, Mapping) else None
    if not isinstance(commands, list) or not all(map(_is_text, commands)):
        return ()
    return tuple(commands)


def _check_capture(properties: Mapping[str, Any], lineage: Mapping[str, Any], name: str) -> None:
    elements = properties.get("offnadir:elements")
    good = isinstance(elements, Mapping) and {"EPOCH", "MEAN_MOTION", "INCLINATION"} <= set(
        elements
    )
    _demand(good, "offnadir:elements", elements, "the mean-elements message of the orbit", name)
    sensor = lineage.get("sensor")
    good = (
        isinstance(sensor, Mapping)
        and _is_text(sensor.get("name"))
        and _is_sum(sensor.get("sha256"))
    )
    _demand(good, "offnadir:lineage.sensor", sensor, "name and sha256 of the sensor", name)
    seed = lineage.get("seed")
    _demand(type(seed) is int, "offnadir:lineage.seed", seed, "the seed of the capture", name)


def _demand(good: bool, field: str, value: Any, wish: str, name: str) -> None:
    if not good:
        raise InputError(field, MISSING if value is None else value, wish, where=name)


def _all(value: Any, good: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, Mapping) and good(one) for one in value)
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_sum(value: Any) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None
