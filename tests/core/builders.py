"""Small networks, tasks and sinks that the tests of this folder share."""

from __future__ import annotations

import numpy as np

from ntm_core import models, tasks
from ntm_core.engine import Engine
from ntm_core.trace import EpisodeKind
from ntm_core.train_config import TrainConfig

SMALL = {"locations": 8, "word_size": 5, "hidden_size": 12}


def small_task(**settings):
    return tasks.build("copy", **{"max_length": 4, "bits": 3} | settings)


def small_model(seed=0, name="ntm", **settings):
    """Of the sizes SMALL those that the model has, and the given settings."""
    task = small_task()
    sizes = {size: value for size, value in SMALL.items() if size in models.settings(name)}
    return models.build(name, task.inputs, task.outputs, seed=seed, **sizes | settings)


class SpoiltTask:
    """A task of which the training batches with these numbers, in the order they are drawn, are not finite."""

    def __init__(self, task, numbers, item=0):
        self._task, self._numbers, self._item = task, numbers, item
        self._drawn = -1

    def __getattr__(self, name):
        return getattr(self._task, name)

    def sample(self, batch, generator, length=None, **sizes):
        sample = self._task.sample(batch, generator, length, **sizes)
        if length is None:
            self._drawn += 1
            if self._drawn in self._numbers:
                sample.inputs[0, self._item, 0] = np.nan
        return sample


class ListSink:
    """Keeps all it is told, as it came."""

    def __init__(self):
        self.calls = []
        self.episodes = []
        self.metrics = {}
        self.checkpoints = []
        self.is_open = False

    def begin_episode(self, info, initial):
        assert not self.is_open
        self.is_open = True
        self.episodes.append({"info": info, "initial": dict(initial), "columns": None, "result": None})
        return len(self.episodes) - 1

    def append_steps(self, columns):
        assert self.is_open
        episode = self.episodes[-1]
        before = episode["columns"]
        episode["columns"] = {
            name: np.array(column) if before is None else np.concatenate((before[name], column))
            for name, column in columns.items()
        }

    def append(self, record):
        self.append_steps({name: np.asarray(value)[None] for name, value in record.items()})

    def end_episode(self, *, loss=float("nan"), wrong_bits=float("nan")):
        assert self.is_open
        self.is_open = False
        self.episodes[-1]["result"] = (loss, wrong_bits)

    def log(self, iteration, **metrics):
        self.metrics[iteration] = metrics

    def checkpoint(self, weights, iteration):
        self.checkpoints.append((iteration, weights))
        return len(self.checkpoints) - 1


class Every:
    """Wants every so manyth iteration, and counts how often it was asked and told."""

    def __init__(self, interval=1):
        self.interval = interval
        self.asked = []
        self.depth = 0
        self.begun = 0

    def wants(self, iteration):
        self.asked.append(iteration)
        return iteration % self.interval == 0

    def begin(self):
        assert self.depth == 0
        self.depth, self.begun = 1, self.begun + 1

    def end(self):
        assert self.depth == 1
        self.depth = 0


def engine_of(sink=None, policy=None, seed=0, heads=1, **settings):
    config = TrainConfig(**{"batch": 4} | settings)
    model = small_model(seed=1, read_heads=heads, write_heads=heads)
    return Engine(model, small_task(), config=config, seed=seed, sink=sink, policy=policy)


def spoilt_engine(numbers, sink=None, policy=None, item=0, **settings):
    """An engine that meets batches that are not finite at these iterations."""
    engine = engine_of(sink, policy, **settings)
    engine.trainer.task = SpoiltTask(engine.task, numbers, item)
    return engine


def only(kind, happened):
    (event,) = (event for event in happened if isinstance(event, kind))
    return event


def trained_episodes(sink):
    return [episode for episode in sink.episodes if episode["info"].kind is EpisodeKind.TRAIN]
