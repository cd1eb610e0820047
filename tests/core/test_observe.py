"""From tensors to arrays: the right names, shapes and values, in one transfer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import ntm_core.observe as observe_module
from ntm_core.network import Trace
from ntm_core.observe import observe, trace_spec
from ntm_core.trace import Order, PackedColumns, Phase, Role, TraceSpec
from sessions.packing import Packing
from tests.core.builders import small_model, small_task


def drawn():
    return small_task().sample(3, torch.Generator().manual_seed(0), 4)


def observed(item=0, sample=None, **settings):
    model, task = small_model(**settings), small_task()
    sample = drawn() if sample is None else sample
    logits, _, trace = model(sample.inputs, trace=True)
    spec = trace_spec(model, task)
    return spec, observe(spec, trace, sample, logits, task, item), (trace, sample, logits)


def test_an_observation_has_exactly_what_the_spec_describes():
    spec, seen, _ = observed(read_heads=2, write_heads=3, shift_range=2)
    assert {name: array.shape for name, array in seen.columns.items()} == {each.name: (9, *each.shape) for each in spec}
    assert {name: array.shape for name, array in seen.initial.items()} == {
        each.name: each.shape for each in spec.carried
    }
    assert {array.dtype for part in (seen.initial, seen.columns) for array in part.values()} == {np.dtype(np.float32)}


def test_the_spec_has_the_roles_that_views_ask_for():
    spec, _, _ = observed(read_heads=2, write_heads=3, shift_range=2, order="write_first")
    wanted = "memory read_weighting write_weighting key key_strength gate shift sharpening erase add read_vector input"
    wanted += " content_weighting gated_weighting shifted_weighting output target mask phase controller"
    assert {field.role for field in spec} == {Role(name) for name in wanted.split()}
    assert spec.order is Order.WRITE_FIRST
    assert spec.with_role(Role.KEY).shape == (5, 5)
    assert spec.with_role(Role.SHIFT).dims == ("head", "offset")
    assert spec.with_role(Role.READ_WEIGHTING).dims == ("read head", "location")
    assert spec.with_role(Role.CONTROLLER).name == "controller"
    assert TraceSpec.from_json(spec.to_json()) == spec


def test_the_chosen_sequence_of_the_batch_is_shown():
    for item in range(3):
        _, seen, (trace, sample, logits) = observed(item)
        for name in ("memory", "key", "erase", "gate"):
            np.testing.assert_array_equal(seen.columns[name], getattr(trace.steps, name)[:, item].numpy())
        np.testing.assert_array_equal(seen.initial["read_vector"], trace.initial.read_vector[item].numpy())
        np.testing.assert_array_equal(seen.columns["input"], sample.inputs[:, item].numpy())
        np.testing.assert_array_equal(seen.columns["target"], sample.targets[:, item].numpy())
        np.testing.assert_array_equal(seen.columns["mask"], sample.mask[:, item].numpy())
        assert seen.columns["phase"].tolist() == [Phase.INPUT] * 4 + [Phase.DELIMITER] + [Phase.OUTPUT] * 4
        probability = torch.sigmoid(logits[:, item]).detach().numpy()
        np.testing.assert_allclose(seen.columns["output"], probability, rtol=0, atol=2e-7)


def test_heads_that_share_an_axis_have_the_read_heads_first():
    _, seen, _ = observed(read_heads=2, write_heads=1)
    sharpened = torch.softmax(
        torch.from_numpy(seen.columns["shifted_weighting"]).clamp_min(1e-20).log()
        * torch.from_numpy(seen.columns["sharpening"])[..., None],
        -1,
    )
    both = np.concatenate((seen.columns["read_weighting"], seen.columns["write_weighting"]), axis=1)
    np.testing.assert_allclose(sharpened.numpy(), both, rtol=0, atol=1e-6)


def test_a_sequence_crosses_to_the_host_in_one_transfer(monkeypatch):
    monkeypatch.setattr(observe_module, "_are_there", lambda tensors: False)  # as if they were on a device
    crossed = []
    cpu = torch.Tensor.cpu
    monkeypatch.setattr(torch.Tensor, "cpu", lambda tensor: crossed.append(tensor.numel()) or cpu(tensor))

    class NoScalars(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            assert "_local_scalar_dense" not in str(func), func
            return func(*args, **kwargs or {})

    sample = drawn()
    with NoScalars():
        spec, _, _ = observed(sample=sample)
    assert crossed == [9 * spec.step_size + sum(field.size for field in spec.carried)]


@pytest.mark.parametrize(
    "settings",
    [{}, {"read_heads": 2, "write_heads": 3, "shift_range": 2}, {"controller": "feedforward"}, {"layers": 2}],
)
def test_what_a_kernel_packed_is_what_its_tensors_hold(settings):
    spec, seen, (trace, sample, logits) = observed(1, **settings)
    apart = Trace(trace.initial, trace.steps)
    wanted = observe(spec, apart, sample, logits, small_task(), 1)
    assert isinstance(seen.columns, PackedColumns) and not isinstance(wanted.columns, PackedColumns)
    assert list(seen.columns) == [field.name for field in spec] and len(seen.columns) == len(spec)
    for part, other in ((seen.columns, wanted.columns), (seen.initial, wanted.initial)):
        assert part.keys() == other.keys()
        for name in part:
            np.testing.assert_array_equal(part[name], other[name])
    packing = Packing.of_steps(spec)
    np.testing.assert_array_equal(packing.pack(seen.columns), packing.pack(wanted.columns))
    with pytest.raises(KeyError):
        seen.columns["nothing"]


def test_steps_that_fill_up_a_batch_are_cut_off():
    sample = drawn()
    longer = type(sample)(*(torch.cat((each, torch.zeros_like(each[:3]))) for each in sample))
    for kernel in ("auto", "eager"):
        _, seen, _ = observed(sample=longer, kernel=kernel)
        trimmed = seen.trimmed()
        assert {len(column) for column in seen.columns.values()} == {12}
        assert {len(column) for column in trimmed.columns.values()} == {9}
        np.testing.assert_array_equal(trimmed.columns["memory"], seen.columns["memory"][:9])
        assert trimmed.trimmed() is trimmed
