"""Which record an item is of, as a session keeps it; what the engine says of records; pictures of bytes; additions."""

import os
from base64 import b64decode

import h5py
import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage

from ntm_core.recall import Lab
from ntm_core.recall.references import Reference, ReferenceKind, Status, digest
from ntmviz.errors import NtmvizError
from ntmviz.recall import record_orders, records
from ntmviz.recall.adding import addition
from ntmviz.recall.importing import read_items
from ntmviz.recall.preview import MOST_PIXELS, SIDE, small_picture
from ntmviz.recall.ready import NewItem
from ntmviz.recall.record_figure import Opened, Pointed, RecordFigure, pointed_at
from ntmviz.recall.record_panel import bar_marks, shortened
from sessions.folder import LARGEST, Folder

TEXT = Reference(ReferenceKind.TEXT, "a.txt", digest=digest(b"hello"))


def png(width=40, height=30, color=0xFF8040):
    """The bytes of an image."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(color)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, "PNG")
    return bytes(buffer.data().data())


@pytest.fixture
def library(tmp_path):
    """A folder of records, and a secret beside it."""
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "a.txt").write_text("hello")
    (folder / "face.png").write_bytes(png())
    (tmp_path / "secret.txt").write_text("secret")
    with h5py.File(folder / "rows.h5", "w") as file:
        file["group/rows"] = np.arange(20, dtype=np.float32).reshape(4, 5)
    return folder


def answer(order, **more):
    """What the engine says to an order."""
    told = []
    orders = record_orders.orders(lambda news, **rest: told.append((news, rest)))
    orders[order]({"order": order, "ticket": 7, **more})
    ((news, rest),) = told
    assert news == record_orders.NEWS
    assert rest["ticket"] == 7
    assert "\n" not in rest["failure"]
    return rest


def look_up(folder, reference, share=1.0):
    return answer("look_up", folder=str(folder), reference=reference.to_json(), row=3, item=0, share=share)


def test_the_table_of_a_session_is_what_was_said_last_and_what_says_nothing_is_passed_over():
    other = Reference(ReferenceKind.DATASET, "rows.h5", "group/rows", 2, "ab")
    texts = [*records.told({0: TEXT, 1: TEXT, 2: other}), *records.told({1: None, 0: other})]
    bad = [
        "",
        "{",
        "[1]",
        "3",
        "null",
        '{"item": 5}',
        '{"item": "5", "reference": null}',
        '{"item": -1, "reference": null}',
        '{"item": true, "reference": {"kind": "text", "path": "a.txt"}}',
        '{"item": 5, "reference": {"kind": "code", "path": "a.txt"}}',
        '{"item": 5, "reference": {"kind": "text", "path": "a.txt", "run": "rm"}}',
        '{"item": 99999999, "reference": {"kind": "text", "path": "a.txt"}}',
        "[" * 100_000,
    ]
    assert records.table_in([bad[0], *texts, *bad]) == {0: other, 2: other}
    assert records.from_json(records.to_json({4: TEXT, 5: None})) == {4: TEXT, 5: None}


def test_a_path_that_is_too_long_to_keep_is_refused_before_anything_is_said():
    with pytest.raises(NtmvizError, match="letters was wanted for a record"):
        records.told({0: Reference(ReferenceKind.TEXT, "a" * records.LONGEST)})


def test_only_files_in_the_folder_have_a_place_in_it(library, tmp_path):
    assert records.within(library, library / "sub" / "b.txt") == "sub/b.txt"
    (tmp_path / "link").symlink_to(library)
    assert records.within(tmp_path / "link", library / "a.txt") == "a.txt"
    for path in (tmp_path / "secret.txt", library / ".." / "secret.txt", library, library.parent):
        with pytest.raises(NtmvizError, match="a file in the folder of records"):
            records.within(library, path)
    with pytest.raises(NtmvizError, match="none is chosen"):
        records.within(None, library / "a.txt")


def test_a_record_is_found_and_shown_and_a_changed_or_vanished_one_is_told(library):
    found = look_up(library, TEXT)
    assert (found["status"], found["preview"], found["image"]) == (Status.FOUND, "hello", "")
    (library / "a.txt").write_text("another")
    found = look_up(library, TEXT)
    assert (found["status"], found["preview"]) == (Status.STALE, "another")
    (library / "a.txt").unlink()
    assert look_up(library, TEXT)["status"] == Status.DANGLING
    assert look_up(library / "gone", TEXT)["status"] == Status.DANGLING
    image = look_up(library, Reference(ReferenceKind.IMAGE, "face.png"))
    assert b64decode(image["image"]) == (library / "face.png").read_bytes()


@pytest.mark.parametrize("path", ["../secret.txt", "/etc/hostname", "link.txt", "out/secret.txt", "pipe", "sub"])
def test_nothing_outside_the_folder_is_opened_and_nothing_that_is_no_file(library, tmp_path, path):
    (library / "link.txt").symlink_to(tmp_path / "secret.txt")
    (library / "out").symlink_to(tmp_path)
    (library / "sub").mkdir()
    os.mkfifo(library / "pipe")
    found = look_up(library, Reference(ReferenceKind.TEXT, path))
    assert found["status"] == Status.REFUSED
    assert "secret" not in found["preview"]
    signed = answer("sign", folder=str(library), reference=Reference(ReferenceKind.TEXT, path).to_json())
    assert "wanted" in signed["failure"] or "cannot be opened" in signed["failure"]
    assert "reference" not in signed


def test_a_huge_file_is_refused_and_a_large_image_is_not_sent(library):
    with (library / "huge.txt").open("wb") as file:
        file.truncate(LARGEST + 1)
    found = look_up(library, Reference(ReferenceKind.TEXT, "huge.txt"))
    assert found["status"] == Status.REFUSED
    assert f"at most {LARGEST} bytes" in found["message"]
    (library / "large.png").write_bytes(png() + bytes(record_orders.MOST_OF_IMAGE))
    found = look_up(library, Reference(ReferenceKind.IMAGE, "large.png"))
    assert (found["status"], found["image"]) == (Status.FOUND, "")
    assert "only those of at most 4 MiB are shown" in found["preview"]


def test_what_is_no_order_is_one_line(library):
    for order, more in (
        ("look_up", {}),
        ("sign", {"folder": str(library), "reference": {"kind": "code", "path": "x"}}),
        ("tables", {"path": "a.txt", "folder": str(library)}),
        ("tables", {"path": str(library / "none.h5"), "folder": None}),
        ("items", {"path": str(library / "a.txt"), "dataset": "", "folder": None}),
    ):
        assert answer(order, **more)["failure"], order


def test_rows_of_a_dataset_in_the_folder_of_records_are_items_that_point_to_them(library, tmp_path):
    path = library / "rows.h5"
    read = read_items(path, folder=library)
    assert [len(read.items), len(read.records)] == [4, 4]
    for row, reference in read.records.items():
        assert (reference.path, reference.dataset, reference.row) == ("rows.h5", "group/rows", row)
        assert digest(Folder(library).read("rows.h5", "group/rows", row).data) == reference.digest
    assert not read_items(path).records
    assert not read_items(path, folder=tmp_path / "elsewhere").records
    (library / "sub").symlink_to(tmp_path)
    (tmp_path / "more.h5").write_bytes(path.read_bytes())
    assert not read_items(library / "sub" / "more.h5", folder=library).records, "a link is no way out"
    told = answer("items", path=str(path), dataset="", folder=str(library))
    assert [item[2] for item in told["items"]] == [tuple(row) for row in np.arange(20.0).reshape(4, 5).tolist()]
    assert len(records.from_json(told["records"])) == 4
    assert answer("tables", path="rows.h5", folder=str(library))["tables"] == {"group/rows": 4}


def test_a_picture_is_made_small_and_bytes_that_are_none_are_a_line(qapp):
    image, told = small_picture(png(1000, 500))
    assert (image.width(), image.height()) == (SIDE, SIDE // 2)
    assert told == "1000×500 pixels"
    assert small_picture(png(40, 30))[0].width() == 40
    for data in (b"", b"no image", png()[:40], b"\x89PNG\r\n\x1a\n" + bytes(100), b"\xff\xd8\xff", b"<svg/>"):
        image, told = small_picture(data)
        assert image is None
        assert told
        assert "\n" not in told
    side = int(MOST_PIXELS**0.5) + 8
    wide = bytearray(png(8, 8))
    wide[16:24] = side.to_bytes(4) * 2
    assert small_picture(bytes(wide))[0] is None, "the size that it claims is never taken at its word"
    assert "million pixels" in small_picture(png(side, side))[1]


def row_of(owned, strength):
    record = {"ownership": np.array([owned], np.float32), "trace_strength": np.array([strength], np.float32)}
    return pointed_at(record, 0, ("B", ""), {0: TEXT})


@pytest.mark.parametrize(
    ("status", "owned", "words", "tone"),
    [
        (Status.FOUND, (1.0, 0.0), "● Found", "accent"),
        (Status.FOUND, (0.6, 0.4), "▲ Blended", "warning"),
        (Status.STALE, (1.0, 0.0), "◆ Stale", "warning"),
        (Status.STALE, (0.6, 0.4), "◆ Stale, blended", "warning"),
        (Status.DANGLING, (1.0, 0.0), "■ Dangling", "warning"),
        (Status.REFUSED, (1.0, 0.0), "✕ Refused", "warning"),
    ],
)
def test_each_status_has_a_sign_a_word_and_a_tone(status, owned, words, tone):
    figure = RecordFigure(row_of(owned, 1.0), Opened(status, "why"))
    assert figure.status == (words, tone)
    assert figure.sentence
    assert RecordFigure(row_of((0.0, 1.0), 1.0), Opened(Status.NONE)).status == ("○ No record", "muted")


def test_shares_are_of_what_was_written_and_the_rest_is_told_as_none(qapp):
    pointed = row_of((0.4, 0.2), 1.0)
    assert [name for name, _ in pointed.shares] == ["B", "item 1"]
    assert pointed.share == pytest.approx(0.4)
    assert pointed.rest == pytest.approx(0.4)
    texts = [mark.text for mark in bar_marks(pointed, 300) if hasattr(mark, "text")]
    assert texts == ["B 40%", "item 1 20%", "none 40%"]
    assert row_of((0.0, 0.0), 0.0) == Pointed(0, -1, "", (), None)


def test_a_preview_is_some_lines_without_what_cannot_be_printed():
    assert shortened("one\ntwo\x00\x1b[31m") == "one\ntwo··[31m"
    assert shortened("\n".join("abcdefghijkl")) == "\n".join("abcdefgh") + "…"
    assert shortened("x" * 280).endswith("x…")


def config():
    return Lab(word_size=4, locations=5, segments="Letters 3, Digits 2", items=6).config


def test_items_are_added_to_the_segment_they_name_and_else_where_there_is_most_room():
    words = [(1.0, -1.0, 1.0, float(at)) for at in range(4)]
    made = [
        NewItem(f"n{at}", segment, word)
        for at, (segment, word) in enumerate(zip(("Digits", "Digits", "Digits", "Elsewhere"), words, strict=True))
    ]
    told = addition(made, {1: TEXT}, config(), ("B", "n0"), (2, 2))
    assert [store.segment for store in told.operations] == [1, 1, 0, 0]
    assert [store.item for store in told.operations] == [1, 2, 3, 4]
    assert told.names == {2: "n1", 3: "n2", 4: "n3"}
    assert told.pointers == {2: TEXT}


@pytest.mark.parametrize(
    ("size", "names", "free", "told"),
    [
        (5, (), (3, 2), "items of 4 numbers were wanted for this lab; these have 5"),
        (4, (), (1, 0), "2 free rows were wanted; this lab has 1"),
        (4, ("a", "b", "c", "d", "e"), (3, 2), "this memory tells 6 items apart, and with these there would be 7"),
    ],
)
def test_items_that_do_not_fit_are_one_line_and_none_is_stored(size, names, free, told):
    made = [NewItem(f"n{at}", "Items", (1.0,) * size) for at in range(2)]
    with pytest.raises(NtmvizError) as caught:
        addition(made, {}, config(), names, free)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
