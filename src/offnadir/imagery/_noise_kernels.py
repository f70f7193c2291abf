"""Electrons to counts, a pixel at a time."""

from __future__ import annotations

import math

from offnadir._jit import kernel, part


@part
def poisson_of_normal(mean, luck):
    """The Poisson number that lies as far up its law as a normal number does in its own."""
    target = 0.5 * math.erfc(-luck / math.sqrt(2.0))
    chance = math.exp(-mean)
    total, number = chance, 0
    while total < target and number < 1000:
        number += 1
        chance *= mean / number
        total += chance
    return float(number)


@kernel
def count(
    electrons, gain, dark, zero, lines, luck, more, few, read_e, well_e, step_e, bias, top, out
):
    """Counts: photons and dark current by Poisson's law (a normal one where they are many), and reading."""
    for i in range(electrons.shape[0]):
        row = lines[i]
        for j in range(electrons.shape[1]):
            mean = max(electrons[i, j] * gain[row, j], 0.0) + dark[j]
            if mean < few:
                gathered = poisson_of_normal(mean, luck[i, j]) + read_e * more[i, j]
            else:
                gathered = mean + math.sqrt(mean + read_e * read_e) * luck[i, j]
            value = (min(gathered, well_e) + zero[j]) / step_e + bias
            out[i, j] = int(min(max(value + 0.5, 0.0), top))
