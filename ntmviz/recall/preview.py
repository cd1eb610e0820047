"""A small picture of an image that was read as bytes: bytes that are none, or too many, come to a line instead."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

SIDE = 360
"""Pixels of the longer side at most."""
MOST_PIXELS, MOST_OF_JPEG = 1 << 22, 1 << 25
"""Of an image that is opened: a JPEG is made small while it is read."""
_FORMATS = {b"\x89PNG\r\n\x1a\n": b"png", b"\xff\xd8\xff": b"jpg", b"GIF8": b"gif", b"BM": b"bmp"}


def small_picture(data: bytes, side: int = SIDE) -> tuple[QImage | None, str]:
    """The picture, or None and why there is none, in one line."""
    format_ = next((name for magic, name in _FORMATS.items() if data.startswith(magic)), None)
    if format_ is None:
        return None, "a PNG, JPEG, GIF or BMP was wanted; these bytes are none, so there is no picture"
    kept = QByteArray(data)
    buffer = QBuffer(kept)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(format_))
    reader.setAutoDetectImageFormat(False)
    reader.setAutoTransform(True)
    reader.setQuality(0)  # of a JPEG: the fast way to make it small
    size = reader.size()
    most = MOST_OF_JPEG if format_ == b"jpg" else MOST_PIXELS
    if not size.isValid() or size.isEmpty():
        return None, "the image cannot be read: it is cut short or damaged"
    if size.width() * size.height() > most:
        return None, (
            f"an image of at most {most >> 20} million pixels is shown; this one has {size.width()}×{size.height()}"
        )
    if max(size.width(), size.height()) > side:
        reader.setScaledSize(size.scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1)))
    image = reader.read()
    if image.isNull():
        return None, "the image cannot be read: it is cut short or damaged"
    return image, f"{size.width()}×{size.height()} pixels"
