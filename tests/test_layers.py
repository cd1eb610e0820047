"""The layers hold: ntmviz -> sessions -> ntm_core.trace, and nobody loads what belongs to another."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
QT = {"PySide6", "shiboken6", "pyqtgraph"}
FORBIDDEN = {
    "ntm_core": QT | {"h5py", "sessions", "ntmviz"},
    "sessions": QT | {"torch", "ntmviz"},
    "ntmviz": {"h5py"},
}
"""Package -> what none of its modules may import, at the top or inside a function."""


def modules() -> dict[str, ast.Module]:
    """Every module of the product; a package's ends in __init__, so that relative imports count its level."""
    paths = sorted(path for package in FORBIDDEN for path in (ROOT / package).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): ast.parse(path.read_bytes()) for path in paths}


def imported(module: str, tree: ast.AST) -> Iterator[str]:
    """Dotted names imported anywhere in a module, `from a import b` as a.b, relative ones made absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = ".".join(module.split(".")[: -node.level]) if node.level else ""
            origin = ".".join(filter(None, (parent, node.module)))
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def loaded(module: str, tree: ast.Module) -> Iterator[str]:
    """What a module may come to load: not what only a type checker reads, nor what a package's door offers lazily."""
    for node in ast.walk(tree):
        is_for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        is_lazy_door = isinstance(node, ast.FunctionDef) and module.endswith(".__init__")
        if is_for_types or is_lazy_door:
            node.body = [ast.Pass()]
    yield from imported(module, tree)


def ways_to_torch(start: str) -> list[str]:
    """Chains of imports by which the start can come to load torch."""
    known = modules()
    chains, seen, found = [(start,)], {start}, []
    while chains:
        chain = chains.pop()
        for name in loaded(chain[-1], known[chain[-1]]):
            parts = name.split(".")
            prefixes = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
            ours = {path for prefix in prefixes for path in (prefix, f"{prefix}.__init__") if path in known}
            is_core_attribute = (
                ours == {"ntm_core.__init__"} and len(parts) > 1
            )  # the door fetches it from a torch module
            if parts[0] == "torch" or is_core_attribute:
                found.append(" -> ".join((*chain, name)))
            chains += [(*chain, path) for path in sorted(ours - seen)]
            seen |= ours
    return found


def is_within(name: str, module: str) -> bool:
    return name == module or name.startswith(module + ".")


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_package_imports_nothing_of_another_layer(package):
    assert not [
        f"{module} imports {name}"
        for module, tree in modules().items()
        for name in imported(module, tree)
        if is_within(module, package) and name.split(".")[0] in FORBIDDEN[package]
    ]


def test_sessions_knows_only_the_trace_of_ntm_core():
    used = {
        f"{module} imports {name}": is_within(name, "ntm_core.trace")
        for module, tree in modules().items()
        for name in imported(module, tree)
        if is_within(module, "sessions") and is_within(name, "ntm_core")
    }
    assert used
    assert not [use for use, is_allowed in used.items() if not is_allowed]


def test_the_window_has_no_way_to_torch():
    assert not ways_to_torch("ntmviz.window")


def test_the_way_of_the_engine_to_torch_is_seen():
    assert ways_to_torch("ntm_core.training")


def test_imports_are_found_wherever_they_stand():
    source = "import a.b\ndef f():\n    from .. import c\n    from .d import e\n"
    assert list(imported("p.q.r", ast.parse(source))) == ["a.b", "p.c", "p.q.d.e"]


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("ntm_core", {"torch", "h5py", *QT}),
        ("ntm_core.trace", {"torch", "h5py", *QT}),
        ("ntm_core.diagnostics.health", {"torch", "h5py", *QT}),
        ("ntm_core.dnc_config", {"torch", "h5py", *QT}),
        ("ntm_core.recall", {"torch", "h5py", *QT}),
        ("sessions", {"torch", *QT}),
        ("ntmviz", {"torch", *QT}),
        ("ntmviz.cli", {"torch", *QT}),
        ("ntmviz.figures", {"torch", *QT}),
        ("ntmviz.window", {"torch"}),
    ],
)
def test_importing_a_module_does_not_load(module, absent):
    script = f"import sys, {module}; print(*sorted({absent!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [], "")
