"""A DNC of one sequence as loops over numbers, straight from the papers: what the tensor functions must equal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

NORM_FLOOR = LEAST_USAGE = SHARPENING_FLOOR = 1e-6
MASK_FLOOR = 0.1


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def oneplus(x: float) -> float:
    return 1 + math.log(1 + math.exp(x))


def softmax(scores: Sequence[float]) -> list[float]:
    powers = [math.exp(score - max(scores)) for score in scores]
    return [power / sum(powers) for power in powers]


def content_weighting(memory: Doubles, key: Doubles, strength: float, mask: Doubles, prior: Doubles) -> Doubles:
    scores = []
    for row, extra in zip(memory, prior, strict=True):
        dot = sum(float(m * a) * float(m * b) for m, a, b in zip(mask, row, key, strict=True))
        row_length = math.sqrt(sum(float(m * a) ** 2 for m, a in zip(mask, row, strict=True)) + NORM_FLOOR)
        key_length = math.sqrt(sum(float(m * b) ** 2 for m, b in zip(mask, key, strict=True)) + NORM_FLOOR)
        scores.append(strength * dot / (row_length * key_length) + float(extra))
    return np.array(softmax(scores))


def retention(free_gate: Doubles, read_weighting: Doubles) -> Doubles:
    result = np.ones(read_weighting.shape[1])
    for head, row in np.ndindex(read_weighting.shape):
        result[row] *= 1 - free_gate[head] * read_weighting[head, row]
    return result


def usage(previous: Doubles, write_weighting: Doubles, retention: Doubles) -> Doubles:
    each = zip(previous, write_weighting, retention, strict=True)
    return np.array([(u + w - u * w) * kept for u, w, kept in each])


def allocation(usage: Doubles) -> Doubles:
    used = [LEAST_USAGE + (1 - LEAST_USAGE) * float(u) for u in usage]
    result = np.zeros(len(used))
    product = 1.0
    for row in sorted(range(len(used)), key=lambda row: round(2**16 * float(usage[row]))):  # a stable sort
        result[row] = (1 - used[row]) * product
        product *= used[row]
    return result


def write_weighting(content: Doubles, allocation: Doubles, allocation_gate: float, write_gate: float) -> Doubles:
    each = zip(content, allocation, strict=True)
    return np.array([write_gate * (allocation_gate * a + (1 - allocation_gate) * c) for c, a in each])


def linked(links: Doubles, write_weighting: Doubles, precedence: Doubles) -> Doubles:
    result = np.zeros_like(links)
    w, p = write_weighting, precedence
    for i, j in np.ndindex(links.shape):
        if i != j:
            result[i, j] = (1 - w[i] - w[j]) * links[i, j] + w[i] * p[j]
    return result


def sparse_linked(
    links: list[dict[int, float]], write_weighting: Doubles, precedence: Doubles, kept: int
) -> list[dict[int, float]]:
    """Each row's links by location: aged, joined by new ones to the rows last written, the strongest left."""
    w, p = write_weighting, precedence
    last = sorted(range(len(p)), key=lambda row: -p[row])[:kept]
    result = []
    for i, row in enumerate(links):
        found = {j: (1 - w[i] - w[j]) * row.get(j, 0.0) + w[i] * p[j] for j in {*row, *last} if j != i}
        strongest = sorted(found, key=lambda j: (-found[j], j))[:kept]
        result.append({j: found[j] for j in strongest})
    return result


def precedence(previous: Doubles, write_weighting: Doubles) -> Doubles:
    left = 1 - sum(float(w) for w in write_weighting)
    return np.array([left * p + w for p, w in zip(previous, write_weighting, strict=True)])


def forward(links: Doubles, read_weighting: Doubles) -> Doubles:
    result = np.zeros_like(read_weighting)
    for head, i, j in np.ndindex(len(read_weighting), *links.shape):
        result[head, i] += links[i, j] * read_weighting[head, j]
    return result


def backward(links: Doubles, read_weighting: Doubles) -> Doubles:
    result = np.zeros_like(read_weighting)
    for head, i, j in np.ndindex(len(read_weighting), *links.shape):
        result[head, j] += links[i, j] * read_weighting[head, i]
    return result


def sharpen(weighting: Doubles, sharpness: Doubles) -> Doubles:
    result = np.zeros_like(weighting)
    for head, row in enumerate(weighting):
        top = max(row) + SHARPENING_FLOOR
        powers = [((d + SHARPENING_FLOOR) / top) ** sharpness[head] for d in row]
        result[head] = [power / sum(powers) for power in powers]
    return result


def linear(weight: Doubles, bias: Doubles, x: Doubles) -> Doubles:
    """weight: (outputs, inputs)."""
    each = zip(weight, bias, strict=True)
    return np.array([b + sum(float(w) * float(v) for w, v in zip(row, x, strict=True)) for row, b in each])


def lstm(weight: Doubles, bias: Doubles, x: Doubles, hidden: Doubles, cell: Doubles) -> tuple[Doubles, Doubles]:
    """weight: (inputs + units, 4 units), the input, forget and output gates, then the candidate."""
    units = len(hidden)
    gates = linear(weight.T, bias, np.concatenate((x, hidden)))
    new_hidden, new_cell = np.zeros(units), np.zeros(units)
    for unit in range(units):
        i, f, o = (sigmoid(gates[gate * units + unit]) for gate in range(3))
        new_cell[unit] = f * cell[unit] + i * math.tanh(gates[3 * units + unit])
        new_hidden[unit] = o * math.tanh(new_cell[unit])
    return new_hidden, new_cell


def interface(config: Any, vector: Doubles) -> dict[str, Any]:
    """The interface vector cut up and squashed."""
    reads, heads, word = config.read_heads, config.heads, config.word_size
    left = list(vector)

    def taken(count: int, squashed: Any = float) -> Doubles:
        values = [squashed(left.pop(0)) for _ in range(count)]
        return np.array(values)

    told: dict[str, Any] = {"key": taken(heads * word).reshape(heads, word), "add": taken(word)}
    told["lookup_mask"] = np.ones((heads, word))
    if config.mask:
        told["lookup_mask"] = MASK_FLOOR + (1 - MASK_FLOOR) * taken(heads * word, sigmoid).reshape(heads, word)
    told["erase"] = taken(word, sigmoid)
    told["free_gate"] = taken(reads, sigmoid)
    told["allocation_gate"], told["write_gate"] = taken(2, sigmoid)
    told["key_strength"] = taken(heads, oneplus)
    if config.link_sharpness:
        told["backward_sharpness"], told["forward_sharpness"] = taken(reads, oneplus), taken(reads, oneplus)
    modes = taken(3 * reads).reshape(3, reads)
    by_head = np.array([softmax(modes[:, head].tolist()) for head in range(reads)])
    told["backward_mode"], told["content_mode"], told["forward_mode"] = by_head.T
    assert not left
    return told


def step(config: Any, weights: dict[str, Doubles], x: Doubles, state: dict[str, Doubles], prior: Doubles) -> Any:
    """One step of one sequence: logits, and everything that a view shows of it but the terms of recall.

    weights: by the names of the model's parameters.   prior: (locations,), what the terms add to every score.
    """
    hidden, cell = lstm(
        weights["controller.weight"],
        weights["controller.bias"],
        np.concatenate((x, state["read_vector"].ravel())),
        state["controller"],
        state["controller_cell"],
    )
    told = interface(config, linear(weights["interface.weight"], weights["interface.bias"], hidden))
    reads = config.read_heads
    seen = dict(told, controller=hidden, controller_cell=cell)

    freed = retention(told["free_gate"], state["read_weighting"])
    seen["keep" if config.deallocation else "retention"] = freed
    seen["usage"] = usage(state["usage"], state["write_weighting"][0], freed)
    seen["allocation"] = allocation(seen["usage"])

    def found(memory: Doubles, head: int) -> Doubles:
        mask = told["lookup_mask"][head]
        return content_weighting(memory, told["key"][head], told["key_strength"][head], mask, prior)

    write_content = found(state["memory"], reads)
    w = write_weighting(write_content, seen["allocation"], told["allocation_gate"], told["write_gate"])
    memory = state["memory"].copy()
    for row, bit in np.ndindex(memory.shape):
        if config.deallocation:
            memory[row, bit] *= freed[row]
        memory[row, bit] = memory[row, bit] * (1 - w[row] * told["erase"][bit]) + w[row] * told["add"][bit]
    seen["memory"], seen["write_weighting"] = memory, w[None]

    seen["links"] = linked(state["links"], w, state["precedence"])
    seen["precedence"] = precedence(state["precedence"], w)
    b = backward(seen["links"], state["read_weighting"])
    f = forward(seen["links"], state["read_weighting"])
    if config.link_sharpness:
        b, f = sharpen(b, told["backward_sharpness"]), sharpen(f, told["forward_sharpness"])
    seen["backward_weighting"], seen["forward_weighting"] = b, f
    read_content = [found(memory, head) for head in range(reads)]
    seen["content_weighting"] = np.array([*read_content, write_content])

    seen["read_weighting"], seen["read_vector"] = np.zeros_like(f), np.zeros_like(state["read_vector"])
    for head, row in np.ndindex(f.shape):
        seen["read_weighting"][head, row] = (
            told["backward_mode"][head] * b[head, row]
            + told["content_mode"][head] * read_content[head][row]
            + told["forward_mode"][head] * f[head, row]
        )
        seen["read_vector"][head] += seen["read_weighting"][head, row] * memory[row]
    joined = np.concatenate((hidden, seen["read_vector"].ravel()))
    return linear(weights["output.weight"], weights["output.bias"], joined), seen
