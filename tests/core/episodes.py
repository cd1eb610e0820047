"""Episodes made of arrays that a test names by their roles."""

from __future__ import annotations

import numpy as np
import torch

from ntm_core import seeding
from ntm_core.kept import KeptEpisode
from ntm_core.observe import observe, trace_spec
from ntm_core.trace import EpisodeInfo, Field, Order, Role, TraceSpec

DIMS = {
    Role.MEMORY: ("location", "word"),
    Role.READ_WEIGHTING: ("read head", "location"),
    Role.WRITE_WEIGHTING: ("write head", "location"),
    Role.KEY: ("head", "word"),
    Role.LOOKUP_MASK: ("head", "word"),
    Role.KEY_STRENGTH: ("head",),
    Role.GATE: ("head",),
    Role.SHIFT: ("head", "offset"),
    Role.SHARPENING: ("head",),
    Role.ROUTER: ("head", "segment"),
    Role.ERASE: ("write head", "word"),
    Role.ADD: ("write head", "word"),
    Role.READ_VECTOR: ("read head", "word"),
    Role.LEAST_USED: ("write head", "location"),
    Role.ALLOCATION_GATE: ("write head",),
    Role.WRITE_GATE: ("write head",),
    Role.FREE_GATE: ("read head",),
    Role.BACKWARD_MODE: ("read head",),
    Role.CONTENT_MODE: ("read head",),
    Role.FORWARD_MODE: ("read head",),
    Role.BACKWARD_WEIGHTING: ("read head", "location"),
    Role.FORWARD_WEIGHTING: ("read head", "location"),
    Role.LINKS: ("location", "link"),
    Role.LINK_LOCATION: ("location", "link"),
    Role.OUTPUT: ("channel",),
    Role.TARGET: ("channel",),
    Role.CONTROLLER: ("unit",),
    Role.MASK: (),
    Role.PHASE: (),
}


HALF, QUARTER = [0.5, 0.5, 0, 0], [0.25, 0.25, 0.25, 0.25]
"""Weightings of four rows."""


def episode(first=None, order=Order.READ_FIRST, info=None, **columns):
    """columns: role -> values over the steps, time first.   first: role -> value before the first step."""
    arrays = {name: np.asarray(values, np.float32) for name, values in columns.items()}
    first = {name: np.asarray(value, np.float32) for name, value in (first or {}).items()}
    fields = tuple(
        Field(name, Role(name), each.shape[1:], DIMS.get(Role(name), ("location",)), carried=name in first)
        for name, each in arrays.items()
    )
    made = KeptEpisode(TraceSpec(fields, order), info or EpisodeInfo(), first)
    made.append_steps(arrays)
    return made


def one_hot(rows, places):
    """A weighting of one head for each place: (steps, 1, rows)."""
    return (np.arange(rows) == np.asarray(places)[:, None])[:, None].astype(np.float64)


def addressed(**more):
    """One read and one write head on a memory of two rows of length 1 at right angles."""
    return {
        "memory": [[[1, 0], [0, 1]]],
        "read_weighting": [[[1, 0]]],
        "write_weighting": [[[1, 0]]],
        "key": [[[3, 0], [0, 2]]],
        "key_strength": [[4, 5]],
    } | more


def dnc(**more):
    """A made-up step of a DNC with 3 rows: row 0 in use, row 1 freed but not emptied, row 2 never used."""
    return {
        "memory": [[[1, 0], [1, 1], [0, 0]]],
        "read_weighting": [[[0, 0.5, 0.25]]],
        "write_weighting": [[[0, 0, 0.5]]],
        "usage": [[0.9, 0.01, 0]],
        "allocation": [[0.1, 0.2, 0.7]],
        "write_gate": [[0.5]],
        "allocation_gate": [[0.75]],
        "free_gate": [[0.25]],
        "backward_mode": [[0.25]],
        "content_mode": [[0.25]],
        "forward_mode": [[0.5]],
        "forward_weighting": [[HALF[:3]]],
        "backward_weighting": [[[0, 0, 0.3]]],
        "links": [[[0, 0.5, 0.25], [0.25, 0, 0], [0, 0.25, 0]]],
    } | more


def run(model, task, length=None, seed=0, iteration=-1):
    """A sequence that a network runs alone, as an episode."""
    sample = task.sample(1, seeding.generator(seed), length)
    with torch.no_grad():
        logits, _, trace = model(sample.inputs, trace=True)
    spec = trace_spec(model, task)
    seen = observe(spec, trace, sample, logits, task)
    made = KeptEpisode(spec, EpisodeInfo(iteration=iteration, seed=seed), seen.initial)
    made.append_steps(seen.columns)
    return made
