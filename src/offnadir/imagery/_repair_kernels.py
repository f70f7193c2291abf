"""Detectors that tell nothing, filled from their neighbours."""

from __future__ import annotations

from offnadir._jit import kernel


@kernel
def repair(values, bad):
    """Fill what `bad` marks along each line, in place; `bad` has one row for all lines or a row for each.

    One missing pixel takes (-1, 4, 4, -1) / 6 of the four around it, the cubic through them; what is wider,
    or lies at an edge, the straight line between, or the value of, its nearest neighbours.
    """
    rows, columns = values.shape
    same = bad.shape[0] == 1
    for i in range(rows):
        row = bad[0 if same else i]
        j = 0
        while j < columns:
            if not row[j]:
                j += 1
                continue
            last = j
            while last + 1 < columns and row[last + 1]:
                last += 1
            before, after = j - 1, last + 1
            narrow = before == last - 1 and before >= 1 and after + 1 < columns
            if narrow and not row[before - 1] and not row[after + 1]:
                near = values[i, before] + values[i, after]
                far = values[i, before - 1] + values[i, after + 1]
                values[i, j] = (4 * near - far) / 6
            else:
                for k in range(j, last + 1):
                    if before < 0 and after >= columns:
                        continue
                    if before < 0:
                        values[i, k] = values[i, after]
                    elif after >= columns:
                        values[i, k] = values[i, before]
                    else:
                        share = (k - before) / (after - before)
                        values[i, k] = values[i, before] * (1 - share) + values[i, after] * share
            j = last + 1
