"""The checksums of many rows at once against zlib, row by row."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions import schema
from sessions.checksums import FEW, row_checksums


@given(
    count=st.sampled_from((0, 1, 2, FEW - 1, FEW, FEW + 1, 3 * FEW)),
    size=st.integers(1, 300),
    alike=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_each_row_has_the_checksum_of_zlib(count: int, size: int, alike: float, seed: int) -> None:
    """alike: the share of the bytes that are the same in every row."""
    chance = np.random.default_rng(seed)
    rows = chance.integers(0, 256, (count, size), np.uint8)
    same = chance.random(size) < alike
    rows[:, same] = chance.integers(0, 256, np.count_nonzero(same), np.uint8)
    assert row_checksums(rows).tolist() == [zlib.crc32(row.tobytes()) for row in rows]


@pytest.mark.parametrize("count", [1, 2, FEW, 3 * FEW])
def test_a_bit_that_flipped_is_found_in_its_row(count: int) -> None:
    rows = np.zeros(count, schema.METRIC_ROW)
    rows["iteration"] = np.arange(count)
    rows["values"] = np.nan
    rows["values"][:, 0] = 0.7 * 0.9 ** np.arange(count)
    schema.seal(rows)
    assert schema.intact(rows).all()
    damaged = rows.copy()
    content = damaged.view(np.uint8).reshape(count, -1)
    for at, byte in ((0, 0), (count // 2, 8 * 20), (count - 1, content.shape[1] - 1)):
        content[:] = rows.view(np.uint8).reshape(count, -1)
        content[at, byte] ^= 1
        assert np.flatnonzero(~schema.intact(damaged)).tolist() == [at]
