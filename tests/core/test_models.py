"""What every network of the registry keeps to: one suite over all of them, in each of its variants."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ntm_core import checkpoints, diagnostics, models, provenance, rebuild, registry
from ntm_core.diagnostics.health import Verdict, health
from ntm_core.errors import ConfigError
from ntm_core.network import held, mapped
from ntm_core.trace import Role, TraceSpec
from ntm_core.train_config import TrainConfig
from ntm_core.training import Trainer
from tests.core.builders import small_model, small_task
from tests.core.episodes import run

VARIANTS = {
    "ntm": {},
    "ntm writing first": {"order": "write_first"},
    "ntm of 2 and 2 heads": {"read_heads": 2, "write_heads": 2, "shift_range": 2},
    "ntm of 2 and 2 heads writing first": {"read_heads": 2, "write_heads": 2, "order": "write_first"},
    "ntm of 1 and 3 heads without shift": {"write_heads": 3, "shift_range": 0},
    "ntm writing head after head": {"write_heads": 2, "write_order": "sequential"},
    "ntm with a feed-forward controller": {"controller": "feedforward"},
    "ntm with three layers": {"layers": 3},
    "ntm with a learned memory": {"first_memory": "learned", "first_weighting": "uniform"},
    "ntm with a random memory": {"first_memory": "random", "first_weighting": "random"},
    "ntm with masked lookup": {"mask": True},
    "ntm with prominence": {"prominence": 0.5},
    "ntm with priming": {"priming": 2.0, "read_heads": 2},
    "ntm with all terms, writing first": {"mask": True, "prominence": 1.0, "priming": 1.0, "order": "write_first"},
    "ntm of two segments": {"segments": 2},
    "ntm of two segments, one at a time": {"segments": 2, "routing": "top1", "order": "write_first"},
    "mann": {},
    "mann of 2 read heads": {"read_heads": 2},
    "mann with a feed-forward controller": {"controller": "feedforward"},
    "mann with two layers": {"layers": 2},
    "mann with masked lookup": {"mask": True, "read_heads": 2},
    "mann with prominence": {"prominence": 0.5},
    "mann with priming": {"priming": 2.0, "read_heads": 2},
    "lstm": {},
    "lstm with one layer": {"layers": 1},
    "dnc": {},
    "dnc of 2 read heads": {"read_heads": 2},
    "dnc with masked lookup": {"mask": True},
    "dnc with deallocation": {"deallocation": True},
    "dnc with sharpened links": {"link_sharpness": True, "read_heads": 2},
    "dnc with mask, deallocation and sharpened links": {"mask": True, "deallocation": True, "link_sharpness": True},
    "dnc with sparse links": {"sparse_links": 3, "read_heads": 2},
    "dnc with a feed-forward controller": {"controller": "feedforward"},
    "dnc with two layers": {"layers": 2},
    "dnc with prominence": {"prominence": 0.5},
    "dnc with priming": {"priming": 2.0, "read_heads": 2},
    "dnc with everything": {
        "mask": True,
        "deallocation": True,
        "link_sharpness": True,
        "sparse_links": 4,
        "read_heads": 2,
        "prominence": 1.0,
        "priming": 1.0,
    },
}


def same(left, right):
    """Whether two states hold the same, to the bit."""
    left, right = held(left), held(right)
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.fixture(params=VARIANTS)
def model(request):
    return small_model(name=request.param.split()[0], **VARIANTS[request.param])


def sample_of(batch=3, length=3, seed=0):
    return small_task().sample(batch, torch.Generator().manual_seed(seed), length)


def test_every_model_of_the_registry_is_among_the_variants():
    assert {name.split()[0] for name in VARIANTS} == set(registry.models())


@pytest.mark.parametrize("kernel", ["auto", "eager"])
def test_a_sequence_equals_its_parts_to_the_bit_and_run_eagerly_its_steps(model, kernel):
    if hasattr(model.config, "kernel"):
        model.config = replace(model.config, kernel=kernel)
    inputs = sample_of().inputs
    logits, last, trace = model(inputs, trace=True)
    state = model.initial_state(3)
    for step, x in enumerate(inputs):
        if kernel == "eager":
            y, state, view = model.step(x, state)
        else:
            (y,), state, part = model(x[None], state, trace=True)
            view = mapped(part.steps, lambda tensor: tensor[0])
        assert torch.equal(y, logits[step])
        for name, tensor in held(view).items():
            assert torch.equal(tensor, getattr(trace.steps, name)[step]), name
    assert same(state, last)


def test_a_sequence_goes_on_from_the_state_of_its_first_half_to_the_bit(model):
    inputs = sample_of().inputs
    whole, last, _ = model(inputs)
    first, middle, _ = model(inputs[:3])
    second, end, _ = model(inputs[3:], middle)
    assert torch.equal(torch.cat((first, second)), whole)
    assert same(end, last)


def test_running_on_changes_no_older_state(model):
    inputs = sample_of().inputs
    states = [model.initial_state(3)]
    for x in inputs:
        states.append(model.step(x, states[-1])[1])
    kept = [mapped(state, torch.clone) for state in states]
    model(inputs.flip(0), states[2])
    assert all(same(state, copy) for state, copy in zip(states, kept, strict=True))


def test_tracing_changes_nothing_and_is_off_unless_asked_for(model):
    inputs = sample_of().inputs
    plain, _, none = model(inputs)
    traced, _, trace = model(inputs, trace=True)
    assert none is None
    assert torch.equal(plain, traced)
    assert not any(tensor.requires_grad for part in (trace.initial, trace.steps) for tensor in held(part).values())


def test_the_fields_name_and_shape_what_a_step_shows(model):
    logits, state, view = model.step(sample_of().inputs[0], model.initial_state(3))
    assert logits.shape == (3, model.config.outputs)
    assert {field.name: (3, *field.shape) for field in model.fields()} == {
        name: tuple(tensor.shape) for name, tensor in held(view).items()
    }
    carried = {field.name for field in model.fields() if field.carried}
    assert carried == set(held(state))
    for name in carried:
        assert torch.equal(getattr(state, name), getattr(view, name))


def test_values_keep_the_limits_that_their_fields_state(model):
    _, _, trace = model(sample_of(batch=16).inputs, trace=True)
    for field in model.fields():
        values = getattr(trace.steps, field.name)
        assert values.isfinite().all()
        if field.limits is not None:
            low, high = field.limits
            assert low <= values.min() and values.max() <= high + 1e-6, field.name


def test_memory_and_reads_are_rebuilt_from_the_trace(model):
    spec = TraceSpec(model.fields(), model.order, model.write_order)
    if spec.with_role(Role.MEMORY) is None:
        pytest.skip("it has no memory")
    _, _, trace = model(sample_of(batch=1, length=6).inputs, trace=True)
    steps = {name: tensor[:, 0].numpy() for name, tensor in held(trace.steps).items()}
    before = trace.initial.memory[0].numpy()
    for step, after in enumerate(steps["memory"]):
        record = {name: values[step] for name, values in steps.items()}
        np.testing.assert_allclose(rebuild.memory_after(spec, before, record), after, rtol=0, atol=1e-6)
        np.testing.assert_allclose(rebuild.reads(spec, before, after, record), record["read_vector"], rtol=0, atol=1e-6)
        before = after


def test_cut_reads_leave_nothing_of_the_memory_in_the_answer(model):
    """What is in the memory, and where the heads were, makes no difference then."""
    inputs, state = sample_of().inputs, model.initial_state(3)
    fields = {field.name: field.role for field in model.fields() if field.carried}
    other = state._replace(
        **{
            name: torch.rand_like(getattr(state, name))
            for name, role in fields.items()
            if role in (Role.MEMORY, Role.READ_WEIGHTING, Role.WRITE_WEIGHTING)
        }
    )
    whole = model(inputs, state)[0]
    model.reads_are_cut = True
    torch.testing.assert_close(model(inputs, other)[0], model(inputs, state)[0], atol=0, rtol=0)
    model.reads_are_cut = False
    assert torch.equal(model(inputs, state)[0], whole)
    if Role.MEMORY in fields.values():
        assert not torch.allclose(model(inputs, other)[0], whole)


def test_diagnostics_find_what_a_model_shows_and_no_bug_in_it(model):
    source = run(model, small_task(), 4)
    told = diagnostics.all_of(source)
    assert told.keys() == {each.name for each in diagnostics.available(source.spec)}
    for name, series in told.items():
        heads = diagnostics.heads(source.spec, name)
        assert series.shape == ((len(source), len(heads)) if heads else (len(source),)), name
    has_memory = source.spec.with_role(Role.MEMORY) is not None
    assert {"read_breadth", "collision", "row_spread"} <= told.keys() or not has_memory
    bugs = {"read_mass", "write_mass", "link_row_sum", "link_column_sum", "not_finite"}
    assert not bugs & {alarm.name for alarm in diagnostics.alarms(source)}
    assert (health([source]).verdict is Verdict.NO_MEMORY) == (not has_memory)


def test_every_read_is_the_sum_of_what_was_written(model):
    source = run(model, small_task(), 4)
    if source.spec.with_role(Role.MEMORY) is None:
        with pytest.raises(ValueError, match="provenance needs"):
            provenance.of_read(source, 0)
        return
    for head in range(source.spec.with_role(Role.READ_WEIGHTING).shape[0]):
        for step in range(len(source)):
            found = provenance.of_read(source, step, head)
            assert found.residual < 1e-5 or np.abs(found.total - found.recorded).max() < 1e-9


def test_sequences_of_a_batch_do_not_mix(model):
    inputs = sample_of(batch=4).inputs
    together = model(inputs)[0]
    for item in range(4):
        alone = model(inputs[:, item : item + 1])[0]
        torch.testing.assert_close(alone[:, 0], together[:, item], atol=1e-5, rtol=1e-5)


def test_every_parameter_learns(model):
    model(sample_of().inputs)[0].square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_equal_seeds_build_equal_weights_whatever_was_drawn_before(model):
    settings = model.config.to_json()
    torch.rand(3)
    built = [models.build(model.name, **settings, seed=seed).state_dict() for seed in (0, 0, 1)]
    assert all(torch.equal(built[0][name], built[1][name]) for name in built[0])
    assert not all(torch.equal(built[0][name], built[2][name]) for name in built[0])


def test_settings_survive_json_and_weights_a_checkpoint(model):
    config = model.config
    assert type(config).from_json(json.loads(json.dumps(config.to_json()))) == config
    loaded = checkpoints.load(checkpoints.save(model))
    inputs = sample_of().inputs
    assert torch.equal(loaded(inputs)[0], model(inputs)[0])
    assert not loaded.training


class NoTransfers(TorchDispatchMode):
    """Fails on whatever brings a value from the device to the host."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        assert "_local_scalar_dense" not in str(func), func
        result = func(*args, **kwargs or {})
        if "_to_copy" in str(func):
            assert result.device == args[0].device, func
        return result


def test_no_step_reads_a_value_of_the_device_forward_or_backward(model):
    inputs = sample_of().inputs
    with NoTransfers():
        logits, _, _ = model(inputs, trace=True)
        logits.sum().backward()


def test_all_tensors_are_made_on_the_device_of_the_weights(model):
    """The meta device stands for one that is not here: mixing it with the CPU fails."""
    model.to("meta")
    _, state, trace = model(sample_of().inputs.to("meta"), trace=True)
    assert {tensor.device.type for part in (state, trace.initial, trace.steps) for tensor in held(part).values()} == {
        "meta"
    }


def test_a_model_runs_in_float64_too(model):
    logits, _, _ = model.double()(sample_of().inputs.double())
    assert logits.dtype == torch.float64


def test_an_unknown_model_is_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"a model is one of .*ntm.*; got 'lstn'"):
        models.build("lstn", 4, 3)


def test_an_unknown_setting_is_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"hidden_size, .*word_size.*; got 'cells'"):
        models.build("ntm", 4, 3, cells=3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"locations": 0}, "locations is a whole number, at least 1; got 0"),
        ({"locations": 2}, "locations is a whole number, at least 3; got 2"),
        ({"word_size": 2.5}, "word_size is a whole number, at least 1; got 2.5"),
        ({"read_heads": True}, "read_heads is a whole number, at least 1; got True"),
        ({"shift_range": -1}, "shift_range is a whole number, at least 0; got -1"),
        (
            {"controller": "feedforward", "layers": 2},
            "a feedforward controller has 1 layer; got layers 2",
        ),
        ({"segments": 3}, "segments is a whole number that divides locations, 8; got 3"),
        ({"segments": 4}, "locations of a segment is a whole number, at least 3; got 2"),
        ({"prominence": 1.5}, "prominence is a finite number at least 0 and at most 1; got 1.5"),
        ({"mask": 1}, "mask is true or false; got 1"),
        ({"controller": "gru"}, "controller is one of feedforward, lstm; got 'gru'"),
        ({"order": "both"}, "order is one of read_first, write_first; got 'both'"),
        (
            {"name": "mann", "read_heads": 9},
            "locations, a row for each write head, is a whole number, at least 9; got 8",
        ),
        ({"name": "mann", "usage_decay": 1}, "usage_decay is a finite number below 1 and at least 0; got 1"),
        ({"name": "lstm", "layers": 0}, "layers is a whole number, at least 1; got 0"),
    ],
)
def test_a_setting_that_cannot_be_says_what_is_wanted(settings, message):
    with pytest.raises(ConfigError) as raised:
        small_model(**settings)
    assert str(raised.value) == message


def test_a_training_goes_on_from_a_checkpoint_to_the_bit(model):
    config = TrainConfig(batch=2, learning_rate=0.01)
    straight = Trainer(model, small_task(), config, seed=2)
    for _ in range(2):
        straight.step()
    blob = checkpoints.save(model, straight.state())
    resumed = Trainer(checkpoints.load(blob).train(), small_task(), config, seed=2)
    resumed.restore(checkpoints.training(blob))
    for trainer in (straight, resumed):
        for _ in range(2):
            trainer.step()
    assert checkpoints.save(model, straight.state()) == checkpoints.save(resumed.model, resumed.state())
