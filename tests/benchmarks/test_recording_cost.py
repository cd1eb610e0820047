"""What recording costs training: the same training twice in one process, turn and turn about, with and without."""

import gc
import time
from statistics import median, quantiles

from ntmviz.run_options import RunOptions
from ntmviz.runs import Run

MOST_COST = 0.05
ROUNDS = 30
ITERATIONS = 16
"""Of one turn; about half a second."""


def test_recording_automatically_costs_training_less_than_a_twentieth(tmp_path, tell):
    runs = {
        record: Run(RunOptions(out=str(tmp_path / f"{record}.h5"), record=record, device="cpu"))
        for record in ("off", "auto")
    }
    seconds = {record: [] for record in runs}
    for run in runs.values():
        run.advance(ITERATIONS)
    gc.disable()
    for turn in range(ROUNDS):
        # Equal seeds draw equal lengths, so both do the same work in a turn. Who goes first changes.
        for record in sorted(runs, reverse=turn % 2 == 0):
            started = time.perf_counter()
            runs[record].advance(ITERATIONS)
            seconds[record].append(time.perf_counter() - started)
            runs[record].recorder.flush(10)  # nothing is left over for the other's turn
    gc.enable()
    episodes = runs["auto"].recorder.recorded_episodes
    for run in runs.values():
        run.leave()
    off, auto = median(seconds["off"]), median(seconds["auto"])
    pairs = quantiles([b / a - 1 for a, b in zip(seconds["off"], seconds["auto"], strict=True)], n=4)
    tell(
        f"recording costs {auto / off - 1:+.1%} (quartiles of the pairs {pairs[0]:+.1%} to {pairs[2]:+.1%}): "
        f"{episodes / sum(seconds['auto']):.1f} episodes/s, {16 * ITERATIONS / auto:.0f} sequences/s with, "
        f"{16 * ITERATIONS / off:.0f} without"
    )
    assert episodes >= 2 * sum(seconds["auto"])
    assert auto / off - 1 < MOST_COST


def test_recording_every_sequence_of_one_batch_item_costs_the_engine_little(tmp_path, tell):
    """By the CPU time of this process, the engine's: the recorder's own is another's, on another core."""
    runs = {
        record: Run(RunOptions(out=str(tmp_path / f"{number}.h5"), record=record, device="cpu", train={"batch": 16}))
        for number, record in enumerate(("off", "every:1"))
    }
    costs = []
    for run in runs.values():
        run.advance(ITERATIONS)
    for turn in range(ROUNDS):
        taken = {}
        for record in sorted(runs, reverse=turn % 2 == 0):
            started = time.process_time()
            runs[record].advance(ITERATIONS // 2)
            taken[record] = time.process_time() - started
            runs[record].recorder.flush(10)
        costs.append(taken["every:1"] / taken["off"] - 1)
    dropped = runs["every:1"].recorder.dropped_episodes
    for run in runs.values():
        run.leave()
    tell(f"recording every sequence costs the engine {median(costs):+.1%} of its CPU at batch 16, {dropped} dropped")
    assert not dropped
    assert median(costs) < MOST_COST
