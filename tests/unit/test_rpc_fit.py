"""Rational polynomials fitted to other models, and models corrected by ground control."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError
from offnadir.imagery._refine import CorrectedModel, refine
from offnadir.imagery._rpc import Rpc, rpc_of_tags
from offnadir.imagery._rpc_fit import fit_rpc
from offnadir.units import deg
from pinhole import Frame
from real_rpc import IKONOS, IKONOS_SHAPE, PLANETSCOPE, PLANETSCOPE_SHAPE, SPOT6, SPOT6_SHAPE

Array = NDArray[np.float64]


@pytest.mark.parametrize("heights", [(0.0, 0.0), (200.0, 700.0), (-100.0, 3000.0), (0.0, 9000.0)])
def test_fit_to_a_frame_stands_for_it_everywhere(heights: tuple[float, float]) -> None:
    frame = Frame()
    fit = fit_rpc(frame, heights)
    random = np.random.Generator(np.random.Philox(1))
    line, column = (random.uniform(0.0, n - 1.0, 3000) for n in frame.shape)
    alt = random.uniform(*heights, 3000)
    lat, lon = frame.locate(line, column, alt)
    assert_allclose(frame.project(lat, lon, alt), (line, column), atol=1e-6)
    miss = np.hypot(*np.subtract(fit.rpc.project(lat, lon, alt), (line, column)))
    assert miss.max() < 2e-3
    assert miss.max() < 1.5 * fit.max_px  # what it says of itself holds
    assert fit.rms_px <= fit.max_px
    assert fit.rpc.shape == frame.shape
    back = fit.rpc.locate(line, column, alt)
    assert_allclose(back, (lat, lon), rtol=0.0, atol=2e-3 * 0.9 / 6.37e6)


@pytest.mark.parametrize(
    ("tags", "shape", "heights"),
    [
        (IKONOS, IKONOS_SHAPE, (-50.0, 110.0)),
        (PLANETSCOPE, PLANETSCOPE_SHAPE, (0.0, 500.0)),
        (SPOT6, SPOT6_SHAPE, (0.0, 1000.0)),
    ],
)
def test_fit_finds_real_models_again(
    tags: dict[str, str], shape: tuple[int, int], heights: tuple[float, float]
) -> None:
    assert fit_rpc(rpc_of_tags(tags, shape), heights).max_px < 1e-3


def test_fit_across_the_date_line_and_near_a_pole() -> None:
    for lat, lon in ((10 * deg, 180 * deg), (89 * deg, 30 * deg)):
        assert fit_rpc(Frame(lat, lon), (0.0, 100.0)).max_px < 0.05


def test_residual_tells_what_a_cubic_cannot_follow() -> None:
    class Shaking(Frame):
        def locate(
            self, line: ArrayLike, column: ArrayLike, alt_m: ArrayLike
        ) -> tuple[Array, Array]:
            line = np.asarray(line)
            return super().locate(line, column + 0.5 * np.sin(line / 50.0), alt_m)

    fit = fit_rpc(Shaking(), (0.0, 100.0), points=(101, 9, 4))
    assert 0.2 < fit.rms_px < 0.5  # a sine of 0.5 px has 0.354
    assert 0.45 < fit.max_px < 0.8


def test_blind_models_and_heights_upside_down_are_refused() -> None:
    class Blind(Frame):
        def locate(
            self, line: ArrayLike, column: ArrayLike, alt_m: ArrayLike
        ) -> tuple[Array, Array]:
            nothing = np.full(np.broadcast(line, column, alt_m).shape, np.nan)
            return nothing, nothing

    with pytest.raises(InputError, match="sees the ground"):
        fit_rpc(Blind(), (0.0, 100.0))
    with pytest.raises(InputError, match="height_m"):
        fit_rpc(Frame(), (100.0, 0.0))


def control(
    kind: str, blunders: int, points: int = 25
) -> tuple[Frame, CorrectedModel, list[Array]]:
    """A model, the same as it really is, and control that a hand has put with 0.2 px, save the blunders."""
    frame, random = Frame(), np.random.Generator(np.random.Philox(8))
    line, column = (random.uniform(0.0, n - 1.0, points) for n in frame.shape)
    alt = random.uniform(0.0, 1500.0, points)
    lat, lon = frame.locate(line, column, alt)
    slopes = ((4e-4, -2e-4), (1e-4, 3e-4)) if kind == "affine" else ((0.0, 0.0), (0.0, 0.0))
    truth = CorrectedModel(
        model=frame, centre=(4999.5, 5999.5), line=(6.0, *slopes[0]), column=(-11.0, *slopes[1])
    )
    seen = np.array(truth.project(lat, lon, alt)) + random.normal(0.0, 0.2, (2, points))
    seen[:, :blunders] += random.uniform(20.0, 60.0, (2, blunders))
    return frame, truth, [*seen, lat, lon, alt]


@pytest.mark.parametrize("kind", ["shift", "affine"])
@pytest.mark.parametrize("blunders", [0, 8])
def test_control_finds_the_error_and_leaves_blunders_out(kind: str, blunders: int) -> None:
    frame, truth, points = control(kind, blunders)
    found = refine(frame, *points, kind=kind)  # type: ignore[arg-type]
    assert not found.used[:blunders].any()
    assert found.used[blunders:].sum() >= 25 - blunders - 2
    assert 0.15 < found.rms_px < 0.4  # 0.2 px in each of two axes is 0.28
    corners = np.array([0.0, 0.0, 9999.0, 9999.0]), np.array([0.0, 11999.0, 0.0, 11999.0])
    where = truth.locate(*corners, 400.0)
    limit = 0.15 if kind == "shift" else 0.5  # 17 points of 0.2 px, drawn out to the corners
    assert_allclose(found.model.project(*where, 400.0), corners, rtol=0.0, atol=limit)
    assert_allclose(found.model.locate(*corners, 400.0), where, rtol=0.0, atol=limit / 6.37e6)


def test_a_shifted_rpc_stays_one() -> None:
    rpc = rpc_of_tags(IKONOS, IKONOS_SHAPE)
    lat, lon = rpc.locate([100.0, 9000.0], [200.0, 12000.0], [0.0, 60.0])
    found = refine(rpc, [103.0, 9003.0], [195.0, 11995.0], lat, lon, [0.0, 60.0])
    assert isinstance(found.model, Rpc)
    assert found.model.line_off == pytest.approx(5127.0, abs=1e-6)
    assert found.model.column_off == pytest.approx(6329.0, abs=1e-6)
    assert found.rms_px == pytest.approx(0.0, abs=1e-6)


def test_too_little_control_is_refused() -> None:
    frame, _, points = control("shift", 0, 3)
    with pytest.raises(InputError, match="control points"):
        refine(frame, *points, kind="affine")
    with pytest.raises(InputError, match="control points"):
        refine(frame, *([np.nan] for _ in points))
    row = [np.repeat(value[:1], 6) for value in points]
    with pytest.raises(InputError, match="spread"):
        refine(frame, *row, kind="affine")
