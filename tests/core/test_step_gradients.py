"""The gradient of each step: against the rest of a sequence run by itself, and harmless to the training."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ntm_core import addressing, commands, diagnostics, models, registry, seeding, step_gradients
from ntm_core.engine import Engine
from ntm_core.errors import ConfigError
from ntm_core.kept import KeptEpisode
from ntm_core.observe import trace_spec
from ntm_core.trace import GRADIENT_OF, EpisodeKind, Order, Role
from ntm_core.train_config import TrainConfig
from ntm_core.training import Trainer, score
from tests.core.builders import Every, ListSink, small_model, small_task

AT = 3
ITEM = 1


@pytest.fixture
def sample():
    return small_task().sample(3, seeding.generator(2), 4)


def stepped_model(name="ntm", **settings):
    """One that takes its own steps."""
    has_kernel = "kernel" in models.settings(name)
    return small_model(name=name, **({"kernel": "eager"} if has_kernel else {}), **settings)


def loss_of(logits, sample):
    return score(logits, sample).loss.sum()


def rest(model, sample, state, before):
    """The loss where a sequence goes on from a state after step AT. before: logits up to there."""
    logits, _, _ = model(sample.inputs[AT + 1 :], state)
    return loss_of(torch.cat((before.detach(), logits)), sample)


def by_state(model, sample, name):
    """The gradient of the rest of a sequence by one field of the state after step AT."""
    logits, state, _ = model(sample.inputs[: AT + 1])
    leaf = getattr(state, name).detach().requires_grad_()
    state = type(state)(*(None if each is None else each.detach() for each in state))._replace(**{name: leaf})
    (gradient,) = torch.autograd.grad(rest(model, sample, state, logits), leaf)
    return gradient


def pushed(model, sample, owner, name, monkeypatch):
    """The gradient by something added to what a function returns at step AT."""
    push = torch.zeros(1)
    real, calls = getattr(owner, name), []

    def adding(*arguments):
        nonlocal push
        result = real(*arguments)
        calls.append(None)
        if len(calls) != AT + 1:
            return result
        push = torch.zeros_like(result[0] if isinstance(result, tuple) else result, requires_grad=True)
        if not isinstance(result, tuple):
            return result + push
        return result[0] + push, result[1]._replace(hidden=result[0] + push)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, adding)
        logits, _, _ = model(sample.inputs)
    (gradient,) = torch.autograd.grad(loss_of(logits, sample), push)
    return gradient


def norms(model, sample):
    watched = step_gradients.run(model, sample.inputs, slice(0, 1))
    loss_of(watched.logits, sample).backward()
    return {name: values[AT] for name, values in watched.norms(ITEM).items()}


@pytest.mark.parametrize("heads", [1, 2])
def test_the_gradients_of_an_ntm_are_those_of_what_follows_a_step(sample, heads, monkeypatch):
    model = stepped_model(read_heads=heads, write_heads=heads).double()
    sample = type(sample)(*(each.double() for each in sample))
    found = norms(model, sample)
    memory = by_state(model, sample, "memory")
    torch.testing.assert_close(found["memory_gradient"], memory[ITEM].norm())

    read = pushed(model, sample, addressing, "read", monkeypatch)
    torch.testing.assert_close(found["read_vector_gradient"], read[ITEM].norm(dim=-1))
    hidden = pushed(model, sample, model.controller, "forward", monkeypatch)
    torch.testing.assert_close(found["controller_gradient"], hidden[ITEM].norm())

    # A weighting matters for what its head does now and for where it is next.
    later = by_state(model, sample, "read_weighting")
    now = torch.bmm(read, before_of(model, sample).mT)
    torch.testing.assert_close(found["read_weighting_gradient"], (later + now)[ITEM].norm(dim=-1))
    later = by_state(model, sample, "write_weighting")
    weighting = trace_of(model, sample, "write_weighting").requires_grad_()
    written = addressing.write(
        before_of(model, sample), weighting, trace_of(model, sample, "erase"), trace_of(model, sample, "add")
    )
    (now,) = torch.autograd.grad(written, weighting, memory)
    torch.testing.assert_close(found["write_weighting_gradient"], (later + now)[ITEM].norm(dim=-1))


def trace_of(model, sample, name):
    _, _, trace = model(sample.inputs, trace=True)
    return getattr(trace.steps, name)[AT].detach()


def before_of(model, sample):
    _, _, trace = model(sample.inputs, trace=True)
    return trace.steps.memory[AT - 1].detach()


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("name", registry.models())
def test_every_network_tells_them_and_runs_as_it_would(name, order, sample):
    settings = {"order": order.value} if name == "ntm" else {}
    model = stepped_model(name=name, **settings)
    watched = step_gradients.run(model, sample.inputs, slice(0, 2))
    logits, _, trace = model(sample.inputs, trace=True, items=slice(0, 2))
    assert torch.equal(watched.logits, logits)
    for mine, wanted in zip(watched.trace.steps, trace.steps, strict=True):
        assert (mine is None) == (wanted is None)
        assert wanted is None or torch.equal(mine, wanted)
    loss_of(watched.logits, sample).backward()
    told = watched.norms(0)
    fields = step_gradients.fields(model)
    assert [field.name for field in fields] == list(told)
    for field in fields:
        assert told[field.name].shape == (len(sample.inputs), *field.shape)
        used = told[field.name][2:-1]  # at the ends there may be nothing left for it to matter to
        assert torch.isfinite(used).all()
        assert (used > 0).any(), field.name


@pytest.mark.parametrize("name", registry.models())
def test_training_is_the_same_with_them_to_the_bit(name):
    updates = []
    for wanted in (False, True):
        trainer = Trainer(stepped_model(name=name), small_task(), TrainConfig(batch=4, step_gradients=wanted), seed=1)
        updates.append([trainer.step(record=True) for _ in range(3)])
        updates[-1].append(torch.cat([parameter.flatten() for parameter in trainer.model.parameters()]))
    (*plain, left), (*watched, right) = updates
    assert torch.equal(left, right)
    assert [each.figures for each in plain] == [each.figures for each in watched]
    assert {each.step_gradients is None for each in plain} == {True}
    assert {each.step_gradients is None for each in watched} == {False}


def test_a_session_holds_them_of_the_sequences_that_were_learned_from():
    sink = ListSink()
    config = TrainConfig(batch=4, step_gradients=True)
    engine = Engine(stepped_model(), small_task(), config=config, sink=sink, policy=Every(2))
    assert not any(isinstance(event, commands.Train) for event in engine.handle(commands.Train(5)))
    assert {role for role in GRADIENT_OF.values() if engine.spec.with_role(role) is not None} == set(
        GRADIENT_OF.values()
    )
    for made in sink.episodes:
        episode = KeptEpisode(engine.spec, made["info"], made["initial"])
        episode.append_steps(made["columns"])
        told = diagnostics.series(episode, "memory_gradient")
        is_trained = made["info"].kind is EpisodeKind.TRAIN
        assert np.isfinite(told).all() == is_trained
        assert np.isnan(told).all() != is_trained
        assert not [alarm for alarm in diagnostics.alarms(episode) if "gradient" in alarm.name]
        assert not diagnostics.series(episode, "not_finite").any()
    assert {made["info"].kind for made in sink.episodes} == {EpisodeKind.TRAIN, EpisodeKind.EVAL}
    model, task = stepped_model(), small_task()
    assert trace_spec(model, task).with_role(Role.MEMORY_GRADIENT) is None


def test_they_are_of_the_loss_of_the_sequence_alone():
    """The share of a sequence in the loss of its batch does not count."""
    told = []
    for batch in (1, 4):
        task, model = small_task(min_length=3, max_length=3), stepped_model()
        sample = task.sample(1, seeding.generator(5))
        inputs = type(sample)(*(torch.cat([each] * batch, dim=1) for each in sample))

        class Same:
            def __getattr__(self, name, task=task):
                return getattr(task, name)

            def sample(self, batch, generator, length=None, inputs=inputs, **sizes):
                return inputs

        trainer = Trainer(model, Same(), TrainConfig(batch=batch, step_gradients=True))
        told.append(trainer.step(record=True).step_gradients["memory_gradient"])
    torch.testing.assert_close(told[0], told[1], rtol=1e-4, atol=1e-9)
    assert told[0].max() > 0


def test_a_network_that_does_not_take_its_own_steps_is_refused():
    with pytest.raises(ConfigError, match="kernel 'eager' was wanted; got 'auto'"):
        Trainer(small_model(), small_task(), TrainConfig(step_gradients=True))
