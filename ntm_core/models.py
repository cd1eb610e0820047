"""Networks made by name from their settings."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from ntm_core import checks, registry, seeding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.network import MemoryNetwork
    from ntm_core.registry import Model


def settings(name: str) -> tuple[str, ...]:
    """The settings that `build` takes for a model. Raises ConfigError if there is no such model."""
    return tuple(each.name for each in fields(registry.model(name).config) if each.name not in ("inputs", "outputs"))


def build(name: str, inputs: int, outputs: int, *, seed: int | None = None, **chosen: Any) -> MemoryNetwork[Any, Any]:
    """A new network; equal seeds give equal weights. Raises ConfigError on a name, setting or value that can't be."""
    checks.known(f"a setting of model {name!r}", chosen, settings(name))
    entry = registry.model(name)
    return _new(entry, entry.config(inputs=inputs, outputs=outputs, **chosen), seed)


def from_json(name: str, plain: Mapping[str, Any]) -> MemoryNetwork[Any, Any]:
    """A new network with the settings that its config's `to_json` wrote. Raises ConfigError on anything else."""
    entry = registry.model(name)
    return _new(entry, entry.config.from_json(plain), None)


def _new(entry: Model, config: Any, seed: int | None) -> MemoryNetwork[Any, Any]:
    return entry.network(config, None if seed is None else seeding.generator(seed))
