"""What holds for every `Source`, live or recorded."""

import math

import numpy as np
import pytest

from ntm_core.trace import EpisodeInfo, Source


def same_bits(left, right) -> bool:
    """Equal in shape, type and every bit, NaN payloads included."""
    left, right = np.ascontiguousarray(left), np.ascontiguousarray(right)
    return left.shape == right.shape and left.dtype == right.dtype and left.tobytes() == right.tobytes()


def check_source(source: Source) -> None:
    """Hold a source to the contract of `ntm_core.trace.Source`."""
    assert isinstance(source, Source)
    assert isinstance(source.info, EpisodeInfo)
    steps = len(source)
    series = {field.name: source.series(field.name) for field in source.spec}
    for field in source.spec:
        assert series[field.name].dtype == np.float32
        assert series[field.name].shape == (steps, *field.shape)
        if field.carried:
            assert source.initial(field.name).shape == field.shape
            assert source.initial(field.name).dtype == np.float32
        else:
            with pytest.raises(KeyError):
                source.initial(field.name)
    for step in {0, steps // 2, steps - 1} & set(range(steps)):
        record = source.record(step)
        assert record.step == step
        assert set(record) == {field.name for field in source.spec}
        for name, values in record.items():
            assert same_bits(values, series[name][step])
    for name, values in series.items():
        assert same_bits(source.series(name, steps // 3), values[steps // 3 :])
        assert same_bits(source.series(name, steps // 3, steps // 2), values[steps // 3 : steps // 2])
    for outside in (-1, steps, steps + 1000):
        with pytest.raises(IndexError):
            source.record(outside)
    for missing in (source.series, source.initial):
        with pytest.raises(KeyError):
            missing("no_such_field")
    assert len(source) == steps
    assert math.isnan(source.info.loss) or source.info.loss >= 0
