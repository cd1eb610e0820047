"""Checkpoints: what comes back, and what is refused."""

from __future__ import annotations

import json
import struct

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save as save_tensors

from ntm_core import checkpoints
from ntm_core.errors import CheckpointError
from tests.core.builders import small_model

BLOB = checkpoints.save(small_model(seed=1, read_heads=2))


def with_settings(**changes):
    """The blob with its settings changed."""
    (length,) = struct.unpack_from("<Q", BLOB)
    header = json.loads(BLOB[8 : 8 + length])
    settings = json.loads(header["__metadata__"]["ntm_core"]) | changes
    header["__metadata__"]["ntm_core"] = json.dumps(settings)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + BLOB[8 + length :]


def test_weights_and_settings_come_back_to_the_bit():
    loaded = checkpoints.load(BLOB)
    model = small_model(seed=1, read_heads=2)
    assert loaded.config == model.config
    assert all(map(torch.equal, loaded.state_dict().values(), model.state_dict().values()))
    assert checkpoints.save(loaded) == BLOB


def test_a_loaded_network_can_be_trained_on():
    loaded = checkpoints.load(BLOB)
    loaded(torch.ones(2, 1, 4))[0].sum().backward()
    assert all(parameter.grad is not None for parameter in loaded.parameters())


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\x80\x04pickle",
        BLOB[:100],
        b"\xff" * 64,
        struct.pack("<Q", 2) + b"{}",
        save_tensors({"a": torch.ones(1)}),
    ],
)
def test_bytes_that_are_no_checkpoint_are_refused(blob):
    with pytest.raises(CheckpointError, match="weights that ntmviz saved were wanted"):
        checkpoints.load(blob)


def test_a_checkpoint_that_was_cut_short_is_refused():
    with pytest.raises(CheckpointError, match="settings and tensors whole"):
        checkpoints.load(BLOB[:-1])


def test_another_format_is_named():
    with pytest.raises(CheckpointError, match="loads checkpoints of format 1; got 9"):
        checkpoints.load(with_settings(format=9))


@pytest.mark.parametrize("locations", [10**12, 2**62, 10**30])
def test_settings_that_claim_a_huge_memory_cost_none(locations):
    config = small_model(read_heads=2).config.to_json() | {"locations": locations}
    with pytest.raises(CheckpointError):
        checkpoints.load(with_settings(config=config))


@pytest.mark.parametrize(
    "config", [None, [], {}, {"inputs": 4, "outputs": 3, "cells": 2}, {"inputs": "4", "outputs": 3}, {"inputs": [4]}]
)
def test_settings_that_are_none_are_refused(config):
    with pytest.raises(CheckpointError, match="settings and tensors whole"):
        checkpoints.load(with_settings(config=config))


@pytest.mark.parametrize("name", [None, [], "lstn"])
def test_a_network_that_is_not_known_is_refused(name):
    with pytest.raises(CheckpointError, match="settings and tensors whole"):
        checkpoints.load(with_settings(model=name))


@given(position=st.integers(0, len(BLOB) - 1), value=st.integers(0, 255))
def test_a_changed_byte_gives_a_network_or_a_clear_error(position, value):
    mutated = bytearray(BLOB)
    mutated[position] = value
    try:
        checkpoints.load(bytes(mutated))
    except CheckpointError as error:
        assert str(error)
