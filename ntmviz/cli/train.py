"""Train a network on a task and record it to a session."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntm_core import parallel, registry
from ntm_core.checks import listed
from ntm_core.model_config import ControllerKind
from ntmviz.errors import NtmvizError, UsageError
from ntmviz.run_options import RunOptions
from ntmviz.wording import COMPILING, grouped, short, skips, task_name
from sessions.errors import one_line
from sessions.policy import MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ntm_core.parallel import Group
    from ntmviz.runs import Run

_REPORT_S = 2.0
_SLICE_S = 0.2
_FAILED = 1
_TABLES = ("task", "train")


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", metavar="TASK", help=f"what to learn: {listed(registry.tasks())}")
    parser.add_argument("--model", help=f"which network: {listed(registry.models())} (ntm)")
    parser.add_argument("--controller", help=f"which controller: {listed(ControllerKind)} (lstm)")
    parser.add_argument(
        "--iterations",
        type=positive,
        metavar="N",
        help="batches to learn from, those before --resume included (as many as give 20,000 sequences of copy)",
    )
    parser.add_argument("--until-solved", action="store_true", help="stop when the task counts as solved")
    parser.add_argument("--batch", type=positive, metavar="N", help="sequences an update")
    parser.add_argument("--seed", type=int, metavar="N", help="equal seeds give equal trainings (0)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the session (here: TASK-seedN.ntmviz.h5, or with --resume NAME-on.ntmviz.h5)",
    )
    parser.add_argument("--record", default="auto", metavar="POLICY", help="auto, all, every:N or off (auto)")
    parser.add_argument(
        "--max-size", type=positive, default=MAX_SIZE // 10**6, metavar="MB", help="of the session, with --record auto"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="KEY=VALUE",
        help="a setting of the model, or task.KEY=VALUE, or train.KEY=VALUE; may be given again",
    )
    parser.add_argument(
        "--resume",
        metavar="FILE",
        help="go on from the last checkpoint of a session as if it had never stopped, into a new session; settings "
        "that are left out stay what they were, those of the network always do",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON, last line")


def positive(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 was wanted; got {text!r}")
    return int(text)


def options_of(arguments: argparse.Namespace) -> RunOptions:
    """The options that a command line asks for. Raises UsageError, and NtmvizError where the session exists."""
    tables: dict[str, dict[str, Any]] = {"model": {}, "task": {}, "train": {}}
    for setting in arguments.settings:
        key, equals, text = setting.partition("=")
        table, dot, name = key.partition(".")
        if not equals or not key or (dot and (table not in _TABLES or not name)):
            raise UsageError(f"--set KEY=VALUE with KEY, task.KEY or train.KEY was wanted; got {setting!r}")
        tables[table if dot else "model"][name if dot else key] = value(text)
    if arguments.controller is not None:
        tables["model"]["controller"] = arguments.controller
    if arguments.batch is not None:
        tables["train"]["batch"] = arguments.batch
    out = arguments.out or Path(_default_name(arguments))
    if os.path.lexists(out):
        raise NtmvizError(f"a session never replaces a file; name another with --out, or remove this one: {out}")
    return RunOptions(
        out=str(out),
        task=arguments.task,
        task_settings=tables["task"],
        model=arguments.model,
        model_settings=tables["model"],
        train=tables["train"],
        seed=arguments.seed,
        device=arguments.device,
        iterations=arguments.iterations,
        until_solved=arguments.until_solved,
        record=arguments.record,
        max_size=arguments.max_size * 10**6,
        resume=arguments.resume,
    )


def _default_name(arguments: argparse.Namespace) -> str:
    if arguments.resume is None:
        return f"{arguments.task}-seed{arguments.seed or 0}.ntmviz.h5"
    return f"{Path(arguments.resume).name.removesuffix('.h5').removesuffix('.ntmviz')}-on.ntmviz.h5"


def value(text: str) -> Any:
    """A number, true, false or null where the text is one, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def run(arguments: argparse.Namespace) -> int:
    group = parallel.of_environment()
    try:
        code = _run_in(group, arguments)
    except Exception:
        if group.is_first_to_tell():
            raise
        return _FAILED
    group.leave()
    return code


def _run_in(group: Group, arguments: argparse.Namespace) -> int:
    options = options_of(arguments)
    group.join(options.device)
    if group.is_first:
        return _train(options, group, prints_json=arguments.json)
    from ntmviz.helping import Helper

    helper = Helper(options, group)
    with _noting_an_interrupt() as is_interrupted:
        while not helper.is_over:
            helper.advance()
            if is_interrupted.is_set():
                helper.end_soon()
    if helper.failure is not None:
        raise NtmvizError(helper.failure)
    return 0


def _train(options: RunOptions, group: Group, *, prints_json: bool) -> int:
    from ntmviz.runs import Run

    training = Run(options, group=group)
    for note in training.notes:
        print(one_line(note), file=sys.stderr, flush=True)
    result = drive(training, is_quiet=prints_json)
    if prints_json:
        print(json.dumps(result))
    else:
        tell(result)
    if training.failure is not None:
        raise NtmvizError(training.failure)
    return 0


def drive(training: Run, *, is_quiet: bool = False) -> dict[str, Any]:
    """Train to the end, with a line of progress now and then; Ctrl+C or SIGTERM ends it early and keeps everything."""
    from ntm_core import kernels

    told = time.perf_counter()
    failure = None

    def tell_compiling() -> None:
        if not is_quiet:
            print(COMPILING, file=sys.stderr, flush=True)

    with _noting_an_interrupt() as is_interrupted, _recorder_in_silence(), kernels.telling(tell_compiling):
        while not training.is_over:
            training.advance_for(_SLICE_S)
            if is_interrupted.is_set():
                training.end_soon()
            if training.recorder.failure != failure:
                failure = training.recorder.failure
                if not is_quiet:
                    print(f"{failure}; training goes on without a record", flush=True)
            if not is_quiet and time.perf_counter() - told >= _REPORT_S:
                told = time.perf_counter()
                now = training.progress()
                print(
                    f"iteration {grouped(now.iteration)} of {grouped(now.iterations)}   loss {short(now.loss)}   "
                    f"wrong bits {short(now.wrong_bits)}   {now.new_sequences / now.seconds:.0f} sequences/s   "
                    f"{grouped(now.recorded_episodes)} episodes recorded"
                    + (f"   {skips(now.skipped)}" if now.skipped else ""),
                    flush=True,
                )
        if is_interrupted.is_set() and training.failure is None:
            print("stopping: measuring and sealing the session", file=sys.stderr, flush=True)
        training.finish()
    return training.result()


@contextmanager
def _noting_an_interrupt() -> Iterator[threading.Event]:
    """A first Ctrl+C or SIGTERM is only noted, so that it cuts no update in two; a second one ends it as ever."""
    noted = threading.Event()

    def note(number: int, frame: object) -> None:
        signal.signal(number, before[number])
        noted.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _recorder_in_silence() -> Iterator[None]:
    """Its failure is told with the progress, and as the reason for the exit code; not a third time by its logger."""
    log = logging.getLogger("sessions.channel")
    log.disabled = True
    try:
        yield
    finally:
        log.disabled = False


def tell(result: dict[str, Any]) -> None:
    """The result in words."""
    how = "solved" if result["solved"] else "not solved"
    task, sequences = task_name(result["task"]), grouped(result["sequences"])
    print(f"{task} {how} after {sequences} sequences, {result['seconds']:.1f} s")
    for trial, share in result["bit_error_rate"].items():
        bits, above = result["bits_per_sequence"][trial], result["bits_above_optimum"][trial]
        best = f", {short(above)} above the optimum" if above != bits else ""
        print(f"  at {trial}: {100 * share:.3g} % of bits wrong, {short(bits)} bits a sequence{best}")
    dropped = f", {result['dropped_episodes']} dropped" if result["dropped_episodes"] else ""
    print(f"  {result['recorded_episodes']} episodes recorded{dropped}")
    if result["skipped_updates"]:
        print(f"  {skips(result['skipped_updates'])}: loss or gradient was not finite")
    print(result["session"])
