"""Faults that were found in other implementations, and that this one has not.

Those that a test elsewhere looks for: random lengths that leave out the greatest (test_tasks, sizes are drawn from
least to greatest), batches that fail or mix (test_models, sequences of a batch do not mix), and wrong bits that are
called a cost (test_training, scores are those of a hand count).
"""

from __future__ import annotations

import io
import json
import pickle
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import load as load_tensors
from torch.utils._python_dispatch import TorchDispatchMode

from ntm_core import addressing, checkpoints, registry
from ntm_core.errors import CheckpointError
from tests.core.builders import small_model, small_task


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


MEMORIES = {
    "ntm": {},
    "ntm writing first": {"order": "write_first", "read_heads": 2},
    "ntm with three layers": {"layers": 3},
    "ntm with a feed-forward controller": {"controller": "feedforward"},
    "mann": {"read_heads": 2},
    "dnc": {"read_heads": 2},
}


@pytest.mark.parametrize("variant", MEMORIES)
def test_what_was_read_reaches_the_controller_at_the_next_step(variant):
    """The `dnc` package joins its inputs with the first read before its loop over time: later reads are lost."""
    model = small_model(name=variant.split()[0], **MEMORIES[variant])
    inputs = small_task().sample(2, seeded(), 3).inputs
    _, state, _ = model(inputs[:4])
    x = inputs[4]
    read = state.read_vector.clone().requires_grad_()
    _, _, view = model.step(x, state._replace(read_vector=read))
    (gradient,) = torch.autograd.grad(view.controller.sum(), read)
    assert gradient.abs().min() > 0
    # From the memory it takes two steps: it is read in the first, and seen by the controller in the second.
    changed = state._replace(memory=state.memory + 1)
    (_, first, seen), (_, other, other_seen) = model.step(x, state), model.step(x, changed)
    assert torch.equal(seen.controller, other_seen.controller)
    assert not torch.equal(model.step(x, first)[2].controller, model.step(x, other)[2].controller)


def test_every_network_with_a_memory_is_among_those_whose_reads_are_followed():
    assert {name.split()[0] for name in MEMORIES} == set(registry.models()) - {"lstm"}


@pytest.mark.parametrize("strength", [200.0, 1000.0])
@pytest.mark.parametrize("side", [1.0, -1.0], ids=["all like the key", "all its opposite"])
def test_a_content_weighting_survives_a_large_strength(strength, side):
    """A softmax that does not subtract the greatest score first is infinite over infinite here, or 0 over 0."""
    memory = torch.full((1, 128, 20), side, requires_grad=True)
    key, strengths = torch.ones(1, 1, 20, requires_grad=True), torch.full((1, 1), strength, requires_grad=True)
    weighting = addressing.content_weighting(memory, key, strengths)
    torch.testing.assert_close(weighting, torch.full((1, 1, 128), 1 / 128))
    gradients = torch.autograd.grad(weighting[0, 0, 0], (memory, key, strengths))
    assert all(each.isfinite().all() for each in gradients)
    power = (strength * torch.full((128,), side)).exp()
    assert not (power / power.sum()).isfinite().any()


@pytest.mark.parametrize("gamma", [9.0, 12.0, 21.0, 50.0])
def test_a_diffuse_weighting_keeps_its_mass_when_it_is_sharpened(gamma):
    """pytorch-ntm divides powers by their sum + 1e-16: from gamma 9 on nothing is left of an even weighting."""
    even = torch.full((1, 1, 128), 1 / 128, requires_grad=True)
    sharpened = addressing.sharpen(even, torch.full((1, 1), gamma))
    torch.testing.assert_close(sharpened, even)
    (gradient,) = torch.autograd.grad(sharpened[0, 0, 0], even)
    assert gradient.isfinite().all() and gradient.abs().max() > 1
    uneven = torch.softmax(torch.randn(1, 1, 128, generator=seeded()) * 0.1, -1)
    assert addressing.sharpen(uneven, torch.full((1, 1), gamma)).sum().item() == pytest.approx(1, abs=1e-5)
    powers = even.detach() ** gamma
    assert (powers / (powers.sum() + 1e-16)).sum() < 0.2


class Counted(TorchDispatchMode):
    """Counts what torch is asked to do."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.calls += 1
        return func(*args, **kwargs or {})


@pytest.mark.parametrize("segments", [1, 2])
def test_a_shift_takes_a_batch_at_once_and_each_sequence_for_itself(segments):
    """pytorch-ntm has a loop in Python over the batch."""
    weighting = torch.softmax(torch.randn(16, 2, 8, generator=seeded()), -1)
    kernel = torch.softmax(torch.randn(16, 2, 3, generator=seeded(1)), -1)
    together = addressing.shift(weighting, kernel, segments)
    counts = []
    for items in (slice(0, 1), slice(5, 6), slice(16)):
        with Counted() as counted:
            alone = addressing.shift(weighting[items], kernel[items], segments)
        assert torch.equal(alone, together[items])
        counts.append(counted.calls)
    assert counts[0] == counts[1] == counts[2]


def test_a_step_asks_as_little_of_torch_for_a_batch_as_for_one_sequence():
    for name in registry.models():
        model, counts = small_model(name=name), []
        for batch in (1, 16):
            with Counted() as counted:
                model(small_task().sample(batch, seeded(), 2).inputs)[0].sum().backward()
            counts.append(counted.calls)
        assert counts[1] <= counts[0] * 1.1, name


def test_a_checkpoint_is_a_table_of_numbers_and_no_pickle():
    blob = checkpoints.save(small_model())
    (length,) = struct.unpack_from("<Q", blob)
    assert json.loads(blob[8 : 8 + length]).keys() - {"__metadata__"} == load_tensors(blob).keys()
    assert load_tensors(blob).keys() == small_model().state_dict().keys()
    with pytest.raises(pickle.UnpicklingError):
        pickle.loads(blob)


class Armed:
    """Leaves a file when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_a_pickle_is_refused_without_being_run(tmp_path):
    """Pickled modules run whatever whoever wrote them wants."""
    mark = tmp_path / "it ran"
    zipped = io.BytesIO()
    torch.save(Armed(mark), zipped)
    for blob in (pickle.dumps(Armed(mark)), zipped.getvalue()):
        with pytest.raises(CheckpointError, match="weights that ntmviz saved were wanted"):
            checkpoints.load(blob)
        file = tmp_path / "weights.safetensors"
        file.write_bytes(blob)
        with pytest.raises(CheckpointError, match="weights that ntmviz saved were wanted"):
            checkpoints.read(file)
    assert not mark.exists()
    pickle.loads(pickle.dumps(Armed(mark)))
    assert mark.exists(), "it was armed"
