"""How kernels are compiled and kept.

A function that only compiled code calls has no door to Python and no file of its own: both would take longer to make
than the function. It ends up inside the entries, which are kept on disk, each with all that it calls.
"""

from __future__ import annotations

import inspect
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llvmlite.binding import Linkage
from numba import config as numba_config
from numba import njit, types
from numba.core import event
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.extending import intrinsic

from ntm_core.kernels import keeping, tell_compiling

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

config: Any = numba_config
"""What numba was told by its environment."""

_inner = partial(njit, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)

_ANY_ORDER = {"reassoc", "contract", "nsz", "arcp"}

exact = _inner()
"""For what NumPy repeats to the bit: nothing changes places. A product and a sum may round once; see `write`."""
in_order = _inner(fastmath={"contract"})
"""For what relies on the order of its operations: a product and a sum may round once."""
loose = _inner(fastmath=_ANY_ORDER)
"""For sums of any order, of any numbers: NaN stays NaN."""
woven = _inner(inline="always")
"""For what one place calls: it becomes part of the caller, and is compiled as that is."""
without_nan = _inner(fastmath={"nnan", "nsz"})
"""For what may give any number where one is NaN."""


class _OwnCopies(JITCodeLibrary):
    """Code that calls its own copies of all that it calls.

    Left as they are, the copies would give way to whatever bears their names already: in the process that compiles,
    each was compiled alone before, and in one that loads, the entry that came first brought its own. Those are rounded
    by other instructions: the last bits of a training would depend on who compiled, and on what was loaded first.
    """

    def _optimize_final_module(self) -> None:
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == Linkage.linkonce_odr:
                function.linkage = Linkage.internal
        super()._optimize_final_module()  # type: ignore[no-untyped-call]


class _Compiler(CompilerBase):
    """As any other, into such code."""

    def define_pipelines(self) -> list[Any]:
        codegen = self.state.targetctx.codegen()
        library: Any = _OwnCopies(codegen, self.state.func_id.func_qualname)  # type: ignore[no-untyped-call]
        library.enable_object_caching()
        self.state.library = library
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]  # type: ignore[no-untyped-call]


def entry(function: Callable[..., Any]) -> Any:
    """What is called from Python: compiled once for a machine, and run beside other threads."""
    compiled = partial(njit, nogil=True, error_model="numpy", fastmath=_ANY_ORDER, pipeline_class=_Compiler)
    before = config.CACHE_DIR  # where numba keeps what is not ours
    try:
        config.CACHE_DIR = str(keeping.place(Path(inspect.getfile(function)), before))
        made = compiled(cache=True)(function)
    except (OSError, RuntimeError) as error:
        log.info("kernels are compiled anew in every process, since there is nowhere to keep them: %s", error)
        made = compiled()(function)
    finally:
        config.CACHE_DIR = before
    _entries.append(made)
    return made


class _Telling(event.Listener):
    """Tells when the first entry of a process is compiled, and not merely loaded."""

    has_told = False

    def on_start(self, told: Any) -> None:
        if not self.has_told and told.data["dispatcher"] in _entries:
            self.has_told = True
            tell_compiling()

    def on_end(self, told: Any) -> None:
        pass


_entries: list[Any] = []
_register: Any = event.register
_listener = _Telling()
_register("numba:compile", _listener)


def instructions(function: Callable[..., Any]) -> Any:
    """A function that numba takes instructions from instead of Python."""
    return intrinsic(function)


@instructions
def matrix(context: Any, row: Any, first: Any, rows: Any, columns: Any) -> Any:
    """A part of a row as (rows, columns): what reshaping does, which takes far longer to compile."""
    made = types.Array(row.dtype, 2, "C")

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = context.make_array(signature.args[0])(context, builder, arguments[0])
        _, first, rows, columns = arguments
        view = context.make_array(made)(context, builder)
        size = source.itemsize
        context.populate_array(
            view,
            data=builder.gep(source.data, [first]),
            shape=[rows, columns],
            strides=[builder.mul(columns, size), size],
            itemsize=size,
            meminfo=None,
        )
        return view._getvalue()

    return made(row, types.intp, types.intp, types.intp), build
