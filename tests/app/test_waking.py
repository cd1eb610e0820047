"""Waking recorded episodes and stepping them on: from a script, and in the engine process."""

from pathlib import Path

import numpy as np
import pytest

import ntmviz
import sessions
from ntm_core import checkpoints, commands, events, models
from ntm_core.errors import CheckpointError, ConfigError, CoreError
from ntm_core.lineage import Lineage
from ntm_core.trace import EpisodeKind
from ntmviz.errors import NtmvizError
from ntmviz.hand import Hand
from ntmviz.waking import Renamed
from tests.app.hand_driver import OWN, last_of
from tests.contracts import check_source, same_bits


def do(engine, *several):
    happened = [event for command in several for event in engine.handle(command)]
    assert not [event.message for event in happened if isinstance(event, events.Failed)]
    return happened


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9], ids=["before the first", "early", "late"])
def test_an_episode_that_ran_alone_goes_on_from_its_file_bit_for_bit(session, recording, share):
    index = last_of(recording, EpisodeKind.EVAL)
    episode = recording.episodes[index]
    engine = ntmviz.wake(session, index, round(share * (len(episode) - 1)) - 1)
    do(engine, commands.Run())
    for field in recording.spec:
        assert same_bits(engine.line.series(field.name), episode.series(field.name)), field.name
    assert engine.line.info.iteration == episode.info.iteration


@pytest.mark.parametrize("step", [-1, 2], ids=["before the first", "early"])
def test_a_sequence_of_a_batch_goes_on_to_a_hundred_thousandth(session, recording, step):
    index = last_of(recording, EpisodeKind.TRAIN)
    episode = recording.episodes[index]
    assert episode.info.batch == 4
    engine = ntmviz.wake(session, index, step)
    do(engine, commands.Run())
    for field in recording.spec:
        np.testing.assert_allclose(engine.line.series(field.name), episode.series(field.name), atol=1e-5)


def test_an_episode_whose_weights_are_not_kept_names_the_nearest(session, recording):
    index = last_of(recording, EpisodeKind.TRAIN, is_kept=False)
    with pytest.raises(
        NtmvizError, match=r"weights that are not kept .* the nearest kept are of iteration \d+"
    ) as told:
        ntmviz.wake(session, index, 0)
    nearest = int(str(told.value).partition("checkpoint=")[2].split(":")[0])
    engine = ntmviz.wake(session, index, 0, checkpoint=nearest)
    do(engine, commands.Step(OWN))
    assert engine.line.info.iteration == recording.checkpoints[nearest].iteration


@pytest.mark.parametrize(
    ("episode", "step", "more", "told"),
    [
        (99, 0, {}, "an episode from 0 to"),
        (-1, 0, {}, "an episode from 0 to"),
        (0, 99, {}, "a step from -1, before the first, to"),
        (0, 0, {"checkpoint": 99}, "a checkpoint from 0 to"),
        (0, 0, {"device": "abacus"}, "device is auto or one of"),
    ],
    ids=["episode", "negative episode", "step", "checkpoint", "device"],
)
def test_what_is_not_there_is_told_in_one_line(session, episode, step, more, told):
    with pytest.raises((NtmvizError, CoreError), match=told) as error:
        ntmviz.wake(session, episode, step, **more)
    assert "\n" not in str(error.value)


def test_a_step_that_is_no_number_of_a_step_is_told(session):
    with pytest.raises(ConfigError, match="step is a whole number, at least -1; got -2"):
        ntmviz.wake(session, 0, -2)


def test_a_session_of_a_script_without_a_model_is_not_woken(tmp_path, session, recording):
    path = tmp_path / "own.h5"
    with sessions.Recorder(path, recording.spec) as recorder:
        episode = recording.episodes[0]
        recorder.begin_episode(
            episode.info, {field.name: episode.initial(field.name) for field in recording.spec.carried}
        )
        recorder.append_steps({field.name: episode.series(field.name) for field in recording.spec})
    with pytest.raises(NtmvizError, match="keeps no others: it can be looked at, not woken"):
        ntmviz.wake(path, 0, 0)


def test_what_is_done_from_a_step_goes_into_a_new_session_that_has_all_it_needs(session, recording, tmp_path):
    index, before = last_of(recording, EpisodeKind.EVAL), session.read_bytes()
    out = tmp_path / "fork.ntmviz.h5"
    engine = ntmviz.wake(session, index, 4, out=out)
    do(engine, commands.Step(OWN), commands.Run(3), commands.Wake(0, 2), commands.Step())
    engine.sink.close()
    assert session.read_bytes() == before, "somebody else's file is never written"
    with sessions.open(out) as forked:
        assert forked.complete
        assert forked.info.parent == {
            "session_id": recording.info.session_id,
            "path": str(session),
            "episode": index,
            "step": 4,
            "iteration": recording.episodes[index].info.iteration,
        }
        told = [
            (each.info.kind, each.info.parent, each.info.parent_step, each.info.checkpoint) for each in forked.episodes
        ]
        fork = EpisodeKind.FORK
        assert told == [(EpisodeKind.EVAL, -1, -1, 0), (fork, 0, 4, 0), (fork, 0, 2, 0)]
        for field in recording.spec:
            assert same_bits(forked.episodes[0].series(field.name), recording.episodes[index].series(field.name))
        line = Lineage(forked.episodes, 1)
        check_source(line)
        assert len(line) == 9
        assert line.record(5)["input"].tolist() == list(OWN)
    again = ntmviz.wake(out, 1, 1, out=tmp_path / "again.h5")
    do(again, commands.Run())
    again.sink.close()
    with sessions.open(tmp_path / "again.h5") as forked:
        assert [each.info.parent for each in forked.episodes] == [-1, 0, 1]
        assert len(Lineage(forked.episodes, 2)) == len(recording.episodes[index])


def hand_of(session, tmp_path):
    return Hand(session, tmp_path / "hand.ntmviz.h5")


def test_a_hand_makes_its_session_with_the_first_step_and_not_before(session, recording, tmp_path):
    hand, index = hand_of(session, tmp_path), last_of(recording, EpisodeKind.EVAL)
    hand.wake(index, 3, None)
    assert hand.is_same_device
    hand.do([commands.Wake(index, 5)])
    assert list(tmp_path.iterdir()) == []
    done = hand.do([commands.Wake(index, 5), commands.Step(OWN)])
    assert (done.path, done.is_kept) == (tmp_path / "hand.ntmviz.h5", True)
    assert done.events[-1] == events.Stepped(1, 6)
    with sessions.open(done.path) as growing:
        assert growing.is_live
        assert len(Lineage(growing.episodes, 1)) == 7
    assert hand.do([commands.Wake(0, 1), commands.Step(OWN)]).events[-1] == events.Stepped(2, 2)
    hand.close()
    with sessions.open(done.path) as sealed:
        assert sealed.complete


def test_a_hand_in_a_training_s_own_process_keeps_forks_in_the_training_s_session(tmp_path):
    from ntmviz.run_options import RunOptions
    from ntmviz.runs import Run

    path = tmp_path / "run.ntmviz.h5"
    run = Run(
        RunOptions(
            out=str(path),
            task_settings={"max_length": 6, "bits": 4},
            model_settings={"locations": 12, "word_size": 4, "hidden_size": 8},
            train={"batch": 2},
            iterations=6,
            record="every:2",
            device="cpu",
        )
    )
    run.advance(3)
    run.recorder.flush(5)
    hand = Hand(path, tmp_path / "hand.h5", run.recorder)
    weights = run.engine.model.state_dict()["output.weight"].clone()
    hand.wake(0, 2, None)
    first = hand.do([commands.Wake(0, 2), commands.Step(OWN)])
    assert first.path == path
    hand.rest()
    run.advance(2)
    second = hand.do([commands.Wake(first.events[-1].episode, 0), commands.Step(OWN)])
    hand.rest()
    assert not (run.engine.model.state_dict()["output.weight"] == weights).all(), "training went on"
    run.leave()
    hand.close()
    assert not (tmp_path / "hand.h5").exists()
    with sessions.open(path) as recording:
        assert recording.complete
        line = Lineage(recording.episodes, second.events[-1].episode)
        assert [part.source.info.kind for part in line.parts] == [EpisodeKind.EVAL, EpisodeKind.FORK, EpisodeKind.FORK]
        assert len(line) == 5
        check_source(line)


def test_a_hand_leaves_no_file_where_an_episode_cannot_be_read_and_tries_anew(
    session, recording, tmp_path, monkeypatch
):
    hand, index = hand_of(session, tmp_path), last_of(recording, EpisodeKind.EVAL)

    def damaged(*_):
        raise sessions.SessionError("the session is damaged")

    with monkeypatch.context() as patched, pytest.raises(sessions.SessionError, match="damaged"):
        patched.setattr(Renamed, "series", damaged)
        hand.do([commands.Wake(index, 3), commands.Step(OWN)])
    assert not (tmp_path / "hand.ntmviz.h5").exists()
    assert hand.do([commands.Wake(index, 3), commands.Step(OWN)]).is_kept
    hand.close()


def test_a_hand_says_when_its_steps_are_not_kept(session, recording, tmp_path):
    hand, index = hand_of(session, tmp_path), last_of(recording, EpisodeKind.EVAL)
    assert hand.do([commands.Wake(index, 5), commands.Step(OWN)]).is_kept
    hand._recorder._channel._process.kill()
    hand._recorder._channel._process.wait()
    done = hand.do([commands.Step()])
    assert not done.is_kept
    assert "ended unexpectedly" in hand.failure
    hand.close()


NEW = {
    "task_settings": {"max_length": 4, "bits": 3},
    "model_settings": {"locations": 8, "word_size": 5, "hidden_size": 6},
}


def test_a_new_network_is_stepped_by_hand(tmp_path):
    hand = Hand.of_new_network(NEW | {"seed": 7}, tmp_path / "new.h5")
    planned = hand.do([commands.Reset(7)]).events[-1]
    done = hand.do([commands.Run(2), commands.Step((1.0, 0.0, 0.0, 0.0))])
    assert [type(event) for event in done.events] == [events.Stepped, events.Stepped]
    hand.close()
    with sessions.open(tmp_path / "new.h5") as recording:
        assert recording.info.model_config["locations"] == 8
        assert len(recording.checkpoints) == 1
        episode = recording.episodes[0]
        assert (len(recording.episodes), episode.info.kind) == (1, EpisodeKind.MANUAL)
        assert np.array_equal(episode.series("input")[:2], planned.inputs[:2])
    engine = ntmviz.wake(tmp_path / "new.h5", 0, 1)
    do(engine, commands.Step((1.0, 0.0, 0.0, 0.0)))
    with sessions.open(tmp_path / "new.h5") as recording:
        assert same_bits(engine.line.record(2)["memory"], recording.episodes[0].record(2)["memory"])


def test_a_network_from_a_file_of_weights_takes_settings_that_fit_them(tmp_path):
    model = models.build("ntm", 4, 3, seed=3, locations=8, word_size=5, hidden_size=6)
    file = tmp_path / "weights.safetensors"
    file.write_bytes(checkpoints.save(model))
    options = {"task_settings": {"bits": 3}, "weights": str(file), "model_settings": {"order": "write_first"}}
    hand = Hand.of_new_network(options, tmp_path / "new.h5")
    hand.close()
    with sessions.open(tmp_path / "new.h5") as recording:
        assert recording.spec.order == "write_first"
        assert recording.info.model_config["word_size"] == 5


@pytest.mark.parametrize(
    ("changed", "kind", "told"),
    [
        ({"model_settings": {"locations": 9}}, CheckpointError, "first_weighting do not fit the settings"),
        ({"task_settings": {"bits": 5}}, NtmvizError, "weights for 6 inputs and 5 outputs were wanted for copy"),
        ({"weights": "nowhere.safetensors"}, CheckpointError, "cannot be read: No such file"),
        ({"weights": "/proc"}, CheckpointError, "was wanted; this is none: /proc"),
        ({"weights": __file__}, CheckpointError, "weights that ntmviz saved were wanted"),
        ({"task": "juggling"}, ConfigError, "a task is one of associative_recall, copy"),
    ],
    ids=["settings", "task", "missing", "folder", "rubbish", "unknown task"],
)
def test_a_network_that_cannot_be_is_refused_before_a_file_is_made(tmp_path, changed, kind, told):
    model = models.build("ntm", 4, 3, seed=3, locations=8, word_size=5, hidden_size=6)
    (tmp_path / "weights.safetensors").write_bytes(checkpoints.save(model))
    options = {"task_settings": {"bits": 3}, "weights": str(tmp_path / "weights.safetensors")} | changed
    with pytest.raises(kind, match=told):
        Hand.of_new_network(options, tmp_path / "new.h5")
    assert not Path(tmp_path / "new.h5").exists()
