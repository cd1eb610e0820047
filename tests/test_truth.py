"""What is recorded is what was computed: over real trainings, from the engine through the file and back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch

import sessions
from ntm_core import tasks
from ntm_core.observe import observe
from ntm_core.tasks import Sample
from ntm_core.trace import EpisodeKind, Order
from ntmviz import Run, RunOptions, load_model, runs
from ntmviz.assets import asset
from tests.contracts import check_source, same_bits

ITERATIONS = 120
"""Past iteration 100, where the second checkpoint falls due on its own."""


class Heard(NamedTuple):
    """An episode as the engine handed it to its sink."""

    info: object
    initial: dict
    columns: list


class ListeningRecorder(sessions.Recorder):
    """A recorder that also keeps a copy of all it is handed."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.heard, self.logged = [], []

    def begin_episode(self, info, initial):
        self.heard.append(Heard(info, {name: np.array(values) for name, values in initial.items()}, []))
        return super().begin_episode(info, initial)

    def append_steps(self, columns):
        self.heard[-1].columns.append({name: np.array(values) for name, values in columns.items()})
        super().append_steps(columns)

    def log(self, iteration, **metrics):
        self.logged.append((iteration, metrics))
        super().log(iteration, **metrics)


class Trained(NamedTuple):
    recording: sessions.Recording
    recorder: ListeningRecorder
    task: object


@pytest.fixture(
    scope="module",
    params=[(1, Order.READ_FIRST), (2, Order.READ_FIRST), (2, Order.WRITE_FIRST)],
    ids=lambda each: f"{each[0]}+{each[0]} heads, {each[1]}",
)
def trained(request, tmp_path_factory):
    heads, order = request.param
    path = tmp_path_factory.mktemp("truth") / "run.ntmviz.h5"
    task_settings = {"max_length": 8, "bits": 6}
    sizes = {"locations": 32, "word_size": 10, "hidden_size": 24, "read_heads": heads, "write_heads": heads}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "Recorder", ListeningRecorder)
        run = Run(
            RunOptions(
                out=str(path),
                task_settings=task_settings,
                model_settings=sizes | {"order": order.value},
                train={"batch": 4, "learning_rate": 3e-3, "check_sequences": 200},
                seed=3,
                iterations=ITERATIONS,
                record="every:7",
                device="cpu",
            )
        )
        while not run.is_over:
            run.advance(20)
        run.finish()
    with sessions.open(path) as recording:
        assert recording.complete
        assert recording.spec.order is order
        yield Trained(recording, run.recorder, tasks.build("copy", **task_settings))


def rebuilt(episode):
    """The memory after each step, from what was written alone (NTM paper, eq. 3 and 4), in float64."""
    memory = episode.initial("memory").astype(np.float64)
    written = zip(*(episode.series(name) for name in ("write_weighting", "erase", "add")), strict=True)
    for weighting, erase, add in written:
        for head in range(len(weighting)):
            memory = memory * (1 - np.outer(weighting[head], erase[head]))
        for head in range(len(weighting)):
            memory = memory + np.outer(weighting[head], add[head])
        yield memory


def read_from(episode, order):
    """The vectors that heads would read if a step read in that order: (steps, read heads, words), float64."""
    memory = episode.series("memory").astype(np.float64)
    if order is Order.READ_FIRST:
        memory = np.concatenate([episode.initial("memory")[None], memory[:-1]])
    return np.einsum("trn,tnw->trw", episode.series("read_weighting"), memory)


def test_there_are_episodes_of_training_and_episodes_that_can_be_woken(trained):
    kinds = [episode.info.kind for episode in trained.recording.episodes]
    assert kinds.count(EpisodeKind.TRAIN) == -(-ITERATIONS // 7)
    assert kinds.count(EpisodeKind.EVAL) == len(trained.recording.checkpoints) >= 3
    for episode in trained.recording.episodes:
        check_source(episode)


def test_memory_rebuilt_from_the_recorded_writes_is_the_recorded_memory(trained):
    for episode in trained.recording.episodes:
        memory = episode.series("memory")
        assert np.ptp(memory) > 0.01
        for step, wanted in enumerate(rebuilt(episode)):
            np.testing.assert_allclose(memory[step], wanted, rtol=0, atol=1e-6)


def test_a_recorded_read_is_weighting_times_the_memory_that_the_order_names(trained):
    order = trained.recording.spec.order
    (other,) = set(Order) - {order}
    for episode in trained.recording.episodes:
        reads = episode.series("read_vector")
        np.testing.assert_allclose(reads, read_from(episode, order), rtol=0, atol=1e-6)
        assert np.abs(reads - read_from(episode, other)).max() > 1e-4


def test_recorded_weightings_are_weightings(trained):
    for episode in trained.recording.episodes:
        for name in ("read_weighting", "write_weighting", "content_weighting", "gated_weighting"):
            np.testing.assert_allclose(episode.series(name).sum(axis=-1), 1, atol=1e-5)


def test_what_is_read_back_is_bit_for_bit_what_the_engine_handed_over(trained):
    episodes, heard = trained.recording.episodes, trained.recorder.heard
    assert len(episodes) == len(heard)
    for episode, given in zip(episodes, heard, strict=True):
        for name in ("kind", "iteration", "item", "batch", "seed", "checkpoint", "label"):
            assert getattr(episode.info, name) == getattr(given.info, name)
        assert set(given.initial) == {field.name for field in episode.spec.carried}
        for name, values in given.initial.items():
            assert same_bits(episode.initial(name), values)
        assert set().union(*given.columns) == {field.name for field in episode.spec}
        for field in episode.spec:
            whole = np.concatenate([columns[field.name] for columns in given.columns])
            assert same_bits(episode.series(field.name), whole)


def test_metrics_are_read_back_as_they_were_logged(trained):
    metrics, logged = trained.recording.metrics, trained.recorder.logged
    assert metrics.iterations().tolist() == [iteration for iteration, _ in logged] == list(range(ITERATIONS))
    for name in metrics.names:
        assert same_bits(metrics[name], [values.get(name, np.nan) for _, values in logged])


def test_the_loss_of_an_episode_is_that_of_its_recorded_outputs(trained):
    for episode in trained.recording.episodes:
        output, target = (episode.series(name).astype(np.float64) for name in ("output", "target"))
        scored = episode.series("mask") > 0
        nats = -np.log(np.where(target > 0.5, output, 1 - output))
        assert episode.info.loss == pytest.approx(nats[scored].mean(), rel=1e-5)
        assert episode.info.wrong_bits == ((output > 0.5) != (target > 0.5))[scored].sum()


def test_an_episode_run_alone_reruns_bit_for_bit_from_its_checkpoint(trained):
    alone = [episode for episode in trained.recording.episodes if episode.info.kind is EpisodeKind.EVAL]
    assert alone
    for episode in alone:
        assert (episode.info.batch, episode.info.checkpoint >= 0) == (1, True)
        model = load_model(trained.recording.path, episode.info.checkpoint)
        sample = Sample(
            *(torch.from_numpy(episode.series(name).copy())[:, None] for name in ("input", "target", "mask"))
        )
        with torch.no_grad():
            logits, _, trace = model(sample.inputs, trace=True)
        again = observe(episode.spec, trace, sample, logits, trained.task)
        for name, values in again.initial.items():
            assert same_bits(values, episode.initial(name))
        for name, values in again.columns.items():
            assert same_bits(values, episode.series(name))


def test_the_recorded_input_is_the_sequence_that_its_seed_draws(trained):
    for episode in trained.recording.episodes:
        info = episode.info
        length = trained.task.criterion.trial.sizes["length"] if info.kind is EpisodeKind.EVAL else None
        generator = torch.Generator().manual_seed(info.seed)
        drawn = trained.task.sample(info.batch, generator, length)
        for name, tensor in zip(("input", "target", "mask"), drawn, strict=True):
            assert same_bits(episode.series(name), tensor[:, info.item].numpy())


def test_a_session_of_a_network_that_learned_is_as_true():
    """Learned weightings and values are larger and sharper than those of the short trainings above."""
    with sessions.open(asset("copy.ntmviz.h5")) as recording:
        assert [event.kind for event in recording.events] == ["solved"]
        for episode in recording.episodes:
            wanted = np.stack(list(rebuilt(episode)))
            np.testing.assert_allclose(episode.series("memory"), wanted, rtol=0, atol=1e-6)
            reads = read_from(episode, recording.spec.order)
            np.testing.assert_allclose(episode.series("read_vector"), reads, rtol=0, atol=1e-6)
