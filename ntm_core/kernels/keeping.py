"""Where compiled kernels are kept: in one place for each state of what they were compiled from.

Numba looks at the file alone that a function stands in. It would not see that a function changed which it calls in
another one.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path(__file__).parent
_PACKAGE = "ntm_core.kernels"


def place(source: Path, root: str) -> Path:
    """The folder for what a source file has compiled.

    root: what NUMBA_CACHE_DIR says; "" is the user's cache. Raises OSError where a source is not there to be read.
    """
    kept = Path(root) if root else platformdirs.user_cache_path("ntmviz")
    return kept / "kernels" / _state(source)


@cache
def _state(source: Path) -> str:
    """What is compiled: a source, those of this package that it imports, and the numbers that it takes from others."""
    digest = hashlib.sha256()
    waiting, known = [source], {source}
    while waiting:
        text = waiting.pop().read_bytes()
        digest.update(text)
        for module, name in _imports(text):
            path = _file_of(module, name)
            if path is not None and path not in known:
                waiting.append(path)
                known.add(path)
            elif path is None and module.startswith("ntm_core"):
                value = getattr(import_module(module), name)
                if isinstance(value, int | float):
                    digest.update(f"{name}={value!r}".encode())
    return digest.hexdigest()[:16]


def _file_of(module: str, name: str) -> Path | None:
    """The file of this package that `from module import name` reads; None where it reads another's."""
    inner = name if module == _PACKAGE else module.removeprefix(f"{_PACKAGE}.")
    path = _HERE / f"{inner}.py"
    return path if module.startswith(_PACKAGE) and path.exists() else None


def _imports(text: bytes) -> Iterator[tuple[str, str]]:
    """Module and name of `from module import name`, at the top of a source."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from ((node.module, each.name) for each in node.names)
