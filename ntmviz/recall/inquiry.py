"""Asks the engine process about files, and hands each answer to whoever asked: nothing is waited for in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from ntmviz.recall.record_orders import NEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ntmviz.hand_link import HandLink

    Answer = Callable[[Mapping[str, Any]], None]
    Refusal = Callable[[str], None]


class Inquiry(QObject):
    """Orders of `recall.record_orders`, each with a ticket that its answer bears."""

    def __init__(self, link: HandLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._last = 0
        self._open: dict[int, tuple[Answer, Refusal]] = {}
        link.answered.connect(self._on_answered)
        link.forsaken.connect(self._on_forsaken)

    def ask(self, order: str, answered: Answer, refused: Refusal, **more: object) -> int:
        """Ask; one of the two is called once, later, but not after `forget`. Returns the ticket."""
        self._last += 1
        self._open[self._last] = answered, refused
        if not self._link.ask(order, ticket=self._last, **more):
            del self._open[self._last]
            refused("no engine process can be started to read files")
        return self._last

    def forget(self, ticket: int) -> None:
        """The answer is no longer wanted."""
        self._open.pop(ticket, None)

    def _on_answered(self, news: dict[str, Any]) -> None:
        if news["news"] != NEWS:
            return
        answered, refused = self._open.pop(news["ticket"], (None, None))
        if answered is None or refused is None:
            return
        if news["failure"]:
            refused(news["failure"])
        else:
            answered(news)

    def _on_forsaken(self, why: str) -> None:
        """What was asked of a process that is gone is not answered any more."""
        left, self._open = self._open, {}
        for _, refused in left.values():
            refused(f"{why}; what was asked of a file was not answered, ask again")
