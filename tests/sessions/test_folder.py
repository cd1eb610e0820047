"""Records are read under one folder and nowhere else, and nothing of them is run."""

import os
import socket
import stat

import h5py
import numpy as np
import pytest

from sessions.errors import MissingError, RefusedError, SessionError
from sessions.folder import LARGEST, Folder


@pytest.fixture
def place(tmp_path):
    """A folder with something in it, and secrets beside it."""
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "chosen"
    (folder / "notes").mkdir(parents=True)
    (folder / "notes" / "garden.txt").write_text("an apple tree")
    with h5py.File(folder / "records.h5", "w") as file:
        file["faces"] = np.arange(12, dtype=np.float32).reshape(3, 4)
        file["deep/er"] = np.arange(3)
    return folder


def test_a_file_a_dataset_and_a_row_of_one_are_read(place):
    folder = Folder(place)
    assert folder.read("notes/garden.txt").data == b"an apple tree"
    row = folder.read("records.h5", "faces", 1)
    assert row.values.tolist() == [4, 5, 6, 7] and row.values.dtype == np.float32
    whole = folder.read("records.h5", "/faces")
    assert whole.values.shape == (3, 4) and whole.data != row.data
    assert folder.read("records.h5", "deep/er", 2).values == 2


def test_the_same_bytes_of_another_type_are_another_record(place):
    with h5py.File(place / "records.h5", "a") as file:
        file["zeros"], file["other"] = np.zeros(4, np.float32), np.zeros(4, np.int32)
    folder = Folder(place)
    assert folder.read("records.h5", "zeros").data != folder.read("records.h5", "other").data


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "notes/../../secret.txt", "/etc/hostname", "", ".", "notes\\garden.txt", "a\0b", ".."],
)
def test_a_path_that_leads_out_is_refused(place, path):
    with pytest.raises(RefusedError, match="a path within the folder"):
        Folder(place).read(path)


@pytest.mark.parametrize("target", ["secret.txt", "chosen/notes/garden.txt"])
def test_a_symbolic_link_is_refused_wherever_it_leads(place, target):
    (place / "link.txt").symlink_to(place.parent / target)
    with pytest.raises(RefusedError, match="without symbolic links"):
        Folder(place).read("link.txt")


def test_a_symbolic_link_on_the_way_is_refused(place):
    (place / "out").symlink_to(place.parent)
    with pytest.raises(RefusedError, match=r"'out' is one: out/secret\.txt"):
        Folder(place).read("out/secret.txt")


def test_a_link_put_there_after_the_look_is_not_followed(place, monkeypatch):
    """The kernel refuses it, not only the look before."""
    (place / "link.txt").symlink_to(place.parent / "secret.txt")
    folder, real = Folder(place), os.stat(place / "records.h5")
    monkeypatch.setattr(os, "stat", lambda *_, **__: real)
    with pytest.raises(RefusedError, match="cannot be opened"):
        folder.read("link.txt")


def test_the_folder_itself_may_be_reached_by_a_link(place):
    (place.parent / "shortcut").symlink_to(place)
    assert Folder(place.parent / "shortcut").read("notes/garden.txt").data == b"an apple tree"


@pytest.mark.parametrize("kind", ["fifo", "socket", "folder"])
def test_what_is_no_plain_file_is_refused_at_once(place, kind):
    made = None
    if kind == "fifo":
        os.mkfifo(place / "odd")
    elif kind == "socket":
        made = socket.socket(socket.AF_UNIX)
        made.bind(str(place / "odd"))
    else:
        (place / "odd").mkdir()
    with pytest.raises(SessionError, match="odd"):
        Folder(place).read("odd")
    if made is not None:
        made.close()


def test_what_is_not_there_is_missing(place):
    folder = Folder(place)
    for path, dataset, row in (
        ("gone.txt", "", None),
        ("notes/garden.txt/deeper", "", None),
        ("records.h5", "gone", None),
        ("records.h5", "faces", 3),
        ("records.h5", "deep", None),
        ("records.h5", "faces/deeper", None),
    ):
        with pytest.raises(MissingError):
            folder.read(path, dataset, row)
    with pytest.raises(MissingError, match="a folder was wanted"):
        Folder(place / "gone")
    assert issubclass(MissingError, LookupError) and issubclass(RefusedError, PermissionError)


def external(file, folder):
    file.create_dataset("odd", (6,), np.uint8, external=[(str(folder.parent / "secret.txt"), 0, 6)])


def linked_out(file, folder):
    file["odd"] = h5py.ExternalLink(str(folder / "records.h5"), "faces")


def linked(file, folder):
    file["odd"] = h5py.SoftLink("/other")
    file["other"] = np.zeros(3)


def virtual(file, folder):
    layout = h5py.VirtualLayout((3, 4), np.float32)
    layout[:] = h5py.VirtualSource(str(folder / "records.h5"), "faces", (3, 4))
    file.create_virtual_dataset("odd", layout)


def of_objects(file, folder):
    file.create_dataset("odd", data=["a", "b"], dtype=h5py.string_dtype())


def huge(file, folder):
    file.create_dataset("odd", (LARGEST,), np.float64, chunks=(1024,), compression="gzip")


def huge_chunk(file, folder):
    file.create_dataset("odd", (4, LARGEST // 4), np.float32, chunks=(4, LARGEST // 4), compression="gzip")


def odd_filter(file, folder):
    made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    made.set_chunk((4,))
    made.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, ())  # one that a plug-in would have to be loaded for
    h5py.h5d.create(file.id, b"odd", h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((4,)), made)


@pytest.mark.parametrize(
    "make",
    [external, linked_out, linked, virtual, of_objects, huge, huge_chunk, odd_filter],
    ids=lambda make: make.__name__,
)
def test_a_dataset_that_leads_elsewhere_or_is_too_large_is_refused(place, make):
    with h5py.File(place / "odd.h5", "w") as file:
        make(file, place)
    with pytest.raises(RefusedError, match="wanted"):
        Folder(place).read("odd.h5", "odd", 0 if make is huge_chunk else None)


def test_a_file_that_is_no_hdf5_or_too_large_is_refused(place):
    with pytest.raises(RefusedError, match="cannot be read as HDF5"):
        Folder(place).read("notes/garden.txt", "faces")
    with open(place / "large.bin", "wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(RefusedError, match="at most 16777216 bytes"):
        Folder(place).read("large.bin")


def test_nothing_stays_open(place):
    folder = Folder(place)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    for path, dataset in (("records.h5", "faces"), ("records.h5", "gone"), ("../x", ""), ("notes/gone", "")):
        try:
            folder.read(path, dataset)
        except SessionError:
            pass
    if before is not None:
        assert len(os.listdir("/proc/self/fd")) == before
    assert stat.S_ISDIR(os.stat(place).st_mode)
