"""Orders of the engine process that read records and items from files: a file that hangs or breaks its reader hangs
or breaks no window. Each carries a ticket and is answered by one piece of news that bears it.

{"order": "look_up", "ticket", "folder", "reference", "row", "item", "share"} -> {"news": "answer", "ticket",
"failure", "status", "message", "preview", "image"}: the image in base64, "" where the record is none to be shown
{"order": "sign", "ticket", "folder", "reference"} -> {..., "reference"}: with the hash of what is there now
{"order": "tables", "ticket", "path", "folder"} -> {..., "tables"}: rows of each dataset of an HDF5 file, which is
one in the folder of records, or, where that is null, any
{"order": "items", "ticket", "path", "dataset", "folder"} -> {..., "items", "records"}: name, segment and numbers of
each item, and the references of those that are rows of a dataset in the folder of records, by place

Where "failure" is a line and not "", nothing else is told.
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntm_core.errors import CoreError
from ntm_core.recall.references import Reference, ReferenceKind, Status, opened, signed
from ntmviz.errors import NtmvizError
from ntmviz.recall import importing, records
from sessions import SessionError
from sessions.errors import MissingError, one_line, reason
from sessions.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NEWS = "answer"
MOST_OF_IMAGE = 1 << 22
"""Bytes of an image that is shown."""

Order = dict[str, Any]


def orders(tell: Callable[..., None]) -> dict[str, Callable[[Mapping[str, Any]], None]]:
    """By name."""

    def answering(act: Callable[[Mapping[str, Any]], Order]) -> Callable[[Mapping[str, Any]], None]:
        def carry_out(order: Mapping[str, Any]) -> None:
            try:
                told, failure = act(order), ""
            except (NtmvizError, CoreError, SessionError) as error:
                told, failure = {}, str(error)
            except OSError as error:
                told, failure = {}, f"this cannot be read, {reason(error)}: {error.filename or order.get('path', '')}"
            except (KeyError, TypeError, ValueError, MemoryError) as error:
                told, failure = {}, f"an order {order['order']!r} cannot be carried out: {error!r}"
            tell(NEWS, ticket=order.get("ticket"), failure=one_line(failure), **told)

        return carry_out

    acts = {"look_up": _look_up, "sign": _sign, "tables": _tables, "items": _items}
    return {name: answering(act) for name, act in acts.items()}


def _look_up(order: Mapping[str, Any]) -> Order:
    reference = Reference.from_json(order["reference"])
    try:
        reader = Folder(order["folder"])
        found = opened(reference, reader, row=int(order["row"]), item=int(order["item"]), share=float(order["share"]))
    except (MissingError, OSError) as error:
        message = str(error) if isinstance(error, MissingError) else f"the folder cannot be read, {reason(error)}"
        return {"status": Status.DANGLING.value, "message": message, "preview": "", "image": ""}
    image, preview = "", found.preview
    if reference.kind is ReferenceKind.IMAGE and found.data:
        if len(found.data) <= MOST_OF_IMAGE:
            image = b64encode(found.data).decode("ascii")
        else:
            preview += f"; only those of at most {MOST_OF_IMAGE >> 20} MiB are shown"
    return {"status": found.status.value, "message": one_line(found.message), "preview": preview, "image": image}


def _sign(order: Mapping[str, Any]) -> Order:
    return {"reference": signed(Reference.from_json(order["reference"]), Folder(order["folder"])).to_json()}


def _tables(order: Mapping[str, Any]) -> Order:
    path, folder = order["path"], order["folder"]
    if folder is None:
        return {"tables": importing.tables_of(Path(path))}
    found = Folder(folder).tables(path)
    if not found:
        raise NtmvizError(f"a dataset of rows and numbers was wanted; this file has none: {path}")
    return {"tables": found}


def _items(order: Mapping[str, Any]) -> Order:
    path, folder = Path(order["path"]), order["folder"]
    read = importing.read_items(path, str(order["dataset"]), None if folder is None else Path(folder))
    return {
        "items": [[item.name, item.segment, item.word] for item in read.items],
        "records": records.to_json(read.records),
    }
