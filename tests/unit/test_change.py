"""Change: what was planted is found, and where nothing changed no more is flagged than was said."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from scipy import ndimage, stats
from typer.testing import CliRunner

from made_pictures import land, product, seen
from offnadir.cli._main import app
from offnadir.errors import InputError, OffnadirError
from offnadir.imagery._change import find_changes
from offnadir.imagery._grid import Grid
from offnadir.imagery._mad import Background, fit_background, mad_variates, noise_lines
from offnadir.imagery._objects import Collector, outline
from offnadir.imagery._raster import Box, boxes

SIDE = 400
PLANTED = ((100.0, 120.0), (300.0, 90.0), (250.0, 310.0))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Before; after without a change; after with three squares of 8 m: all moved, brighter, noisy."""
    folder = tmp_path_factory.mktemp("pair")
    scene = land(SIDE, 7)
    changed = scene.copy()
    for row, column in PLANTED:
        r, c = int(row * 4), int(column * 4)
        changed[:, r - 16 : r + 16, c - 16 : c + 16] += 40.0
    how = {"shift_px": (0.6, -0.3), "gain": 1.2, "offset": 15.0}
    return (
        product(folder / "before.tif", seen(scene, seed=1)),
        product(folder / "same.tif", seen(scene, seed=2, **how)),  # type: ignore[arg-type]
        product(folder / "after.tif", seen(changed, seed=3, **how)),  # type: ignore[arg-type]
    )


@given(
    bands=st.integers(1, 6), freedom=st.floats(2.0, 1e4), tail=st.sampled_from([0.5, 0.01, 1e-6])
)
def test_the_background_is_an_f_distribution(bands: int, freedom: float, tail: float) -> None:
    """Against scipy.stats, which takes another way (the inverse of Cephes' incomplete beta)."""
    background = Background(bands=bands, scale=1.7, freedom=freedom)
    threshold = background.threshold(tail)
    assert_allclose(threshold, 1.7 * bands * stats.f.isf(tail, bands, freedom), rtol=1e-6)
    assert_allclose(background.log10_chance(np.array([threshold])), math.log10(tail), atol=1e-6)


@pytest.mark.parametrize("freedom", [4.0, 12.0, 1e6])
def test_a_background_is_found_again(freedom: float) -> None:
    """From half a million draws; the threshold of 1e-4 to the share of draws beyond it."""
    rng = np.random.default_rng(5)
    draws = (
        2.0 * 3 * (rng.f(3, freedom, 500_000) if freedom < 1e5 else rng.chisquare(3, 500_000) / 3)
    )
    found = fit_background(draws, 3)
    share = (draws > found.threshold(1e-4)).mean()
    assert 0.5e-4 < share < 2e-4
    # one per cent of changes moves the threshold up, not down
    changed = np.concatenate([draws, np.full(5000, 1e4)])
    assert found.threshold(1e-4) <= fit_background(changed, 3).threshold(1e-4)


def test_a_tenth_that_changed_does_not_hide_itself() -> None:
    """Chi squared of 3, and a tenth from 100 to 10,000: all of that is beyond the threshold of 1e-4, which
    alone would be 21 (chi squared table). Draws without changes are not crowded, however heavy their tail.
    """
    rng = np.random.default_rng(5)
    draws = rng.chisquare(3, 100_000)
    assert not fit_background(draws, 3).is_crowded
    assert not fit_background(3.0 * rng.f(3, 3.0, 100_000), 3).is_crowded
    draws[:10_000] = np.geomspace(100.0, 1e4, 10_000)
    found = fit_background(draws, 3)
    assert found.is_crowded
    assert 21.0 < found.threshold(1e-4) < 100.0


def test_variates_of_an_image_and_its_double() -> None:
    """Y = 2 x + 3 and noise: correlations near 1, gains of one half, offsets of -1.5."""
    rng = np.random.default_rng(3)
    x = rng.multivariate_normal([0.0, 1.0], [[4.0, 1.5], [1.5, 1.0]], 20_000)
    y = 2.0 * x + 3.0 + 0.01 * rng.standard_normal(x.shape)
    y[:600] += 100.0  # three per cent changed
    found = mad_variates(x, y)
    assert (found.correlations > 0.999).all()
    assert_allclose(found.gains, 0.5, rtol=1e-3)
    assert_allclose(found.offsets, -1.5, atol=1e-3)
    assert found.unchanged[:600].max() < 1e-6
    # without reweighting the changes are taken for the scene
    assert mad_variates(x, y, reweight=False).correlations.min() < 0.9


def test_correlations_are_those_of_canonical_analysis() -> None:
    """Anderson (2003) 12.7: canonical correlations are the roots of the eigenvalues of inv(Sxx) Sxy
    inv(Syy) Syx.
    """
    rng = np.random.default_rng(4)
    x = rng.standard_normal((5000, 3))
    y = x @ rng.standard_normal((3, 3)) + rng.standard_normal((5000, 3))
    s = np.cov(np.hstack([x, y]).T)
    inverse = np.linalg.inv
    matrix = inverse(s[:3, :3]) @ s[:3, 3:] @ inverse(s[3:, 3:]) @ s[3:, :3]
    expected = np.sqrt(np.sort(np.linalg.eigvals(matrix).real)[::-1])
    found = mad_variates(x, y, reweight=False)
    assert_allclose(found.correlations, expected, atol=1e-4)
    u = x @ found.to_u.T - found.origin_u
    assert_allclose(np.cov(u.T), np.eye(3), atol=2e-3)


def test_noise_grows_with_the_gradient() -> None:
    """Misregistration of 0.2 px: a variance of 1 + 0.04 g; five per cent of changes do not matter."""
    rng = np.random.default_rng(6)
    gradient = rng.exponential(50.0, (200_000, 1))
    difference = np.sqrt(1.0 + 0.04 * gradient) * rng.standard_normal(gradient.shape)
    difference[:10_000] += 50.0
    floor, slope = noise_lines(difference, gradient)
    assert_allclose(floor, 1.0, rtol=0.15)
    assert_allclose(slope, 0.04, rtol=0.15)


def test_planted_changes_are_found_first(pair: tuple[Path, Path, Path], tmp_path: Path) -> None:
    before, _, after = pair
    out = tmp_path / "chance.tif"
    report = find_changes(before, after, false_alarm_rate=1e-5, out_map=out)
    assert report.registration is not None
    assert_allclose(report.registration.shift_px, (0.6, -0.3), atol=0.05)
    assert_allclose(report.variates.gains, 1 / 1.2, rtol=0.02)
    grid = report.grid
    found = [grid.of_lat_lon(one.lat_rad, one.lon_rad) for one in report.changes[:3]]
    for row, column in PLANTED:
        assert min(math.hypot(float(r) - row, float(c) - column) for r, c in found) < 6.0
    for one in report.changes[:3]:
        assert 50.0 < one.area_m2 < 160.0  # 64 m2, and what smoothing adds
        assert_allclose(one.difference, 30.0, atol=8.0)  # 40, lowered by smoothing
        assert one.peak > 5.0
    assert [one.rank for one in report.changes] == list(range(1, len(report.changes) + 1))
    strengths = [one.significance for one in report.changes]
    assert strengths == sorted(strengths, reverse=True)
    # the map says the same as the report
    with rasterio.open(out) as dataset:
        chance = dataset.read(1)
        assert dataset.crs.to_epsg() == 32652
    assert int((chance > 5.0).sum()) == report.flagged
    assert int(np.isfinite(chance).sum()) == report.compared


@pytest.mark.parametrize("rate", [1e-2, 1e-3])
def test_the_false_alarm_rate_is_kept(pair: tuple[Path, Path, Path], rate: float) -> None:
    """Where nothing changed, within a factor of two: 0.16 million pixels, of which a Gaussian joins 12
    each.
    """
    before, same, _ = pair
    report = find_changes(before, same, false_alarm_rate=rate)
    assert 0.5 < report.flagged / report.expected < 2.0
    assert report.expected == rate * report.compared


def test_edges_and_holes_raise_no_alarm(tmp_path: Path) -> None:
    """Texture up to the border, moved by half a pixel: where resampling lacks pixels nothing is compared."""
    rng = np.random.default_rng(9)
    scene = 100.0 + 300.0 * ndimage.gaussian_filter(rng.standard_normal((1, 1000, 1000)), (0, 3, 3))
    before = seen(scene, seed=1)
    before[:, 100:110, 100:110] = np.nan
    after = seen(scene, (0.5, 0.5), seed=2)
    paths = product(tmp_path / "a.tif", before), product(tmp_path / "b.tif", after)
    report = find_changes(*paths, false_alarm_rate=1e-3)
    assert 0.4 < report.flagged / report.expected < 2.0
    assert report.compared < 242**2


def test_no_data_is_no_change(pair: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """A cloud that was masked out of the second image is neither compared nor reported."""
    before, same, _ = pair
    with rasterio.open(same) as dataset:
        pixels = dataset.read()
    pixels[:, 50:150, 50:150] = -9999.0
    masked = product(tmp_path / "masked.tif", pixels, nodata=-9999.0)
    report = find_changes(before, masked, false_alarm_rate=1e-4)
    assert report.compared < SIDE * SIDE - 100 * 100
    for one in report.changes:
        row, column = report.grid.of_lat_lon(one.lat_rad, one.lon_rad)
        assert not (48 < row < 152 and 48 < column < 152)


def test_an_image_and_itself(pair: tuple[Path, Path, Path]) -> None:
    """Also where resampling's rounding is all that differs: it is no change, at no rate."""
    report = find_changes(pair[0], pair[0], registered=True)
    assert report.changes == ()
    assert report.flagged == 0
    report = find_changes(pair[0], pair[0], false_alarm_rate=1e-3)
    assert report.flagged == 0


def test_grey_stored_as_colour(pair: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Copies of a band tell nothing more: as many pixels are flagged as of the band alone."""
    flagged = []
    for many in (1, 3):
        paths = []
        for k, source in enumerate((pair[0], pair[2])):
            with rasterio.open(source) as dataset:
                grey = dataset.read([1])
            path = tmp_path / f"{k}.tif"
            paths.append(product(path, np.repeat(grey, many, axis=0)))
        report = find_changes(*paths, false_alarm_rate=1e-4, registered=True)
        assert len(report.variates.correlations) == 1
        assert len(report.changes[0].difference) == many
        flagged.append(report.flagged)
    assert_allclose(flagged[1], flagged[0], rtol=0.02)


def test_wrong_numbers(pair: tuple[Path, Path, Path], tmp_path: Path) -> None:
    for name, value in (("false_alarm_rate", 0.5), ("smoothing_px", -1.0), ("most", 0)):
        with pytest.raises(InputError, match=name):
            find_changes(pair[0], pair[1], **{name: value})  # type: ignore[arg-type]
    holes = product(tmp_path / "holes.tif", np.full((3, 100, 100), np.nan, np.float32))
    with pytest.raises(OffnadirError, match="only 0 pixels"):
        find_changes(pair[0], holes, registered=True)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    share=st.floats(0.02, 0.6),
    side=st.integers(3, 20),
    least=st.integers(1, 5),
)
def test_objects_do_not_depend_on_boxes(seed: int, share: float, side: int, least: int) -> None:
    """Labelled box by box = labelled at once."""
    rng = np.random.default_rng(seed)
    mask = rng.random((37, 41)) < share
    strength = rng.random(mask.shape)
    collector = Collector(mask.shape[1], least, values=1)
    for box in boxes(mask.shape, side):
        part = (slice(box[0], box[1]), slice(box[2], box[3]))
        collector.add(box, mask[part], strength[part], strength[None][(slice(None), *part)])
    found = collector.finish()
    labels, many = ndimage.label(mask, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=many + 1)[1:]
    large = np.flatnonzero(sizes >= least) + 1
    expected = sorted(
        (int(sizes[k - 1]), float(strength[labels == k].max()), float(strength[labels == k].sum()))
        for k in large
    )
    got = sorted(
        zip(found.counts.tolist(), found.peaks.tolist(), found.sums[:, 0].tolist(), strict=True)
    )
    assert_allclose(np.array(got).reshape(-1, 3), np.array(expected).reshape(-1, 3), rtol=1e-12)
    for k in range(len(found)):
        label = labels[tuple(found.seeds[k])]
        rows, columns = np.nonzero(labels == label)
        assert_array_equal(
            found.boxes[k], [rows.min(), rows.max() + 1, columns.min(), columns.max() + 1]
        )
        assert strength[tuple(found.seeds[k])] == found.peaks[k]


def test_outline_of_a_square() -> None:
    """Pixels 2 to 4 of a grid of a hundredth of a degree: corners at whole hundredths, counterclockwise."""
    mask = np.zeros((10, 10), np.bool_)
    mask[2:5, 2:5] = True
    mask[8, 8] = True  # another, in no box of it
    grid = Grid(crs="EPSG:4326", transform=(0.01, 0, 10.0, 0, -0.01, 50.0), shape=(10, 10))

    def read(box: Box) -> NDArray[np.bool_]:
        return mask[box[0] : box[1], box[2] : box[3]]

    shape = outline(read, (2, 5, 2, 5), (3, 3), grid)
    assert shape["type"] == "Polygon"
    ring = np.array(shape["coordinates"][0])
    assert {tuple(p) for p in np.round(ring, 6).tolist()} == {
        (10.02, 49.98), (10.05, 49.98), (10.05, 49.95), (10.02, 49.95),
    }  # fmt: skip
    x, y = ring.T
    assert np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) > 0.0


def test_the_command(pair: tuple[Path, Path, Path], tmp_path: Path) -> None:
    out, chance = tmp_path / "changes.geojson", tmp_path / "chance.tif"
    words = ["change", str(pair[0]), str(pair[2]), "-o", str(out), "--map", str(chance), "-q"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.exception
    assert "laid upon each other by" in result.stdout
    assert "expected by chance" in result.stdout
    assert result.stdout.splitlines()[-2:] == [f"wrote {out}", f"wrote {chance}"]
    document = json.loads(out.read_text())
    assert document["type"] == "FeatureCollection"
    first = document["features"][0]["properties"]
    assert first["rank"] == 1
    assert first["direction"] == "brighter"
    assert len(document["features"]) >= 3
    # bands may be chosen; nonsense is refused
    result = CliRunner().invoke(app, [*words[:3], "--bands", "2,x"])
    assert isinstance(result.exception, InputError)
    result = CliRunner().invoke(app, [*words[:3], "--bands", "2", "--json", "-q"])
    assert len(json.loads(result.stdout)["features"][0]["properties"]["difference"]) == 1
