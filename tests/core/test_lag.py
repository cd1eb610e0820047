"""The lag between a write and the read of it, against sequences worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ntm_core import diagnostics
from tests.core.episodes import episode, one_hot


def test_lags_tell_how_long_ago_it_was_written_what_is_read():
    """A perfect copy of 3 vectors: written to rows 0 to 2, a delimiter, then read from there."""
    writes = np.concatenate((one_hot(5, [0, 1, 2]), np.zeros((4, 1, 5))))
    found = diagnostics.lags(
        episode(read_weighting=one_hot(5, [4, 4, 4, 4, 0, 1, 2]), write_weighting=writes, mask=[0, 0, 0, 0, 1, 1, 1])
    )
    assert (found.peak, found.unwritten) == (4, 0)  # the length and one
    np.testing.assert_allclose(found.shares, np.eye(7)[4])
    found = diagnostics.lags(episode(read_weighting=one_hot(5, [4, 4, 4, 4, 0, 0, 0]), write_weighting=writes))
    np.testing.assert_allclose(found.shares, [0, 0, 0, 0, 1 / 7, 1 / 7, 1 / 7])
    assert found.unwritten == pytest.approx(4 / 7)
    assert found.peak is None


def test_a_row_written_again_counts_from_its_last_strong_write():
    writes = [[[1, 0]], [[0.05, 0.95]], [[0.2, 0.8]], [[0, 1]]]
    source = episode(read_weighting=one_hot(2, [1, 0, 0, 0]), write_weighting=writes, mask=[0, 0, 1, 1])
    np.testing.assert_allclose(diagnostics.lags(source).shares, [0, 0.5, 0.5, 0])
