"""A line of episodes as one source."""

import numpy as np
import pytest

from ntm_core.kept import KeptEpisode
from ntm_core.lineage import Lineage, Place
from ntm_core.trace import EpisodeInfo, Field, Role, TraceSpec
from tests.contracts import check_source

SPEC = TraceSpec(
    (
        Field("memory", Role.MEMORY, (2, 3), ("location", "word"), carried=True),
        Field("input", Role.INPUT, (2,), ("channel",)),
    )
)


def episode(steps, value, parent=-1, parent_step=-1):
    """An episode whose numbers are value, value + 1, ... by step; its state before the first is value - 1."""
    made = KeptEpisode(
        SPEC, EpisodeInfo(parent=parent, parent_step=parent_step), {"memory": np.full((2, 3), value - 1, np.float32)}
    )
    if steps:
        numbers = np.arange(value, value + steps, dtype=np.float32)
        made.append_steps({"memory": np.tile(numbers[:, None, None], (1, 2, 3)), "input": np.tile(numbers[:, None], 2)})
    return made


FAMILY = (
    episode(5, 0),
    episode(3, 100, parent=0, parent_step=1),
    episode(0, 200, parent=1, parent_step=0),
    episode(2, 300, parent=2, parent_step=-1),
    episode(1, 400, parent=0, parent_step=-1),
)


@pytest.mark.parametrize(
    ("index", "memory", "inputs"),
    [
        (0, [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]),
        (1, [0, 99, 100, 101, 102], [0, 1, 100, 101, 102]),
        (2, [0, 99, 199], [0, 1, 100]),
        (3, [0, 99, 299, 300, 301], [0, 1, 100, 300, 301]),
        (4, [400], [400]),
    ],
)
def test_a_line_has_its_ancestors_steps_and_each_fork_s_own_start(index, memory, inputs):
    line = Lineage(FAMILY, index)
    check_source(line)
    assert line.series("memory")[:, 0, 0].tolist() == memory
    assert line.series("input")[:, 0].tolist() == inputs


def test_a_step_of_a_line_is_at_a_place_of_one_of_its_episodes():
    line = Lineage(FAMILY, 3)
    assert [line.place(step) for step in range(-1, 5)] == [
        Place(0, -1),
        Place(0, 0),
        Place(1, -1),
        Place(3, -1),
        Place(3, 0),
        Place(3, 1),
    ]
    assert Lineage(FAMILY, 4).place(-1) == Place(4, -1)
    unedited = (episode(5, 0), episode(2, 3, parent=0, parent_step=2), episode(1, 0, parent=0, parent_step=-1))
    assert Lineage(unedited, 1).place(2) == Place(0, 2), "the fork starts from the very state that ran"
    assert Lineage(unedited, 2).place(-1) == Place(0, -1)
    for outside in (-2, 5):
        with pytest.raises(IndexError):
            line.place(outside)


def test_a_line_grows_with_its_last_episode():
    root, fork = episode(2, 0), episode(0, 10, parent=0, parent_step=0)
    line = Lineage((root, fork), 1)
    assert len(line) == 1
    fork.append_steps({"memory": np.zeros((3, 2, 3), np.float32), "input": np.zeros((3, 2), np.float32)})
    assert len(line) == 4


@pytest.mark.parametrize("parent", [1, 2, 10**12, -7])
def test_a_parent_that_cannot_be_is_none(parent):
    assert len(Lineage((episode(3, 0), episode(2, 10, parent=parent)), 1).parts) == 1


@pytest.mark.parametrize(("step", "steps"), [(99, 5), (-9, 2)])
def test_a_parent_s_step_that_it_never_had_is_the_nearest(step, steps):
    assert len(Lineage((episode(3, 0), episode(2, 10, parent=0, parent_step=step)), 1)) == steps
