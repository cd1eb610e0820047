"""Where in a trace the arrays are that diagnostics need: by role, never by a model's class."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ntm_core.trace import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import Field, TraceSpec

LOCATION, WORD, HEAD, ANY = "location", "word", "head", "any"

_AXES: Mapping[Role, tuple[str, ...]] = {
    Role.MEMORY: (LOCATION, WORD),
    Role.WRITE_WEIGHTING: (HEAD, LOCATION),
    Role.READ_WEIGHTING: (HEAD, LOCATION),
    Role.KEY: (HEAD, WORD),
    Role.LOOKUP_MASK: (HEAD, WORD),
    Role.KEY_STRENGTH: (HEAD,),
    Role.GATE: (HEAD,),
    Role.SHIFT: (HEAD, ANY),
    Role.SHARPENING: (HEAD,),
    Role.ROUTER: (HEAD, ANY),
    Role.ERASE: (HEAD, WORD),
    Role.ADD: (HEAD, WORD),
    Role.READ_VECTOR: (HEAD, WORD),
    Role.KEEP: (LOCATION,),
    Role.RETENTION: (LOCATION,),
    Role.USAGE: (LOCATION,),
    Role.LEAST_USED: (HEAD, LOCATION),
    Role.ALLOCATION: (LOCATION,),
    Role.ALLOCATION_GATE: (HEAD,),
    Role.WRITE_GATE: (HEAD,),
    Role.FREE_GATE: (HEAD,),
    Role.LINKS: (LOCATION, ANY),
    Role.LINK_LOCATION: (LOCATION, ANY),
    Role.BACKWARD_WEIGHTING: (HEAD, LOCATION),
    Role.FORWARD_WEIGHTING: (HEAD, LOCATION),
    Role.BACKWARD_MODE: (HEAD,),
    Role.CONTENT_MODE: (HEAD,),
    Role.FORWARD_MODE: (HEAD,),
    Role.OUTPUT: (ANY,),
    Role.TARGET: (ANY,),
    Role.MASK: (),
    Role.PHASE: (),
    Role.CONTROLLER_GRADIENT: (),
    Role.MEMORY_GRADIENT: (),
    Role.READ_VECTOR_GRADIENT: (HEAD,),
    Role.READ_WEIGHTING_GRADIENT: (HEAD,),
    Role.WRITE_WEIGHTING_GRADIENT: (HEAD,),
}
"""The axes of the roles that diagnostics read. Axes of one name, but for ANY and HEAD, have one size in a trace."""


class Head(NamedTuple):
    """One head, as people call it."""

    kind: str
    """ "read" or "write"."""
    number: int
    """Among those of its kind, from 0."""
    of: int
    """How many of its kind there are."""

    def __str__(self) -> str:
        return f"the {self.kind} head" if self.of == 1 else f"{self.kind} head {self.number + 1}"


class Layout:
    """The fields of a trace by role. One whose shape is not what its role means counts as missing."""

    def __init__(self, spec: TraceSpec) -> None:
        self.spec = spec
        self._fields: dict[Role, Field] = {}
        self._sizes: dict[str, int] = {}
        self._heads: dict[Role, tuple[Head, ...]] = {}
        for role, axes in _AXES.items():
            field = spec.with_role(role)
            if field is not None and self._fits(field, axes):
                self._fields[role] = field

    def __contains__(self, role: Role) -> bool:
        return role in self._fields

    def __getitem__(self, role: Role) -> Field:
        return self._fields[role]

    @property
    def locations(self) -> int:
        """Rows of the memory; 0 where there is none."""
        return self._sizes.get(LOCATION, 0)

    def heads(self, role: Role) -> tuple[Head, ...]:
        """Whose the entries along a field's axis of heads are; () where it has none."""
        return self._heads.get(role, ())

    def _fits(self, field: Field, axes: tuple[str, ...]) -> bool:
        if len(field.shape) != len(axes) or 0 in field.shape:
            return False
        sizes = {axis: size for axis, size in zip(axes, field.shape, strict=True) if axis in (LOCATION, WORD)}
        if any(self._sizes.get(axis, size) != size for axis, size in sizes.items()):
            return False
        if HEAD in axes:
            heads = self._heads_of(field)
            if len(heads) != field.shape[0]:
                return False
            self._heads[field.role] = heads
        self._sizes |= sizes
        return True

    def _heads_of(self, field: Field) -> tuple[Head, ...]:
        """By the name of the axis; weightings tell how many heads of each kind there are."""
        if field.role in (Role.READ_WEIGHTING, Role.WRITE_WEIGHTING):
            kind = "read" if field.role is Role.READ_WEIGHTING else "write"
            return tuple(Head(kind, number, field.shape[0]) for number in range(field.shape[0]))
        readers, writers = self._heads.get(Role.READ_WEIGHTING, ()), self._heads.get(Role.WRITE_WEIGHTING, ())
        return {"read head": readers, "write head": writers, "head": (*readers, *writers)}.get(field.dims[0], ())
