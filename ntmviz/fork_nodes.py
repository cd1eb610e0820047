"""The tree of what was worked by hand in a session: each fork below the episode that it goes on from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntm_core.trace import EpisodeKind
from ntmviz.views.fork_tree import ForkNode
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ntm_core.lineage import Lineage
    from ntmviz.lines import Lines


def forks(lines: Lines, by_hand: Iterable[int], shown: int) -> tuple[ForkNode, ...]:
    """Parents come first. The root of the episode that is shown is there too, worked by hand or not."""
    children: dict[int, list[int]] = {}
    roots = {lines[shown].root.episode}
    for index in map(int, by_hand):
        parts = lines[index].parts
        roots.add(parts[0].episode)
        if len(parts) > 1:
            children.setdefault(parts[-2].episode, []).append(index)
    drawn = [root for root in sorted(roots) if lines[root].info.kind is EpisodeKind.MANUAL]
    nodes: list[ForkNode] = []
    waiting: list[tuple[int, int, int | None]] = [(root, 0, None) for root in sorted(roots, reverse=True)]
    while waiting:
        index, depth, parent = waiting.pop()
        if parent is None:
            nodes.append(_root(index, lines[index], drawn))
        else:
            nodes.append(_fork(index, lines[index], depth, parent))
        here = len(nodes) - 1
        waiting += [(child, depth + 1, here) for child in reversed(children.get(index, ()))]
    return tuple(nodes)


def _root(index: int, line: Lineage, drawn: list[int]) -> ForkNode:
    info = line.info
    if index in drawn:
        label = f"by hand {drawn.index(index) + 1}"
    else:
        label = f"{info.kind}, iteration {grouped(info.iteration)}" if info.iteration >= 0 else f"{info.kind} {index}"
    return ForkNode(index, label, _steps(line), 0, None, f"Episode {index}, {_steps(line)}")


def _fork(index: int, line: Lineage, depth: int, parent: int) -> ForkNode:
    after, done = line.parts[-1].first - 1, line.info.label
    when, where = ("start", "before the first step") if after < 0 else (grouped(after), f"after step {grouped(after)}")
    tip = f"Episode {index}, {_steps(line)}; forked {where}: {done}"
    return ForkNode(index, f"{when}: {done}", "", depth, parent, tip)


def _steps(line: Lineage) -> str:
    return f"{grouped(len(line))} step{'' if len(line) == 1 else 's'}"
