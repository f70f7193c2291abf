"""Seams: areas that images have in common, shared out along lines where they differ least."""

from __future__ import annotations

import heapq

from offnadir._jit import kernel


@kernel
def share_out(label, cost):
    """Give each pixel whose label is 0 to a neighbouring area, those of the highest cost first, in place.

    `label` is int64, below 0 outside; `cost` is float64. Areas grow from what has a label, always by the
    pixel of the highest cost that touches one, so a costly patch is swallowed whole by the first to reach
    it: Prim's algorithm for the largest spanning tree, whose cut between areas is the cheapest in its worst
    pixel. Of equal cost the pixel nearer to where its area began goes first.
    """
    rows, columns = label.shape
    heap = [(0.0, 0, 0, 0, 0)]
    heap.pop()
    for i in range(rows):
        for j in range(columns):
            if label[i, j] > 0:
                for k in range(4):
                    a, b = i + (k == 0) - (k == 1), j + (k == 2) - (k == 3)
                    if 0 <= a < rows and 0 <= b < columns and label[a, b] == 0:
                        heapq.heappush(heap, (-cost[a, b], 1, a, b, label[i, j]))
    while len(heap) > 0:
        _, steps, i, j, owner = heapq.heappop(heap)
        if label[i, j] != 0:
            continue
        label[i, j] = owner
        for k in range(4):
            a, b = i + (k == 0) - (k == 1), j + (k == 2) - (k == 3)
            if 0 <= a < rows and 0 <= b < columns and label[a, b] == 0:
                heapq.heappush(heap, (-cost[a, b], steps + 1, a, b, owner))
