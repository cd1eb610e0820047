"""Traces to record: made-up numbers in the shapes of a real model."""

import numpy as np

from ntm_core.trace import Field, Role, TraceSpec


def tiny_spec() -> TraceSpec:
    """Steps of 80 bytes."""
    return TraceSpec(
        (
            Field("memory", Role.MEMORY, (4, 3), ("location", "word"), limits=(-1, 1), carried=True),
            Field("read_weighting", Role.READ_WEIGHTING, (1, 4), ("read head", "location"), carried=True),
            Field("gate", Role.GATE, (2,), ("head",), "share"),
            Field("mask", Role.MASK, (), ()),
            Field("number", Role.INPUT, (1,), ("channel",)),
        )
    )


def wide_spec() -> TraceSpec:
    """Steps of 128 kB, so that a chunk has 4 of them."""
    return TraceSpec(
        (
            Field("memory", Role.MEMORY, (512, 63), ("location", "word"), carried=True),
            Field("write_weighting", Role.WRITE_WEIGHTING, (1, 512), ("write head", "location")),
        )
    )


def ntm_spec(locations: int = 128, word: int = 20) -> TraceSpec:
    """The fields of an NTM with one read and one write head, all stages of addressing among them."""
    heads, units = 2, 100
    return TraceSpec(
        (
            Field("memory", Role.MEMORY, (locations, word), ("location", "word"), carried=True),
            Field("read_weighting", Role.READ_WEIGHTING, (1, locations), ("read head", "location"), carried=True),
            Field("write_weighting", Role.WRITE_WEIGHTING, (1, locations), ("write head", "location"), carried=True),
            Field("read_vector", Role.READ_VECTOR, (1, word), ("read head", "word"), carried=True),
            Field("key", Role.KEY, (heads, word), ("head", "word")),
            Field("key_strength", Role.KEY_STRENGTH, (heads,), ("head",)),
            Field("gate", Role.GATE, (heads,), ("head",)),
            Field("sharpening", Role.SHARPENING, (heads,), ("head",)),
            Field("shift", Role.SHIFT, (heads, 3), ("head", "offset")),
            Field("content_weighting", Role.CONTENT_WEIGHTING, (heads, locations), ("head", "location")),
            Field("gated_weighting", Role.GATED_WEIGHTING, (heads, locations), ("head", "location")),
            Field("shifted_weighting", Role.SHIFTED_WEIGHTING, (heads, locations), ("head", "location")),
            Field("erase", Role.ERASE, (1, word), ("write head", "word")),
            Field("add", Role.ADD, (1, word), ("write head", "word")),
            Field("controller", Role.CONTROLLER, (units,), ("unit",), carried=True),
            Field("controller_cell", Role.CONTROLLER, (units,), ("unit",), carried=True),
            Field("input", Role.INPUT, (9,), ("channel",)),
            Field("output", Role.OUTPUT, (8,), ("channel",)),
            Field("target", Role.TARGET, (8,), ("channel",)),
            Field("mask", Role.MASK, (), ()),
        )
    )


def any_bits(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Every float32 there is, NaN of any payload, infinities and denormals too."""
    return generator.integers(0, 2**32, shape, np.uint32).view(np.float32).reshape(shape)


def episode(spec: TraceSpec, steps: int, seed: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Columns and initial values of an episode, of arbitrary bits."""
    generator = np.random.default_rng(seed)
    columns = {field.name: any_bits(generator, (steps, *field.shape)) for field in spec}
    return columns, {field.name: any_bits(generator, field.shape) for field in spec.carried}


def numbered(spec: TraceSpec, first: int, steps: int) -> dict[str, np.ndarray]:
    """Columns in which each value tells its step and its field, so that a reader can check any step on its own."""
    return {
        field.name: np.broadcast_to(
            np.arange(first, first + steps, dtype=np.float32).reshape(-1, *(1,) * len(field.shape)) + number / 64,
            (steps, *field.shape),
        )
        for number, field in enumerate(spec)
    }


def still(spec: TraceSpec) -> dict[str, np.ndarray]:
    """Initial values of zeros."""
    return {field.name: np.zeros(field.shape, np.float32) for field in spec.carried}


def at(columns: dict[str, np.ndarray], step: int) -> dict[str, np.ndarray]:
    """The record of one step."""
    return {name: values[step] for name, values in columns.items()}
