"""How heads come to their rows: by content, and by moving on from where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core.diagnostics.answers import wrong_bits
from ntm_core.diagnostics.diagnostic import Diagnostic, Rule
from ntm_core.diagnostics.sums import entropy, length, total
from ntm_core.diagnostics.writing import collision
from ntm_core.trace import Role

if TYPE_CHECKING:
    from ntm_core.diagnostics.frames import Frames
    from ntm_core.diagnostics.sums import Floats
    from ntm_core.trace import Array

NORM_FLOOR = 1e-6
"""As the networks here add it to squared lengths."""
_NOWHERE = 0.01
"""A weighting whose pull to one side of the ring is less, as a share of its weight, has no centre."""
_READ, _WRITE = Role.READ_WEIGHTING, Role.WRITE_WEIGHTING


def centroid(weighting: Array) -> Floats:
    """The centre of a weighting on the ring of rows: from -0.5 to rows - 0.5; NaN where it pulls to no side.

    weighting: (..., locations).   Returns (...).
    """
    rows = weighting.shape[-1]
    pull = weighting @ np.exp(2j * np.pi * np.arange(rows) / rows)
    centre = (np.angle(pull) * rows / (2 * np.pi) + 0.5) % rows - 0.5
    return np.where(np.abs(pull) > _NOWHERE * np.abs(total(weighting)), centre, np.nan)


def step_between(before: Array, now: Array, rows: int) -> Floats:
    """The shorter way round the ring from one centre to another, in rows: -rows / 2 to rows / 2."""
    way: Floats = (now - before + rows / 2) % rows - rows / 2
    return way


def read_centroid(frames: Frames) -> Array:
    return centroid(frames[_READ])


def write_centroid(frames: Frames) -> Array:
    return centroid(frames[_WRITE])


def read_step(frames: Frames) -> Array:
    return step_between(centroid(frames.before(_READ)), frames.once(read_centroid), frames.layout.locations)


def write_step(frames: Frames) -> Array:
    return step_between(centroid(frames.before(_WRITE)), frames.once(write_centroid), frames.layout.locations)


def margin(frames: Frames) -> Array:
    """Strength times the difference of the two best cosines, in the memory that each head addresses."""
    key = frames[Role.KEY]
    mask = frames[Role.LOOKUP_MASK] if Role.LOOKUP_MASK in frames else None
    cosines = np.empty((*key.shape[:2], frames.layout.locations))
    is_reader = np.array([head.kind == "read" for head in frames.layout.heads(Role.KEY)])
    sees_after = is_reader & (not frames.reads_first)
    for heads, memory in ((sees_after, frames[Role.MEMORY]), (~sees_after, frames.before(Role.MEMORY))):
        if heads.any():
            cosines[:, heads] = _cosines(memory, key[:, heads], None if mask is None else mask[:, heads])
    if cosines.shape[-1] < 2:
        return np.full(key.shape[:2], np.nan)
    two_best = np.partition(cosines, -2, axis=-1)[..., -2:]
    ahead: Array = two_best[..., 1] - two_best[..., 0]
    return frames[Role.KEY_STRENGTH] * ahead if Role.KEY_STRENGTH in frames else ahead


def _cosines(memory: Array, key: Array, mask: Array | None) -> Array:
    """memory: (steps, locations, word).   key, mask: (steps, heads, word).   Returns (steps, heads, locations)."""
    if mask is None:
        squares = (length(memory) ** 2)[:, None]
    else:
        squares = mask**2 @ np.swapaxes(memory, 1, 2) ** 2
        key = key * mask
    products = (key if mask is None else key * mask) @ np.swapaxes(memory, 1, 2)
    cosines: Array = products / np.sqrt((squares + NORM_FLOOR) * (total(key**2)[..., None] + NORM_FLOOR))
    return cosines


def shift_mean(frames: Frames) -> Array:
    kernel = frames[Role.SHIFT]
    reach = kernel.shape[-1] // 2
    mean: Array = kernel @ np.arange(-reach, kernel.shape[-1] - reach)
    return mean


def router_entropy(frames: Frames) -> Array:
    return entropy(frames[Role.ROUTER])


def content_share(frames: Frames) -> Array:
    """How much of where each read head looks comes from content: (steps, read heads)."""
    if Role.GATE in frames:
        return frames[Role.GATE][:, _readers(frames, Role.GATE)]
    return frames[Role.CONTENT_MODE] if Role.CONTENT_MODE in frames else np.ones(frames[_READ].shape[:2])


def _readers(frames: Frames, role: Role) -> list[int]:
    """Which entries of a field are read heads'."""
    return [number for number, head in enumerate(frames.layout.heads(role)) if head.kind == "read"]


def _is_in_doubt(frames: Frames, value: Array) -> Array:
    """A read head led by content in doubt between two rows, and the answer is wrong."""
    doubts = np.zeros(value.shape, bool)
    readers = _readers(frames, Role.KEY)
    if readers and all(role in frames for role in (Role.OUTPUT, Role.TARGET)):
        is_wrong = frames.once(wrong_bits)[:, None] > 0
        doubts[:, readers] = (value[:, readers] < 1) & (content_share(frames) > 0.5) & is_wrong
    return doubts


def _wraps(frames: Frames, step: Array) -> Array:
    """A head that moves step by step goes over the end of the memory, onto what it wrote before."""
    now, rows = frames.once(write_centroid), frames.layout.locations
    reach = frames.layout[Role.SHIFT].shape[1] // 2 if Role.SHIFT in frames else 0
    before = now - step
    is_over = (before < -0.5) | (before > rows - 0.5)
    return is_over & (np.abs(step) < reach + 0.5) & (frames.once(collision) > 0.5)


DIAGNOSTICS = (
    Diagnostic(
        "key_strength",
        "",
        "How strictly a head keeps to the rows most like its key",
        (Role.KEY_STRENGTH,),
        lambda frames: frames[Role.KEY_STRENGTH],
        Role.KEY_STRENGTH,
    ),
    Diagnostic(
        "margin",
        "",
        "How far the row most like a head's key is ahead of the second: key strength times the difference of cosines",
        (Role.KEY, Role.MEMORY),
        margin,
        Role.KEY,
        Rule("{head} can hardly tell two rows apart by its key, and the answer is wrong", _is_in_doubt),
    ),
    Diagnostic(
        "gate",
        "share",
        "How much of where a head looks comes from content; the rest from where it was",
        (Role.GATE,),
        lambda frames: frames[Role.GATE],
        Role.GATE,
    ),
    Diagnostic(
        "shift_mean",
        "rows",
        "How far a head's shift moves it, on average over its offsets",
        (Role.SHIFT,),
        shift_mean,
        Role.SHIFT,
    ),
    Diagnostic(
        "read_centroid",
        "row",
        "The row at the centre of a read head's weighting, on the ring that the rows form",
        (_READ,),
        read_centroid,
        _READ,
    ),
    Diagnostic(
        "write_centroid",
        "row",
        "The row at the centre of a write head's weighting, on the ring that the rows form",
        (_WRITE,),
        write_centroid,
        _WRITE,
    ),
    Diagnostic(
        "read_step",
        "rows",
        "How far the centre of a read head moved since the step before, the shorter way round",
        (_READ,),
        read_step,
        _READ,
    ),
    Diagnostic(
        "write_step",
        "rows",
        "How far the centre of a write head moved since the step before, the shorter way round",
        (_WRITE,),
        write_step,
        _WRITE,
        Rule("{head} goes over the end of the memory, onto rows that hold something", _wraps, True),
    ),
    Diagnostic(
        "router_entropy",
        "nats",
        "How undecided a head is between segments of the memory",
        (Role.ROUTER,),
        router_entropy,
        Role.ROUTER,
        Rule("{head} is divided over more than two segments", lambda frames, value: value > np.log(2) + 1e-6),
    ),
    Diagnostic(
        "router_leakage",
        "share",
        "How much of a head lies outside its chief segment",
        (Role.ROUTER,),
        lambda frames: 1 - frames[Role.ROUTER].max(-1),
        Role.ROUTER,
    ),
)
