"""The recall lab: an associative memory that is worked by hand.

Every operation is one step of the model `recall` of the registry, so that what a hand does is recorded, rewound, forked
and questioned as a trained network's steps are. From a script:

    from ntm_core.recall import Lab

    lab = Lab(word_size=8)
    lab.store("dinner", [1, 1, 1, 1, -1, -1, -1, -1])
    lab.store("dessert", [1, 1, -1, -1, 1, 1, -1, -1])
    lab.store("car", [-1, 1, -1, 1, -1, 1, -1, 1])
    found = lab.recall([1, 1, 1, 1, 0, 0, 0, 0], mask=[1, 1, 1, 1, 0, 0, 0, 0])
    print(found.name, found.word.round())  # dinner, and all its eight numbers
    lab.rewind(3)  # as if that had not been recalled
    print(lab.follow(after="dinner").name)  # dessert, which was stored next
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ntm_core.recall.lab import Lab, Recalled

__all__ = ["Lab", "Recalled"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.lab"), name)
