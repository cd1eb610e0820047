"""Which weights an episode of a session can be woken on, and how exact that is. Needs no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ntmviz.errors import NtmvizError
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from ntm_core.trace import EpisodeInfo
    from sessions import Recording


class Weights(NamedTuple):
    """A checkpoint to wake an episode on."""

    checkpoint: int
    iteration: int
    is_own: bool
    """Whether the episode ran on these very weights."""


def own(recording: Recording, episode: int) -> Weights | None:
    """The weights that an episode ran on, if the session keeps them."""
    checkpoint = recording.episodes[episode].info.checkpoint
    if not 0 <= checkpoint < len(recording.checkpoints):
        return None
    return Weights(checkpoint, recording.checkpoints[checkpoint].iteration, True)


def nearest(recording: Recording, episode: int) -> Weights | None:
    """The kept weights of the iteration nearest to an episode's, the later of two; None where none are kept."""
    wished = recording.episodes[episode].info.iteration
    kept = [Weights(index, each.iteration, False) for index, each in enumerate(recording.checkpoints)]
    return max(kept, key=lambda each: (-abs(each.iteration - wished), each.iteration), default=None)


def chosen(recording: Recording, episode: int, checkpoint: int | None) -> Weights:
    """The weights to wake an episode on: its own, or those of the checkpoint that is named.

    Raises NtmvizError where its own are not kept, and names the nearest; and where there is no such checkpoint.
    """
    path, count = recording.path, len(recording.checkpoints)
    its_own = own(recording, episode)
    if checkpoint is None:
        if its_own is None:
            raise NtmvizError(f"{not_kept(recording, episode)}: {path}")
        return its_own
    if not 0 <= checkpoint < count:
        there = f"a checkpoint from 0 to {count - 1} was wanted" if count else "no checkpoint is kept"
        raise NtmvizError(f"{there}; got {checkpoint}: {path}")
    is_own = its_own is not None and its_own.checkpoint == checkpoint
    return Weights(checkpoint, recording.checkpoints[checkpoint].iteration, is_own)


def not_kept(recording: Recording, episode: int) -> str:
    """That an episode's own weights are not in the session, and which are nearest."""
    near = nearest(recording, episode)
    iteration = recording.episodes[episode].info.iteration
    which = f"episode {episode} ran on weights that are not kept" + (
        f" (iteration {iteration})" if iteration >= 0 else ""
    )
    if near is None:
        return f"{which}, and the session keeps no others: it can be looked at, not woken"
    return f"{which}; the nearest kept are of iteration {near.iteration}: wake it with checkpoint={near.checkpoint}"


def exactness(info: EpisodeInfo, weights: Weights, same_device: bool = True) -> str:
    """How a woken episode goes on beside the run that recorded it, in one sentence."""
    if not weights.is_own:
        return f"It goes on with the weights of iteration {grouped(weights.iteration)}, not its own."
    if info.batch > 1:
        return f"One of {info.batch} sequences of a batch: it goes on as the run did to 1e-5."
    if not same_device:
        return "On another device than the run's: it goes on as the run did to 1e-5."
    return "It goes on bit for bit as the run did."
