"""Alarms of diagnostics: when each fires, and when it does not."""

from __future__ import annotations

import math

import numpy as np

from ntm_core import diagnostics
from ntm_core.trace import EpisodeInfo, Order
from tests.core.episodes import HALF, QUARTER, addressed, dnc, episode, one_hot


def alarms_of(source, name):
    return [alarm for alarm in diagnostics.alarms(source) if alarm.name == name]


def test_an_alarm_tells_its_first_step_its_head_and_how_long_it_held():
    mass = np.array([[1, 1], [1, 1.02], [1, 1.03], [1, 1], [1.01, 1]])
    told = alarms_of(episode(read_weighting=mass[:, :, None] * [HALF]), "read_mass")
    assert [(alarm.step, alarm.head, alarm.steps, alarm.text.split(":")[0]) for alarm in told] == [
        (1, 1, 2, "the weighting of read head 2 sums to 1.02"),
        (4, 0, 1, "the weighting of read head 1 sums to 1.01"),
    ]


def test_a_sharpened_weighting_that_sums_to_less_than_one_is_an_alarm_and_that_of_a_dnc_is_none():
    light = {"read_weighting": [[HALF], [[0.5, 0.4, 0, 0]]], "write_weighting": [[HALF], [HALF]]}
    (alarm,) = alarms_of(episode(**light, sharpening=[[2, 2], [2, 2]]), "read_mass")
    assert (alarm.step, alarm.text.split(":")[0]) == (1, "the weighting of the read head sums to 0.9")
    assert not alarms_of(episode(**light), "read_mass")


def test_a_dnc_that_writes_more_than_its_gate_lets_through_is_an_alarm():
    assert not alarms_of(episode(**dnc()), "write_mass")
    assert alarms_of(episode(**dnc(write_gate=[[0.4]])), "write_mass")


def test_a_head_that_blurs_all_at_once_is_an_alarm():
    source = episode(
        read_weighting=[[[1] + [0] * 7], [[0.125] * 8], [[0.125] * 8]], first={"read_weighting": [[0.125] * 8]}
    )
    (alarm,) = alarms_of(source, "read_breadth")
    assert (alarm.step, alarm.steps, alarm.text) == (1, 1, "the read head blurs all at once, from one place to 8 rows")


def test_answering_from_rows_that_were_not_written_is_an_alarm_where_the_answer_counts():
    source = episode(
        memory=np.ones((3, 2, 1)),
        first={"memory": np.ones((2, 1))},
        read_weighting=one_hot(2, [1, 1, 0]),
        write_weighting=one_hot(2, [0, 0, 0]),
        mask=[0, 1, 1],
    )
    assert [alarm.step for alarm in alarms_of(source, "read_from_written")] == [1]


def test_doubt_between_two_rows_is_an_alarm_only_with_a_wrong_answer_of_a_head_led_by_content():
    def doubts(**more):
        answer = {"output": [[0.9]], "target": [[0]], "mask": [1], "key_strength": [[0.5, 0.5]], "gate": [[0.9, 0.9]]}
        return alarms_of(episode(order=Order.WRITE_FIRST, **addressed(**answer | more)), "margin")

    assert [alarm.head for alarm in doubts()] == [0]
    assert not doubts(target=[[1]])
    assert not doubts(gate=[[0.4, 0.9]])
    assert not doubts(key_strength=[[4, 0.5]])


def test_writing_over_rows_that_are_full_is_an_alarm():
    (alarm,) = alarms_of(episode(write_weighting=one_hot(4, [0, 1, 1, 2])), "collision")
    assert (alarm.step, alarm.steps) == (2, 1)
    assert not alarms_of(episode(write_weighting=[[HALF], [HALF], [HALF]]), "collision")  # none is full yet


def test_going_over_the_end_of_the_memory_is_an_alarm_where_something_is_lost():
    def source(places):
        steps = len(places)
        return episode(
            first={"write_weighting": [[1, 0, 0, 0]]},
            write_weighting=one_hot(4, places),
            read_weighting=one_hot(4, places),
            shift=np.full((steps, 2, 3), 1 / 3),
        )

    (alarm,) = alarms_of(source([0, 1, 2, 3, 0]), "write_step")
    assert (alarm.step, alarm.text) == (
        4,
        "the write head goes over the end of the memory, onto rows that hold something",
    )
    assert not alarms_of(source([3, 2, 1]), "write_step")  # over the end, onto an empty row


def test_a_full_memory_and_reads_of_freed_rows_are_alarms_of_a_dnc():
    first = {"memory": [[1, 0], [1, 1], [0, 0]]}
    assert not diagnostics.alarms(episode(first=first, **dnc(mask=[0])))
    full = episode(first=first, **dnc(mask=[0], allocation=[[0.05, 0, 0]], read_weighting=[[[0, 0.6, 0]]]))
    assert {alarm.name for alarm in diagnostics.alarms(full)} == {"allocation_max", "free_but_dirty"}
    assert alarms_of(episode(**dnc(links=[[[0, 0.9, 0.25], [0, 0, 0], [0, 0, 0]]])), "link_row_sum")


def test_gates_are_dead_only_early_in_a_training():
    def dead(iteration, gate):
        stuck = dnc(write_gate=[[gate]], allocation_gate=[[gate]], free_gate=[[gate]])
        return alarms_of(episode(info=EpisodeInfo(iteration=iteration), **stuck), "saturation")

    assert dead(0, 0.99)
    assert not dead(0, 0.9)
    assert not dead(5000, 0.99)
    assert not dead(-1, 0.99)


def test_equal_rows_are_the_symmetry_trap_only_once_they_are_written_to():
    same, apart = np.full((4, 2), 0.5), np.full((4, 2), 0.5)
    apart[0] = 0.6
    writes = [[[0, 0, 0, 0]], [QUARTER], [QUARTER], [QUARTER]]
    trapped = episode(memory=[same, same, same, same], write_weighting=writes)
    (alarm,) = alarms_of(trapped, "row_spread")
    assert (alarm.step, alarm.steps, alarm.head) == (1, 3, -1)
    assert alarm.text.startswith("symmetry trap")
    (alarm,) = alarms_of(episode(memory=[same, same, apart, apart], write_weighting=writes), "row_spread")
    assert (alarm.step, alarm.steps) == (1, 1)
    assert not alarms_of(episode(memory=[same * 0] * 4, write_weighting=writes), "row_spread")


def test_a_router_divided_over_more_than_two_segments_is_an_alarm():
    source = episode(read_weighting=[[HALF]] * 2, router=[[[0.5, 0.5, 0]], [[0.5, 0.25, 0.25]]])
    assert diagnostics.available(source.spec)  # whose heads the router's are cannot be told without a write head
    source = episode(
        read_weighting=[[HALF]] * 2,
        write_weighting=[[HALF]] * 2,
        router=[[[0.5, 0.5, 0], [1, 0, 0]], [[0.5, 0.25, 0.25], [1, 0, 0]]],
    )
    np.testing.assert_allclose(
        diagnostics.series(source, "router_entropy"), [[math.log(2), 0], [1.5 * math.log(2), 0]], atol=1e-9
    )
    np.testing.assert_allclose(diagnostics.series(source, "router_leakage"), [[0.5, 0], [0.5, 0]])
    assert [(alarm.step, alarm.head) for alarm in alarms_of(source, "router_entropy")] == [(1, 0)]
