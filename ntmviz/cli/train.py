"""Train a network on a task and record it to a session."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntm_core import parallel, registry
from ntm_core.checks import listed
from ntm_core.model_config import ControllerKind
from ntmviz import waiting
from ntmviz.cli import output
from ntmviz.cli.places import place
from ntmviz.errors import NtmvizError, UsageError
from ntmviz.run_options import RunOptions
from ntmviz.wording import COMPILING, grouped, short, skips, task_name
from sessions.errors import one_line
from sessions.policy import MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ntm_core.parallel import Group
    from ntmviz.runs import Run

_REPORT_S = 2.0
_SLICE_S = 0.2
_FAILED = 1
_TABLES = ("task", "train")
_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


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
        type=place,
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
        type=place,
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
        resume=None if arguments.resume is None else str(arguments.resume),
    )


def _default_name(arguments: argparse.Namespace) -> str:
    if arguments.resume is None:
        return f"{arguments.task}-seed{arguments.seed or 0}.ntmviz.h5"
    return f"{arguments.resume.name.removesuffix('.h5').removesuffix('.ntmviz')}-on.ntmviz.h5"


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
    if isinstance(group, parallel.Processes):
        group.end_process(output.ended(code))
    return code


def _run_in(group: Group, arguments: argparse.Namespace) -> int:
    options = options_of(arguments)
    group.join(options.device)
    if group.is_first:
        return _train(options, group, prints_json=arguments.json)
    from ntmviz.helping import Helper

    helper = Helper(options, group)
    with _noting_an_interrupt() as noted:
        while not helper.is_over:
            helper.advance()
            if noted:
                helper.end_soon()
    if helper.failure is not None:
        raise NtmvizError(helper.failure)
    return 0


def _train(options: RunOptions, group: Group, *, prints_json: bool) -> int:
    from ntmviz.runs import Run

    with telling_compiling(is_quiet=prints_json):
        with _leaving_in_order():
            training = Run(options, on_wait=tell_no_file, group=group)
        for note in training.notes:
            output.remark(one_line(note))
        result, ended_by = drive(training, is_quiet=prints_json)
    if prints_json:
        output.say(json.dumps(result))
    else:
        tell(result)
    if training.failure is not None:
        raise NtmvizError(training.failure)
    if ended_by is not None:
        return ended_early(result, ended_by)
    output.check_heard(f"the training went on to its end, and is kept: {result['session']}")
    return 0


@contextmanager
def telling_compiling(*, is_quiet: bool = False) -> Iterator[None]:
    """Say what a run that is made and driven inside waits for where its kernels are compiled."""
    from ntm_core import kernels

    def tell_compiling() -> None:
        if not is_quiet:
            output.remark(f"{COMPILING}; training starts then")

    with kernels.telling(tell_compiling):
        yield


def tell_no_file(seconds: int) -> None:
    """Say now and then that the session's file is not there yet."""
    if seconds in waiting.SAID_AT_S:
        output.complain(waiting.no_file_yet(seconds))


def ended_early(result: dict[str, Any], signal_number: int) -> int:
    """Say what is kept of a training that a signal ended; returns the exit code that shells give for it."""
    name = signal.Signals(signal_number).name
    output.complain(
        f"{name} ended the training after iteration {result['iterations']}; its weights and all that was recorded are "
        f"kept, and --resume goes on from there: {result['session']}"
    )
    return 128 + signal_number


def drive(training: Run, *, is_quiet: bool = False) -> tuple[dict[str, Any], int | None]:
    """Train to the end, with a line of progress now and then. Returns the result, and the signal that asked to leave.

    Ctrl+C ends it early, and it is measured; SIGTERM and SIGHUP end it at once. All of them keep weights and session;
    where it is being measured, they leave out the trials that are left.
    """
    told = time.perf_counter()
    failure = None
    is_silent = False
    with _noting_an_interrupt() as noted, _recorder_in_silence():
        while not training.is_over:
            has_trained = bool(training.advance_for(_SLICE_S))
            if noted:
                training.end_soon()
            if training.recorder.failure != failure:
                failure = training.recorder.failure
                if not is_quiet:
                    output.say(f"{failure}; training goes on without a record")
            is_silent = _tell_silence(training, is_silent)
            if has_trained and not is_quiet and time.perf_counter() - told >= _REPORT_S:
                told = time.perf_counter()
                now = training.progress()
                output.say(
                    f"iteration {grouped(now.iteration)} of {grouped(now.iterations)}   loss {short(now.loss)}   "
                    f"wrong bits {short(now.wrong_bits)}   {now.new_sequences / now.seconds:.0f} sequences/s   "
                    f"{grouped(now.recorded_episodes)} episodes recorded"
                    + (f"   {skips(now.skipped)}" if now.skipped else "")
                )
        if any(number != signal.SIGINT for number in noted):
            training.leave()
        else:
            if noted and training.failure is None:
                output.remark("stopping: measuring and sealing the session")
            before = len(noted)
            training.finish(is_hurried=lambda: len(noted) > before)
            if len(noted) > before:
                output.remark(f"{signal.Signals(noted[-1]).name}: the rest is not measured")
    return training.result(), next((number for number in noted if number != signal.SIGINT), None)


def _tell_silence(training: Run, was_silent: bool) -> bool:
    """Say, once, that the recorder does not answer, and that it does again. Returns whether it is silent."""
    recorder = training.recorder
    is_silent = recorder.silent_s >= waiting.SILENT_S
    if is_silent and not was_silent:
        output.complain(
            f"the recorder has not answered for {waiting.SILENT_S:g} s; training goes on, and what it does not take is "
            f"dropped in time. If a signal stopped it, this lets it go on: kill -CONT {recorder.writer_pid}"
        )
    elif was_silent and not is_silent and recorder.failure is None:
        output.complain("the recorder answers again")
    return is_silent


@contextmanager
def _leaving_in_order() -> Iterator[None]:
    """Have SIGTERM and SIGHUP end what there is nothing to keep of yet as Ctrl+C does, so that nothing is left."""
    came: list[int] = []

    def leave(number: int, frame: object) -> None:
        came.append(number)
        raise SystemExit(128 + number)

    with _handled(leave, [number for number in _ENDING if number != signal.SIGINT]):
        try:
            yield
        except SystemExit:
            output.complain(f"{signal.Signals(came[0]).name} ended this before training began; nothing is left of it")
            raise


@contextmanager
def _noting_an_interrupt() -> Iterator[list[int]]:
    """A first signal to end is only noted, so that it cuts no update in two; a second one ends it as ever."""
    noted: list[int] = []

    def note(number: int, frame: object) -> None:
        signal.signal(number, before[number])
        noted.append(number)

    with _handled(note, _ENDING) as before:
        yield noted


@contextmanager
def _handled(handler: Callable[[int, object], None], numbers: Sequence[int]) -> Iterator[Mapping[int, Any]]:
    """Handle signals so for a while; yields how they were handled before.

    One that whoever started this has it ignore, as `nohup` does, stays ignored.
    """
    before = {number: signal.getsignal(number) for number in numbers}
    before = {number: found for number, found in before.items() if found is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, handler)
    try:
        yield before
    finally:
        for number, found in before.items():
            signal.signal(number, found)


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
    output.say(f"{task} {how} after {sequences} sequences, {result['seconds']:.1f} s")
    for trial, share in result["bit_error_rate"].items():
        bits, above = result["bits_per_sequence"][trial], result["bits_above_optimum"][trial]
        best = f", {short(above)} above the optimum" if above != bits else ""
        output.say(f"  at {trial}: {100 * share:.3g} % of bits wrong, {short(bits)} bits a sequence{best}")
    dropped = f", {result['dropped_episodes']} dropped" if result["dropped_episodes"] else ""
    output.say(f"  {result['recorded_episodes']} episodes recorded{dropped}")
    if result["skipped_updates"]:
        output.say(f"  {skips(result['skipped_updates'])}: loss or gradient was not finite")
    output.say(result["session"])
