"""What the Step workspace says of where the network stands: the next input, the last output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.trace import Role
from ntmviz import weights
from ntmviz.views.by_hand import HandState, HandStatus, Offer
from ntmviz.views.output_bits import OutputBits
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ntm_core.events import Planned
    from ntm_core.lineage import Lineage
    from ntm_core.trace import Source, TraceSpec
    from sessions import Recording

    Floats = NDArray[np.floating]

WAKE, WAKE_NEAREST, GO_TO_KEPT, NEW_NETWORK, OPEN = "wake", "wake nearest", "go to kept", "new network", "open"
"""Keys of what the panel offers."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The task's sequence on a line."""

    inputs: Floats
    """(steps, channels)"""
    targets: Floats
    """(steps, outputs)"""
    scored: NDArray[np.bool_]
    """(steps,)"""
    phases: NDArray[np.int64] | None = None
    """(steps,): numbers of `trace.Phase`; None where they are not known."""

    def __len__(self) -> int:
        return len(self.inputs)

    @classmethod
    def told(cls, planned: Planned) -> Plan:
        """As an engine tells it."""
        scored = np.asarray(planned.scored) > 0
        inputs, targets = np.asarray(planned.inputs, np.float32), np.asarray(planned.targets, np.float32)
        return cls(inputs, targets, scored, np.asarray(planned.phases, np.int64))

    @classmethod
    def as_it_ran(cls, source: Source) -> Plan | None:
        """The sequence that an episode recorded; None where its trace lacks input, target or mask."""
        fields = [source.spec.with_role(role) for role in (Role.INPUT, Role.TARGET, Role.MASK)]
        columns = [source.series(field.name) for field in fields if field is not None]
        if len(columns) < len(fields):
            return None
        phase = source.spec.with_role(Role.PHASE)
        phases = None if phase is None else source.series(phase.name).astype(np.int64)
        return cls(columns[0], columns[1], columns[2].reshape(-1) > 0, phases)


def status(
    state: HandState,
    line: Lineage,
    step: int,
    plan: Plan | None,
    delimiter: tuple[float, ...],
    message: str = "",
    tone: str = "muted",
    offers: tuple[Offer, ...] = (),
) -> HandStatus:
    """What the panel shows where the play head stands after a step of a line; -1 is before the first."""
    field = line.spec.with_role(Role.INPUT)
    count = 0 if plan is None else len(plan)
    planned = None
    if plan is not None and step + 1 < count:
        planned = tuple(plan.inputs[step + 1].tolist())
    return HandStatus(
        state=state,
        step=step + 1,
        channels=0 if field is None else field.size,
        are_bits=field is not None and field.limits == (0.0, 1.0),
        delimiter=delimiter,
        planned=planned,
        steps_left=max(0, count - step - 1),
        starts_fork=step + 1 < len(line),
        can_go_back=step >= 0,
        message=message,
        tone=tone,
        offers=offers,
    )


def empty(has_session: bool) -> HandStatus:
    """Nothing can be stepped: there is no episode yet."""
    what = "This session has no episode yet." if has_session else "No session is open."
    return HandStatus(
        HandState.EMPTY,
        message=f"{what} Open one and wake a network of it, or make a new network.",
        offers=(Offer("New network…", NEW_NETWORK), Offer("Open a session…", OPEN)),
    )


def without_weights(recording: Recording, episode: int) -> tuple[str, tuple[Offer, ...]]:
    """Why an episode cannot be woken as it ran, and what else can be done."""
    near = weights.nearest(recording, episode)
    iteration = recording.episodes[episode].info.iteration
    of = f" (iteration {grouped(iteration)})" if iteration >= 0 else ""
    if near is None:
        return f"The weights of this episode{of} are not kept: it can be looked at, not woken.", ()
    nearest = grouped(near.iteration)
    offers = [
        Offer(f"Wake with those of {nearest}", WAKE_NEAREST, "The network goes on with other weights than ran here")
    ]
    if ran_on(recording, near.checkpoint) is not None:
        offers.append(Offer(f"Go to an episode of {nearest}", GO_TO_KEPT, "An episode that ran on those very weights"))
    return f"The weights of this episode{of} are not kept. The nearest kept are of iteration {nearest}.", tuple(offers)


def ran_on(recording: Recording, checkpoint: int) -> int | None:
    """The first episode that ran on a checkpoint."""
    found = np.flatnonzero(recording.episode_checkpoints == checkpoint)
    return int(found[0]) if found.size else None


def output(line: Lineage, step: int) -> OutputBits | None:
    """What came out at a step, and what should have; None before the first, and where nothing comes out."""
    spec: TraceSpec = line.spec
    out, target, mask = (spec.with_role(role) for role in (Role.OUTPUT, Role.TARGET, Role.MASK))
    if out is None or step < 0:
        return None
    record = line.record(step)
    values = record[out.name].reshape(-1)
    is_scored = target is not None and (mask is None or bool(np.any(record[mask.name])))
    if target is None or not is_scored:
        return OutputBits(step, tuple(values.tolist()), None, "the task asks for nothing at this step")
    wanted = record[target.name].reshape(-1)
    wrong = int(((values > 0.5) != (wanted > 0.5)).sum())
    note = f"▲ {wrong} of {len(values)} bits wrong" if wrong else f"all {len(values)} bits right"
    return OutputBits(step, tuple(values.tolist()), tuple(wanted.tolist()), note, "warning" if wrong else "muted")
