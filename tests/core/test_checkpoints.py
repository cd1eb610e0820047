"""Checkpoints: what comes back, and what is refused."""

from __future__ import annotations

import json
import struct
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save as save_tensors

from ntm_core import checkpoints
from ntm_core.errors import CheckpointError
from ntm_core.train_config import TrainConfig
from ntm_core.training import Trainer
from tests.core.builders import small_model, small_task

BLOB = checkpoints.save(small_model(seed=1, read_heads=2))


def trained(updates=2, **settings):
    trainer = Trainer(small_model(), small_task(), TrainConfig(batch=2, check_sequences=2, **settings), seed=5)
    for _ in range(updates):
        trainer.step()
    trainer.check()
    return trainer


TRAINER = trained()
TRAINED = checkpoints.save(TRAINER.model, TRAINER.state())


def changed_state(blob=TRAINED, **changes):
    """The blob with what it says of its training changed; None takes something away."""
    state = checkpoints.training(blob)
    plain = {name: value for name, value in (state.to_json() | changes).items() if value is not None}
    return with_settings(blob, training=plain)


def with_settings(blob=BLOB, **changes):
    """The blob with its settings changed."""
    (length,) = struct.unpack_from("<Q", blob)
    header = json.loads(blob[8 : 8 + length])
    settings = json.loads(header["__metadata__"]["ntm_core"]) | changes
    header["__metadata__"]["ntm_core"] = json.dumps(settings)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + blob[8 + length :]


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


def test_a_network_comes_without_what_only_its_training_needs():
    loaded = checkpoints.load(TRAINED)
    assert all(map(torch.equal, loaded.state_dict().values(), TRAINER.model.state_dict().values()))
    assert checkpoints.save(loaded) == checkpoints.save(TRAINER.model)


def test_where_a_training_stands_comes_back_to_the_bit():
    state, found = TRAINER.state(), checkpoints.training(TRAINED)
    assert found.to_json() == state.to_json()
    assert (found.iteration, found.sequences, found.next_check, found.seed) == (2, 4, 6, 5)
    assert found.config == TRAINER.config.to_json()
    assert found.optimizer.keys() == state.optimizer.keys()
    assert all(torch.equal(tensor, found.optimizer[name]) for name, tensor in state.optimizer.items())
    assert checkpoints.save(TRAINER.model, found) == TRAINED


def test_a_checkpoint_of_weights_alone_says_nothing_of_a_training():
    assert checkpoints.training(BLOB) is None


def test_before_the_first_update_there_is_nothing_that_the_optimiser_keeps():
    trainer = Trainer(small_model(), small_task())
    blob = checkpoints.save(trainer.model, trainer.state())
    assert checkpoints.training(blob).optimizer == {}
    assert len(blob) < 1.5 * len(checkpoints.save(trainer.model))
    # Afterwards the squares and the momentum are as large as the weights.
    weights = sum(parameter.nbytes for parameter in trainer.model.parameters())
    trainer.step()
    assert len(checkpoints.save(trainer.model, trainer.state())) >= 3 * weights


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"iteration": None}, "needs a setting 'iteration'"),
        ({"iteration": -1}, "iteration is a whole number, at least 0; got -1"),
        ({"sequences": 2.5}, "sequences is a whole number, at least 0; got 2.5"),
        ({"next_check": 10**30}, "next_check is a finite number at most 9.0072e\\+15"),
        ({"is_solved": 1}, "is_solved is true or false; got 1"),
        ({"colour": 1}, "a setting of a training's state is one of .*; got 'colour'"),
    ],
)
def test_a_state_of_training_that_cannot_be_is_refused(changes, said):
    with pytest.raises(CheckpointError, match=said):
        checkpoints.training(changed_state(**changes))


@pytest.mark.parametrize("state", [None, [], 3, "two"])
def test_a_state_of_training_that_is_none_is_refused(state):
    with pytest.raises(CheckpointError, match="a training's state was wanted"):
        checkpoints.training(with_settings(TRAINED, training=state))


@given(position=st.integers(0, len(TRAINED) - 1), value=st.integers(0, 255))
def test_a_changed_byte_gives_a_state_of_training_or_a_clear_error(position, value):
    mutated = bytearray(TRAINED)
    mutated[position] = value
    try:
        state = checkpoints.training(bytes(mutated))
        if state is not None:
            Trainer(small_model(), small_task()).restore(state)
    except CheckpointError as error:
        assert str(error)


@given(position=st.integers(0, len(BLOB) - 1), value=st.integers(0, 255))
def test_a_changed_byte_gives_a_network_or_a_clear_error(position, value):
    mutated = bytearray(BLOB)
    mutated[position] = value
    try:
        checkpoints.load(bytes(mutated))
    except CheckpointError as error:
        assert str(error)


LOADING = """
import sys
from ntm_core import checkpoints, models, registry

for name in registry.models():
    for more in ({}, {"first_memory": "learned", "first_weighting": "random"}) if name == "ntm" else ({},):
        checkpoints.load(checkpoints.save(models.build(name, 3, 2, hidden_size=4, **more)))
assert "torch._dynamo" not in sys.modules
"""


def test_to_load_a_network_loads_no_compiler():
    """Which would take as long as all of torch."""
    done = subprocess.run([sys.executable, "-c", LOADING], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
