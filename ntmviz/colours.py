"""Colour tokens and colour maps of the two themes, as plain numbers.

A token names a use, never a hue. Read is blue and write is orange everywhere; chrome is grey; the signed map is
pink to green so that it is never mistaken for a head; yellow is for NaN and infinity alone. NumPy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

import cmap
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVELS = 256
"""Entries of a lookup table between its two limits; one more entry holds the colour of what is not a finite number."""

NOT_FINITE = "#FFE600"


class ThemeName(StrEnum):
    DARK = "dark"
    LIGHT = "light"


class Scale(StrEnum):
    """Which map a quantity is drawn with."""

    SIGNED = "signed"
    READ = "read"
    WRITE = "write"
    BITS = "bits"
    GLYPH = "glyph"
    """Ink on paper: a word drawn as a picture."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme, as #RRGGBB."""

    name: ThemeName
    background: str
    panel: str
    header: str
    raised: str
    well: str
    border: str
    grid: str
    text: str
    muted: str
    read: str
    write: str
    accent: str
    warning: str
    signed: tuple[str, float, float]
    """A map of the cmap library and the part of its range that is used: the ends are too pale to tell apart."""
    read_stops: tuple[str, ...]
    write_stops: tuple[str, ...]
    bits_stops: tuple[str, ...]

    def __hash__(self) -> int:
        return hash(self.name)  # each mark that is painted looks its colour up

    def colour(self, token: str) -> str:
        """The colour of a token, such as "muted" or "read"."""
        value = getattr(self, token)
        assert isinstance(value, str), token
        return value


DARK = Palette(
    name=ThemeName.DARK,
    background="#0D1015",
    panel="#151920",
    header="#181D25",
    raised="#1E242E",
    well="#0A0C10",
    border="#2B323D",
    grid="#232933",
    text="#E7EAF0",
    muted="#9BA5B4",
    read="#5BAAFF",
    write="#FF9F45",
    accent="#3CCFB4",
    warning="#FF7394",
    signed=("crameri:vanimo", 0.1, 0.9),
    read_stops=("#0A0C10", "#123156", "#2873C8", "#58A6FA", "#A6D2FF"),
    write_stops=("#0A0C10", "#4A2608", "#B35C10", "#F48F32", "#FFC591"),
    bits_stops=("#14181E", "#AAB4C3"),
)

LIGHT = Palette(
    name=ThemeName.LIGHT,
    background="#E9ECF0",
    panel="#FFFFFF",
    header="#F7F8FA",
    raised="#F1F3F6",
    well="#FAFBFC",
    border="#D3D8DF",
    grid="#E6E9EE",
    text="#161A21",
    muted="#565F6C",
    read="#1565C0",
    write="#A84A00",
    accent="#0B7564",
    warning="#B4124A",
    signed=("crameri:bam", 0.1, 0.9),
    read_stops=("#FAFBFC", "#C9E0F8", "#84B8EC", "#4289D6", "#1157AE"),
    write_stops=("#FAFBFC", "#FADDBD", "#F3AA66", "#D9751E", "#A24600"),
    bits_stops=("#F3F5F7", "#4B5563"),
)

PALETTES = {palette.name: palette for palette in (DARK, LIGHT)}


def _packed(rgb: NDArray[np.floating]) -> NDArray[np.uint32]:
    """(n, 3) reds, greens and blues of 0..1 as 0xFFRRGGBB words, the layout of Qt's RGB32."""
    eight = np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint32)
    return np.uint32(0xFF000000) | eight[:, 0] << np.uint32(16) | eight[:, 1] << np.uint32(8) | eight[:, 2]


@cache
def lookup_table(palette_name: ThemeName, scale: Scale) -> NDArray[np.uint32]:
    """LEVELS + 1 packed colours: the map from its lower to its upper limit, then the colour of NaN and infinity."""
    palette = PALETTES[palette_name]
    where = np.linspace(0, 1, LEVELS)
    if scale is Scale.SIGNED:
        name, low, high = palette.signed
        rgb = cmap.Colormap(name)(low + (high - low) * where)[:, :3]
    else:
        stops = {
            Scale.READ: palette.read_stops,
            Scale.WRITE: palette.write_stops,
            Scale.BITS: palette.bits_stops,
            Scale.GLYPH: (palette.well, palette.text),
        }[scale]
        rgb = cmap.Colormap(list(stops))(where)[:, :3]
    table = np.concatenate([_packed(np.asarray(rgb)), _packed(np.array([_channels(NOT_FINITE)]))])
    table.setflags(write=False)
    return table


def _channels(colour: str) -> tuple[float, float, float]:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))  # type: ignore[return-value]


def paint(values: NDArray[np.floating], table: NDArray[np.uint32], low: float, high: float) -> NDArray[np.uint32]:
    """Values to packed colours of the same shape; what lies outside low..high takes the colour of the nearer limit.

    NaN and both infinities take the last entry of the table.
    """
    span = high - low
    if not span > 0:
        raise ValueError(f"a colour range needs an upper limit above the lower one; got {low} to {high}")
    finite = np.isfinite(values)
    place = np.where(finite, values, low)
    place = (place - np.float32(low)) * np.float32((LEVELS - 1) / span) + np.float32(0.5)
    index = np.clip(place, 0, LEVELS - 1).astype(np.intp)
    index[~finite] = LEVELS
    return table[index]
