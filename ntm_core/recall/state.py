"""What the associative memory carries from step to step, and what a step of it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ntm_core.trace import Field, Role

if TYPE_CHECKING:
    from torch import Tensor

    from ntm_core.recall.recall_config import RecallConfig

FUNCTIONS = ("writing", "reading")
"""What a lesion can cut, in the order of `RecallState.intact`."""


class RecallState(NamedTuple):
    """All that a step starts from. B is the batch, N rows, W word size, S segments, I items."""

    memory: Tensor
    """(B, N, W): the short-term rows, then their long-term copies if there are any"""
    read_weighting: Tensor
    """(B, 1, N): what the step recalled, all zeros where it recalled nothing; so is the next"""
    read_vector: Tensor
    """(B, 1, W)"""
    usage: Tensor
    """(B, N): how much of each row is in use, as a DNC counts it; nothing is freed but by a lesion"""
    trace_strength: Tensor
    """(B, N): 1 for a row as it was written, less as it fades"""
    recall_count: Tensor
    """(B, N); see `content_terms.RecallTerms` for this and the next two"""
    recall_trace: Tensor
    association: Tensor
    """(B, N, N)"""
    links: Tensor
    """(B, N, N): row i, column j is how much i was written right after j (`dnc_addressing.linked`)"""
    precedence: Tensor
    """(B, N)"""
    intact: Tensor
    """(B, 2): 1 for each of FUNCTIONS, 0 once it is cut"""
    router_weights: Tensor | None
    """(B, S, W); None with one segment"""
    ownership: Tensor | None
    """(B, N, I): how much of each row was written for each item; None with no items"""


class RecallView(NamedTuple):
    """What a step computed. The state after it comes first."""

    memory: Tensor
    read_weighting: Tensor
    read_vector: Tensor
    usage: Tensor
    trace_strength: Tensor
    recall_count: Tensor
    recall_trace: Tensor
    association: Tensor
    links: Tensor
    precedence: Tensor
    intact: Tensor
    router_weights: Tensor | None
    ownership: Tensor | None
    write_weighting: Tensor
    """(B, 1, N)"""
    key: Tensor
    """(B, 2, W): the cue of a recall, then the word of a store; so are mask and strength"""
    lookup_mask: Tensor
    key_strength: Tensor
    """(B, 2)"""
    content_weighting: Tensor
    """(B, 2, N): where content alone would look; zeros for the store, which does not look"""
    keep: Tensor
    """(B, N): what fading and lesions leave of each row"""
    erase: Tensor
    """(B, 1, W)"""
    add: Tensor
    """(B, 1, W)"""
    backward_weighting: Tensor
    """(B, 1, N): what was written before that which the step before recalled"""
    forward_weighting: Tensor
    """(B, 1, N): and what after"""
    backward_mode: Tensor
    """(B, 1): 1 where the step goes back along links, else 0; so are the next two, which look by content and go on"""
    content_mode: Tensor
    forward_mode: Tensor
    spread: Tensor
    """(B, N): how much each row is primed over recalls; the next over links in time"""
    link_spread: Tensor
    content_score: Tensor
    """(B, N): this and the next three add up to the score of each row"""
    prominence_score: Tensor
    priming_score: Tensor
    router_score: Tensor
    router: Tensor | None
    """(B, 2, S): what each segment gets of what is recalled, then of what is written"""


def fields(config: RecallConfig) -> tuple[Field, ...]:
    """Of a view, without the batch."""
    row, word = ("location", config.rows), ("word", config.word_size)
    earlier, head = ("earlier location", config.rows), ("head", 2)
    reader, writer = ("read head", 1), ("write head", 1)
    segment = ("segment", len(config.parts.names))
    is_even = config.parts.is_even and not config.long_term
    router = (_share(Role.ROUTER if is_even else Role.UNEVEN_ROUTER, head, segment, name="router"),)
    weights = (_field(Role.ROUTER_WEIGHTS, segment, word, carried=True),)
    ownership = (_share(Role.OWNERSHIP, row, ("item", config.items), carried=True),)
    has_segments = len(config.parts.names) > 1
    return (
        _field(Role.MEMORY, row, word, carried=True),
        _share(Role.READ_WEIGHTING, reader, row, carried=True),
        _field(Role.READ_VECTOR, reader, word, carried=True),
        _share(Role.USAGE, row, carried=True),
        _share(Role.TRACE_STRENGTH, row, carried=True),
        _field(Role.RECALL_COUNT, row, unit="recalls", carried=True),
        _field(Role.RECALL_TRACE, row, unit="recalls", carried=True),
        _field(Role.ASSOCIATION, row, earlier, unit="recalls", carried=True),
        _share(Role.LINKS, row, earlier, carried=True),
        _share(Role.PRECEDENCE, row, carried=True),
        _share(Role.INTACT, ("function", len(FUNCTIONS)), carried=True),
        *(weights if has_segments else ()),
        *(ownership if config.items else ()),
        _share(Role.WRITE_WEIGHTING, writer, row),
        _field(Role.KEY, head, word),
        _share(Role.LOOKUP_MASK, head, word),
        _field(Role.KEY_STRENGTH, head),
        _share(Role.CONTENT_WEIGHTING, head, row),
        _share(Role.KEEP, row),
        _share(Role.ERASE, writer, word),
        _field(Role.ADD, writer, word),
        _share(Role.BACKWARD_WEIGHTING, reader, row),
        _share(Role.FORWARD_WEIGHTING, reader, row),
        *(_share(role, reader) for role in (Role.BACKWARD_MODE, Role.CONTENT_MODE, Role.FORWARD_MODE)),
        _field(Role.SPREAD, row),
        _field(Role.SPREAD, row, name="link_spread"),
        *(_field(Role.SCORE, row, name=f"{term}_score") for term in ("content", "prominence", "priming", "router")),
        *(router if has_segments else ()),
    )


def _share(role: Role, *axes: tuple[str, int], name: str = "", carried: bool = False) -> Field:
    """A field of numbers from 0 to 1."""
    return _field(role, *axes, name=name, limits=(0.0, 1.0), carried=carried)


def _field(
    role: Role,
    *axes: tuple[str, int],
    name: str = "",
    unit: str = "",
    limits: tuple[float, float] | None = None,
    carried: bool = False,
) -> Field:
    dims, shape = tuple(dim for dim, _ in axes), tuple(size for _, size in axes)
    return Field(name or role.value, role, shape, dims, unit, limits, carried)
