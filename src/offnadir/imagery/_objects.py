"""Connected pixels of a map too large for memory, tile by tile; and their outlines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.imagery._grid import Grid
from offnadir.imagery._raster import Box, polygons

_OUTLINE_PX = 2048  # larger objects are outlined from fewer pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """Connected pixels, one row each: how many, their box, the strongest of them, and sums over them.

    `boxes` (n, 4): top, bottom, left, right, ends excluded; `seeds` (n, 2): row, column of the strongest.
    """

    counts: NDArray[np.int64]
    boxes: NDArray[np.int64]
    seeds: NDArray[np.int64]
    peaks: NDArray[np.float64]
    sums: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.counts)

    def stronger(self, least: float) -> Components:
        """Those whose peak is beyond `least`."""
        good = self.peaks > least
        return Components(
            counts=self.counts[good], boxes=self.boxes[good], seeds=self.seeds[good],
            peaks=self.peaks[good], sums=self.sums[good],
        )  # fmt: skip


class Collector:
    """Takes boxes of a mask in the order of `boxes` (rows of boxes) and joins what touches across their
    edges.

    `values` is how many values of each pixel are summed. Neighbours are the eight around a pixel. Memory
    grows with what is found, not with pixels. What has fewer than `least` pixels is forgotten.
    """

    def __init__(self, columns: int, least: int = 1, *, values: int = 0) -> None:
        self._least, self._width = least, 8 + values
        self._above = np.full(columns + 2, -1, np.int64)  # with a pixel of margin at both ends
        self._row = np.full(columns + 2, -1, np.int64)
        self._left: NDArray[np.int64] | None = None
        self._top = -1
        self._parents: list[int] = []
        self._parts: list[NDArray[np.float64]] = []
        self._ids: list[NDArray[np.int64]] = []

    def add(
        self, box: Box, mask: NDArray[np.bool_], strength: NDArray[Any], values: NDArray[Any]
    ) -> None:
        """One box: which pixels, how strong each is, and values (k, rows, columns) to be summed."""
        from scipy import ndimage

        top, _, left, right = box
        if top != self._top:
            self._above, self._row = self._row, np.full_like(self._row, -1)
            self._left, self._top = None, top
        labels, many = ndimage.label(mask, np.ones((3, 3)))
        first = len(self._parents)
        edge_bottom = np.full(right - left, -1, np.int64)
        edge_right = np.full(mask.shape[0], -1, np.int64)
        if many:
            table = _tally(labels, mask, strength, values, top, left)
            edges = np.zeros(many + 1, np.bool_)
            for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
                edges[edge] = True
            good = edges[1:] | (table[:, 0] >= self._least)
            new = np.full(many + 1, -1, np.int64)
            new[1:][good] = first + np.arange(good.sum())
            self._parents.extend(range(first, first + int(good.sum())))
            self._parts.append(table[good])
            self._ids.append(new[1:][good])
            ids = new[labels[0]]
            for d in (-1, 0, 1):
                self._join(ids, self._above[left + 1 + d : right + 1 + d])
            if self._left is not None:
                ids = new[labels[:, 0]]
                self._join(ids, self._left)
                self._join(ids[1:], self._left[:-1])
                self._join(ids[:-1], self._left[1:])
            edge_bottom, edge_right = new[labels[-1]], new[labels[:, -1]]
        self._row[left + 1 : right + 1] = edge_bottom
        self._left = edge_right

    def _join(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> None:
        both = (a >= 0) & (b >= 0)
        for x, y in {(int(x), int(y)) for x, y in zip(a[both], b[both], strict=True)}:
            low, high = sorted((self._root(x), self._root(y)))
            self._parents[high] = low

    def _root(self, x: int) -> int:
        while self._parents[x] != x:
            self._parents[x] = x = self._parents[self._parents[x]]
        return x

    def finish(self) -> Components:
        """What was found, in the order of the first box that each was met in."""
        if not self._parts:
            return _components(np.empty((0, self._width)))
        table = np.concatenate(self._parts)
        ids = np.concatenate(self._ids)
        roots = np.array([self._root(int(x)) for x in ids])
        order = np.argsort(roots, kind="stable")
        starts = np.flatnonzero(np.diff(roots[order], prepend=-1))
        joined = _merge(table[order], starts)
        return _components(joined[joined[:, 0] >= self._least])


def _tally(
    labels: NDArray[np.int32], mask: NDArray[np.bool_], strength: NDArray[Any], values: NDArray[Any],
    top: int, left: int,
) -> NDArray[np.float64]:  # fmt: skip
    """Per label: count, box (4), peak, its row and column, sums."""
    row, column = np.nonzero(mask)
    label = labels[row, column]
    order = np.argsort(label, kind="stable")
    row, column = row[order], column[order]
    starts = np.flatnonzero(np.diff(label[order], prepend=0))
    strong = strength[row, column].astype(np.float64)
    r, c = row + float(top), column + float(left)
    pixels = np.stack([np.ones(len(r)), r, r + 1, c, c + 1, strong, r, c], axis=1)
    return _merge(
        np.concatenate([pixels, values[:, row, column].T.astype(np.float64)], axis=1), starts
    )


def _merge(table: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Rows that belong together, from each start to the next, as one."""
    if not len(starts):
        return table[:0]
    out = np.empty((len(starts), table.shape[1]))
    out[:, 0] = np.add.reduceat(table[:, 0], starts)
    for k, reduce in ((1, np.minimum), (2, np.maximum), (3, np.minimum), (4, np.maximum)):
        out[:, k] = reduce.reduceat(table[:, k], starts)
    out[:, 5] = np.maximum.reduceat(table[:, 5], starts)
    group = np.repeat(np.arange(len(starts)), np.diff([*starts, len(table)]))
    at_peak = np.flatnonzero(table[:, 5] == out[group, 5])
    _, first = np.unique(group[at_peak], return_index=True)
    out[:, 6:8] = table[at_peak[first], 6:8]
    out[:, 8:] = np.add.reduceat(table[:, 8:], starts, axis=0)
    return out


def _components(table: NDArray[np.float64]) -> Components:
    return Components(
        counts=table[:, 0].astype(np.int64),
        boxes=table[:, 1:5].astype(np.int64),
        peaks=table[:, 5],
        seeds=table[:, 6:8].astype(np.int64),
        sums=table[:, 8:],
    )


def outline(
    read: Callable[[Box], NDArray[np.bool_]], box: Sequence[int], seed: Sequence[int], grid: Grid
) -> dict[str, Any]:
    """GeoJSON geometry (longitude, latitude in degrees) of the connected pixels at a seed in a box of a mask.

    `read(box)` gives the mask. Steps of pixels are smoothed by 0.7 px. An object beyond 2048 pixels is
    outlined from blocks, of which each counts if any of its pixels does.
    """
    import shapely
    from scipy import ndimage

    top, bottom, left, right = (int(x) for x in box)
    factor = -(-max(bottom - top, right - left) // _OUTLINE_PX)
    rows, columns = -(-(bottom - top) // factor), -(-(right - left) // factor)
    if factor == 1:
        mask = read((top, bottom, left, right))
    else:
        mask = np.zeros((rows, columns), np.bool_)
        for k in range(rows):
            low = top + k * factor
            strip = read((low, min(low + factor, bottom), left, right)).any(axis=0)
            mask[k] = np.add.reduceat(strip, np.arange(0, right - left, factor)) > 0
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    own = labels == labels[(int(seed[0]) - top) // factor, (int(seed[1]) - left) // factor]
    polygon = shapely.union_all([shapely.geometry.shape(shape) for shape in polygons(own)])
    smooth = polygon.simplify(0.7)
    if not smooth.is_empty and smooth.is_valid:
        polygon = smooth

    def to_degrees(uv: NDArray[np.float64]) -> NDArray[np.float64]:
        lat, lon = grid.lat_lon(top + uv[:, 1] * factor - 0.5, left + uv[:, 0] * factor - 0.5)
        lon_lat = np.stack([lon, lat], axis=1)
        return np.degrees(lon_lat).round(8)

    polygon = shapely.transform(polygon, to_degrees)
    parts = [shapely.geometry.polygon.orient(part) for part in getattr(polygon, "geoms", [polygon])]
    shape: dict[str, Any] = shapely.geometry.mapping(
        parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    )
    return shape


def feature(geometry: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """One GeoJSON feature."""
    return {"type": "Feature", "geometry": dict(geometry), "properties": dict(properties)}


def collection(features: list[dict[str, Any]], **about: Any) -> dict[str, Any]:
    """A GeoJSON document; what is told about the whole stands beside the features."""
    return {"type": "FeatureCollection", **about, "features": features}
