"""The vocabulary of a trace: what a memory network shows of itself, step by step.

Start here. Everything that computes, records or draws speaks in these words and nothing else:

- a `Role` says what an array means, so that a view can ask for "the memory" and never for a model's class;
- a `Field` is one array of a step: name, role, shape, the names of its axes, unit and limits;
- a `TraceSpec` is the fields of one model together with the order in which a step reads and writes;
- a `StepRecord` holds the values of one step, a `Columns` mapping those of many steps, time first;
- a `Source` is anything that can be looked at (live, recorded), a `Sink` anything that can be written to.

NumPy only: opening a recording loads neither torch nor Qt.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

Array = NDArray[Any]
Columns = Mapping[str, Array]
"""Field name -> values of consecutive steps, shape (steps, *field.shape)."""


class Role(StrEnum):
    """What an array of a step means."""

    MEMORY = "memory"
    READ_WEIGHTING = "read_weighting"
    WRITE_WEIGHTING = "write_weighting"
    KEY = "key"
    KEY_STRENGTH = "key_strength"
    GATE = "gate"
    SHIFT = "shift"
    SHARPENING = "sharpening"
    CONTENT_WEIGHTING = "content_weighting"
    GATED_WEIGHTING = "gated_weighting"
    SHIFTED_WEIGHTING = "shifted_weighting"
    ERASE = "erase"
    ADD = "add"
    READ_VECTOR = "read_vector"
    KEEP = "keep"
    """Share of each row that a step leaves before its write heads erase."""
    LOOKUP_MASK = "lookup_mask"
    """Which columns of key and memory a content lookup compares."""
    USAGE = "usage"
    LEAST_USED = "least_used"
    RETENTION = "retention"
    ALLOCATION = "allocation"
    ALLOCATION_GATE = "allocation_gate"
    WRITE_GATE = "write_gate"
    FREE_GATE = "free_gate"
    LINKS = "links"
    """Row i, column j: location i was written right after location j. Or, sparse, the links of each row."""
    LINK_LOCATION = "link_location"
    """Where LINKS are sparse: the location j that each link of a row leads back to."""
    PRECEDENCE = "precedence"
    BACKWARD_WEIGHTING = "backward_weighting"
    FORWARD_WEIGHTING = "forward_weighting"
    BACKWARD_MODE = "backward_mode"
    CONTENT_MODE = "content_mode"
    FORWARD_MODE = "forward_mode"
    LINK_SHARPNESS = "link_sharpness"
    RECALL_COUNT = "recall_count"
    """How often each location was read of late: its prominence."""
    RECALL_TRACE = "recall_trace"
    ASSOCIATION = "association"
    SPREAD = "spread"
    """How much each location is primed by what was read of late."""
    ROUTER = "router"
    UNEVEN_ROUTER = "uneven_router"
    """As ROUTER, where segments are not one after another in equal sizes."""
    ROUTER_WEIGHTS = "router_weights"
    """What a router has learned of each segment."""
    SCORE = "score"
    """What one term of a lookup adds to the score of each location."""
    TRACE_STRENGTH = "trace_strength"
    """How much of each location's content is there: 1 as written, less as it fades."""
    OWNERSHIP = "ownership"
    """Row i, column j: how much of what location i holds was written for item j."""
    INTACT = "intact"
    """1 for each function that no lesion has cut, 0 for one that is cut."""
    PHASE = "phase"
    """What a step of a sequence is for, a number of `Phase`."""
    INPUT = "input"
    OUTPUT = "output"
    TARGET = "target"
    MASK = "mask"
    CONTROLLER = "controller"
    METRIC = "metric"
    CONTROLLER_GRADIENT = "controller_gradient"
    """The length of the gradient of a sequence's loss by what a step left; so are the next four."""
    MEMORY_GRADIENT = "memory_gradient"
    READ_VECTOR_GRADIENT = "read_vector_gradient"
    READ_WEIGHTING_GRADIENT = "read_weighting_gradient"
    WRITE_WEIGHTING_GRADIENT = "write_weighting_gradient"


GRADIENT_OF: Mapping[Role, Role] = {
    Role.CONTROLLER: Role.CONTROLLER_GRADIENT,
    Role.MEMORY: Role.MEMORY_GRADIENT,
    Role.READ_VECTOR: Role.READ_VECTOR_GRADIENT,
    Role.READ_WEIGHTING: Role.READ_WEIGHTING_GRADIENT,
    Role.WRITE_WEIGHTING: Role.WRITE_WEIGHTING_GRADIENT,
}
"""By the role of what a gradient is of: that of its length. Not a number where a sequence had no backward pass."""


class Phase(IntEnum):
    """What a step of a sequence is for."""

    NONE = 0
    """Nothing: it only fills up a batch of sequences of several lengths."""
    INPUT = 1
    DELIMITER = 2
    CUE = 3
    """What is asked for."""
    OUTPUT = 4


class Order(StrEnum):
    """Whether a step reads the memory as the previous step left it, or as its own write leaves it."""

    READ_FIRST = "read_first"
    WRITE_FIRST = "write_first"


class WriteOrder(StrEnum):
    """Several write heads: all erases then all adds (NTM paper, eq. 3-4), or head after head."""

    PARALLEL = "parallel"
    SEQUENTIAL = "sequential"


class EpisodeKind(StrEnum):
    """How an episode came about."""

    TRAIN = "train"
    EVAL = "eval"
    MANUAL = "manual"
    FORK = "fork"
    LESION = "lesion"

    @property
    def is_by_hand(self) -> bool:
        """Whether a person worked it, step by step."""
        return self in (EpisodeKind.MANUAL, EpisodeKind.FORK, EpisodeKind.LESION)


@dataclass(frozen=True, slots=True)
class Field:
    """One array of a step, float32.

    `shape` is that of one step, `dims` names its axes ("location", "word", "read head", "head", "offset", "channel",
    "unit"), `limits` the range its values keep by construction. A `carried` field is part of the state that a step
    starts from, so an episode also has its value before the first step. Where read and write heads share the axis
    "head", read heads come first.
    """

    name: str
    role: Role
    shape: tuple[int, ...]
    dims: tuple[str, ...]
    unit: str = ""
    limits: tuple[float, float] | None = None
    carried: bool = False

    def __post_init__(self) -> None:
        if len(self.shape) != len(self.dims):
            raise ValueError(
                f"field {self.name!r}: a name for each axis was wanted; shape {self.shape}, dims {self.dims}"
            )
        if not self.name.isidentifier():
            raise ValueError(f"a field's name has letters, digits and _ only; got {self.name!r}")

    @property
    def size(self) -> int:
        """Numbers in one step."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class TraceSpec:
    """The fields of a model's steps and the order of operations within one step. Iterates over its fields."""

    fields: tuple[Field, ...]
    order: Order = Order.READ_FIRST
    write_order: WriteOrder = WriteOrder.PARALLEL
    _by_name: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {each.name: each for each in self.fields}
        if len(by_name) != len(self.fields):
            raise ValueError(f"every field of a trace has a name of its own; got {[each.name for each in self.fields]}")
        object.__setattr__(self, "_by_name", by_name)

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Field:
        try:
            return self._by_name[name]
        except KeyError:
            raise KeyError(f"no field {name!r} in this trace; it has {', '.join(self._by_name)}") from None

    def with_role(self, role: Role) -> Field | None:
        """The field that plays a role, or None where the model has none."""
        return next((each for each in self.fields if each.role == role), None)

    def all_with_role(self, role: Role) -> tuple[Field, ...]:
        """Every field that plays a role."""
        return tuple(each for each in self.fields if each.role == role)

    @property
    def carried(self) -> tuple[Field, ...]:
        """The fields that an episode also has before its first step."""
        return tuple(each for each in self.fields if each.carried)

    @property
    def step_size(self) -> int:
        """Numbers in one step, all fields together."""
        return sum(each.size for each in self.fields)

    def to_json(self) -> dict[str, Any]:
        """Plain lists, strings and numbers; `from_json` gives an equal spec back."""
        return {
            "order": self.order.value,
            "write_order": self.write_order.value,
            "fields": [asdict(each) | {"role": each.role.value} for each in self.fields],
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> TraceSpec:
        """The spec that `to_json` wrote. Raises ValueError or KeyError on anything else."""
        fields = tuple(
            Field(
                name=str(each["name"]),
                role=Role(each["role"]),
                shape=tuple(int(size) for size in each["shape"]),
                dims=tuple(str(dim) for dim in each["dims"]),
                unit=str(each["unit"]),
                limits=None if each["limits"] is None else (float(each["limits"][0]), float(each["limits"][1])),
                carried=bool(each["carried"]),
            )
            for each in plain["fields"]
        )
        return cls(fields, Order(plain["order"]), WriteOrder(plain["write_order"]))


class PackedColumns(Mapping[str, Array]):
    """Columns whose numbers lie side by side.

    fields: in their order.   blocks: (steps, numbers) each, of one or more of the fields, together of all.
    """

    def __init__(self, fields: tuple[Field, ...], blocks: tuple[Array, ...]) -> None:
        self.fields = fields
        self.blocks = blocks

    def __getitem__(self, name: str) -> Array:
        start, blocks = 0, iter(self.blocks)
        block = next(blocks)
        for each in self.fields:
            if start == block.shape[1]:
                start, block = 0, next(blocks)
            if each.name == name:
                return block[:, start : start + each.size].reshape(len(block), *each.shape)
            start += each.size
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (each.name for each in self.fields)

    def __len__(self) -> int:
        return len(self.fields)


@dataclass(frozen=True, slots=True, eq=False)
class StepRecord(Mapping[str, Array]):
    """The values of one step, by field name; each has the shape its field names."""

    step: int
    arrays: Mapping[str, Array]

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)


@dataclass(frozen=True, slots=True)
class EpisodeInfo:
    """What is known of an episode beside its steps. -1 stands for "none" in every number that counts or points."""

    kind: EpisodeKind = EpisodeKind.TRAIN
    iteration: int = -1
    item: int = 0
    """Which sequence of the training batch."""
    batch: int = 1
    """How many sequences ran together; at 1 a rerun is exact to the bit."""
    seed: int = -1
    parent: int = -1
    """Index of the episode that this one goes on from."""
    parent_step: int = -1
    """The step of the parent after which it goes on; -1 with a parent: from before the parent's first."""
    checkpoint: int = -1
    """Index of the checkpoint that holds the very weights it ran on."""
    wall_time: float = 0.0
    """Seconds since 1970, UTC."""
    loss: float = float("nan")
    wrong_bits: float = float("nan")
    label: str = ""


@runtime_checkable
class Source(Protocol):
    """One episode that can be looked at, live or recorded."""

    @property
    def spec(self) -> TraceSpec: ...
    @property
    def info(self) -> EpisodeInfo: ...
    def __len__(self) -> int:
        """Steps there are now."""
        ...

    def initial(self, name: str) -> Array:
        """A carried field before the first step, shape `field.shape`. KeyError where the field is not carried."""
        ...

    def record(self, step: int) -> StepRecord:
        """All fields of one step. IndexError outside 0 .. len - 1."""
        ...

    def series(self, name: str, start: int = 0, stop: int | None = None) -> Array:
        """One field over the steps start .. stop - 1 (all by default), time first: (steps, *field.shape)."""
        ...


class Sink(Protocol):
    """Takes episodes, one after another, and metrics. Never blocks its caller for longer than a copy takes."""

    def begin_episode(self, info: EpisodeInfo, initial: Columns) -> int | None:
        """Start an episode; `initial` has every carried field. None where it was dropped (and its steps will be)."""
        ...

    def append(self, record: Mapping[str, Array]) -> None:
        """One step of the open episode."""
        ...

    def append_steps(self, columns: Columns) -> None:
        """Consecutive steps of the open episode at once, time first."""
        ...

    def end_episode(self, *, loss: float = float("nan"), wrong_bits: float = float("nan")) -> None: ...

    def log(self, iteration: int, **metrics: float) -> None:
        """Numbers of one training iteration."""
        ...

    def checkpoint(self, weights: bytes, iteration: int) -> int:
        """Keep a safetensors blob; returns its index, for `EpisodeInfo.checkpoint`."""
        ...


class RecordingPolicy(Protocol):
    """Decides which training iterations are recorded. It may hold a clock; whoever trains does not."""

    def wants(self, iteration: int) -> bool:
        """Whether this iteration is to be recorded; asked once for each, before it runs."""
        ...

    def begin(self) -> None:
        """The work of recording starts on the training thread."""
        ...

    def end(self) -> None:
        """It is over: what lies between `begin` and `end` is what recording cost training."""
        ...
