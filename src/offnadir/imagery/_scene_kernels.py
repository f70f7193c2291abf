"""Kernels of scenes from rasters."""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel


@kernel
def sample_means(pixels, known, nodes_row, nodes_column, stride, n, out, valid):
    """Means of n x n bilinear samples over each pixel of a grid; False in `valid` where one is unknown.

    `nodes_row`, `nodes_column`: positions in `pixels` of every `stride`-th pixel of the grid, from centres,
    the first `stride` before the grid's first.
    """
    last_r, last_c = pixels.shape[0] - 1, pixels.shape[1] - 1
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            total, fine = 0.0, True
            for i in range(n):
                a = (r + (i + 0.5) / n - 0.5) / stride + 1.0
                ia = math.floor(a)
                fa = a - ia
                for j in range(n):
                    b = (c + (j + 0.5) / n - 0.5) / stride + 1.0
                    ib = math.floor(b)
                    fb = b - ib
                    y = (nodes_row[ia, ib] * (1 - fb) + nodes_row[ia, ib + 1] * fb) * (1 - fa) + (
                        nodes_row[ia + 1, ib] * (1 - fb) + nodes_row[ia + 1, ib + 1] * fb
                    ) * fa
                    x = (nodes_column[ia, ib] * (1 - fb) + nodes_column[ia, ib + 1] * fb) * (
                        1 - fa
                    ) + (
                        nodes_column[ia + 1, ib] * (1 - fb) + nodes_column[ia + 1, ib + 1] * fb
                    ) * fa
                    # half a pixel beyond the outermost centres is still the raster
                    if not (-0.5 <= y <= last_r + 0.5 and -0.5 <= x <= last_c + 0.5):
                        fine = False
                        continue
                    y, x = min(max(y, 0.0), float(last_r)), min(max(x, 0.0), float(last_c))
                    iy, ix = min(int(y), max(last_r - 1, 0)), min(int(x), max(last_c - 1, 0))
                    jy, jx = min(iy + 1, last_r), min(ix + 1, last_c)
                    fy, fx = y - iy, x - ix
                    if not (known[iy, ix] and known[iy, jx] and known[jy, ix] and known[jy, jx]):
                        fine = False
                        continue
                    low = pixels[iy, ix] * (1 - fx) + pixels[iy, jx] * fx
                    high = pixels[jy, ix] * (1 - fx) + pixels[jy, jx] * fx
                    total += low * (1 - fy) + high * fy
            valid[r, c] = fine
            out[r, c] = np.float32(total / (n * n)) if fine else np.float32(0.0)


@kernel
def spread_nodes(table, step, out):
    """Values of nodes at every `step`th row and column, up to past the last, and straight between."""
    rows, columns = out.shape
    last = table.shape[0] - 2
    line = np.empty(table.shape[1], np.float32)
    for r in range(rows):
        i = min(r // step, last)
        v = np.float32((r - i * step) / step)
        for b in range(table.shape[1]):
            line[b] = table[i, b] + (table[i + 1, b] - table[i, b]) * v
        for b in range(table.shape[1] - 1):
            left = b * step
            first, by = line[b], (line[b + 1] - line[b]) / np.float32(step)
            for k in range(min(step, columns - left)):
                out[r, left + k] = first + by * np.float32(k)
