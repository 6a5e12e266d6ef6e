"""Vectors as one matrix in a file that all processes of the machine share, so that a search reads no rows.

The file is a cache. A row belongs to a text (by its digest), never to a record, and is never changed: what is
missing is appended under a lock, and a file that is half waste is written anew beside the old one. Deleting the
folder loses nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from roadbed_engines.text import signs

try:
    import fcntl
except ImportError:  # not on Windows, where one process serves and works
    fcntl = None  # type: ignore[assignment]

Matrix = npt.NDArray[np.float32]

NAME = 16
"""Bytes of a digest."""


class Shelf:
    """The rows of one workspace and model. Not for several threads at once."""

    def __init__(self, *, folder: Path, dimensions: int) -> None:
        self._folder = folder
        self._dimensions = dimensions
        self._names = folder / "names"
        self._rows = folder / "rows"
        self._row_of: dict[bytes, int] = {}
        self._edition = b""
        self._matrix: Matrix = np.empty((0, dimensions), dtype=np.float32)
        self._signs = signs.signs(self._matrix)

    @property
    def matrix(self) -> Matrix:
        """All rows, shape (rows, dimensions), mapped from the file."""
        return self._matrix

    @property
    def signs(self) -> signs.Signs:
        """The signs of all rows, kept in memory: a thirty-second of the matrix."""
        held = self._signs.shape[1]
        if held < len(self._matrix):
            self._signs = np.concatenate([self._signs, signs.signs(self._matrix[held:])], axis=1)
        return self._signs

    def row_of(self, digest: str) -> int:
        """Return the row of a text, -1 where it has none."""
        return self._row_of.get(bytes.fromhex(digest), -1)

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Return those texts that have no row, after looking at what other processes added."""
        self.refresh()
        return [digest for digest in digests if bytes.fromhex(digest) not in self._row_of]

    def refresh(self) -> None:
        """Take in what other processes added, or wrote anew."""
        try:
            with self._names.open("rb") as names:
                edition = names.read(NAME)
                size = names.seek(0, 2) // NAME - 1
                count = max(0, min(size, self._rows.stat().st_size // (4 * self._dimensions)))
                if edition != self._edition or count < len(self._row_of):
                    self._row_of, self._edition = {}, edition
                    self._signs = self._signs[:, :0]
                known = len(self._row_of)
                names.seek((known + 1) * NAME)
                fresh = names.read((count - known) * NAME)
        except FileNotFoundError:
            return
        for place in range(len(fresh) // NAME):
            self._row_of[fresh[place * NAME : (place + 1) * NAME]] = known + place
        if fresh or len(self._matrix) != count:
            self._matrix = self._mapped(count)

    def _mapped(self, count: int) -> Matrix:
        if not count:
            return np.empty((0, self._dimensions), dtype=np.float32)
        return np.memmap(self._rows, dtype="<f4", mode="r", shape=(count, self._dimensions))

    def add(self, digests: list[str], vectors: Matrix) -> None:
        """Append rows; those that another process appended in the meantime are left out."""
        with self._locked():
            self.refresh()
            places = {
                digest: place
                for place, digest in enumerate(digests)
                if bytes.fromhex(digest) not in self._row_of
            }
            if not places:
                return
            if not self._edition:
                self._begin()
            # A process that died between the two files left a tail in one of them.
            rows = np.ascontiguousarray(vectors[list(places.values())], dtype="<f4").tobytes()
            names = b"".join(map(bytes.fromhex, places))
            for path, kept, more in (
                (self._rows, len(self._row_of) * 4 * self._dimensions, rows),
                (self._names, (len(self._row_of) + 1) * NAME, names),
            ):
                with path.open("ab") as file:
                    file.truncate(kept)
                    file.write(more)
            self.refresh()

    def empty(self) -> None:
        """Begin anew, for a file that is mostly waste; others go on reading the old one until they refresh."""
        with self._locked():
            self._begin()
            self.refresh()

    def _begin(self) -> None:
        # Other processes may have the old files mapped: they are replaced, never emptied.
        for path, content in ((self._names, uuid.uuid4().bytes), (self._rows, b"")):
            fresh = path.with_suffix(".new")
            fresh.write_bytes(content)
            fresh.replace(path)
        self._row_of, self._edition = {}, self._names.read_bytes()[:NAME]
        self._signs = self._signs[:, :0]
        self._matrix = self._mapped(0)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / "lock").open("ab") as lock:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
