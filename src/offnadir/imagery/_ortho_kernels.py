"""Where the pixels of a map lie in an image, whether they are hidden, and what they take from it.

`lattice` is (8, rows, columns) at every `step`-th pixel of a tile: row and column among the terrain's cells,
then line (three numbers) and column (three) as quadratics of t = (height - mid) / half. `cells` are heights
[m]. Lines and columns of the image are counted from a whole pixel near the tile, so that float32 tells 1e-4.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part
from offnadir.imagery._terrain_kernels import bilinear


@kernel
def positions(lattice, step, cells, mid, half, line, column):
    """Fill line and column of every pixel; NaN stays NaN."""
    rows, columns = line.shape
    scale = 1.0 / half
    height = np.empty(step)
    for r in range(rows):
        i = r // step
        down = (r - i * step) / step
        for j in range((columns - 1) // step + 1):
            at0, by0 = _ends(lattice, 0, i, j, down, step)
            at1, by1 = _ends(lattice, 1, i, j, down, step)
            at2, by2 = _ends(lattice, 2, i, j, down, step)
            at3, by3 = _ends(lattice, 3, i, j, down, step)
            at4, by4 = _ends(lattice, 4, i, j, down, step)
            at5, by5 = _ends(lattice, 5, i, j, down, step)
            at6, by6 = _ends(lattice, 6, i, j, down, step)
            at7, by7 = _ends(lattice, 7, i, j, down, step)
            start = j * step
            count = min(step, columns - start)
            for k in range(count):
                height[k] = bilinear(cells, at0 + k * by0, at1 + k * by1)
            for k in range(
                count
            ):  # apart from the look-up, so that it runs on several pixels at once
                t = (height[k] - mid) * scale
                line[r, start + k] = at2 + k * by2 + t * (at3 + k * by3 + t * (at4 + k * by4))
                column[r, start + k] = at5 + k * by5 + t * (at6 + k * by6 + t * (at7 + k * by7))


@kernel
def within(line, column, limits, bounds):
    """The number of pixels within the image; `bounds` is filled with their first and last line and column.

    `limits` are the image's own, half a pixel beyond the centres of its outer pixels.
    """
    rows, columns = line.shape
    first_line, end_line = np.float32(limits[0]), np.float32(limits[1])
    first_column, end_column = np.float32(limits[2]), np.float32(limits[3])
    far = np.float32(1e30)
    count = 0
    low_line, high_line, low_column, high_column = far, -far, far, -far
    for r in range(rows):
        for c in range(columns):
            up, across = line[r, c], column[r, c]
            inside = (
                (first_line <= up)
                & (up < end_line)
                & (first_column <= across)
                & (across < end_column)
            )
            count += inside
            up_low, up_high = up if inside else far, up if inside else -far
            across_low, across_high = across if inside else far, across if inside else -far
            low_line = up_low if up_low < low_line else low_line
            high_line = up_high if up_high > high_line else high_line
            low_column = across_low if across_low < low_column else low_column
            high_column = across_high if across_high > high_column else high_column
    bounds[0], bounds[1], bounds[2], bounds[3] = low_line, high_line, low_column, high_column
    return count


@kernel
def beyond(lattice, step, extent, line, column, limits):
    """How many pixels within the image lie beyond the terrain, and the index of the first of them.

    `extent` are the first and last row and column among the cells that there is any height for.
    """
    rows, columns = line.shape
    count, first = 0, -1
    for r in range(rows):
        i = r // step
        down = (r - i * step) / step
        for c in range(columns):
            j = c // step
            u, u_by = _ends(lattice, 0, i, j, down, step)
            v, v_by = _ends(lattice, 1, i, j, down, step)
            u += (c - j * step) * u_by
            v += (c - j * step) * v_by
            if extent[0] <= u <= extent[1] and extent[2] <= v <= extent[3]:
                continue
            if limits[0] <= line[r, c] < limits[1] and limits[2] <= column[r, c] < limits[3]:
                if count == 0:
                    first = r * columns + c
                count += 1
    return count, first


@part
def _ends(lattice, field, i, j, down, step):
    """A field at the left end of a cell of the lattice, `down` of the way to the next row, and its growth."""
    left = lattice[field, i, j] + down * (lattice[field, i + 1, j] - lattice[field, i, j])
    right = lattice[field, i, j + 1] + down * (
        lattice[field, i + 1, j + 1] - lattice[field, i, j + 1]
    )
    return left, (right - left) / step


@kernel
def hide(lattice, step, cells, mid, half, highest, line, column):
    """Make pixels NaN that higher ground hides from the camera; returns how many.

    From the ground up the line of sight, half a cell or a pixel a step (whichever is more), until it is above
    all ground: where the ground rises above it by more than a quarter of a pixel is worth in the image, the
    pixel is hidden.
    """
    rows, columns = line.shape
    hidden = 0
    for r in range(rows):
        i = r // step
        down = (r - i * step) / step
        for j in range((columns - 1) // step + 1):
            u0, u_by = _ends(lattice, 0, i, j, down, step)
            v0, v_by = _ends(lattice, 1, i, j, down, step)
            _, l_by = _ends(lattice, 2, i, j, down, step)
            _, c_by = _ends(lattice, 5, i, j, down, step)
            u_dn = (lattice[0, i + 1, j] - lattice[0, i, j]) / step
            v_dn = (lattice[1, i + 1, j] - lattice[1, i, j]) / step
            l_dn = (lattice[2, i + 1, j] - lattice[2, i, j]) / step
            c_dn = (lattice[5, i + 1, j] - lattice[5, i, j]) / step
            # pixels of the map that keep a place in the image where the ground is a metre higher
            l_up, c_up = lattice[3, i, j] / half, lattice[6, i, j] / half
            det = l_dn * c_by - l_by * c_dn
            dn = -(l_up * c_by - l_by * c_up) / det
            by = -(l_dn * c_up - l_up * c_dn) / det
            du, dv = dn * u_dn + by * u_by, dn * v_dn + by * v_by
            slack = 0.25 / math.sqrt(l_up * l_up + c_up * c_up)
            pixel = max(max(abs(u_dn), abs(v_dn)), max(abs(u_by), abs(v_by)))
            rise = max(0.5, min(pixel, 4.0)) / max(abs(du), abs(dv))
            start = j * step
            for k in range(min(step, columns - start)):
                if line[r, start + k] != line[r, start + k]:
                    continue
                u, v = u0 + k * u_by, v0 + k * v_by
                ground = bilinear(cells, u, v)
                climb = rise
                while ground + climb < highest:
                    if bilinear(cells, u + climb * du, v + climb * dv) > ground + climb + slack:
                        line[r, start + k] = column[r, start + k] = np.nan
                        hidden += 1
                        break
                    climb += rise
    return hidden


@part
def _along(source, i, j, w0, w1, w2, w3):
    """Weighted sum of four pixels of a line, from the one before `j` on."""
    one = np.uint64(1)
    return (
        w0 * source[i, j - one]
        + w1 * source[i, j]
        + w2 * source[i, j + one]
        + w3 * source[i, j + one + one]
    )


@part
def _weights(f):
    """Of four pixels, `f` beyond the second: Keys, 1981, equation 8 with a = -1/2, as GDAL has it."""
    one, half = np.float32(1.0), np.float32(0.5)
    return (
        f * (f * (one - half * f) - half),
        one + f * f * (np.float32(1.5) * f - np.float32(2.5)),
        f * (half + f * (np.float32(2.0) - np.float32(1.5) * f)),
        f * f * (half * f - half),
    )


@kernel
def _cubic_row(source, y0, x0, line, column, r, values):
    """Cubic interpolation for a row of the map, whatever is missing; a wrong value at the image's border."""
    one, low, two = np.uint64(1), np.float32(1.0), np.uint64(2)
    end_y, end_x = np.float32(source.shape[0] - 2), np.float32(source.shape[1] - 2)
    for c in range(values.size):
        y, x = line[r, c] - y0, column[r, c] - x0
        y = y if low <= y < end_y else low
        x = x if low <= x < end_x else low
        i, j = np.int32(y), np.int32(x)
        w0, w1, w2, w3 = _weights(x - np.float32(j))
        h0, h1, h2, h3 = _weights(y - np.float32(i))
        a, b = np.uint64(i), np.uint64(j)
        values[c] = (
            h0 * _along(source, a - one, b, w0, w1, w2, w3)
            + h1 * _along(source, a, b, w0, w1, w2, w3)
            + h2 * _along(source, a + one, b, w0, w1, w2, w3)
            + h3 * _along(source, a + two, b, w0, w1, w2, w3)
        )


@part
def _fits(value, kind):
    """A value as its type holds it, and not nodata; `kind` is (whole numbers, lowest, highest, nodata)."""
    if not kind[0]:
        return value
    value = min(max(math.floor(value + 0.5), kind[1]), kind[2])
    if value == kind[3]:
        return value + 1.0 if value < kind[2] else value - 1.0
    return value


@part
def _there(value, absent):
    """Whether a pixel has a value; `absent` is (whether there is a nodata, nodata)."""
    return value == value and not (absent[0] and value == absent[1])


@part
def _nearest(source, y, x):
    """The pixel that a position lies in."""
    height, width = source.shape
    i, j = math.floor(y + 0.5), math.floor(x + 0.5)
    return source[min(max(i, 0), height - 1), min(max(j, 0), width - 1)]


@part
def _of_four(source, absent, y, x):
    """Bilinear of the pixels around that are there; NaN if there is none."""
    height, width = source.shape
    i, j = math.floor(y), math.floor(x)
    total = weight = 0.0
    for a in range(max(i, 0), min(i + 2, height)):
        for b in range(max(j, 0), min(j + 2, width)):
            value = source[a, b]
            if _there(value, absent):
                w = (1.0 - abs(y - a)) * (1.0 - abs(x - b))
                total += w * value
                weight += w
    return total / weight if weight > 1e-5 else np.nan


@part
def _gap(source, absent, i, j):
    """Whether any of the 16 pixels around is nodata."""
    for p in range(i - 1, i + 3):
        for q in range(j - 1, j + 3):
            if source[p, q] == absent[1]:
                return True
    return False


@kernel
def resample(source, corner, absent, cubic, line, column, limits, kind, out):
    """Fill `out` by cubic or bilinear interpolation; nodata beyond the image or if the nearest pixel is none.

    `source` are the image's pixels, as float32, from line and column `corner` on. NaN is none always. Where
    any of the 16 pixels around is missing, the four nearest count that are there.
    """
    rows, columns = line.shape
    height, width = source.shape
    cubic = cubic and height >= 4 and width >= 4
    y0, x0 = np.float32(corner[0]), np.float32(corner[1])
    values = np.full(columns, np.nan, np.float32)
    for r in range(rows):
        if cubic:
            _cubic_row(
                source, np.float32(corner[0]), np.float32(corner[1]), line, column, r, values
            )
        for c in range(columns):
            up, across = line[r, c], column[r, c]
            if not (limits[0] <= up < limits[1] and limits[2] <= across < limits[3]):
                out[r, c] = kind[3]
                continue
            value = values[c]
            y, x = up - y0, across - x0  # in float32, as for the row
            inner = 1.0 <= y < height - 2 and 1.0 <= x < width - 2
            if absent[0] or not inner or value != value:
                if not _there(_nearest(source, y, x), absent):
                    out[r, c] = kind[3]
                    continue
                if (
                    value != value
                    or not inner
                    or _gap(source, absent, math.floor(y), math.floor(x))
                ):
                    value = np.float32(_of_four(source, absent, y, x))
            out[r, c] = _fits(value, kind) if value == value else kind[3]


@part
def _wide_weight(distance, cubic):
    """Keys' cubic or the triangle, at a distance in pixels of the map."""
    d = abs(distance)
    if not cubic:
        return max(1.0 - d, 0.0)
    if d < 1.0:
        return 1.0 + d * d * (1.5 * d - 2.5)
    if d < 2.0:
        return 2.0 + d * (-4.0 + d * (2.5 - 0.5 * d))
    return 0.0


@kernel
def resample_wide(source, corner, absent, cubic, scales, line, column, limits, kind, out):
    """`resample` where a pixel of the map is `scales` (from 1) lines and columns wide: so is the kernel."""
    rows, columns = line.shape
    height, width = source.shape
    down = (2.0 if cubic else 1.0) * scales[0]
    right = (2.0 if cubic else 1.0) * scales[1]
    for r in range(rows):
        for c in range(columns):
            up, across = line[r, c], column[r, c]
            out[r, c] = kind[3]
            if not (limits[0] <= up < limits[1] and limits[2] <= across < limits[3]):
                continue
            y, x = up - corner[0], across - corner[1]
            if not _there(_nearest(source, y, x), absent):
                continue
            total = weight = 0.0
            for i in range(max(math.ceil(y - down), 0), min(math.floor(y + down) + 1, height)):
                by_line = _wide_weight((i - y) / scales[0], cubic)
                for j in range(max(math.ceil(x - right), 0), min(math.floor(x + right) + 1, width)):
                    value = source[i, j]
                    if _there(value, absent):
                        w = by_line * _wide_weight((j - x) / scales[1], cubic)
                        total += w * value
                        weight += w
            if weight > 1e-5:
                out[r, c] = _fits(total / weight, kind)


@kernel
def nearest(source, corner, absent, line, column, limits, kind, out):
    """Fill `out` with the nearest pixel, unchanged; nodata as in `resample`."""
    rows, columns = line.shape
    for r in range(rows):
        for c in range(columns):
            up, across = line[r, c], column[r, c]
            out[r, c] = kind[3]
            if limits[0] <= up < limits[1] and limits[2] <= across < limits[3]:
                value = _nearest(source, up - corner[0], across - corner[1])
                if _there(value, absent):
                    out[r, c] = value
