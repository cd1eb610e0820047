"""One training in several processes, each of which learns from its share of every batch.

`torchrun` starts them and tells each, by its environment, which it is. All draw the same batch, compute on their own
sequences of it, add up their gradients and make the same update; so every one has the same weights at any time.

There is one sum of one buffer for each update and no hook of DistributedDataParallel: where a network runs over a
sequence, every gradient is whole only once the backward pass has come to the first step, so there is nothing that
sending early could overlap with, and the buffer is small. Needs no torch until a process has joined the others.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NoReturn

from ntm_core.errors import ConfigError, CoreError, DeviceError, ProcessError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from torch import Tensor


class Group:
    """The processes of a training; this class is that of a process which trains alone."""

    rank = 0
    size = 1

    def __init__(self) -> None:
        self._wishes_to_end = False

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that measures, records and tells."""
        return self.rank == 0

    def device(self, name: str) -> torch.device:
        """Where this process computes if a device of that name is wanted. Raises DeviceError if it isn't there."""
        from ntm_core import devices

        return devices.choose(name)

    def join(self, name: str) -> None:
        """Meet the others, to compute on devices of that name. Raises CoreError where that is impossible."""

    def leave(self) -> None:
        """Be done with the others."""

    def share(self, batch: int) -> slice:
        """The sequences of a batch that are this process's own. Raises ConfigError where there is no even share."""
        if batch % self.size:
            raise ConfigError(
                f"a batch that {self.size} processes can share was wanted, a multiple of {self.size}; got {batch}"
            )
        own = batch // self.size
        return slice(self.rank * own, (self.rank + 1) * own)

    def agree(self, tensors: Sequence[Tensor]) -> None:
        """Give the tensors the values that they have in the first process. Raises ProcessError where one is gone."""

    def summed(self, gradients: Sequence[Tensor], figures: Tensor) -> Tensor:
        """Add up the gradients of all processes, in place, and put their figures side by side.

        figures: (kinds, own sequences). Returns them for the whole batch: (kinds, batch). Raises ProcessError where a
        process is gone.
        """
        return figures

    def from_first(self, values: Callable[[], Sequence[float]], count: int) -> Sequence[float]:
        """So many numbers that the first process works out for all. Raises ProcessError where one is gone."""
        return values()

    def wish_to_end(self) -> None:
        """Ask that training ends early, in all processes after the same update."""
        self._wishes_to_end = True

    @property
    def is_ending(self) -> bool:
        """Whether a process wished to end, as all know it since the last update."""
        return self._wishes_to_end

    def is_first_to_tell(self) -> bool:
        """Whether this process is the one that says what went wrong: true once, in one of them."""
        return True


class Processes(Group):
    """Several processes; nothing of it works before `join` but `rank`, `size`, `device` and `share`."""

    def __init__(self, rank: int, size: int, local_rank: int) -> None:
        super().__init__()
        self.rank = rank
        self.size = size
        self._local_rank = local_rank
        """Among the processes of this machine."""
        self._device: Any = None
        self._store: Any = None
        self._wishes: Tensor | None = None
        """How many wished to end at the last update, (1,)."""

    def device(self, name: str) -> torch.device:
        chosen = super().device(name)
        if chosen.type == "cuda" and ":" not in name:
            return super().device(f"cuda:{self._local_rank}")
        if chosen.type != "cpu":
            raise DeviceError(f"device of {self.size} processes is cpu, or cuda for one GPU each; got {name!r}")
        return chosen

    def join(self, name: str) -> None:
        from torch import cuda, distributed
        from torch.distributed.rendezvous import rendezvous

        self._device = self.device(name)
        is_cuda = self._device.type == "cuda"
        if is_cuda:
            cuda.set_device(self._device)
        try:
            self._store, rank, size = next(rendezvous("env://"))
            distributed.init_process_group(
                "nccl" if is_cuda else "gloo",
                store=self._store,
                rank=rank,
                world_size=size,
                device_id=self._device if is_cuda else None,
            )
        except (RuntimeError, ValueError) as error:
            raise ProcessError(
                f"the {self.size} processes of this training did not meet: {_first_line(error)}"
            ) from error

    def leave(self) -> None:
        from torch import distributed

        if distributed.is_initialized():
            distributed.destroy_process_group()

    def end_process(self, code: int) -> NoReturn:
        """End here and now, once all is written.

        The interpreter is not taken down: a thread of gloo that is late lets go of its last tensor only then, needs the
        interpreter for that, and ends the process with SIGABRT.
        """
        os._exit(code)

    def agree(self, tensors: Sequence[Tensor]) -> None:
        import torch

        with torch.no_grad():
            flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
            self._together("broadcast", flat, 0)
            _spread(flat, tensors)

    def summed(self, gradients: Sequence[Tensor], figures: Tensor) -> Tensor:
        import torch

        kinds, own = figures.shape
        joint = figures.new_zeros(kinds, own * self.size)
        joint[:, self.rank * own : (self.rank + 1) * own] = figures
        self._wishes = figures.new_full((1,), float(self._wishes_to_end))
        parts = [*gradients, joint, self._wishes]
        flat = torch.cat([part.reshape(-1) for part in parts])
        self._together("all_reduce", flat)
        _spread(flat, parts)
        return joint

    def from_first(self, values: Callable[[], Sequence[float]], count: int) -> Sequence[float]:
        import torch

        told = torch.tensor(values() if self.is_first else [0.0] * count, dtype=torch.float64, device=self._device)
        self._together("broadcast", told, 0)
        numbers: list[float] = told.tolist()
        return numbers

    @property
    def is_ending(self) -> bool:
        return self._wishes is not None and self._wishes.item() > 0

    def is_first_to_tell(self) -> bool:
        if self._store is None:
            return self.is_first  # what goes wrong before they meet goes wrong in all of them
        try:
            return bool(self._store.add("ntmviz told", 1) == 1)
        except RuntimeError:
            return True  # whoever keeps the count is gone, and cannot have told

    def _together(self, what: str, *arguments: Any) -> None:
        """What all processes do at once."""
        from torch import distributed

        try:
            getattr(distributed, what)(*arguments)
        except RuntimeError as error:
            raise ProcessError(
                f"another of the {self.size} processes of this training is gone, and none goes on without it; what is "
                f"trained so far is kept, to be resumed ({_first_line(error)})"
            ) from error


def of_environment(environment: Mapping[str, str] = os.environ) -> Group:
    """The group that torchrun has put this process into, alone where there is none. Raises CoreError on nonsense."""
    if not {"RANK", "WORLD_SIZE"} <= environment.keys():
        return Group()
    told = {name: environment.get(name, "0") for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    if not all(text.isdecimal() for text in told.values()) or not int(told["RANK"]) < int(told["WORLD_SIZE"]):
        words = ", ".join(f"{name}={text}" for name, text in told.items())
        raise CoreError(f"torchrun tells a process its RANK, below WORLD_SIZE, and LOCAL_RANK; got {words}")
    rank, size, local_rank = map(int, told.values())
    return Group() if size == 1 else Processes(rank, size, local_rank)


def _spread(flat: Tensor, tensors: Sequence[Tensor]) -> None:
    """Copy a flat buffer back into the tensors that it was made of."""
    start = 0
    for tensor in tensors:
        tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
        start += tensor.numel()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
