"""The guided demonstrations show what they say, and the same for equal seeds."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from ntm_core.recall import demonstrations
from ntm_core.recall.chaining import Stop
from ntm_core.recall.demonstrations.demonstration import play
from ntm_core.recall.letters import LETTERS, letter
from tests.contracts import same_bits


@cache
def shown(name):
    return play(demonstrations.named(name))


def test_a_half_erased_letter_completes_itself():
    told = shown("completion").figures
    assert told.half_wrong == 0 and told.noisy_before == 13 and told.noisy_after == told.noisy_again == 0
    assert told.curve.basin >= 0.2 > told.weak.basin
    assert told.quarter_masked > 0.98 > 0.93 > told.quarter_unmasked


def test_what_is_recalled_often_comes_first_and_runs_away_above_one():
    told = shown("prominence").figures
    assert (told.before, told.rehearsed, told.later) == pytest.approx((0.25, 0.743, 0.476), abs=5e-4)
    assert told.without == 0.25
    assert told.runaway > 0.95 > 0.3 > told.safe


def test_one_recall_prepares_the_next():
    told = shown("priming").figures
    assert (told.after_dinner, told.after_car, told.effect) == pytest.approx((0.281, 0.096, 1.31), abs=5e-3)
    assert 0 < told.effect_later < told.effect and told.effect_without == 0
    assert told.graphs.co_recall[0, 1] > 0 == told.graphs.co_recall[0, 3]
    assert told.graphs.write_order[3, 2] == 1 and np.abs(told.graphs.similarity).max() < 0.6


def test_what_comes_to_mind_seems_frequent():
    told = shown("availability").figures
    assert told.of("for ever") == pytest.approx(told.by_constant["for ever"].frequency[1], abs=0.02)
    assert told.of("for ever") < told.of("long") - 0.1 < told.of("short") - 0.2
    assert told.rehearsed.availability[1] > told.of("for ever") + 0.05
    assert told.rehearsed.frequency[1] == told.by_constant["for ever"].frequency[1] == 13 / 40


def test_an_event_comes_back_from_one_of_its_parts():
    told = shown("binding").figures
    assert (told.precision, told.recall, told.recall_sharpened) == (1, 1, 1)
    assert told.precision_without_ends < 0.7 and told.recall_blurred < 0.5 and told.led_blurred < 0.6
    assert told.followed == ("BOAT", "LAKE", "CLARA")


def test_a_router_keeps_a_recall_where_it_belongs():
    told = shown("segments").figures
    assert told.routed.leakage.mean() < 0.5 * told.flat.leakage.mean()
    assert told.routed.information > told.flat.information and told.largest_error < 1e-6
    assert told.right_routed > told.right_flat


def test_rows_point_to_records_and_tell_when_they_no_longer_do():
    told = shown("references").figures
    assert told.told == ("found", "blended", "dangling", "stale")
    assert told.found[1].share == pytest.approx(0.6) and told.found[0].preview.startswith("Planted the apple tree")


def test_what_is_replayed_lasts():
    told = shown("consolidation").figures
    assert [told.ends(replays)[0] for replays in (0, 1, 3)] == [0, 0, 0]
    assert told.ends(0)[1] == 0 and told.ends(1)[1] >= 0.7 and told.ends(3)[1] == 1
    assert all(len(kept.long_term) == 40 for kept in told.curves.values())


def test_a_place_brings_back_a_day():
    told = shown("chaining").figures
    assert told.in_context > 0.99 and told.in_context_off == pytest.approx(0.5, abs=1e-6)
    assert (told.names, told.stop) == (("GULLS", "ROPE", "BOAT", "STORM"), Stop.END)


@pytest.mark.parametrize("name", demonstrations.NAMES)
def test_a_demonstration_is_of_operations_that_any_hand_could_give_and_says_what_it_shows(name):
    told, demonstration = shown(name), demonstrations.named(name)
    assert demonstration.name == name and len(demonstration.title) < 40
    for text in (demonstration.idea, told.sentence, demonstration.note):
        assert text[0].isupper() and text.endswith(".") and "  " not in text and "nan" not in text
    assert dataclasses.is_dataclass(told.figures)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(told.figures, dataclasses.fields(told.figures)[0].name, None)
    for scene, lab in told.labs.items():
        assert len(lab.source) == len(demonstration.scenes(0)[scene].operations) <= 200
        assert len(lab.engine.line.parts) == 1, "nothing was forked"


@pytest.mark.parametrize("name", ["references", "chaining"])
def test_equal_seeds_show_the_same_and_others_something_else(name):
    again, other = play(demonstrations.named(name)), play(demonstrations.named(name), seed=1)
    for scene, lab in shown(name).labs.items():
        series = [each.source.series("memory") for each in (lab, again.labs[scene], other.labs[scene])]
        assert same_bits(series[0], series[1]) and not same_bits(series[0], series[2])
    assert again.sentence == shown(name).sentence


def test_scenes_and_what_is_read_off_a_record_need_no_torch():
    """So that a window can show them: it computes nothing."""
    script = """
import sys
from ntm_core.recall import availability, binding, chaining, consolidation_curve, demonstrations, letters, operations
from ntm_core.recall import priming, prominence, recall_config, recalled, references, routes, segments
for name in demonstrations.NAMES:
    for scene in demonstrations.named(name).scenes(0).values():
        for each in scene.operations:
            operations.vector(each, scene.settings["word_size"])
print("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_letters_are_all_different_and_of_ink_and_paper():
    words = np.array([letter(name) for name in LETTERS])
    assert words.shape == (26, 64) and set(words.ravel().tolist()) == {-1, 1}
    assert (words @ words.T / 64 - np.eye(26)).max() < 0.95
    drawn = ["".join("#" if point > 0 else " " for point in row) for row in letter("L").reshape(8, 8)]
    assert drawn == ["        ", *6 * [" #      "], " ###### "]
