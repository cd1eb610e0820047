"""How fast and how surely the default recipe learns copy: one row for each seed, as a Markdown table.

    python tests/benchmarks/learn_copy.py [--seeds 0 1 2 3 4] [--set batch=16 ...] [--most 20000] [--train-on 0]

Seconds are those of the process on one thread, checks included. The shares of wrong bits are measured on 100 fresh
sequences of each length, with the weights as they were when training ended.
"""

from __future__ import annotations

import argparse
import dataclasses
import time

import torch

from ntm_core import commands, events, models, tasks
from ntm_core.engine import Engine
from ntm_core.kernels import threads
from ntm_core.train_config import TrainConfig


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--set", nargs="+", default=[], metavar="SETTING=NUMBER", help="settings of TrainConfig")
    parser.add_argument("--most", type=int, default=20_000, help="sequences after which a seed counts as failed")
    parser.add_argument("--train-on", type=int, default=0, help="train on to so many sequences once solved")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    threads.allow(1)
    config = dataclasses.replace(TrainConfig(), **dict(map(_setting, arguments.set)))
    lengths = [trial.name for trial in tasks.build("copy").trials]
    print(f"{config}\n")
    print(f"| seed | solved | sequences | seconds | {' | '.join(f'wrong bits at {length}' for length in lengths)} |")
    print("|---|---|---|---|" + "---|" * len(lengths))
    for seed in arguments.seeds:
        solved, sequences, seconds, shares = learn(seed, config, arguments.most, arguments.train_on)
        errors = " | ".join(f"{share:.2%}" for share in shares)
        print(f"| {seed} | {'yes' if solved else 'no'} | {sequences:,} | {seconds:.0f} | {errors} |", flush=True)


def learn(seed: int, config: TrainConfig, most: int, train_on: int) -> tuple[bool, int, float, list[float]]:
    """Train one seed. Returns whether it was solved, sequences and seconds until then, and the shares of wrong bits."""
    task = tasks.build("copy")
    model = models.build("ntm", task.inputs, task.outputs, seed=seed)
    engine = Engine(model, task, config=config, seed=seed)
    start = time.process_time()
    solved: tuple[int, float] | None = None
    while engine.trainer.sequences < (most if solved is None else train_on):
        for event in engine.handle(commands.Train(50)):
            if isinstance(event, events.Solved):
                solved = event.sequences, time.process_time() - start
            if isinstance(event, events.GaveUp | events.Failed):
                raise SystemExit(f"seed {seed}: {event}")
    sequences, seconds = solved or (engine.trainer.sequences, time.process_time() - start)
    measured = engine.handle(commands.Evaluate())
    shares = [event.bit_error_rate for event in measured if isinstance(event, events.Evaluated)]
    return solved is not None, sequences, seconds, shares


def _setting(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    return name, int(value) if value.isdigit() else float(value)


if __name__ == "__main__":
    main()
