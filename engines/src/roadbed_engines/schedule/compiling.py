"""Compile the inner loops to machine code where that is possible; run them as they are where it is not.

The same source is run either way, so the answers are the same to the last digit; only the time differs. What was
compiled is kept beside the source, or in the user's cache folder, so that a machine compiles once. numba looks for
changes in the file of a function alone, not in those that it calls; so the folder is named after all sources together.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
OFF = "ROADBED_WITHOUT_COMPILER"
"""Set in the environment, nothing is compiled: slow, for machines without a working numba."""
HERE = Path(__file__).resolve().parent

_jit: Callable[..., Any] | None = None
if not os.environ.get(OFF):
    try:
        import numba

        _jit = numba.njit
        _config: Any = numba.config
    except Exception:  # noqa: BLE001 - whatever is wrong with a compiler, the source still runs
        _jit = None

IS_COMPILED = _jit is not None


def _digest() -> str:
    found = hashlib.sha256()
    for path in sorted(HERE.glob("*.py")):
        source = path.read_bytes()
        if b"compiled" in source or path.name == "arrays.py":
            found.update(source)
    return found.hexdigest()[:16]


def _home() -> Path | None:
    """Return the folder that compiled code is kept in: the first that can be written, or none."""
    own = os.environ.get("NUMBA_CACHE_DIR")
    user = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - "~" may have no home
    places = [Path(own)] if own else [HERE / "__pycache__", Path(user) / "roadbed"]
    for place in places:
        try:
            folder = place / f"compiled-{_digest()}"
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return None


FOLDER = _home() if IS_COMPILED else None


def forget_old() -> None:
    """Remove what was compiled from sources that are no more."""
    if FOLDER is not None:
        for other in FOLDER.parent.glob("compiled-*"):
            if other != FOLDER:
                shutil.rmtree(other, ignore_errors=True)


@contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    """Let numba keep what is declared inside in this folder; it asks for the place when a function is declared."""
    before = _config.CACHE_DIR
    _config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        _config.CACHE_DIR = before


def compiled(function: Function) -> Function:
    """Compile a function that takes and returns numbers and arrays; it lets go of the interpreter's lock."""
    if _jit is None:
        return function
    made: Function
    if FOLDER is not None:
        try:
            with _kept_in(FOLDER):
                made = _jit(cache=True, nogil=True)(function)
        except (RuntimeError, OSError):
            pass
        else:
            return made
    # No folder can be written, not even the user's: compile anew in each process.
    made = _jit(nogil=True)(function)
    return made


def as_written(function: Function) -> Function:
    """Return the function as Python runs it, for comparing the two."""
    plain: Function = getattr(function, "py_func", function)
    return plain
