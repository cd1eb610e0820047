"""The orders of the engine process that concern stepping by hand, each answered by one piece of news.

{"order": "wake", "path", "episode", "step", "checkpoint", "out"} -> {"news": "awake", "path", "is_same_device",
"events": [...]}
{"order": "new", "options": {...}, "out", "commands": [...], "names", "records"} -> {"news": "awake", ...}, then as
after "do"
{"order": "do", "commands": [...], "checkpoint", "names", "records"} -> {"news": "done", "events": [...], "path",
"is_kept", "failure"}; names and records are of items of an associative memory, by number, and may be left out

Those of the recall lab that move no network are in `recall.lab_orders` and `recall.record_orders`.

Steps are those of an episode's own, commands and events as `ntm_core.messages` writes them. What cannot be done is
answered by {"news": "unable", "message"}.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ntm_core import commands, messages
from ntm_core.errors import CoreError
from ntmviz.errors import NtmvizError
from ntmviz.hand import Hand
from ntmviz.recall import lab_orders, record_orders, records
from sessions import SessionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ntm_core.commands import Command
    from ntm_core.events import Event
    from sessions import Recorder

_OURS = (NtmvizError, CoreError, SessionError)


class HandOrders:
    """Holds the one hand of the process.

    recorder_of: the recorder that writes a session in this process, None where there is none; to ask for it means
    that the training it belongs to must stand still from then on.   on_wait: see `sessions.Recorder`.
    """

    def __init__(
        self,
        tell: Callable[..., None],
        recorder_of: Callable[[Path], Recorder | None],
        on_wait: Callable[[int], None],
    ) -> None:
        self._tell = tell
        self._on_wait = on_wait
        self._recorder_of = recorder_of
        self._hand: Hand | None = None
        self.orders: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "wake": self._wake,
            "new": self._new,
            "do": self._do,
            **lab_orders.orders(tell),
            **record_orders.orders(tell),
        }

    def carry_out(self, order: Mapping[str, Any]) -> None:
        """One of `orders`."""
        try:
            self.orders[order["order"]](order)
        except _OURS as error:
            self._tell("unable", message=str(error))
        except (KeyError, TypeError, ValueError) as error:
            self._tell("unable", message=f"an order {order['order']!r} lacks something or has it wrong: {error}")

    def rest(self) -> None:
        """A training records again: what is stepped after that begins another episode."""
        if self._hand is not None:
            self._hand.rest()

    def close(self) -> None:
        """Seal the session of the hand; another order may take up another one."""
        hand, self._hand = self._hand, None
        if hand is not None:
            hand.close()

    def _wake(self, order: Mapping[str, Any]) -> None:
        path = Path(order["path"])
        recorder = self._recorder_of(path)
        if self._hand is None or self._hand.path != path or self._hand.failure is not None:
            self.close()
            torch.set_num_threads(1)  # as trainings do: more would round otherwise
            has_failed = recorder is not None and recorder.failure is not None
            self._hand = Hand(path, Path(order["out"]), None if has_failed else recorder)
        told = self._hand.wake(int(order["episode"]), int(order["step"]), order.get("checkpoint"))
        self._tell_awake(self._hand, told)

    def _new(self, order: Mapping[str, Any]) -> None:
        self.close()
        torch.set_num_threads(1)
        options = order["options"]
        hand = Hand.of_new_network(options, Path(order["out"]), self._on_wait)
        self._hand = hand
        self._tell_awake(hand, ())
        first = commands.Reset(int(options.get("seed", 0)), options.get("length"))
        self._carry_out_by(hand, [first, *_commands(order)], order)

    def _tell_awake(self, hand: Hand, told: Sequence[Event]) -> None:
        plain = [messages.to_json(event) for event in told]
        self._tell("awake", path=str(hand.path), is_same_device=hand.is_same_device, events=plain)

    def _do(self, order: Mapping[str, Any]) -> None:
        if self._hand is None:
            raise NtmvizError("no network is awake here; wake an episode first")
        self._recorder_of(self._hand.path)
        self._carry_out_by(self._hand, _commands(order), order)

    def _carry_out_by(self, hand: Hand, several: Sequence[Command], order: Mapping[str, Any]) -> None:
        pointers = records.from_json(order.get("records") or {})
        done = hand.do(several, order.get("checkpoint"), _names(order), pointers)
        self._tell(
            "done",
            events=[messages.to_json(event) for event in done.events],
            path=str(done.path),
            is_kept=done.is_kept,
            failure=hand.failure,
        )


def _commands(order: Mapping[str, Any]) -> list[Command]:
    return [commands.from_json(each) for each in order.get("commands", ())]


def _names(order: Mapping[str, Any]) -> dict[int, str]:
    return {int(number): str(name) for number, name in order.get("names", {}).items()}
