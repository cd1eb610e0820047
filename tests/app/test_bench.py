"""`ntmviz bench`: its table, its JSON, and what it refuses."""

import json

import pytest

from ntm_core import benchmark
from ntmviz.cli import bench
from tests.app.lines import check_failed

SHORT = ("bench", "core", "--quick", "--batch", "2", "1", "--length", "1", "--threads", "1")


@pytest.fixture
def quickly(monkeypatch):
    monkeypatch.setattr(bench, "_QUICK_ROUNDS", 2)
    monkeypatch.setattr(bench, "_QUICK_TURN_S", 0.0)
    monkeypatch.setattr(benchmark, "peer", lambda: None)


def test_a_table_tells_ratios_and_one_line_how_to_get_the_package_they_could_be_of(call, quickly):
    code, out, err = call(*SHORT)
    assert (code, err) == (0, [bench._WITHOUT_PEER])
    heading, machine, how, names, *rows = out
    assert heading.startswith("ntm on copy of 1 vectors of 8 bits, memory 128 x 20, 100 units; ")
    assert "cores; python 3." in machine and "dnc" not in machine
    assert "2 rounds" in how
    assert names.split() == ["batch", "eager", "fused,", "times", "eager"]
    assert [row.split()[:2] for row in rows[:2]] == [["training", "step"], ["training", "script"]]
    assert [row[:24].split()[-1] for row in rows] == ["2", "2", "2", "1", "1", "1"]
    assert all(row.count(" ms") == 2 and row.count("(") == row.count(" to ") == 1 for row in rows)
    assert len({len(line) for line in (names, *rows)}) == 1, "columns stand below each other"


def test_the_json_has_the_figures_of_all_and_the_machine(call, quickly):
    code, out, _ = call(*SHORT, "--json")
    assert (code, len(out)) == (0, 1)
    told = json.loads(out[0])
    assert (told["name"], told["machine"]["dnc"]) == ("core", None)
    assert told["settings"] == {"model": "ntm", "length": 1, "threads": 1, "rounds": 2}
    assert list(told["figures"]) == ["training step", "training script", "inference"]
    for of_batch in told["figures"].values():
        assert list(of_batch) == ["2", "1"]
        for batch, figures in of_batch.items():
            assert list(figures) == ["eager", "fused"]
            assert figures["eager"]["times_eager"] == 1
            fused = figures["fused"]
            assert 0 < fused["low"] <= fused["times_eager"] <= fused["high"]
            assert fused["sequences_per_s"] == pytest.approx(1000 * int(batch) / fused["ms"])


@pytest.mark.parametrize("model", bench.MODELS)
def test_every_network_with_a_memory_can_be_measured(model, call, quickly):
    code, out, _ = call(*SHORT, "--batch", "1", "--model", model, "--json")
    assert code == 0
    assert all("eager" in figures["1"] for figures in json.loads(out[-1])["figures"].values())


@pytest.mark.parametrize(
    ("words", "wanted_code", "said"),
    [
        (("nonsense",), 2, "a benchmark is one of core; got 'nonsense'"),
        (("--model", "lstm"), 2, "a model to measure is one of dnc, mann, ntm; got 'lstm'"),
        (("--batch", "0"), 2, "a whole number from 1 was wanted; got '0'"),
        (("--batch", "1", "few"), 2, "got 'few'"),
        (("--length", "-1"), 2, "got '-1'"),
        (("--threads", "0"), 2, "got '0'"),
        (("--colour",), 2, "--colour"),
        (("--batch", "9" * 13), 1, "make the batch, 9999999999999, smaller"),
        (("--length", "9" * 12), 1, "this does not fit in memory"),
    ],
    ids=str,
)
def test_what_cannot_be_measured_is_refused_in_one_line(words, wanted_code, said, call):
    code, out, err = call("bench", *words)
    check_failed(code, err, said, wanted_code=wanted_code)
    assert out == []
