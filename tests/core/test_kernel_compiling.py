"""How kernels are compiled: their numbers are the same whoever compiled them, and whatever else was loaded before."""

from __future__ import annotations

import numpy as np
import pytest

compiling = pytest.importorskip("ntm_core.kernels.compiling")


@compiling.loose
def _rough(row, factor):
    """Too long to be made a part of those that call it."""
    total = factor
    for at in range(row.shape[0]):
        total += row[at] * factor
    for at in range(row.shape[0]):
        total += row[at] * row[at] * factor
    for at in range(row.shape[0]):
        total -= row[at] / (total + factor)
    for at in range(row.shape[0]):
        total += np.sqrt(row[at] * row[at] + total * total)
    return total


def _run(row):
    return _rough(row, row[0]) + _rough(row[1:], row[1]) + _rough(row[2:], row[2])


def test_an_entry_calls_its_own_copies_of_what_it_is_made_of(tmp_path, monkeypatch):
    """A weak copy gives way to one of the same name that the process has already, rounded by other instructions."""
    monkeypatch.setattr(compiling.config, "CACHE_DIR", str(tmp_path))
    made = compiling.entry(_run)
    made(np.ones(20, np.float32))
    (compiled,) = made.overloads.values()
    text = compiled.library.get_llvm_str()
    assert "define internal" in text
    assert "define linkonce_odr" not in text
    assert list(tmp_path.rglob("*.nbc"))  # and is kept so
