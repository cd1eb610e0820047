"""The associative memory that is worked by hand: a network of the registry whose inputs are operations.

It has no weights and learns nothing by gradients. What an operation does is computed by the functions that the NTM and
the DNC here use, so that it is seen, recorded, rewound and forked as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ntm_core import addressing, content_terms, dnc_addressing
from ntm_core.content_terms import RecallTerms
from ntm_core.network import MemoryNetwork
from ntm_core.recall import asked, consolidation, lookup, placing, routing
from ntm_core.recall import state as states
from ntm_core.recall.lookup import Cue, Looked, Standing
from ntm_core.recall.operations import Among, Kind
from ntm_core.recall.placing import Placed
from ntm_core.recall.recall_config import RecallConfig
from ntm_core.recall.state import RecallState, RecallView
from ntm_core.trace import Order

if TYPE_CHECKING:
    from ntm_core.recall.asked import Asked
    from ntm_core.trace import Field

__all__ = ["RecallConfig", "RecallMemory", "RecallState", "RecallView"]

CONTRAST = 4.0
"""Logit of an output for a number of 1: words of 1 and -1 come out as bits, 98 and 2 percent."""


class Decays(NamedTuple):
    """What the time that passes in a step leaves of counts and traces, (batch, 1) each."""

    prominence_decay: Tensor
    priming_decay: Tensor


class RecallMemory(MemoryNetwork[RecallState, RecallView]):
    """Rows that are stored, recalled, primed, replayed and cut, one operation a step.

    Time passes first (rows fade, counts and traces decay), then the operation is done; what is recalled is read from
    the memory as the step leaves it.
    """

    name: ClassVar[str] = "recall"
    nothing: Tensor
    order = Order.WRITE_FIRST

    def __init__(self, config: RecallConfig, generator: torch.Generator | None = None) -> None:
        """generator: not used, there is nothing to draw."""
        super().__init__()
        self.config: RecallConfig = config
        # Says on which device and in which type to compute.
        self.register_buffer("nothing", torch.zeros(1))
        self._members: dict[torch.device, Tensor] = {}

    def fields(self) -> tuple[Field, ...]:
        return states.fields(self.config)

    def initial_state(self, batch: int) -> RecallState:
        config = self.config
        rows, words, segments = config.rows, config.word_size, len(config.parts.names)

        def zeros(*shape: int) -> Tensor:
            return self.nothing.new_zeros(batch, *shape)

        return RecallState(
            memory=zeros(rows, words),
            read_weighting=zeros(1, rows),
            read_vector=zeros(1, words),
            usage=zeros(rows),
            trace_strength=zeros(rows),
            recall_count=zeros(rows),
            recall_trace=zeros(rows),
            association=zeros(rows, rows),
            links=zeros(rows, rows),
            precedence=zeros(rows),
            intact=zeros(len(states.FUNCTIONS)) + 1,
            router_weights=zeros(segments, words) if segments > 1 else None,
            ownership=zeros(rows, config.items) if config.items else None,
        )

    def step(self, x: Tensor, state: RecallState) -> tuple[Tensor, RecallState, RecallView]:
        """One operation. x: (batch, inputs). Raises CoreError on a row, segment or item that is not there."""
        config = self.config
        told = asked.of_input(x.to(state.memory.dtype), config.word_size)
        placing.check(told, config)
        member = self._member(x.device)
        state = _faded(state, keep := self._kept(told, member))
        cue = _cue(told, state)
        routed = routing.route(config, told, cue, state.router_weights)
        standing = self._standing(told, state, member)
        looked = lookup.look(state.memory, cue, standing, routed.route, member)
        backward = dnc_addressing.backward(state.links, state.read_weighting)
        forward = dnc_addressing.forward(state.links, state.read_weighting)
        intact = _cut(told, state.intact)
        recalled = intact[:, 1:].unsqueeze(1) * _recalled(told, looked, backward, forward)

        stored = placing.place(config, told, state.usage, routed.chosen, member)
        replayed = consolidation.replay(config, told.setting("draw").squeeze(1), state)
        writing = intact[:, :1] * (not self.writes_are_cut)
        written, played = writing * told.is_a(Kind.STORE), writing * told.is_a(Kind.REPLAY)
        placed = Placed(
            weighting=written * stored.weighting + played * replayed.weighting,
            erase=written * stored.erase + played * replayed.erase,
            add=written * stored.add + played * replayed.add,
        )
        memory = addressing.write(
            state.memory,
            placed.weighting.unsqueeze(1),
            placed.erase.unsqueeze(1).expand(-1, 1, config.word_size),
            placed.add.unsqueeze(1),
        )
        read_vector = self.arriving(addressing.read(memory, recalled))
        event, ends = written * stored.weighting, written * told.setting("ends_event")
        after = state._replace(
            memory=memory,
            read_weighting=recalled,
            read_vector=read_vector,
            usage=state.usage + placed.weighting - state.usage * placed.weighting,
            trace_strength=state.trace_strength * (1 - placed.weighting * placed.erase) + placed.weighting,
            **self._terms(told, state, recalled, looked.weighting)._asdict(),
            links=dnc_addressing.linked(state.links, event, state.precedence),
            precedence=(1 - ends) * dnc_addressing.precedence(state.precedence, event),
            intact=intact,
            router_weights=routed.learned,
            ownership=self._owned(told, state.ownership, placed, replayed.ownership),
        )
        view = RecallView(
            **after._asdict(),
            write_weighting=placed.weighting.unsqueeze(1),
            **_heads(told, cue, looked),
            keep=keep,
            erase=placed.erase.unsqueeze(1).expand(-1, 1, config.word_size),
            add=placed.add.unsqueeze(1),
            backward_weighting=backward,
            forward_weighting=forward,
            spread=standing.spread,
            link_spread=standing.link_spread,
            content_score=looked.content_score,
            prominence_score=looked.prominence_score,
            priming_score=looked.priming_score,
            router_score=looked.router_score,
            router=None if routed.learned is None else _router(told, looked, placed, member),
        )
        return CONTRAST * read_vector.squeeze(1), after, view

    def _member(self, device: torch.device) -> Tensor:
        """The segment of each row: (rows,)."""
        if device not in self._members:
            sizes = self.config.parts.sizes
            short_term = [place for place, size in enumerate(sizes) for _ in range(size)]
            self._members[device] = torch.tensor(short_term * (self.config.rows // len(short_term)), device=device)
        return self._members[device]

    def _kept(self, told: Asked, member: Tensor) -> Tensor:
        """What time and a lesion leave of each row: (batch, rows)."""
        faded = (self.config.fading ** told.setting("elapsed")).expand(-1, self.config.locations)
        lasting = torch.ones_like(faded[:, : self.config.rows - self.config.locations])
        is_wiped = told.is_a(Kind.LESION) * (member == told.place("segment").unsqueeze(1))
        return torch.cat((faded, lasting), dim=1) * (1 - is_wiped)

    def _standing(self, told: Asked, state: RecallState, member: Tensor) -> Standing:
        config, among = self.config, told.setting("among")
        is_short = torch.arange(config.rows, device=among.device) < config.locations
        is_among = torch.where(is_short, among != Among.LONG_TERM, among != Among.SHORT_TERM)
        is_among = is_among & told.is_in(len(config.parts.names))[:, member]
        trace = state.recall_trace * config.priming_decay ** told.setting("elapsed")

        def spread(links: Tensor) -> Tensor:
            return content_terms.spread_of(links, trace, config.priming_spread, config.priming_hops)

        return Standing(
            (state.usage > 0) & is_among, state.recall_count, spread(state.association), spread(state.links)
        )

    def _terms(self, told: Asked, state: RecallState, recalled: Tensor, looked: Tensor) -> RecallTerms:
        elapsed = told.setting("elapsed")
        terms = content_terms.after(
            Decays(self.config.prominence_decay**elapsed, self.config.priming_decay**elapsed),
            RecallTerms(state.recall_count, state.recall_trace, state.association),
            recalled,
        )
        assert terms.recall_trace is not None
        primed = told.is_a(Kind.PRIME) * told.setting("amount") * looked
        return terms._replace(recall_trace=terms.recall_trace + primed)

    def _owned(self, told: Asked, owned: Tensor | None, placed: Placed, replayed: Tensor | None) -> Tensor | None:
        """For which items each row was written: the share that every write kept of what it found, and its own."""
        if owned is None or replayed is None:
            return None
        item = told.place("item").unsqueeze(1)
        own = (item == torch.arange(self.config.items, device=item.device)) * told.is_a(Kind.STORE)
        added = own + told.is_a(Kind.REPLAY) * replayed
        kept = owned * (1 - placed.weighting * placed.erase).unsqueeze(2)
        return kept + placed.weighting.unsqueeze(2) * added.unsqueeze(1)


def _faded(state: RecallState, keep: Tensor) -> RecallState:
    """The state after time passed; what a lesion wiped, keep 0, was never written."""
    is_left = (keep > 0).to(keep.dtype)
    both_left = is_left.unsqueeze(2) * is_left.unsqueeze(1)
    return state._replace(
        memory=state.memory * keep.unsqueeze(2),
        usage=state.usage * is_left,
        trace_strength=state.trace_strength * keep,
        recall_count=state.recall_count * is_left,
        recall_trace=state.recall_trace * is_left,
        association=state.association * both_left,
        links=state.links * both_left,
        precedence=state.precedence * is_left,
        ownership=None if state.ownership is None else state.ownership * keep.unsqueeze(2),
    )


def _cue(told: Asked, state: RecallState) -> Cue:
    goes_on = told.setting("goes_on")
    key = goes_on * state.read_vector.squeeze(1) + (1 - goes_on) * told.word
    strengths = (told.setting(name) for name in ("strength", "prominence", "priming", "link_priming"))
    return Cue(key, told.mask, *strengths)


def _cut(told: Asked, intact: Tensor) -> Tensor:
    cuts = torch.cat((told.setting("cuts_writes"), told.setting("cuts_reads")), dim=1)
    return intact * (1 - told.is_a(Kind.LESION) * cuts)


def _recalled(told: Asked, looked: Looked, backward: Tensor, forward: Tensor) -> Tensor:
    """Where the step reads: (batch, 1, rows), all zeros where it recalls nothing."""
    followed = torch.where(told.setting("direction").unsqueeze(1) < 0, backward, forward)
    sharpness = told.setting("sharpness").clamp_min(1.0)
    is_led = (followed.sum(-1, keepdim=True) > 0).to(followed.dtype)
    sharp = is_led * dnc_addressing.sharpen(followed, sharpness)
    followed = torch.where(sharpness.unsqueeze(1) > 1, sharp, followed)
    return told.is_a(Kind.RECALL).unsqueeze(1) * looked.weighting.unsqueeze(1) + (
        told.is_a(Kind.FOLLOW).unsqueeze(1) * followed
    )


def _router(told: Asked, looked: Looked, placed: Placed, member: Tensor) -> Tensor:
    """What each segment gets of what is recalled and of what is written, in this order; zeros of what is not done."""
    looks = told.is_a(Kind.RECALL) + told.is_a(Kind.PRIME)
    is_in = functional.one_hot(member, looked.router.shape[1]).to(looks.dtype)
    written = placed.weighting @ is_in
    whole = written.sum(-1, keepdim=True)
    shares = torch.where(whole > 0, written / torch.where(whole > 0, whole, 1.0), 0.0)
    return torch.stack((looks * looked.router, shares), 1)


def _heads(told: Asked, cue: Cue, looked: Looked) -> dict[str, Tensor]:
    """What the read head and the write head were told, in this order, and by which way the first one goes."""
    looks = told.is_a(Kind.RECALL) + told.is_a(Kind.PRIME)
    is_store = told.is_a(Kind.STORE)
    key, mask = torch.stack((looks * cue.key, is_store * told.word), 1), looks * told.mask
    by_content = looks * looked.by_content
    follows, is_back = told.is_a(Kind.FOLLOW), (told.setting("direction") < 0).to(looks.dtype)
    return {
        "backward_mode": follows * is_back,
        "content_mode": told.is_a(Kind.RECALL),
        "forward_mode": follows * (1 - is_back),
        "key": key,
        "lookup_mask": torch.stack((mask, is_store * torch.ones_like(mask)), 1),
        "key_strength": torch.cat((looks * cue.strength, torch.zeros_like(looks)), 1),
        "content_weighting": torch.stack((by_content, torch.zeros_like(by_content)), 1),
    }
