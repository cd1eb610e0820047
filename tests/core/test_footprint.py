"""How much memory a network takes, told before it is made: the very sizes of the networks that are made."""

from __future__ import annotations

import pytest
import torch

from ntm_core import footprint, models, registry, seeding, tasks
from ntm_core.footprint import Plan

NETWORKS = {
    "ntm": [
        {},
        {"controller": "feedforward"},
        {"layers": 3},
        {"read_heads": 3, "write_heads": 2, "shift_range": 2, "mask": True},
        {"segments": 4, "first_memory": "learned", "prominence": 0.5},
        {"first_memory": "random", "priming": 0.5},
    ],
    "dnc": [
        {},
        {"controller": "feedforward", "mask": True},
        {"layers": 2, "read_heads": 3, "link_sharpness": True, "priming": 0.5},
        {"sparse_links": 5, "prominence": 0.5},
    ],
    "mann": [{}, {"controller": "feedforward"}, {"layers": 2, "read_heads": 3, "mask": True, "priming": 0.5}],
    "lstm": [{}, {"layers": 1, "hidden_size": 7}],
}
CASES = [(name, settings) for name, several in NETWORKS.items() for settings in several]
SIZES = {"locations": 16, "word_size": 5, "hidden_size": 12}


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_weights_and_state_of_a_config_are_those_of_its_network(name, settings):
    sizes = {size: value for size, value in SIZES.items() if size in models.settings(name)} | settings
    model = models.build(name, 4, 3, seed=0, **sizes)
    assert model.config.weights == sum(tensor.numel() for tensor in model.state_dict().values())
    assert model.config.state == sum(tensor.numel() for tensor in model.initial_state(1) if tensor is not None)


def test_every_network_of_ours_is_among_these():
    assert set(NETWORKS) == set(registry.models())


@pytest.mark.parametrize("name", registry.tasks())
def test_steps_are_those_of_the_sequences_that_are_drawn(name):
    task = tasks.build(name)
    for trial in task.trials:
        assert task.steps(**trial.sizes) == len(task.sample(2, seeding.generator(0), **trial.sizes).inputs)
    drawn = [len(task.sample(1, seeding.generator(seed)).inputs) for seed in range(300)]
    assert task.steps() == max(drawn)


@pytest.mark.parametrize("name", NETWORKS)
def test_what_a_sequence_is_said_to_take_is_about_what_the_graph_of_its_gradients_keeps(name):
    kept = {}

    def note(tensor):
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes(), storage
        return tensor

    def taken(batch):
        kept.clear()
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            model(task.sample(batch, seeding.generator(0), length=20).inputs)
        return sum(size for size, _ in kept.values())

    steps = {"kernel": "eager"} if "kernel" in models.settings(name) else {}
    task, model = tasks.build("copy"), models.build(name, 9, 8, seed=0, **steps)
    fewer, more = (footprint.of_training(Plan(name, "copy", {}, {}), batch).computing for batch in (1000, 1100))
    assert 1 / 4 < (more - fewer) / 100 / (taken(6) - taken(5)) < 4


def test_sizes_that_nobody_tells_are_not_known(monkeypatch):
    monkeypatch.delattr(registry.task("copy").task, "steps")
    assert footprint.of_training(Plan("ntm", "copy", {}, {}), 16) is None
    assert footprint.by_hand(Plan("ntm", "copy", {}, {})) is None
