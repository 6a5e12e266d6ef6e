"""Claims about meaning: how good themes are, how fast texts are read, and what 100,000 and a million of them cost.

    python benchmarks/text.py --data FOLDER [--cache FOLDER] [--texts 100000] [--million] [--only quality,reading,size]

FOLDER holds banking77_train.csv and thunderbird_questions_2025.csv. Themes are found without being told how many there
are; beside them stand k-means with the true number on the same vectors, and on TF-IDF with SVD. Reading is measured
against a bare loop over the same model, batch by batch in turns. Vectors of the large run are kept in the cache: the
first time, reading 100,000 texts takes some ten minutes. Prints tables, writes benchmarks/results/text.json, and ends
with 1 where a claim does not hold.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "engines" / "src"))

import numpy as np  # noqa: E402 - the path comes first
import numpy.typing as npt  # noqa: E402

from roadbed_engines.text import embedding, passages, themes  # noqa: E402

Vectors = npt.NDArray[np.float32]
Labels = npt.NDArray[Any]

CHUNK = 4_096
V_MEASURE, RAND = 0.83, 0.58
RATIO = 1.2
SECONDS, MEGABYTES = 60.0, 2_000.0
SAMPLES = ((300, 30), (500, 10), (500, 20), (500, 77), (1_000, 20), (1_000, 77), (3_000, 20), (3_000, 77))
PARTS = ("quality", "reading", "size")


class Report:
    """What was measured, and whether it is as claimed."""

    def __init__(self) -> None:
        self.figures: dict[str, Any] = {}
        self.broken: list[str] = []

    def claim(self, name: str, value: float, bar: float, *, at_most: bool) -> None:
        holds = value <= bar if at_most else value >= bar
        self.figures[name] = {"value": round(value, 4), "bar": bar, "holds": holds}
        print(
            f"{'ok' if holds else 'NO':<4}{name:<58}{value:>10.3f}   {'at most' if at_most else 'at least'} {bar}"
        )
        if not holds:
            self.broken.append(name)


def read_csv(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(100_000_000)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def vectors_of(texts: Sequence[str], *, cache: Path) -> Vectors:
    """Return the vectors of texts; each chunk is kept, so a stopped run goes on where it was."""
    cache.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in range(0, len(texts), CHUNK):
        chunk = list(texts[start : start + CHUNK])
        name = hashlib.sha256("\x00".join([embedding.MINILM_ID, *chunk]).encode("utf-8", "replace"))
        path = cache / f"{name.hexdigest()[:24]}.npy"
        if not path.is_file():
            np.save(path, embedding.minilm(threads=2).encode(chunk).astype(np.float16))
        parts.append(np.load(path))
    return np.concatenate(parts).astype(np.float32)


def scores(truth: Labels, found: Labels) -> tuple[float, float, int]:
    """Return V-measure, adjusted Rand index, and the number of groups; what is unassigned counts as one."""
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    return v_measure_score(truth, found), adjusted_rand_score(truth, found), len(set(found.tolist()) - {-1})


def k_means(vectors: Vectors, k: int) -> Labels:
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(n_clusters=k, n_init=1, random_state=0).fit_predict(vectors))


def words(texts: Sequence[str]) -> Vectors:
    """Return what there is without a model: TF-IDF in 256 dimensions."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    table = TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words="english").fit_transform(texts)
    return embedding.unit(TruncatedSVD(n_components=256, random_state=0).fit_transform(table))


def quality(report: Report, *, data: Path, cache: Path) -> None:
    rows = read_csv(data / "banking77_train.csv")
    texts, truth = [row["text"] for row in rows], np.array([row["category"] for row in rows])
    vectors = vectors_of(texts, cache=cache)
    table = words(texts)
    print("\nThemes: banking77 and draws from it; V-measure / adjusted Rand index (number of groups)")
    print(
        f"{'rows / true k':<16}{'themes, k unknown':>24}{'k-means, true k':>24}{'TF-IDF, true k':>24}{'ratio':>8}"
    )
    draws = [(len(rows), 77, np.arange(len(rows)))]
    for size, classes in SAMPLES:
        chance = np.random.default_rng(size + classes)
        kept = np.flatnonzero(np.isin(truth, chance.choice(np.unique(truth), classes, replace=False)))
        draws.append((size, classes, chance.choice(kept, min(size, len(kept)), replace=False)))
    for _, classes, pick in draws:
        ours = scores(truth[pick], themes.find_themes(vectors=vectors[pick]).assignment)
        means = scores(truth[pick], k_means(vectors[pick], classes))
        bare = scores(truth[pick], k_means(table[pick], classes))
        cells = [f"{v:.3f} / {rand:.3f} ({k})" for v, rand, k in (ours, means, bare)]
        name = f"{len(pick):,} / {classes}"
        print(f"{name:<16}" + "".join(f"{cell:>24}" for cell in cells) + f"{ours[1] / means[1]:>8.2f}")
        report.figures[f"themes of {name}"] = {"ours": ours, "k_means_true_k": means, "tf_idf_true_k": bare}
        if len(pick) == len(rows):
            full = ours
    report.claim("banking77, k unknown: V-measure", full[0], V_MEASURE, at_most=False)
    report.claim("banking77, k unknown: adjusted Rand index", full[1], RAND, at_most=False)


def bare_loop(texts: Sequence[str], session: Any, tokenizer: Any) -> Vectors:
    """Read texts with nothing around the model: sorted by length, batches of 32, mean, length 1."""
    encodings = tokenizer.encode_batch(list(texts))
    order = sorted(range(len(texts)), key=lambda place: len(encodings[place].ids))
    out = np.zeros((len(texts), 384), dtype=np.float32)
    for start in range(0, len(order), 32):
        batch = order[start : start + 32]
        width = max(len(encodings[place].ids) for place in batch)
        ids = np.zeros((len(batch), width), dtype=np.int64)
        mask = np.zeros((len(batch), width), dtype=np.int64)
        for row, place in enumerate(batch):
            ids[row, : len(encodings[place].ids)] = encodings[place].ids
            mask[row, : len(encodings[place].ids)] = 1
        states = session.run(
            None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        )
        mean = (states[0] * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        out[batch] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return out


def reading(report: Report, *, data: Path) -> None:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(embedding.minilm_path()), sess_options=options, providers=["CPUExecutionProvider"]
    )
    tokenizer = embedding.read_tokenizer()
    model = embedding.minilm(threads=2)
    short = [row["text"] for row in read_csv(data / "banking77_train.csv")][:1_536]
    long = [f"{row['title']}. {row['body']}" for row in read_csv(data / "thunderbird_questions_2025.csv")][
        :384
    ]
    print("\nReading: texts a second, two threads, five rounds in turns")
    print(f"{'texts':<26}{'bare loop':>12}{'here':>12}{'ratio':>8}{'of CPU':>8}")
    for name, texts in (("short, 12 words", short), ("long, title and body", long)):
        model.encode(texts[:64])
        bare_loop(texts[:64], session, tokenizer)
        rounds = [(timed(bare_loop, texts, session, tokenizer), timed(model.encode, texts)) for _ in range(5)]
        # The least disturbed round of each: other work on the machine only ever adds.
        (bare, bare_cpu), (ours, cpu) = (
            [min(each) for each in zip(*one, strict=True)] for one in zip(*rounds, strict=True)
        )
        ratio = ours / bare
        print(
            f"{name:<26}{len(texts) / bare:>12.0f}{len(texts) / ours:>12.0f}{ratio:>8.2f}{cpu / bare_cpu:>8.2f}"
        )
        report.figures[f"reading {name}"] = {
            "bare_per_second": round(len(texts) / bare, 1),
            "here_per_second": round(len(texts) / ours, 1),
            "cpu_ratio": round(cpu / bare_cpu, 3),
        }
        report.claim(f"reading {name}: times a bare loop", ratio, RATIO, at_most=True)


def timed(work: Callable[..., object], *given: object) -> tuple[float, float]:
    """Return the seconds that passed, and those that the processors worked."""
    began, worked = time.perf_counter(), time.process_time()
    work(*given)
    return time.perf_counter() - began, time.process_time() - worked


def many_texts(data: Path) -> Iterator[str]:
    """Yield the texts there are, each once: questions of banking, titles and sentences of support questions."""
    seen: set[str] = set()

    def each() -> Iterator[str]:
        for row in read_csv(data / "banking77_train.csv"):
            yield row["text"]
        questions = read_csv(data / "thunderbird_questions_2025.csv")
        # English first, since the model reads English.
        for row in sorted(questions, key=lambda row: row["locale"] != "en-US"):
            yield row["title"]
            yield from (row["body"][start:end] for start, end in passages.sentences(row["body"]))

    for text in each():
        if 10 < len(text) < 400 and text not in seen:
            seen.add(text)
            yield text


def size(report: Report, *, data: Path, cache: Path, count: int, million: bool) -> None:
    texts = list(islice(many_texts(data), count))
    vectors = vectors_of(texts, cache=cache)
    print("\nThemes of many texts, in a process of their own (its peak memory holds the vectors too)")
    print(f"{'texts':<26}{'seconds':>10}{'of CPU':>10}{'MB':>10}{'themes':>10}{'broad':>8}")
    with tempfile.TemporaryDirectory(prefix="roadbed-bench-") as folder:
        path = Path(folder) / "vectors.npy"
        np.save(path, vectors.astype(np.float16))
        found = in_process(path, rows=count)
        show(report, f"{count:,}", found)
        # Other work on the machine only ever adds to the seconds that pass; what two cores worked is beside them.
        report.claim(f"themes of {count:,} texts: seconds", found["seconds"], SECONDS, at_most=True)
        report.claim(f"themes of {count:,} texts: MB", found["megabytes"], MEGABYTES, at_most=True)
        if million:
            show(report, "1,000,000 (with noise)", in_process(path, rows=1_000_000))


def show(report: Report, name: str, found: dict[str, float]) -> None:
    report.figures[f"themes of {name}"] = found
    print(
        f"{name:<26}{found['seconds']:>10.1f}{found['cpu_seconds']:>10.1f}{found['megabytes']:>10.0f}"
        f"{found['themes']:>10.0f}{found['broad']:>8.0f}"
    )


def in_process(path: Path, *, rows: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", str(path), "--rows", str(rows)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this very file
    return dict(json.loads(done.stdout))


def child(path: Path, count: int) -> None:
    """Find the themes of stored vectors, with noisy copies of them where more are wanted, and say what it took."""
    few = np.load(path)
    vectors = np.empty((count, few.shape[1]), dtype=np.float32)
    chance = np.random.default_rng(0)
    for start in range(0, count, len(few)):
        part = vectors[start : start + len(few)]
        part[:] = few[: len(part)]
        if start:
            part += 0.02 * chance.standard_normal(part.shape, dtype=np.float32)
            part[:] = embedding.unit(part)
    del few
    worked = time.process_time()
    began = time.perf_counter()
    found = themes.find_themes(vectors=vectors)
    print(
        json.dumps(
            {
                "seconds": round(time.perf_counter() - began, 1),
                "cpu_seconds": round(time.process_time() - worked, 1),
                "megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                "themes": found.count,
                "broad": int(found.broad.max()) + 1,
                "resolution": found.resolution,
            }
        )
    )


def main() -> int:
    """Measure, print, write down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "roadbed-vectors")
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child is not None:
        child(asked.child, asked.rows)
        return 0
    if asked.data is None:
        parser.error("--data is missing")
    report, parts = Report(), set(asked.only.split(","))
    if "quality" in parts:
        quality(report, data=asked.data, cache=asked.cache)
    if "reading" in parts:
        reading(report, data=asked.data)
    if "size" in parts:
        size(report, data=asked.data, cache=asked.cache, count=asked.texts, million=asked.million)
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    facts = {"python": platform.python_version(), "model": embedding.MINILM_ID, **report.figures}
    (results / "text.json").write_text(json.dumps(facts, indent=2, default=float) + "\n")
    print("\nEvery claim holds." if not report.broken else f"\nNOT as claimed: {'; '.join(report.broken)}")
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
