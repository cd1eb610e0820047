"""The associative memory for scripts: operations as methods, on the engine that steps every other network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from ntm_core import checks, commands, events, models, tasks
from ntm_core.engine import Engine
from ntm_core.errors import CoreError
from ntm_core.recall import operations
from ntm_core.recall.operations import Follow, Lesion, Prime, Recall, Replay, Store, Wait
from ntm_core.recall.recall_config import RecallConfig
from ntm_core.recall.recalled import Recalled, names_of_rows, recalled, row_of
from ntm_core.recall.references import dereference, signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ntm_core.recall.operations import Operation
    from ntm_core.recall.references import Dereferenced, Reader, Reference
    from ntm_core.trace import Sink, Source, StepRecord

Numbers: TypeAlias = Any
"""A word, as a sequence or array of numbers: an operation checks it."""

__all__ = ["Lab", "Recalled"]


class Lab:
    """An associative memory that is worked by hand.

    names: of items, in their order; a store of another name adds it.   sink: takes all that is done, as an engine's
    does.   settings: of `recall.recall_config.RecallConfig`. Every method that does an operation is one step, and
    raises CoreError on one that cannot be done; nothing has changed then.
    """

    def __init__(
        self, word_size: int = 64, *, names: Iterable[str] = (), sink: Sink | None = None, **settings: Any
    ) -> None:
        checks.whole("word_size", word_size, at_least=1)
        task = tasks.build("recall", bits=word_size, min_length=1, max_length=1)
        model = models.build("recall", task.inputs, task.outputs, **settings)
        assert isinstance(model.config, RecallConfig)
        self.config: RecallConfig = model.config
        self.names = list(names)
        """Of the items, in the order that the memory counts them."""
        self.references: dict[int, Reference] = {}
        """The record that each item is of, by the item's place in `names`; as `references.table_to_json` keeps it."""
        self.engine = Engine(model, task, sink=sink)
        self._handle(commands.Reset(0, 1))

    @property
    def source(self) -> Source:
        """All that was done on the line that it stands on, with what was done after if it was rewound."""
        line = self.engine.line
        assert line is not None
        return line

    @property
    def position(self) -> int:
        """Operations that were done where it stands."""
        return self.engine.position

    @property
    def record(self) -> StepRecord:
        """The last step. Raises CoreError before the first."""
        if not self.position:
            raise CoreError("nothing was done yet: store something first")
        return self.source.record(self.position - 1)

    @property
    def last(self) -> Recalled:
        """What the last step recalled."""
        return recalled(self.record, self.names)

    @property
    def rows(self) -> tuple[str, ...]:
        """The name of what each row holds; "" where it holds nothing."""
        return names_of_rows(self.record, self.names)

    def do(self, operation: Operation) -> Recalled:
        """Any operation; what it recalled, if it recalls."""
        self._handle(commands.Step(operations.vector(operation, self.config.word_size)))
        return self.last

    def store(self, name: str | None, word: Numbers, *, segment: int | str | None = None, **more: Any) -> int:
        """Write a word, the next step's; returns its row. more: as of `operations.Store`."""
        item = None if name is None or not self.config.items else self._item(name)
        place = None if segment is None else self.config.parts.place(segment)
        self.do(Store(word, item=item, segment=place, **more))
        return int(self.record["write_weighting"][0].argmax())

    def recall(
        self,
        cue: Numbers | None = None,
        *,
        mask: Numbers | None = None,
        segment: int | str | None = None,
        **more: Any,
    ) -> Recalled:
        """Read what resembles a cue, or what was recalled last. more: as of `operations.Recall`."""
        place = None if segment is None else self.config.parts.place(segment)
        return self.do(Recall(cue, mask, segment=place, **more))

    def follow(self, direction: int = 1, *, after: str | None = None, **more: Any) -> Recalled:
        """Read what was written after what the last step recalled, -1: before; more: as of `operations.Follow`.

        after: recall this item first, a step of its own.
        """
        if after is not None:
            self.recall(self.word_of(after))
        return self.do(Follow(direction, **more))

    def prime(self, cue: Numbers, **more: Any) -> None:
        """Activate what resembles a cue without recalling it. more: as of `operations.Prime`."""
        self.do(Prime(cue, **more))

    def replay(self, draw: float, **more: Any) -> None:
        """Move a long-term row towards the short-term one that a number from 0 to 1 draws."""
        self.do(Replay(draw, **more))

    def wait(self, elapsed: float = 1.0) -> None:
        """Let time pass."""
        self.do(Wait(elapsed))

    def lesion(self, *, writes: bool = False, reads: bool = False, segment: int | str | None = None) -> None:
        """Cut writing or reading from here on, or wipe a segment."""
        place = None if segment is None else self.config.parts.place(segment)
        self.do(Lesion(writes, reads, place))

    def refer(self, name: str, reference: Reference, reader: Reader | None = None) -> Reference:
        """Have an item point to a record; returns the reference that is kept.

        reader: signs it, so that another record in its place is told to be stale. Raises what the reader does.
        """
        kept = reference if reader is None else signed(reference, reader)
        self.references[self._item(name)] = kept
        return kept

    def dereference(self, reader: Reader, row: int | None = None) -> Dereferenced:
        """Open the record that a row points to, by default the row that the last step recalled most.

        Raises CoreError where there is no such row.
        """
        record = self.record
        rows = record["usage"].shape[0]
        if row is None:
            row = int(record["read_weighting"][0].argmax())
        checks.whole("row", row, at_least=0)
        if row >= rows:
            raise CoreError(f"a row from 0 to {rows - 1} was wanted; got {row}")
        if not self.config.items:
            raise CoreError(
                "this memory does not tell items apart: make it with items=64 to have rows point to records"
            )
        return dereference(record, row, self.references, reader)

    def rewind(self, position: int) -> None:
        """Stand where so many operations had been done; another one than was done there then begins a fork."""
        self._handle(commands.Rewind(position))

    def word_of(self, name: str) -> Sequence[float]:
        """What the row that is most of an item holds. Raises CoreError where none is."""
        row = row_of(self.record, self.names.index(name)) if name in self.names else -1
        if row < 0:
            held = checks.listed({each for each in self.rows if each})
            raise CoreError(f"an item that is stored, {held or 'of which there is none yet'}, was wanted; got {name!r}")
        word: list[float] = self.record["memory"][row].tolist()
        return word

    def _item(self, name: str) -> int:
        if name not in self.names:
            if len(self.names) >= self.config.items:
                raise CoreError(
                    f"this memory tells {self.config.items} items apart, and {name!r} is one more: make it with more"
                )
            self.names.append(name)
        return self.names.index(name)

    def _handle(self, command: commands.Command) -> None:
        for event in self.engine.handle(command):
            if isinstance(event, events.Failed):
                raise CoreError(event.message)
