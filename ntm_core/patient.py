"""Lesions of a trained network, and what they tell: whether memory or controller holds what it was shown.

After patient H. M. (Scoville and Milner 1957), who after a deliberate operation on both temporal lobes kept what was
old and stored nothing new, while what he held in mind for the moment was spared. Here writing, reading or the state of
the controller is cut from a step on, and wrong bits are counted item by item. That writing and the controller's state
fail differently, each where the other does not, is a double dissociation: it shows where the items are.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from ntm_core import provenance
from ntm_core.errors import CoreError
from ntm_core.kept import KeptEpisode
from ntm_core.network import stacked
from ntm_core.observe import observe, trace_spec
from ntm_core.trace import EpisodeInfo, EpisodeKind, Phase, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from ntm_core.network import MemoryNetwork, Trace
    from ntm_core.tasks import Sample, Task
    from ntm_core.trace import Array, Source

SPARED = 0.02
"""Share of wrong bits up to which an item counts as recalled."""
LOST = 0.3
"""Share from which on it counts as lost; chance is 0.5."""
HURT = 0.1
"""Mean share from which on a lesion counts as felt."""


@dataclass(frozen=True, slots=True)
class Lesion:
    """What is cut, each from a step of the sequence on, counted from 0; None where it is whole."""

    name: str = "intact"
    writes_from: int | None = None
    """The memory stays as it is: nothing is erased or added."""
    reads_from: int | None = None
    """All that is read arrives as zeros."""
    reset_at: int | None = None
    """The controller's state is set back to the first one before this step, once."""


class Holder(StrEnum):
    """What holds the items between question and answer."""

    MEMORY = "memory"
    """Cut writes and reads lose them, a reset controller does not."""
    CONTROLLER = "controller"
    """The other way round: the memory is bypassed."""
    BOTH = "both"
    """Either lesion loses them."""
    NOTHING = "nothing"
    """It has not learned the task: it fails intact."""
    UNCLEAR = "unclear"
    """It does without either, one at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """Wrong bits item by item, under each lesion."""

    lesions: tuple[Lesion, ...]
    wrong: Array
    """(lesions, items): share of wrong bits of each answer, over all sequences"""
    write_steps: Array
    """(items,): the step whose write most of the item's answer is read from, by provenance; -1 without a memory"""

    @property
    def is_dissociated(self) -> bool:
        """Whether writing cut from a step on spares all that was written before it, and loses all that is later."""
        for lesion, wrong in zip(self.lesions, self.wrong, strict=True):
            if lesion.writes_from is not None and (self.write_steps >= 0).all():
                is_old = self.write_steps < lesion.writes_from
                return bool((wrong[is_old] <= SPARED).all() and (wrong[~is_old] >= LOST).all())
        return False

    @property
    def is_doubly_dissociated(self) -> bool:
        """Whether beside that cut reads lose old and new items alike, and a reset controller spares both.

        Old items are those written before writing was cut; each kind is judged by its mean, since one item, the first
        or the last, may be in the controller's state. The memory, and not that state, then holds what was shown.
        """
        named = {lesion.name: place for place, lesion in enumerate(self.lesions)}
        if not self.is_dissociated or not {"intact", "reads off", "controller reset"} <= named.keys():
            return False
        intact, reads, reset = (self.wrong[named[name]] for name in ("intact", "reads off", "controller reset"))
        cut = next(lesion.writes_from for lesion in self.lesions if lesion.writes_from is not None)
        is_old = self.write_steps < cut
        if not is_old.any() or is_old.all():
            return False
        are_lost = reads[is_old].mean() >= LOST and reads[~is_old].mean() >= LOST
        return bool(are_lost and reset.mean() <= SPARED and (intact <= SPARED).all())

    @property
    def holder(self) -> Holder:
        """What the lesions tell of where the items are."""
        mean = {lesion.name: float(wrong.mean()) for lesion, wrong in zip(self.lesions, self.wrong, strict=True)}
        if mean["intact"] >= HURT:
            return Holder.NOTHING
        needs_memory, needs_controller = mean["reads off"] >= HURT, mean["controller reset"] >= HURT
        if needs_memory and needs_controller:
            return Holder.BOTH
        if needs_memory or needs_controller:
            return Holder.MEMORY if needs_memory else Holder.CONTROLLER
        return Holder.UNCLEAR

    @property
    def sentence(self) -> str:
        """The diagnosis, for a person."""
        mean = {lesion.name: f"{wrong.mean():.0%}" for lesion, wrong in zip(self.lesions, self.wrong, strict=True)}
        felt = f"reads off: {mean['reads off']} wrong bits, controller reset: {mean['controller reset']}"
        match self.holder:
            case Holder.MEMORY:
                told = "The memory holds the items"
            case Holder.CONTROLLER:
                told = "The memory is bypassed: the controller holds the items"
            case Holder.BOTH:
                told = "Memory and controller hold the items together"
            case Holder.NOTHING:
                return f"The network fails intact, with {mean['intact']} wrong bits: there is nothing to lose yet."
            case Holder.UNCLEAR:
                told = "Neither lesion is felt alone"
        return f"{told} ({felt})."


class Examined(NamedTuple):
    """A run of a batch under a lesion."""

    logits: Tensor
    """(time, batch, outputs)"""
    trace: Trace[Any, Any]


def run(model: MemoryNetwork[Any, Any], inputs: Tensor, lesion: Lesion) -> Examined:
    """Run a batch under a lesion. inputs: (time, batch, inputs). Step by step: fast ways need not know of cuts."""
    with torch.no_grad():
        state = initial = model.initial_state(inputs.shape[1])
        controller = [each.name for each in model.fields() if each.role is Role.CONTROLLER and each.carried]
        logits, views = [], []
        for step, x in enumerate(inputs.unbind(0)):
            if step == lesion.reset_at:
                state = state._replace(**{name: getattr(initial, name) for name in controller})
            with _cut(model, lesion, step):
                y, state, view = model.step(x, state)
            logits.append(y)
            views.append(view)
    return Examined(torch.stack(logits), stacked(initial, views, slice(None)))


def examine(model: MemoryNetwork[Any, Any], task: Task, sample: Sample, writes_from: int | None = None) -> Chart:
    """Count wrong bits intact, with writes off, reads off, and the controller reset, in a batch of one length.

    writes_from: the step at which writing is cut; if None where the item in the middle is written. Reads are cut at the
    first step that is answered; the controller is reset before the delimiter, which then tells it that it is asked, or
    at that step too where there is none. Raises CoreError where the sequences are not answered at the same steps.
    """
    answers = _answers(sample)
    written = _write_steps(episode(model, task, sample, Lesion()), answers)
    if writes_from is None:
        middle = int(written[len(written) // 2])
        writes_from = middle if middle >= 0 else len(answers) // 2
    first, ending = int(answers[0]), _delimiter_step(task, sample)
    lesions = (
        Lesion(),
        Lesion("writes off", writes_from=writes_from),
        Lesion("reads off", reads_from=first),
        Lesion("controller reset", reset_at=first if ending < 0 else ending),
    )
    wrong = [_wrong(run(model, sample.inputs, each).logits, sample, answers) for each in lesions]
    return Chart(lesions, np.array(wrong), written)


def episode(model: MemoryNetwork[Any, Any], task: Task, sample: Sample, lesion: Lesion, item: int = 0) -> Source:
    """One sequence of a batch under a lesion, to be looked at as any other."""
    examined = run(model, sample.inputs, lesion)
    spec = trace_spec(model, task)
    observation = observe(spec, examined.trace, sample, examined.logits, task, item)
    kind = EpisodeKind.EVAL if lesion == Lesion() else EpisodeKind.LESION
    kept = KeptEpisode(spec, EpisodeInfo(kind=kind, label=lesion.name), observation.initial)
    kept.append_steps(observation.columns)
    return kept


@contextmanager
def _cut(model: MemoryNetwork[Any, Any], lesion: Lesion, step: int) -> Iterator[None]:
    model.writes_are_cut = lesion.writes_from is not None and step >= lesion.writes_from
    model.reads_are_cut = lesion.reads_from is not None and step >= lesion.reads_from
    try:
        yield
    finally:
        model.writes_are_cut = model.reads_are_cut = False


def _answers(sample: Sample) -> Array:
    scored = sample.mask.cpu().numpy() > 0
    if not scored.any() or (scored != scored[:, :1]).any():
        raise CoreError("sequences that are answered at the same steps were wanted; draw them of one length")
    return np.flatnonzero(scored[:, 0])


def _delimiter_step(task: Task, sample: Sample) -> int:
    """The step that ends what is shown: the last delimiter of a batch's first sequence; -1 where there is none."""
    phases = task.phases(sample)[:, 0]
    found = torch.nonzero(phases == float(Phase.DELIMITER)).flatten()
    return int(found[-1]) if len(found) else -1


def _wrong(logits: Tensor, sample: Sample, answers: Array) -> Array:
    """The share of wrong bits of each answer: (answers,)."""
    is_wrong = (logits > 0) != (sample.targets > 0.5)
    shares: Array = is_wrong[torch.as_tensor(answers)].float().mean((1, 2)).cpu().numpy()
    return shares


def _write_steps(source: Source, answers: Array) -> Array:
    """The step whose write has the greatest share in what is read for each answer: (answers,)."""
    if source.spec.with_role(Role.MEMORY) is None:
        return np.full(len(answers), -1)
    shares = [provenance.of_read(source, int(step)).shares for step in answers]
    return np.array([int(np.abs(each).sum(1).argmax()) for each in shares])
