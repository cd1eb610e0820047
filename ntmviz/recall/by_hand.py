"""The hand in the recall lab: what is wished becomes operations, each a step of the memory that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from ntm_core import commands
from ntm_core.recall import operations
from ntm_core.recall.operations import Follow, Lesion, Prime, Replay, Store, Wait
from ntmviz.recall import ready
from ntmviz.recall.figure import MOST_ROUNDS, standing
from ntmviz.recall.lookup import follow_up, settle
from ntmviz.recall.presenting import WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QAction

    from ntm_core.recall.operations import Operation
    from ntm_core.recall.references import Reference
    from ntmviz.recall.adding import Addition
    from ntmviz.recall.ready import LabPlan
    from ntmviz.window import MainWindow

HALF_ERASED = "R"
"""The letter that a new lab asks with: its upper half is that of B and P too."""


class RecallByHand(QObject):
    """Makes labs, recalls, stores, primes, follows."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._lab = window.recall
        self._cue = window.views.lab.cue
        self._connect()

    def _connect(self) -> None:
        window = self._window
        cue = self._cue
        cue.recall_wished.connect(self.recall)
        cue.store_wished.connect(self.store)
        for name, slot in {
            "letters_lab": self.open_letters,
            "routed_lab": lambda: self.open_lab(ready.routed()),
            "stores_lab": lambda: self.open_lab(ready.two_stores()),
            "words_lab": lambda: self.open_lab(ready.words()),
            "recall_cue": self.recall,
            "recall_once": self.recall_once,
            "prime_cue": self.prime,
            "follow_next": lambda: self._do(Follow(1)),
            "follow_before": lambda: self._do(Follow(-1)),
            "store_cue": lambda: cue.store.click(),
            "wait_ten": lambda: self._do(Wait(10.0)),
            "replay": self._replay,
            "cut_writes": lambda: self._do(Lesion(cuts_writes=True)),
            "cut_reads": lambda: self._do(Lesion(cuts_reads=True)),
            "erase_half": cue.erase_half,
            "add_noise": cue.add_noise,
            "clear_cue": cue.clear_cue,
            "toggle_prominence": cue.settings.by_prominence.toggle,
            "toggle_priming": cue.settings.by_recalls.toggle,
        }.items():
            window.actions_by_name[name].triggered.connect(slot)

    def enable(self, actions: dict[str, QAction]) -> None:
        """Let only those commands be chosen that the lab can carry out; keys of other workspaces give way."""
        is_lab_shown = self._lab.is_shown and self._lab.config is not None
        for name in _ON_CUE:
            actions[name].setEnabled(is_lab_shown)
        for name in _ON_MEMORY:
            actions[name].setEnabled(self._lab.is_ready or (is_lab_shown and self._window.by_hand.is_at_work))
        self._window.records.enable()
        if self._lab.is_shown:
            for name in ("feed", "run_to_end", "run_to_step", "edit_cell", "next_event", "previous_event"):
                actions[name].setEnabled(False)

    def open_letters(self) -> None:
        """The third door: letters, digits and signs."""
        self.open_lab(ready.letters())

    def open_lab(self, plan: LabPlan, pointers: Mapping[int, Reference] | None = None) -> None:
        """Make a memory, do its first operations, and show it. pointers: which records its items are of, by number."""
        self._window.show_workspace(WORKSPACE)
        steps = [commands.Step(operations.vector(each, plan.word_size)) for each in plan.operations]
        self._lab.first_cue = HALF_ERASED if HALF_ERASED in plan.names else plan.names[0] if plan.names else ""
        self._window.by_hand.link.make(plan.options, steps, plan.names, pointers)

    def add(self, made: Addition) -> None:
        """Store items in the lab that is open, each a step."""
        self._window.by_hand.when_free(
            lambda: self._carry_out(*made.operations, names=made.names, pointers=made.pointers)
        )

    def recall(self) -> None:
        """Recall with the cue, and on with what was recalled until it settles; each is a step."""
        self._window.by_hand.when_free(self._recall)

    def recall_once(self) -> None:
        """Recall with the cue, one step."""
        self._window.by_hand.when_free(lambda: self._carry_out(self._cue.asked.operation))

    def prime(self) -> None:
        """Activate what resembles the cue, without recalling it."""
        asked = self._cue.asked.operation
        self._do(Prime(asked.cue, asked.mask, asked.strength, asked.segment, segments=asked.segments))

    def store(self, name: str, segment: int) -> None:
        """Write the painted pattern to a free row, under a name."""
        self._window.by_hand.when_free(lambda: self._store(name, segment))

    def _recall(self) -> None:
        now, config = self._window.presenter.now, self._lab.config
        if now is None or config is None:
            return
        asked = self._cue.asked
        looks = settle(standing(now.source, now.step), asked.operation, config, below=asked.below, most=MOST_ROUNDS)
        self._carry_out(asked.operation, *[follow_up(asked.operation)] * (len(looks) - 1))

    def _store(self, name: str, segment: int) -> None:
        if self._lab.config is None:
            return
        free = next((at for at, known in enumerate(self._lab.names) if known and known == name), None)
        number = len(self._lab.names) if free is None else free
        if number >= self._lab.config.items:
            self._window.notice.show_failure(
                f"this memory tells {self._lab.config.items} items apart, and this is one more; make a new lab"
            )
            return
        title = name or f"item {number}"
        place = segment if len(self._lab.config.parts.names) > 1 else None
        reference = self._cue.record.reference
        pointers = {} if reference is None else {number: reference}
        stored = Store(self._cue.word, item=number, segment=place)
        self._carry_out(stored, names={number: title}, pointers=pointers)
        self._cue.name.clear()
        self._cue.record.take(None)

    def _replay(self) -> None:
        now = self._window.presenter.now
        if now is not None:
            self._do(Replay(float(np.random.default_rng(now.step + 1).random())))

    def _do(self, operation: Operation) -> None:
        self._window.by_hand.when_free(lambda: self._carry_out(operation))

    def _carry_out(
        self,
        *several: Operation,
        names: Mapping[int, str] | None = None,
        pointers: Mapping[int, Reference | None] | None = None,
    ) -> None:
        """Do operations from the step that is shown, each a step."""
        config = self._lab.config
        if config is None or not self._lab.is_ready:
            return
        steps = [commands.Step(operations.vector(each, config.word_size)) for each in several]
        self._window.by_hand.carry_out(*steps, names=names, pointers=pointers)


_ON_CUE = ("erase_half", "add_noise", "clear_cue", "toggle_prominence", "toggle_priming")
_ON_MEMORY = (
    "recall_cue",
    "recall_once",
    "prime_cue",
    "follow_next",
    "follow_before",
    "store_cue",
    "add_items",
    "wait_ten",
    "replay",
    "cut_writes",
    "cut_reads",
)
