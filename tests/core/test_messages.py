"""Commands and events as JSON: there and back, and nothing else let in."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ntm_core import commands, events, messages
from ntm_core.errors import CoreError, MessageError

COMMANDS = [
    commands.Train(3),
    commands.Evaluate((4, 8), 5),
    commands.Reset(7),
    commands.Reset(7, 3),
    commands.Step(),
    commands.Step((0.0, 1.5)),
    commands.Wake(3, -1),
    commands.Run(),
    commands.Run(7),
    commands.Edit("memory", (3, 1), -0.5),
    commands.EditRows(("memory", "usage"), 3, ((0.5, -1.0), (2.0,))),
    commands.Rewind(2),
    commands.Save(),
]
EVENTS = [
    events.Trained(3, 12, 0.5, 1.0, 0.25, 2.0, 3.0, 1e-3),
    events.Evaluated("20", 0.25, 40.5, 40.5, 100, 3),
    events.Solved(3, 12),
    events.WasReset(1, 9, 0),
    events.Woken(2, 11),
    events.Planned(0, ((0.0, 1.0), (1.0, 0.0)), ((0.0,), (1.0,)), (0.0, 1.0), (1.0, 4.0), (0.0, 1.0)),
    events.Stepped(1, 0),
    events.Stepped(1, 9, 10, False),
    events.Forked(2, 1, 4, "bit 0 flipped"),
    events.Edited("memory", (3, 1), 0.25, -0.5),
    events.Rewound(0),
    events.Saved(1, 200),
    events.NonFinite(4, "loss", 2, True),
    events.GaveUp(23, "enough"),
    events.Failed("no"),
]


def test_every_command_and_event_is_tried_here():
    assert {type(command) for command in COMMANDS} == set(commands.COMMANDS.values())
    assert {type(event) for event in EVENTS} == set(events.EVENTS.values())


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_command_survives_json(command):
    assert commands.from_json(json.loads(json.dumps(messages.to_json(command)))) == command


@pytest.mark.parametrize("event", EVENTS, ids=str)
def test_an_event_survives_json(event):
    assert events.from_json(json.loads(json.dumps(messages.to_json(event)))) == event


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        (["Train"], r"a message is a JSON object whose 'kind' is one of Train, .*; got \['Train'\]"),
        ({"kind": "Stepped", "step": 1}, "is one of Train, .*Save; got"),
        ({"kind": ["Train"]}, "is one of Train"),
        ({"kind": "Train", "epochs": 1}, "Train has fields iterations; got 'epochs'"),
        ({"kind": "Train", "iterations": "many"}, "field 'iterations' of Train is .*int.*; got 'many'"),
        ({"kind": "Train", "iterations": True}, "field 'iterations' of Train is .*; got True"),
        ({"kind": "Train", "iterations": 0}, "iterations is a whole number, at least 1; got 0"),
        ({"kind": "Rewind"}, "Rewind has fields step; got only "),
        ({"kind": "Evaluate", "lengths": [2, "x"]}, "field 'lengths' of Evaluate is .*int.*; got 'x'"),
        (
            {"kind": "Step", "input": [float("inf")]},
            "an input is a finite number at least .* and at most .*; got inf",
        ),
        ({"kind": "Reset", "seed": -1}, "seed is a whole number, at least 0; got -1"),
    ],
)
def test_what_is_no_command_is_refused_with_what_is_wanted(plain, message):
    with pytest.raises(CoreError, match=message):
        commands.from_json(plain)


def test_a_command_is_no_event():
    with pytest.raises(MessageError):
        events.from_json(messages.to_json(commands.Train()))


def test_commands_and_events_and_the_package_load_no_torch():
    script = "import sys, ntm_core, ntm_core.commands, ntm_core.events, ntm_core.trace; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n", done.stderr


def test_the_door_of_the_package_opens_on_what_it_lists():
    import ntm_core

    assert set(ntm_core.__all__) == set(ntm_core._HOMES)
    assert all(getattr(ntm_core, name).__name__ == name for name in ntm_core.__all__)
    with pytest.raises(AttributeError, match="no attribute 'LSTM'"):
        _ = ntm_core.LSTM
