"""Claims about speed: the engine answers over 100,000 passages within 60 ms, and suggests while typing within 150 ms.

    python benchmarks/text_search_speed.py --data ../shared/data/feedback [--passages 100000]

CPU time of one thread; the texts are made of real questions, the vectors are at random directions. Beside it stand
SQLite's FTS5 alone and a product of vectors in numpy alone. Prints, writes benchmarks/results/text_search_speed.json,
and ends with 1 where a claim does not hold. benchmarks/ask.py times the same in the product, with its database and its
walls.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import sqlite3
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "engines" / "src"))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in a web process

import numpy as np  # noqa: E402 - the path comes first

from roadbed_engines.text import answers, duplicates, embedding, lexical, questions  # noqa: E402

CLAIMS: list[dict[str, Any]] = []


def claim(name: str, value: float, bar: float, **beside: float) -> None:
    CLAIMS.append({"claim": name, "value": round(value, 2), "bar": bar, "holds": value <= bar, **beside})
    others = "  ".join(f"{key.replace('_', ' ')} {number:.1f}" for key, number in beside.items())
    print(f"{'ok ' if value <= bar else 'NO '} {name:58s} {value:8.1f}  (bar {bar})   {others}", flush=True)


def fts(texts: Sequence[str]) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE words USING fts5(body, tokenize='porter unicode61')")
    database.executemany("INSERT INTO words(rowid, body) VALUES (?, ?)", enumerate(texts))
    return database


def fts_scores(database: sqlite3.Connection, query: str, *, texts: int) -> np.ndarray:
    scores = np.zeros(texts)
    terms = [word for word in dict.fromkeys(lexical.raw_words(query)) if word not in lexical.STOP_WORDS]
    match = " OR ".join(f'"{word}"' for word in terms)
    if match:
        found = database.execute("SELECT rowid, -bm25(words) FROM words WHERE words MATCH ?", (match,))
        for row, score in found:
            scores[row] = score
    return scores


def cost(data: Path, *, passages: int, rounds: int = 60) -> None:
    """Time Ask's own work over many passages: question vector, both searches, fusion, sentences."""
    with (data / "thunderbird_questions_2025.csv").open(newline="", encoding="utf-8") as file:
        texts = [f"{row['title']}. {row['body']}" for row in csv.DictReader(file)]
    parts = [re.sub(r"\s+", " ", text[:500]) for text in texts]
    rng = random.Random(1)  # noqa: S311 - a benchmark's texts are no secret
    made = [
        parts[at] if at < len(parts) else f"{rng.choice(parts)[:220]} {rng.choice(parts)[-220:]}"
        for at in range(passages)
    ]
    vectors = np.random.default_rng(1).normal(size=(passages, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    began = time.process_time()
    index = lexical.index(texts=made)
    print(f"    indexing {passages:,} passages took {time.process_time() - began:.1f} s")
    database = fts(made)
    content = json.loads((data / "xquad.en.json").read_text(encoding="utf-8"))
    paragraphs = [one for article in content["data"] for one in article["paragraphs"]]
    asked = [one["question"] for paragraph in paragraphs for one in paragraph["qas"]]
    titles = [text.split(". ")[0] for text in rng.sample(texts, rounds // 2)] + rng.sample(asked, rounds // 2)
    model = embedding.minilm()
    model.encode(["warm"])
    times: dict[str, list[float]] = {"whole": [], "fts5": [], "numpy": []}
    for text in titles:
        began = time.process_time()
        fts_scores(database, text, texts=passages)
        times["fts5"].append(time.process_time() - began)
        vector = model.encode([text])[0]
        began = time.process_time()
        _ = vectors @ vector
        times["numpy"].append(time.process_time() - began)
        began = time.process_time()
        question = questions.read(text)
        vector = model.encode([question.text], kind="query")[0]
        answers.answer(
            question=question,
            question_vector=vector,
            passages=made,
            scores=answers.fuse(cosines=vectors @ vector, lexical_scores=index.scores(question.text)),
            rarity=index.vocabulary.rarity,
            encode=model.encode,
            encoded=3,
            characters=100,
        )
        times["whole"].append(time.process_time() - began)
    median = {name: statistics.median(found) * 1000 for name, found in times.items()}
    claim(
        f"Ask over {passages:,} passages, median ms",
        median["whole"],
        60,
        fts5_ms=median["fts5"],
        numpy_ms=median["numpy"],
        p95_ms=sorted(times["whole"])[int(len(titles) * 0.95)] * 1000,
    )
    typed = []
    for text in titles:
        began = time.process_time()
        vector = model.encode([text[: rng.randint(8, 60)]])[0]
        fused = answers.fuse(cosines=vectors @ vector, lexical_scores=index.scores(text))
        best = np.argpartition(-fused, 20)[:20]
        duplicates.score_pairs(
            text=text, vector=vector, others=[made[at] for at in best], vectors=vectors[best]
        )
        typed.append(time.process_time() - began)
    claim(
        f"Suggestions while typing over {passages:,} texts, median ms",
        statistics.median(typed) * 1000,
        150,
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "feedback")
    parser.add_argument("--passages", type=int, default=100_000)
    options = parser.parse_args()
    cost(options.data, passages=options.passages)
    path = ROOT / "benchmarks" / "results" / "text_search_speed.json"
    path.write_text(
        json.dumps({"model": embedding.MINILM_ID, "claims": CLAIMS}, indent=2) + "\n", encoding="utf-8"
    )
    return 0 if all(one["holds"] for one in CLAIMS) else 1


if __name__ == "__main__":
    sys.exit(main())
