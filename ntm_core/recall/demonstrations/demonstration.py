"""What a guided demonstration is: operations as a hand would give them, figures of the recording, and a sentence.

Needs no torch until one is played: a window shows what there is, and an engine plays it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ntm_core.recall.lab import Lab
    from ntm_core.recall.operations import Operation
    from ntm_core.trace import Sink, Source

FiguresT = TypeVar("FiguresT")


class Scene(NamedTuple):
    """One memory that is worked from its first step. Its figures are read off `Lab.source`, live or recorded."""

    settings: Mapping[str, Any]
    """Of a Lab: word_size and those of `RecallConfig`"""
    names: tuple[str, ...]
    """Of the items, in their order"""
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Demonstration(Generic[FiguresT]):
    """One mechanism, shown."""

    name: str
    title: str
    idea: str
    """What is going to be seen, in one sentence"""
    scenes: Callable[[int], Mapping[str, Scene]]
    """By name, for a seed: often one with the mechanism and one without"""
    figures: Callable[[Mapping[str, Source], int], FiguresT]
    """The numbers, from the source of each scene and the seed"""
    sentence: Callable[[FiguresT], str]
    """What was shown, with the numbers"""
    note: str
    """What is contested, or what the essay has wrong"""


class Shown(NamedTuple):
    """A demonstration that was played."""

    figures: Any
    sentence: str
    note: str
    labs: Mapping[str, Lab]


def play(demonstration: Demonstration[Any], seed: int = 0, sink: Sink | None = None) -> Shown:
    """Do all operations of all scenes, one after another, and read the figures. Equal seeds show the same."""
    labs = {name: played(scene, sink) for name, scene in demonstration.scenes(seed).items()}
    figures = demonstration.figures({name: lab.source for name, lab in labs.items()}, seed)
    return Shown(figures, demonstration.sentence(figures), demonstration.note, labs)


def played(scene: Scene, sink: Sink | None = None) -> Lab:
    """A memory after the operations of a scene."""
    from ntm_core.recall.lab import Lab

    lab = Lab(names=scene.names, sink=sink, **scene.settings)
    for operation in scene.operations:
        lab.do(operation)
    lab.engine.rest()
    return lab
