"""How heads find their rows and what they do there, of one sequence at one step: `ntm_core.addressing`, compiled.

The memory lies with its words in front, (word, locations), so that a loop over the locations is a loop over neighbours.
Weightings are (heads, locations). All are called from compiled code alone.
"""

from __future__ import annotations

from typing import Any

from ntm_core.addressing import WEIGHT_FLOOR
from ntm_core.kernels.compiling import exact, loose, woven
from ntm_core.kernels.content import find, softmax
from ntm_core.kernels.elementary import log


@loose
def add_turned(out: Any, row: Any, offset: int, factor: Any) -> None:
    """Add a row times a factor, turned by an offset round the ring."""
    rows = row.shape[0]
    turn = offset % rows
    for at in range(turn):
        out[at] += factor * row[rows - turn + at]
    for at in range(turn, rows):
        out[at] += factor * row[at - turn]


@woven
def address(memory: Any, previous: Any, told: Any, stages: Any, first: int, last: int, scales: Any) -> None:
    """The four stages of addressing, of the heads from first to last.

    previous: (heads, locations).   told: layout.Told.   stages: layout.Stages, filled.   scales: (locations,), room.
    """
    real = memory.dtype.type
    one, floor = real(1), real(WEIGHT_FLOOR)
    rows, offsets = memory.shape[1], told.shift.shape[1]
    reach = offsets // 2
    find(memory, told.key, told.key_strength, stages.content, first, last, scales)
    for head in range(first, last):
        content, gated = stages.content[head], stages.gated[head]
        shifted, weighting, before = stages.shifted[head], stages.weighting[head], previous[head]
        gate = told.gate[head]
        kept = one - gate
        for at in range(rows):
            gated[at] = gate * content[at] + kept * before[at]
        centre = told.shift[head, reach]
        for at in range(rows):
            shifted[at] = centre * gated[at]
        for offset in range(1, reach + 1):
            add_turned(shifted, gated, offset, told.shift[head, reach + offset])
            add_turned(shifted, gated, -offset, told.shift[head, reach - offset])
        sharpening = told.sharpening[head]
        for at in range(rows):
            weight = shifted[at]
            weight = floor if weight < floor else weight
            weighting[at] = sharpening * log(weight)
        softmax(weighting)


@exact
def write(before: Any, after: Any, weighting: Any, erase: Any, add: Any, is_sequential: bool, product: Any) -> None:
    """`after` becomes the memory that the write heads leave; it is not `before` itself.

    weighting: (write heads, locations).   erase, add: (write heads, word).   product: (locations,), room. With one head
    NumPy repeats it to the bit: every product goes through memory, where nothing makes one rounding of it and a sum.
    """
    one = before.dtype.type(1)
    heads, rows = weighting.shape
    for word in range(before.shape[0]):
        for head in range(heads):
            share = erase[head, word]
            for at in range(rows):
                product[at] = weighting[head, at] * share
            if head == 0:
                for at in range(rows):
                    after[word, at] = before[word, at] * (one - product[at])
            else:
                for at in range(rows):
                    after[word, at] *= one - product[at]
            if is_sequential:
                _add(after[word], weighting[head], add[head, word], product)
        if not is_sequential:
            for head in range(heads):
                _add(after[word], weighting[head], add[head, word], product)


@exact
def _add(row: Any, weighting: Any, amount: Any, product: Any) -> None:
    for at in range(row.shape[0]):
        product[at] = weighting[at] * amount
    for at in range(row.shape[0]):
        row[at] += product[at]
