"""How one head came to its weighting at one step, stage by stage, as numbers. NumPy alone.

Which stages there are is told by the roles that a trace has, never by a model: shifting heads go from content over gate
and shift to sharpening (NTM paper, fig. 2), a write head that allocates mixes content with free locations, a read head
that follows links mixes content with what was written before and after (DNC paper, Methods), and one that knows its
least used locations mixes those with its last read (MANN paper, section 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.trace import Role
from ntmviz.figures import HeadKind, head_label, peak, shared_axis_index
from ntmviz.wording import offset_label, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ntm_core.trace import Source, StepRecord, TraceSpec
    from ntmviz.figures import Floats, Head


@dataclass(frozen=True, slots=True)
class Kernel:
    """A distribution over offsets."""

    offsets: tuple[int, ...]
    masses: Floats


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of addressing: what it makes of the weighting."""

    title: str
    values: Floats | None
    """(locations,)"""
    note: str = ""
    """The one number that the controller gave for it, with its symbol."""
    hint: str = ""
    """What that number is called."""
    share: float | None = None
    """How much of the stage passes, where it is mixed with others."""
    beside: Floats | None = None
    """What it is mixed with in place: the head's weighting at the previous step."""
    kernel: Kernel | None = None
    is_mixed: bool = False
    """It stands beside the stage before it, and does not go on from it."""
    absence: str = "not recorded"
    """Why there are no values, where there are none."""

    @property
    def peak(self) -> int:
        return 0 if self.values is None else peak(self.values)

    @property
    def peak_value(self) -> float:
        return float(self.values[self.peak]) if self.values is not None else float("nan")


@dataclass(frozen=True, slots=True)
class AddressingFigure:
    """How one head came to its weighting at one step."""

    head: Head
    label: str
    stages: tuple[Stage, ...]
    """The last one is the weighting."""


def addressing(source: Source, step: int, head: Head) -> AddressingFigure:
    """The stages of one head after `step`; after -1 only what the head starts from."""
    look = _Look(source, step, head)
    return AddressingFigure(head, head_label(head, source.spec), tuple(_stages(look)))


def _stages(look: _Look) -> Iterator[Stage]:
    spec = look.spec
    is_write = look.head.kind is HeadKind.WRITE
    if spec.with_role(Role.SHIFT) or spec.with_role(Role.GATE):
        yield from _shifting(look)
    elif is_write and spec.with_role(Role.ALLOCATION):
        yield from _allocating(look)
    elif is_write and spec.with_role(Role.LEAST_USED):
        yield from _replacing(look)
    elif not is_write and spec.with_role(Role.FORWARD_WEIGHTING):
        yield from _following(look)
    else:
        yield _content(look)
        yield look.result(head_verb(look.head))


def head_verb(head: Head) -> str:
    """What a head does, for the title of its last stage."""
    return "Write" if head.kind is HeadKind.WRITE else "Read"


def _content(look: _Look, share: float | None = None, is_mixed: bool = False) -> Stage:
    strength, router = look.number(Role.KEY_STRENGTH), look.shared(Role.ROUTER)
    note = f"β {look.say(strength)}" if look.spec.with_role(Role.KEY_STRENGTH) else ""
    hint = "key strength" if note else ""
    if router is not None and look.ran:
        best = peak(router)
        hint = f"segment {best}"
    return look.stage("Content", look.shared(Role.CONTENT_WEIGHTING), note, hint, share, is_mixed=is_mixed)


def _shifting(look: _Look) -> Iterator[Stage]:
    gate, gamma, masses = look.number(Role.GATE), look.number(Role.SHARPENING), look.shared(Role.SHIFT)
    kernel = None
    moved = ""
    if masses is not None and look.ran:
        reach = len(masses) // 2
        kernel = Kernel(tuple(range(-reach, reach + 1)), masses)
        favourite = peak(masses)
        moved = f"{offset_label(kernel.offsets[favourite])}: {short(float(masses[favourite]))}"
    yield _content(look)
    yield look.stage(
        "Gate",
        look.shared(Role.GATED_WEIGHTING),
        f"g {look.say(gate)}",
        "",
        gate,
        beside=look.before() if look.ran else None,
    )
    yield look.stage("Shift", look.shared(Role.SHIFTED_WEIGHTING), moved, kernel=kernel)
    yield look.result("Sharpen", f"γ {look.say(gamma)}", "exponent")


def _allocating(look: _Look) -> Iterator[Stage]:
    to_free, opened = look.number(Role.ALLOCATION_GATE, own=True), look.number(Role.WRITE_GATE, own=True)
    yield _content(look, 1 - to_free)
    allocation = look.whole(Role.ALLOCATION)
    yield look.stage("Allocation", allocation, f"{look.say(to_free)}", "to free rows", to_free, is_mixed=True)
    yield look.result("Write", f"{look.say(opened)}", "write gate", opened)


def _following(look: _Look) -> Iterator[Stage]:
    back, content, forth = (
        look.number(role, own=True) for role in (Role.BACKWARD_MODE, Role.CONTENT_MODE, Role.FORWARD_MODE)
    )
    backward, forward = look.own(Role.BACKWARD_WEIGHTING), look.own(Role.FORWARD_WEIGHTING)
    yield look.stage("Backward", backward, look.say(back), "written before", back)
    yield _content(look, content, is_mixed=True)
    yield look.stage("Forward", forward, look.say(forth), "written after", forth, is_mixed=True)
    yield look.result("Read")


def _replacing(look: _Look) -> Iterator[Stage]:
    to_least = look.number(Role.ALLOCATION_GATE, own=True)
    least, read = look.whole(Role.LEAST_USED), look.previous(Role.READ_WEIGHTING)
    least, read = look.of_its_own(least), look.of_its_own(read)
    yield look.stage("Last read", read, look.say(1 - to_least), "to the last read", 1 - to_least)
    yield look.stage("Least used", least, look.say(to_least), "to free rows", to_least, is_mixed=True)
    yield look.result("Write")


class _Look:
    """One head at one step: its values by role. Before the first step only carried fields have any."""

    def __init__(self, source: Source, step: int, head: Head) -> None:
        self.spec: TraceSpec = source.spec
        self.head = head
        self.ran = step >= 0
        self._source, self._step = source, step
        self._record: StepRecord | None = source.record(step) if self.ran else None

    def whole(self, role: Role) -> Floats | None:
        """A field of the step."""
        field = self.spec.with_role(role)
        return None if field is None or self._record is None else self._record[field.name]

    def shared(self, role: Role) -> Floats | None:
        """Its part of a field whose axis read and write heads share."""
        values = self.whole(role)
        at = shared_axis_index(self.head, self.spec)
        return None if values is None or at >= len(values) else values[at]

    def own(self, role: Role) -> Floats | None:
        """Its part of a field that has only heads of its kind."""
        values = self.whole(role)
        return None if values is None else values[self.head.index]

    def number(self, role: Role, own: bool = False) -> float:
        """A single number of the head; NaN where there is none."""
        value = self.own(role) if own else self.shared(role)
        return float("nan") if value is None else float(value)

    def previous(self, role: Role) -> Floats | None:
        """A field as the step found it."""
        field = self.spec.with_role(role)
        if field is None or not self.ran:
            return None
        if self._step > 0:
            return self._source.record(self._step - 1)[field.name]
        return self._source.initial(field.name) if field.carried else None

    def of_its_own(self, values: Floats | None) -> Floats | None:
        """Its row of a field that has one for each head, or the one there is for all."""
        return values if values is None or values.ndim == 1 else values[min(self.head.index, len(values) - 1)]

    def before(self) -> Floats | None:
        """The head's weighting at the previous step."""
        values = self.previous(self.head.kind.weighting)
        return None if values is None else values[self.head.index]

    def result(self, title: str, note: str = "", hint: str = "", share: float | None = None) -> Stage:
        """The weighting itself; before the first step the one that it starts from."""
        field = self.spec.with_role(self.head.kind.weighting)
        assert field is not None
        values = self.own(field.role)
        if not self.ran and field.carried:
            values = self._source.initial(field.name)[self.head.index]
        return self.stage(title, values, note, hint, share)

    def stage(
        self,
        title: str,
        values: Floats | None,
        note: str = "",
        hint: str = "",
        share: float | None = None,
        *,
        beside: Floats | None = None,
        kernel: Kernel | None = None,
        is_mixed: bool = False,
    ) -> Stage:
        absence = "not recorded" if self.ran else "no step yet"
        known = None if share is None or np.isnan(share) else share
        return Stage(title, values, note, hint, known, beside, kernel, is_mixed, absence)

    def say(self, value: float) -> str:
        """A number of the step; a dash before the first."""
        return short(value) if self.ran else "–"
