"""Rows that point to records: the right one is found, and blended, dangling and stale ones are told."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
import torch

from ntm_core.errors import ConfigError, CoreError
from ntm_core.network import held, mapped
from ntm_core.recall import Lab
from ntm_core.recall.operations import Recall, Store, vector
from ntm_core.recall.references import (
    Reference,
    ReferenceKind,
    Status,
    dereference,
    digest,
    owners,
    signed,
    table_from_json,
    table_to_json,
)
from ntm_core.recall.words import random_words
from sessions.folder import Folder
from tests.core.recall_rigs import after, memory_of, unit

RECORDS, KEY, VALUE = 100, 48, 16


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A folder with 100 HDF5 records."""
    path = tmp_path_factory.mktemp("library")
    with h5py.File(path / "faces.h5", "w") as file:
        for at, values in enumerate(np.random.default_rng(0).normal(size=(RECORDS, 5)).astype(np.float32)):
            file[f"face{at}"] = values
    return path


@pytest.fixture(scope="module")
def stored(library):
    """A memory of a row for each record, its key and a part of its value, and the table of references."""
    reader = Folder(library)
    plain = (Reference(ReferenceKind.DATASET, "faces.h5", f"face{at}") for at in range(RECORDS))
    table = {at: signed(each, reader) for at, each in enumerate(plain)}
    memory = memory_of(KEY + VALUE, locations=RECORDS, items=RECORDS)
    words = random_words(RECORDS, KEY + VALUE)
    state, _ = after(memory, [Store(tuple(word), item=at) for at, word in enumerate(words)])
    return memory, state, words, table


def noisy_recalls(memory, state, words, noise):
    """The record of the step in which each key is recalled from so noisy a cue."""
    turned = np.random.default_rng(1).random(words.shape) < noise
    cues = np.where(turned, -words, words)
    mask = (1.0,) * KEY + (0.0,) * VALUE
    inputs = torch.tensor([vector(Recall(tuple(cue), mask), KEY + VALUE) for cue in cues])
    _, _, view = memory.step(inputs, mapped(state, lambda each: each.expand(len(words), *each.shape[1:])))
    arrays = {name: tensor.numpy() for name, tensor in held(view).items() if name != "association"}
    return [{name: array[at] for name, array in arrays.items()} for at in range(len(words))]


def test_the_reference_of_a_noisy_key_is_the_right_one(stored, library):
    reader, (memory, state, words, table) = Folder(library), stored
    records = noisy_recalls(memory, state, words, 0.2)
    told = [dereference(each, int(each["read_weighting"][0].argmax()), table, reader) for each in records]
    assert np.mean([each.item == at for at, each in enumerate(told)]) >= 0.95
    assert all(each.status is Status.FOUND and not each.message for each in told)
    with h5py.File(library / "faces.h5") as file:
        for each in told[:5]:
            np.testing.assert_array_equal(each.values, file[each.reference.dataset][()])
            assert each.preview.startswith("float32 (5,): ")
    # Off: a lookup without strength finds the first row whatever is asked for.
    chance = np.mean([int(each["content_weighting"][0].argmin()) == at for at, each in enumerate(records)])
    assert chance < 0.05


def test_a_record_that_was_deleted_or_changed_is_told(stored, library, tmp_path):
    memory, state, words, table = stored
    (tmp_path / "faces.h5").write_bytes((library / "faces.h5").read_bytes())
    with h5py.File(tmp_path / "faces.h5", "a") as file:
        del file["face3"]
        file["face4"][0] += 1
    reader, record = Folder(tmp_path), noisy_recalls(memory, state, words, 0.0)[0]
    told = [dereference(record, row, table, reader) for row in range(5)]
    assert [each.status for each in told] == [Status.FOUND] * 3 + [Status.DANGLING, Status.STALE]
    assert "the record is gone: a dataset 'face3' was wanted" in told[3].message
    assert "has changed since it was stored: faces.h5" in told[4].message and told[4].values is not None
    (tmp_path / "faces.h5").unlink()
    assert dereference(record, 0, table, reader).status is Status.DANGLING


def test_a_row_written_for_several_items_is_blended_and_of_the_most_first():
    lab, reader = Lab(8, locations=4, items=3), None
    lab.store("one", unit(0))
    lab.store("two", unit(1), location=0, gate=0.25)
    assert owners(lab.record, 0) == pytest.approx({0: 0.75, 1: 0.25})
    lab.store("three", unit(2), location=0, gate=0.5, erase=0.5)
    # 0.75 of each number is kept, and 0.5 is added.
    shares = {0: 0.75 * 0.75, 1: 0.75 * 0.25, 2: 0.5}
    assert owners(lab.record, 0) == pytest.approx({item: share / 1.25 for item, share in shares.items()})
    told = dereference(lab.record, 0, {}, reader)
    assert (told.status, told.item, told.is_blended) == (Status.NONE, 0, True)
    lab.store("one", unit(0), location=0)
    assert owners(lab.record, 0) == {0: 1.0}
    assert dereference(lab.record, 1, {}, reader).item == -1


def test_ownership_is_the_sum_over_writes_of_what_later_ones_kept():
    """own_i(ref) = sum_t w_t(i) prod_later (1 - w e), by the recorded writes."""
    lab = Lab(8, locations=4, items=3, fading=0.9)
    random = np.random.default_rng(0)
    for _ in range(12):
        settings = {"gate": random.random(), "erase": random.random(), "blur": 0.5 * random.random()}
        lab.store(f"{random.integers(3)}", random.normal(size=8), location=int(random.integers(4)), **settings)
    keep, weighting, erase = (lab.source.series(name) for name in ("keep", "write_weighting", "erase"))
    items = [lab.names.index(f"{each}") for each in lab.names]
    assert sorted(items) == [0, 1, 2]
    wanted = np.zeros((4, 3))
    for step in range(12):
        share = keep[step] * (1 - weighting[step, 0] * erase[step, 0, 0])
        wanted = wanted * share[:, None]
        item = round(float(lab.source.record(step)["input"][7 + 1])) - 1
        wanted[:, item] += weighting[step, 0]
    np.testing.assert_allclose(lab.record["ownership"], wanted, atol=1e-6)


def test_texts_and_images_are_previewed_and_paths_that_lead_out_are_refused(tmp_path):
    (tmp_path / "note.txt").write_bytes(b"an apple tree " * 40 + b"\xff")
    (tmp_path / "face.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    lab = Lab(8, locations=4)
    for row, name in enumerate("abcd"):
        lab.store(name, unit(row))
    table = {
        0: Reference(ReferenceKind.TEXT, "note.txt"),
        1: Reference(ReferenceKind.IMAGE, "face.png"),
        2: Reference(ReferenceKind.FILE, "face.png", digest=digest(b"other")),
        3: Reference(ReferenceKind.FILE, "../note.txt"),
    }
    text, image, stale, outside = (dereference(lab.record, row, table, Folder(tmp_path)) for row in range(4))
    assert text.preview.startswith("an apple tree an") and len(text.preview) == 280
    assert image.preview == "PNG image, 28 bytes"
    assert (stale.status, stale.preview) == (Status.STALE, "28 bytes")
    assert outside.status is Status.REFUSED and "a path within the folder" in outside.message and not outside.data


def test_a_table_survives_json_and_a_bad_one_is_refused():
    table = {
        2: Reference(ReferenceKind.DATASET, "faces.h5", "face", 3, "ab"),
        0: Reference(ReferenceKind.TEXT, "a.txt"),
    }
    assert table_from_json(json.loads(json.dumps(table_to_json(table)))) == table
    for bad, message in (
        ([], "a table of references by item"),
        ({"x": {}}, "a table of references by item"),
        ({"0": {"kind": "text"}}, "needs a setting 'path'"),
        ({"0": {"kind": "code", "path": "x"}}, "kind is one of dataset, file, image, text; got 'code'"),
        ({"0": {"kind": "text", "path": "a\nb"}}, "path is a text of one line"),
        ({"0": {"kind": "text", "path": "x", "run": 1}}, "got 'run'"),
        ({"0": {"kind": "text", "path": "x", "row": -1}}, "row is a whole number"),
    ):
        with pytest.raises(ConfigError, match=message):
            table_from_json(bad)


def test_a_lab_of_a_script_holds_a_table_and_opens_what_a_row_points_to(tmp_path):
    (tmp_path / "menu.txt").write_text("soup, bread")
    reader = Folder(tmp_path)
    lab = Lab(word_size=4)
    lab.store("dinner", [1, 1, -1, -1])
    lab.store("car", [-1, 1, 1, -1])
    kept = lab.refer("dinner", Reference(ReferenceKind.TEXT, "menu.txt"), reader)
    assert table_from_json(table_to_json(lab.references)) == {0: kept}
    lab.recall([1, 1, -1, -1])
    found = lab.dereference(reader)
    assert (found.status, found.preview) == (Status.FOUND, "soup, bread")
    assert lab.dereference(reader, row=1).status is Status.NONE
    (tmp_path / "menu.txt").write_text("soup")
    assert lab.dereference(reader).status is Status.STALE
    with pytest.raises(CoreError, match="a row from 0 to"):
        lab.dereference(reader, row=10_000)
    with pytest.raises(CoreError, match="does not tell items apart"):
        bare = Lab(word_size=4, items=0)
        bare.store(None, [1, 1, 1, 1])
        bare.dereference(reader)
