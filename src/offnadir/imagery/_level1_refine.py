"""A capture's geometry fitted to ground control, or to a reference image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from offnadir.errors import InputError
from offnadir.imagery._control import (
    ControlPoints,
    read_control,
    reference_control,
    use_points,
)
from offnadir.imagery._ground import GroundModel
from offnadir.imagery._level1_maker import Maker
from offnadir.imagery._models import band_model
from offnadir.imagery._product import (
    quiet,
    rounded,
)
from offnadir.imagery._refine import CorrectedModel, refine


def refine_models(maker: Maker) -> None:
    """Fit all models to ground control or a reference image, by what the sharpest band shows."""
    points, whole = _control(maker)
    fit = refine(
        whole, points.line, points.column, points.lat_rad, points.lon_rad, points.alt_m,
        kind=maker.options.refine,
    )  # fmt: skip
    said = np.stack(whole.project(points.lat_rad, points.lon_rad, points.alt_m), axis=1)
    rule = fit.model
    assert isinstance(rule, CorrectedModel)
    maker.found["refined"] = {
        "points": len(points.line), "used": int(fit.used.sum()), "rms_px": rounded(fit.rms_px, 4),
        "shift_px": [rounded(rule.line[0], 4), rounded(rule.column[0], 4)],
        "off_before_px": rounded(
            float(np.sqrt(np.mean(np.sum((np.stack([points.line, points.column], 1) - said) ** 2, 1)))), 4
        ),
    }  # fmt: skip
    for image in maker.level1.images:
        ratio = maker.band(image.band).gsd_ratio / maker.band(maker.bands[0]).gsd_ratio
        model = maker.models[image.file]
        # centres of pixels count from 0: the same point of two bands is (x + 0.5) / ratio - 0.5
        centre = (
            (rule.centre[0] + 0.5) / ratio - 0.5,
            (rule.centre[1] + 0.5) / ratio - 0.5 - image.first_column,
        )
        (a, b, c), (d, e, f) = rule.line, rule.column
        maker.models[image.file] = CorrectedModel(
            model=model, centre=centre, line=(a / ratio, b, c), column=(d / ratio, e, f)
        )


def _control(maker: Maker) -> tuple[ControlPoints, GroundModel]:
    """Control points in the sharpest band's picture, and that picture's model without chips."""
    options = maker.options
    whole = band_model(maker.acquisition, maker.bands[0])
    if options.control is None:
        assert options.reference is not None
        grid = maker.grids()[maker.groups()[0][0]]
        rough = maker.band_on(maker.bands[0], grid, "rough")
        points = reference_control(
            rough,
            whole,
            options.terrain,
            options.reference,
            progress=quiet(maker.report, "registration"),
        )
        return points, whole
    points = read_control(options.control).on(options.terrain)
    images = maker.level1.of_band(maker.bands[0])
    named = [
        image
        for image in images
        if any(one in (image.file, Path(image.file).stem) for one in points.image)
    ]
    if not named and len(images) == 1:
        named = list(images)
    if not named:
        raise InputError(
            "image",
            sorted(set(points.image)),
            "the file of each point: " + ", ".join(i.file for i in images),
        )
    parts = []
    for image in named:
        part = use_points(points, image.file)
        # what a chip sees, in the picture of the whole band: by the ground that its model tells
        model = maker.models[image.file]
        lat, lon = model.locate(part.line, part.column, part.alt_m)
        line, column = whole.project(lat, lon, part.alt_m)
        parts.append(replace(part, line=line, column=column))
    return _joined(parts), whole


def _joined(parts: Sequence[ControlPoints]) -> ControlPoints:
    def all_of(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    return ControlPoints(
        line=all_of("line"), column=all_of("column"), lat_rad=all_of("lat_rad"), lon_rad=all_of("lon_rad"),
        alt_m=all_of("alt_m"), image=tuple(one for part in parts for one in part.image),
    )  # fmt: skip
