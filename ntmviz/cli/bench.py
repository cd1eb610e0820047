"""Measure how fast networks learn and answer on this machine, beside the package `dnc` where that is installed."""

from __future__ import annotations

import json
import platform
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ntm_core import checks, registry
from ntmviz.cli import output
from ntmviz.cli.train import positive
from ntmviz.errors import NtmvizError
from ntmviz.wording import short

if TYPE_CHECKING:
    import argparse

    from ntm_core.benchmark import Contest, Row

BENCHMARKS = ("core",)
MODELS = ("dnc", "mann", "ntm")
BATCHES, LENGTH = (1, 16, 64), 20
_ROUNDS, _TURN_S = 15, 0.3
_QUICK_ROUNDS, _QUICK_TURN_S = 5, 0.05
_WITHOUT_PEER = "to have dnc 1.1.0 beside them, which others know: pip install 'ntmviz[bench]'"


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", nargs="?", default="core", metavar="NAME", help=f"what to measure: {checks.listed(BENCHMARKS)} (core)"
    )
    parser.add_argument("--model", default="ntm", help=f"which network: {checks.listed(MODELS)} (ntm)")
    parser.add_argument(
        "--batch",
        type=positive,
        nargs="+",
        default=list(BATCHES),
        metavar="N",
        help=f"sequences that are computed together ({' '.join(map(str, BATCHES))})",
    )
    parser.add_argument(
        "--length", type=positive, default=LENGTH, metavar="N", help=f"vectors that a sequence copies ({LENGTH})"
    )
    parser.add_argument("--threads", type=positive, metavar="N", help="threads of every contestant (2, on one core 1)")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter turns: a first impression")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, last line")


def run(arguments: argparse.Namespace) -> int:
    checks.known("a benchmark", (arguments.name,), BENCHMARKS)
    checks.known("a model to measure", (arguments.model,), MODELS)
    _check_room(arguments)
    from ntm_core import benchmark
    from ntm_core.kernels import threads
    from ntmviz.preparing import memory_told

    contest = benchmark.Contest(
        model=arguments.model,
        batches=tuple(dict.fromkeys(arguments.batch)),
        length=arguments.length,
        threads=arguments.threads or min(2, threads.cores()),
        rounds=_QUICK_ROUNDS if arguments.quick else _ROUNDS,
        turn_s=_QUICK_TURN_S if arguments.quick else _TURN_S,
    )
    if benchmark.peer() is None:
        output.remark(_WITHOUT_PEER)
    if not arguments.json:
        output.say(_heading(contest))
    rows: list[Row] = []
    with memory_told():
        for row in benchmark.measure(contest):
            if not arguments.json:
                if not rows:
                    output.say(_names(row))
                output.say(_told(row))
            rows.append(row)
    if arguments.json:
        output.say(json.dumps(_result(arguments.name, contest, rows)))
    return 0


def _check_room(arguments: argparse.Namespace) -> None:
    """Raise NtmvizError where there is not memory enough."""
    from ntm_core.footprint import Plan
    from ntmviz import room

    lengths = {"min_length": arguments.length, "max_length": arguments.length}
    plan = Plan(arguments.model, "copy", {}, lengths)
    if lacking := room.lacking_for_training(plan, {"batch": max(arguments.batch)}, room.Room(room.free_bytes())):
        raise NtmvizError(lacking)


def machine() -> dict[str, Any]:
    """What the figures hold for, in plain JSON."""
    from ntm_core import benchmark
    from ntm_core.kernels import threads

    packages = {name: version(name) for name in ("torch", "numpy", "numba")}
    return {
        "date": date.today().isoformat(),
        "processor": _processor(),
        "cores": threads.cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **packages,
        "dnc": benchmark.peer(),
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            named = next(line for line in lines if line.startswith("model name"))
        return " ".join(named.partition(":")[2].split())
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _result(name: str, contest: Contest, rows: list[Row]) -> dict[str, Any]:
    figures: dict[str, dict[str, Any]] = {}
    for row in rows:
        figures.setdefault(row.work.value, {})[str(row.batch)] = row.to_json()
    settings = {
        "model": contest.model,
        "length": contest.length,
        "threads": contest.threads,
        "rounds": contest.rounds,
    }
    return {"name": name, "figures": figures, "settings": settings, "machine": machine()}


def _heading(contest: Contest) -> str:
    here = machine()
    packages = ", ".join(f"{name} {here[name]}" for name in ("python", "torch", "numba", "dnc") if here[name])
    threads = "1 thread" if contest.threads == 1 else f"{contest.threads} threads"
    sizes = registry.model(contest.model).config(inputs=9, outputs=8)
    return (
        f"{contest.model} on copy of {contest.length} vectors of 8 bits, memory {sizes.locations} x {sizes.word_size}, "
        f"{sizes.hidden_size} units; {threads}\n"
        f"{here['processor']}, {here['cores']} cores; {packages}; {here['date']}\n"
        f"medians of {contest.rounds} rounds, in each of which all take their turn; in brackets the middle half of them"
    )


_WIDTHS = (18, 6, 14)
_COLUMN = 32


def _names(row: Row) -> str:
    base, *others = row.seconds
    told = [f"{name}, times {base}" for name in others]
    return _line("", "batch", base, *told)


def _told(row: Row) -> str:
    base, *others = row.seconds
    told = []
    for name in others:
        low, middle, high = row.times(name)
        told.append(f"{short(middle)} ({short(low)} to {short(high)})  {_ms(row.median_s(name))}")
    return _line(row.work.value, str(row.batch), _ms(row.median_s(base)), *told)


def _ms(seconds: float) -> str:
    return f"{short(1e3 * seconds)} ms"


def _line(work: str, batch: str, base: str, *others: str) -> str:
    first, second, third = _WIDTHS
    cells = [f"{work:<{first}}{batch:>{second}}{base:>{third}}", *(f"{other:>{_COLUMN}}" for other in others)]
    return "".join(cells)
