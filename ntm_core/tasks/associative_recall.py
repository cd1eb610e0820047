"""Associative recall: see a list of items, then say which one followed the one asked for (NTM paper, section 4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ntm_core import checks
from ntm_core.errors import ConfigError
from ntm_core.settings import Settings, switch, whole
from ntm_core.tasks import drawing
from ntm_core.tasks.task import FEW_WRONG_BITS, Criterion, Sample, Trial

if TYPE_CHECKING:
    import torch
    from torch import Tensor


_COUNTED_BITS = 62


@dataclass(frozen=True, slots=True)
class AssociativeRecallConfig(Settings):
    """Numbers of items are drawn evenly from min_items to max_items, both included."""

    what: ClassVar[str] = "associative recall"

    min_items: int = whole(2, "Fewest items", "Items in a list: from this many", low=2, offered=1000)
    max_items: int = whole(6, "Most items", "Items in a list: to this many", low=2, offered=1000)
    item_length: int = whole(3, "Vectors of an item", offered=100)
    bits: int = whole(6, "Bits of a vector", offered=1024)
    mixed_lengths: bool = switch(False, "Mixed lengths", "A batch has lists of several lengths, filled up")

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        checks.in_order("min_items", self.min_items, "max_items", self.max_items)
        if self.max_items > self.different_items:
            raise ConfigError(
                f"max_items is at most {self.different_items}: there are no more different items of item_length "
                f"{self.item_length} and bits {self.bits}; got {self.max_items}"
            )

    @property
    def different_items(self) -> int:
        """How many there can be, as far as anybody counts."""
        return 1 << min(self.item_length * self.bits, _COUNTED_BITS)


class AssociativeRecall:
    """Items of a few vectors, a delimiter before each; then one of them between query delimiters; then empty steps.

    The answer is the item that followed the one asked for, which is any but the last. A list of n items of L vectors
    takes n (L + 1) + (L + 2) + L steps. Input channels: the bits, the item delimiter, the query delimiter. Only the
    answer is scored. The items of a list are all different, so that there is one right answer; among items of the
    paper's 18 bits that changes one list in 17,000.
    """

    name: ClassVar[str] = "associative_recall"
    input_limits: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def __init__(self, settings: AssociativeRecallConfig | None = None) -> None:
        self.settings = settings = settings or AssociativeRecallConfig()
        self.inputs = settings.bits + 2
        self.outputs = settings.bits
        most = settings.max_items
        sizes = sorted({most, most * 4 // 3, 2 * most, most * 5 // 2})
        self.trials = tuple(
            Trial(str(items), {"length": items}) for items in sizes if items <= settings.different_items
        )
        self.criterion = Criterion(self.trials[0], most_wrong=FEW_WRONG_BITS / (settings.item_length * settings.bits))

    @property
    def delimiter(self) -> tuple[float, ...]:
        return (0.0,) * self.settings.bits + (0.0, 1.0)

    def sample(self, batch: int, generator: torch.Generator, length: int | None = None) -> Sample:
        """A fresh batch. length: items in a list.

        Raises ConfigError on a batch below 1, on a length below 2 or above the number of different items.
        """
        import torch

        settings, bits = self.settings, self.settings.bits
        if length is not None and length > settings.different_items:
            raise ConfigError(f"length is at most {settings.different_items}, the different items; got {length}")
        low, high, is_mixed = settings.min_items, settings.max_items, settings.mixed_lengths
        counts = drawing.drawn("length", length, batch, low, high, is_mixed, generator, at_least=2)
        vectors = self._items(int(counts.max()), batch, generator).flatten(0, 1)
        asked = (torch.rand(batch, generator=generator) * (counts - 1)).long()

        size = settings.item_length
        listed = counts * (size + 1)
        step = torch.arange(int(listed.max()) + 2 * size + 2).unsqueeze(1)
        item, place = step // (size + 1), step % (size + 1)  # place 0 of an item is its delimiter
        query = step - listed  # 0 and size + 1 are its delimiters
        is_listed, is_cue = query < 0, (query > 0) & (query <= size)
        is_answer = (query > size + 1) & (query <= 2 * size + 1)

        fed = torch.where(is_listed, item * size + place - 1, asked * size + query - 1)
        inputs = torch.zeros(len(step), batch, self.inputs)
        inputs[:, :, :bits] = drawing.placed(vectors, fed) * (is_listed & (place > 0) | is_cue).unsqueeze(2)
        inputs[:, :, bits] = (is_listed & (place == 0)).float()
        inputs[:, :, bits + 1] = ((query == 0) | (query == size + 1)).float()
        wanted = (asked + 1) * size + query - (size + 2)
        targets = drawing.placed(vectors, wanted) * is_answer.unsqueeze(2)
        return Sample(inputs, targets, is_answer.float())

    def steps(self, length: int | None = None) -> int:
        return ((length or self.settings.max_items) + 2) * (self.settings.item_length + 1)

    def phases(self, sample: Sample) -> Tensor:
        """The cue is the item that is asked for; delimiters are those of the items and those of the query."""
        ends_list = sample.inputs[:, :, -1] > 0
        is_delimiter = (sample.inputs[:, :, -2] > 0) | ends_list
        queries = ends_list.cumsum(0)
        return drawing.phases(sample.mask, queries == 0, is_delimiter, (queries == 1) & ~ends_list)

    def optimum(self, sample: Sample) -> None:
        return None

    def _items(self, count: int, batch: int, generator: torch.Generator) -> Tensor:
        """So many items for each list, all different: (items, vectors of an item, batch, bits).

        One that equals an earlier one is drawn again until it is new, which leaves all lists of different items alike
        likely.
        """
        import torch

        shape = (count, self.settings.item_length, batch, self.settings.bits)
        items = drawing.random_bits(*shape, generator=generator)
        while True:
            known = items.transpose(1, 2).flatten(2).transpose(0, 1)
            is_double = torch.cdist(known, known, p=1).eq(0).tril(-1).any(2).T
            if not is_double.any():
                return items
            fresh = drawing.random_bits(*shape, generator=generator)
            items = torch.where(is_double[:, None, :, None], fresh, items)
