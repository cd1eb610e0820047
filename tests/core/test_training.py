"""Training: its figures, its recipe, and that it can be done again."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ntm_core import checkpoints
from ntm_core.errors import CheckpointError, ConfigError
from ntm_core.network import held
from ntm_core.tasks import Sample, Trial
from ntm_core.train_config import TrainConfig
from ntm_core.training import MOST_SKIPPED_IN_A_ROW, RECORDED, Result, Trainer, on_device, score
from tests.core.builders import SpoiltTask, small_model, small_task


def trainer_of(seed=0, **settings):
    return Trainer(small_model(), small_task(), TrainConfig(**{"batch": 4} | settings), seed=seed)


def remembered(trainer):
    """All that an update changes: copies of the weights, and of what the optimiser keeps of each."""
    kept = trainer.state().optimizer
    return [tensor.detach().clone() for tensor in (*trainer.model.parameters(), *kept.values())]


def test_equal_seeds_train_to_the_bit_whether_or_not_they_are_watched_and_checked():
    watched, plain = trainer_of(), trainer_of()
    for iteration in range(3):
        first, second = watched.step(record=True), plain.step()
        assert (first.iteration, first.loss, first.gradient_norm) == (iteration, second.loss, second.gradient_norm)
        watched.check()
        watched.evaluate(Trial("4", {"length": 4}), 5, seed=iteration)
    assert all(map(torch.equal, watched.model.parameters(), plain.model.parameters()))


def test_another_seed_trains_on_other_data():
    assert trainer_of(seed=0).step().loss != trainer_of(seed=1).step().loss


def test_training_lowers_the_loss():
    trainer = trainer_of(learning_rate=3e-3, final_share=1.0)
    losses = [trainer.step().loss for _ in range(60)]
    assert sum(losses[-10:]) < 0.95 * sum(losses[:10])


def test_the_scores_are_those_of_a_hand_count():
    logits = torch.tensor([[[9.0, 9.0]], [[math.log(3), -math.log(3)]], [[math.log(3), -math.log(3)]]])
    targets = torch.tensor([[[0.0, 0.0]], [[1.0, 1.0]], [[1.0, 0.0]]])
    mask = torch.tensor([[0.0], [1.0], [1.0]])  # the first step, all wrong, does not count
    loss, wrong_bits, bits = score(logits, Sample(torch.zeros(3, 1, 1), targets, mask))
    assert (wrong_bits.tolist(), bits.tolist()) == ([1], [4])
    assert loss.item() == pytest.approx((3 * -math.log(0.75) - math.log(0.25)) / 4)


def test_a_batch_is_scored_on_the_device_it_is_on():
    """The meta device stands for one that is not here: mixing it with the CPU fails."""
    there = on_device(small_task().sample(2, torch.Generator(), 2), torch.device("meta"))
    scores = score(torch.empty(5, 2, 3, device="meta"), there)
    assert {each.device.type for each in (*there, *scores)} == {"meta"}


def test_the_figures_of_an_update_are_those_of_its_sequences():
    update = trainer_of().step(record=True)
    scores = score(update.logits, update.sample)
    length = (len(update.sample.inputs) - 1) // 2
    assert update.item_loss == pytest.approx(scores.loss.tolist())
    assert update.loss == pytest.approx(scores.loss.mean().item())
    assert update.wrong_bits == scores.wrong_bits.mean().item()
    assert update.bit_error_rate == pytest.approx((scores.wrong_bits.sum() / scores.bits.sum()).item())
    assert update.bits_per_sequence == pytest.approx(update.loss * length * 3 / math.log(2))
    assert update.sequences == 4


def test_the_trace_of_an_update_ran_on_the_weights_before_it():
    trainer = trainer_of()
    before = {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}
    update = trainer.step(record=True)
    model = small_model(seed=9)
    model.load_state_dict(before)
    logits, _, trace = model(update.sample.inputs, trace=True)
    assert torch.equal(logits, update.logits)
    assert torch.equal(trace.steps.memory[:, RECORDED], update.trace.steps.memory)
    assert update.trace.steps.memory.shape[1] == 1, "the other sequences are not stacked"
    assert not torch.equal(trainer.model(update.sample.inputs)[0], logits)


def test_the_learning_rate_falls_along_a_line_and_then_stays():
    config = TrainConfig(learning_rate=1.0, final_share=0.2, decay_sequences=100)
    assert [config.learning_rate_at(seen) for seen in (0, 50, 100, 500)] == pytest.approx([1.0, 0.6, 0.2, 0.2])
    trainer = trainer_of(learning_rate=1.0, final_share=0.2, decay_sequences=8)
    assert [trainer.step().learning_rate for _ in range(4)] == pytest.approx([1.0, 0.6, 0.2, 0.2])


def test_the_gradient_is_clipped_to_its_norm_and_reported_unclipped():
    trainer = trainer_of(clip_norm=1e-3)
    update = trainer.step()
    norms = torch.stack([parameter.grad.norm() for parameter in trainer.model.parameters()])
    assert update.gradient_norm > 1e-2
    assert norms.norm().item() == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_an_update_that_is_not_finite_is_skipped_and_counted(what):
    trainer = trainer_of()
    trainer.step()
    if what == "loss":
        with torch.no_grad():
            trainer.model.output.bias[0] = math.inf
    else:
        hook = trainer.model.output.bias.register_hook(lambda gradient: gradient * math.nan)
    before = remembered(trainer)
    updates = [trainer.step() for _ in range(2)]
    assert [(update.not_finite, update.iteration, update.sequences) for update in updates] == [
        (what, 1, 8),
        (what, 2, 12),
    ]
    assert updates[0].seed != updates[1].seed
    assert all(map(torch.equal, before, remembered(trainer)))
    assert (trainer.iteration, trainer.sequences, trainer.skipped, trainer.skipped_in_a_row) == (3, 12, 2, 2)
    if what == "gradient":
        hook.remove()
        assert trainer.step().not_finite is None
        assert not all(map(torch.equal, before, remembered(trainer)))
        assert (trainer.skipped, trainer.skipped_in_a_row) == (2, 0)


def test_a_bad_batch_in_the_middle_costs_its_own_iteration_and_nothing_else():
    """Equal to the bit to a training that goes from the iteration before the bad one to the one after it."""
    recipe = {"learning_rate": 3e-3, "decay_sequences": 300}
    met, spared = trainer_of(**recipe), trainer_of(**recipe)
    met.task = SpoiltTask(met.task, {30})
    updates = [met.step() for _ in range(80)]
    losses = []
    for iteration in range(80):
        if iteration == 30:
            spared.iteration, spared.sequences = 31, 31 * 4
        else:
            losses.append(spared.step().loss)
    assert updates.pop(30).not_finite == "loss"
    assert [update.loss for update in updates] == losses
    assert all(map(torch.equal, remembered(met), remembered(spared)))
    assert (met.iteration, met.sequences, met.skipped) == (80, 320, 1)
    assert sum(losses[-10:]) < 0.95 * sum(losses[20:30])


def resumed(trainer, **changed):
    """Another trainer that goes on from what a checkpoint of this one holds."""
    blob = checkpoints.save(trainer.model, trainer.state())
    state = checkpoints.training(blob)
    config = TrainConfig.from_json({**state.config, **changed})
    other = Trainer(checkpoints.load(blob).train(), small_task(), config, seed=state.seed)
    other.restore(state)
    return other


@pytest.mark.parametrize("settings", [{}, {"momentum": 0.0}, {"decay_sequences": 60}], ids=str)
def test_a_training_goes_on_from_its_state_to_the_bit(settings):
    straight, stopped = trainer_of(seed=3, **settings), trainer_of(seed=3, **settings)
    for _ in range(10):
        straight.step()
        stopped.step()
    going_on = resumed(stopped)
    for _ in range(10):
        first, second = straight.step(), going_on.step()
        assert (first.iteration, first.sequences, first.seed) == (second.iteration, second.sequences, second.seed)
        assert first.figures == second.figures
    assert all(map(torch.equal, remembered(straight), remembered(going_on)))


def test_a_state_does_not_change_with_later_updates_of_either_trainer():
    trainer = trainer_of()
    trainer.step()
    state = trainer.state()
    before = {name: tensor.clone() for name, tensor in state.optimizer.items()}
    other = trainer_of()
    other.restore(state)
    for each in (trainer, other):
        each.step()
    assert all(torch.equal(before[name], tensor) for name, tensor in state.optimizer.items())


def test_checks_and_skipped_updates_go_on_where_they_were(monkeypatch):
    monkeypatch.setattr(Trainer, "evaluate", lambda *arguments: Result(0.0, 0.0, 0.0))
    trainer = trainer_of(check_sequences=8)
    trainer.task = SpoiltTask(trainer.task, {1, 2})
    for _ in range(3):
        trainer.step()
        if trainer.is_check_due:
            trainer.check()
    other = resumed(trainer)
    assert (other.skipped, other.skipped_in_a_row, other.is_check_due) == (2, 2, False)
    assert other.check().is_solved is False
    assert other.check().is_solved is True  # the third good one in a row
    assert resumed(other).is_solved


def test_one_that_gave_up_may_skip_as_often_again():
    trainer = trainer_of()
    trainer.task = SpoiltTask(trainer.task, set(range(100)))
    for _ in range(MOST_SKIPPED_IN_A_ROW):
        trainer.step()
    other = resumed(trainer)
    assert (other.skipped, other.skipped_in_a_row) == (MOST_SKIPPED_IN_A_ROW, 0)


@pytest.mark.parametrize(("before", "after"), [(0.0, 0.9), (0.9, 0.0)])
def test_a_training_goes_on_with_momentum_that_it_had_not_or_without_it(before, after):
    trainer = trainer_of(momentum=before)
    trainer.step()
    other = resumed(trainer, momentum=after)
    assert other.step().not_finite is None
    assert any("momentum_buffer" in name for name in other.state().optimizer) == (after > 0)


def test_what_another_network_kept_is_refused():
    trainer = trainer_of()
    trainer.step()
    state = trainer.state()
    larger = Trainer(small_model(hidden_size=13), small_task())
    with pytest.raises(CheckpointError, match="does not fit it"):
        larger.restore(state)
    tensors = {**state.optimizer, "square_avg.head.weight": torch.ones(3)}
    with pytest.raises(CheckpointError, match="which are of another network"):
        trainer.restore(dataclasses.replace(state, optimizer=tensors))


def test_evaluation_depends_on_its_seed_alone():
    trainer = trainer_of()
    rates = [trainer.evaluate(Trial("4", {"length": 4}), 50, seed).bit_error_rate for seed in (1, 1, 2)]
    trainer.step()
    assert rates[0] == rates[1] != rates[2]
    assert all(0.3 < rate < 0.7 for rate in rates)


def test_solved_means_no_wrong_bit_at_enough_checks_in_a_row(monkeypatch):
    trainer = trainer_of()
    asked = []
    rates = iter([0.0, 0.0, 0.01, 0.0, 0.0, 0.0, 0.0])
    monkeypatch.setattr(
        trainer, "evaluate", lambda *arguments: asked.append(arguments) or Result(next(rates), 0.0, 0.0)
    )
    assert [trainer.check().is_solved for _ in range(7)] == [False] * 5 + [True] * 2
    assert {(trial.name, sequences) for trial, sequences, _ in asked} == {("4", 100)}


def test_a_check_is_due_after_its_share_of_sequences():
    trainer = trainer_of(check_sequences=8)
    due = []
    for _ in range(5):
        trainer.step()
        due.append(trainer.is_check_due)
        if due[-1]:
            trainer.check()
    assert due == [False, True, False, True, False]


def test_an_update_reads_the_device_once(monkeypatch):
    read = []
    tolist = torch.Tensor.tolist
    monkeypatch.setattr(torch.Tensor, "tolist", lambda tensor: read.append(tensor.shape) or tolist(tensor))

    class Counter(TorchDispatchMode):
        scalars = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            self.scalars += "_local_scalar_dense" in str(func)
            return func(*args, **kwargs or {})

    trainer = trainer_of()
    monkeypatch.setattr(trainer, "task", FixedTask(trainer.task))
    with Counter() as counter:
        trainer.step(record=True)
    assert read == [(13,)]  # loss, wrong bits and scored bits of four sequences, and the norm
    assert counter.scalars <= 13


class FixedTask:
    """Gives one batch, drawn beforehand: drawing a length reads a value too, but of the host."""

    def __init__(self, task):
        self._sample = task.sample(4, torch.Generator().manual_seed(0), 2)

    def sample(self, batch, generator):
        return self._sample


def test_settings_survive_json():
    config = TrainConfig(batch=3, momentum=0.5)
    assert TrainConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch": 0}, "batch is a whole number, at least 1; got 0"),
        ({"learning_rate": 0}, "learning_rate is a finite number above 0; got 0"),
        ({"learning_rate": math.nan}, "learning_rate is a finite number above 0; got nan"),
        ({"clip_norm": "ten"}, "clip_norm is a finite number above 0; got 'ten'"),
        ({"momentum": 1.0}, "momentum is a finite number below 1 and at least 0; got 1.0"),
    ],
)
def test_a_setting_that_cannot_be_says_what_is_wanted(settings, message):
    with pytest.raises(ConfigError) as raised:
        TrainConfig(**settings)
    assert str(raised.value) == message


def test_a_trace_keeps_the_state_that_its_sequence_started_from():
    """The learned first state is a weight, and the update that follows changes weights in place."""
    trainer = trainer_of()
    first = trainer.model.initial_state(1)
    wanted = {name: tensor.detach().clone() for name, tensor in held(first).items()}
    trace = trainer.step(record=True).trace
    assert all(torch.equal(getattr(trace.initial, name), tensor) for name, tensor in wanted.items())
    assert not torch.equal(trainer.model.first_read, wanted["read_vector"][0])
