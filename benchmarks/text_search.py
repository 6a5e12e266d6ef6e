"""Claims about finding: duplicates, passages, answers, and saying "not found".

    python benchmarks/text_search.py --data ../shared/data/feedback [--cache FOLDER] [--fit] [--encoded 3]

Every figure stands beside what is there without us: SQLite's FTS5 alone (porter stems), and a product of vectors in
numpy alone. `--fit` learns the coefficients of the refusal anew by cross-validation over whole articles and prints
them; `--encoded 3 --characters 100` reads as few sentences, and as little of each, as the product does. Prints tables,
writes benchmarks/results/text_search.json, and ends with 1 where a claim does not hold.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "engines" / "src"))

import numpy as np  # noqa: E402 - the path comes first

from roadbed_engines.text import answers, duplicates, embedding, lexical, questions, rows, sentences, signs  # noqa: E402

CACHE = Path(tempfile.gettempdir()) / "roadbed-vectors"
CLAIMS: list[dict[str, Any]] = []
READ = {"encoded": answers.SENTENCES_ENCODED, "characters": answers.SENTENCE_READ}
"""How many sentences are read for a question, and how much of each."""


def vectors_of(texts: Sequence[str]) -> np.ndarray:
    """Return the vectors of texts, kept on disk between runs."""
    CACHE.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256("\x00".join([embedding.MINILM_ID, *texts]).encode("utf-8", "ignore")).hexdigest()
    path = CACHE / f"{name[:24]}.npy"
    if path.exists():
        return np.asarray(np.load(path), dtype=np.float32)
    found = embedding.minilm().encode(list(texts))
    np.save(path, found)
    return found


def claim(name: str, value: float, bar: float, **beside: float) -> None:
    holds = value >= bar
    CLAIMS.append({"claim": name, "value": round(value, 4), "bar": bar, "holds": holds, **beside})
    others = "  ".join(f"{key.replace('_', ' ')} {number:.3f}" for key, number in beside.items())
    print(f"{'ok ' if holds else 'NO '} {name:58s} {value:8.3f}  (bar {bar})   {others}", flush=True)


def mrr(scores: np.ndarray, truth: np.ndarray, *, depth: int = 10) -> float:
    own = scores[np.arange(len(truth)), truth]
    rank = (scores > own[:, None]).sum(axis=1) + 1
    return float(np.where(rank <= depth, 1 / rank, 0).mean())


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


def seamonkey(data: Path) -> None:
    csv.field_size_limit(10**9)
    with (data / "gitbugs_seamonkey_bugs.csv").open(newline="", encoding="utf-8") as file:
        bugs = list(csv.DictReader(file))
    place = {bug["Issue id"]: at for at, bug in enumerate(bugs)}
    truth: dict[int, set[int]] = {}
    with (data / "gitbugs_seamonkey_duplicates.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for other in row["Duplicate id"].split(","):
                if row["Issue id"] in place and other.strip() in place:
                    truth.setdefault(place[row["Issue id"]], set()).add(place[other.strip()])
    texts = [f"{bug['Summary']}. {bug['Description'] or ''}" for bug in bugs]
    vectors = vectors_of(texts)
    began = time.perf_counter()
    pairs = duplicates.find_duplicates(texts=texts, vectors=vectors, least=0.0)
    took = time.perf_counter() - began
    ranked: dict[int, list[int]] = {}
    for pair in pairs:
        ranked.setdefault(pair.first, []).append(pair.second)
        ranked.setdefault(pair.second, []).append(pair.first)

    def recall(top: Callable[[int], Sequence[int]]) -> float:
        hits = sum(len(others & set(list(top(bug))[:10])) for bug, others in truth.items())
        return hits / sum(map(len, truth.values()))

    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    database = fts(texts)

    def by_words(bug: int) -> list[int]:
        scores = fts_scores(database, texts[bug][:2000], texts=len(texts))
        scores[bug] = -1
        return [int(at) for at in np.argsort(-scores)[:10]]

    claim(
        "SeaMonkey duplicates, recall at 10",
        recall(lambda bug: ranked.get(bug, [])),
        0.82,
        fts5=recall(by_words),
        numpy=recall(lambda bug: np.argsort(-cosines[bug])[:10].tolist()),
        seconds=round(took, 2),
    )


@dataclass
class Reading:
    """A collection made ready for questions."""

    texts: list[str]
    vectors: rows.Rows
    words: lexical.LexicalIndex

    @classmethod
    def of(cls, texts: list[str]) -> Reading:
        return cls(texts=texts, vectors=close_vectors(texts), words=lexical.index(texts=texts))

    def cosines(self, vector: np.ndarray) -> np.ndarray:
        return self.vectors.closeness(vector)


def close_vectors(texts: list[str]) -> rows.Rows:
    cut = rows.cut(texts)
    return rows.Rows(
        passages=vectors_of(cut.passages),
        passage_rows=cut.passage_rows,
        sentences=vectors_of(cut.sentences),
        sentence_rows=cut.sentence_rows,
        count=len(texts),
    )


def xquad(data: Path) -> tuple[list[str], list[str], np.ndarray, list[list[str]], list[int]]:
    content = json.loads((data / "xquad.en.json").read_text(encoding="utf-8"))
    texts: list[str] = []
    asked: list[str] = []
    truth: list[int] = []
    gold: list[list[str]] = []
    group: list[int] = []
    for number, article in enumerate(content["data"]):
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                asked.append(question["question"])
                truth.append(len(texts))
                gold.append([answer["text"] for answer in question["answers"]])
                group.append(number)
            texts.append(paragraph["context"])
    return texts, asked, np.array(truth), gold, group


def ranking(name: str, bar: float, texts: list[str], asked: list[str], truth: np.ndarray) -> None:
    reading = Reading.of(texts)
    vectors = vectors_of(asked)
    fused = np.stack(
        [
            answers.fuse(
                cosines=reading.cosines(vector),
                lexical_scores=reading.words.scores(questions.read(text).text),
            )
            for text, vector in zip(asked, vectors, strict=True)
        ]
    )
    database = fts(texts)
    whole = vectors_of(texts)
    claim(
        name,
        mrr(fused, truth),
        bar,
        fts5=mrr(np.stack([fts_scores(database, text, texts=len(texts)) for text in asked]), truth),
        numpy=mrr(vectors @ whole.T, truth),
    )


def thunderbird(data: Path) -> None:
    with (data / "thunderbird_qa_accepted_3000.csv").open(newline="", encoding="utf-8") as file:
        cases = list(csv.DictReader(file))
    asked = [f"{row['title']}. {row['body']}" for row in cases]
    ranking(
        "Thunderbird title and body to accepted answer, MRR at 10",
        0.23,
        [row["accepted_answer"] for row in cases],
        asked,
        np.arange(len(cases)),
    )


@dataclass
class Case:
    """One question asked once, with its passage in the collection or without."""

    group: str
    answerable: bool
    answer: answers.Answer
    correct: bool


def ask_all(
    texts: list[str],
    asked: list[str],
    truth: Sequence[int],
    gold: Sequence[Sequence[str]],
    group: Sequence[str],
) -> list[Case]:
    """Ask each question twice: as it is, and with its own passage taken out."""
    reading = Reading.of(texts)
    vectors = vectors_of(asked)
    every = [span.of(text) for text in texts for span in sentences.split(text)]
    known = dict(zip(every, vectors_of(every), strict=True))

    def encode(wanted: Sequence[str]) -> np.ndarray:
        fresh = [one for one in wanted if one not in known]
        known.update(zip(fresh, embedding.minilm().encode(fresh), strict=True))
        return np.stack([known[one] for one in wanted])

    cases = []
    for number, (text, vector) in enumerate(zip(asked, vectors, strict=True)):
        question = questions.read(text)
        cosines, words = reading.cosines(vector), reading.words.scores(question.text)
        for without in (False, True):
            near, said = cosines.copy(), words.copy()
            if without:
                near[truth[number]] = -1.0
                said[truth[number]] = 0.0
            found = answers.answer(
                question=question,
                question_vector=vector,
                passages=texts,
                scores=answers.fuse(cosines=near, lexical_scores=said),
                rarity=reading.words.vocabulary.rarity,
                encode=encode,
                encoded=READ["encoded"],
                characters=READ["characters"],
            )
            right = any(part in quote.text for part in gold[number] for quote in found.quotes)
            cases.append(Case(group[number], not without, found, right))
    return cases


def banking(data: Path, *, seed: int = 3) -> list[Case]:
    """Customer questions put in other words: two texts stand for each topic, eight more ask for it."""
    with (data / "banking77_train.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    random.Random(seed).shuffle(found)  # noqa: S311 - which texts stand for a topic is no secret
    topics: dict[str, list[str]] = {}
    for row in found:
        topics.setdefault(row["category"], []).append(row["text"].strip())
    texts = [" ".join(said[:2]) for _, said in sorted(topics.items())]
    asked = [text for _, said in sorted(topics.items()) for text in said[2:10]]
    truth = [at for at, (_, said) in enumerate(sorted(topics.items())) for _ in said[2:10]]
    return ask_all(texts, asked, truth, [[] for _ in asked], [f"topic {at}" for at in truth])


def curve(confidence: np.ndarray, answerable: np.ndarray) -> dict[str, float]:
    """Return, for shares of answerable questions refused, the share of the others that is refused with them."""
    yes, no = confidence[answerable], confidence[~answerable]
    return {
        f"{share:.0%}": round(float((no < np.quantile(yes, share)).mean()), 3)
        for share in (0.01, 0.02, 0.05, 0.10, 0.15, 0.20)
    }


def features(cases: Sequence[Case]) -> np.ndarray:
    nothing = answers.Evidence(cosine=0.0, coverage=0.0, lead=0.0)
    found = [case.answer.evidence or nothing for case in cases]
    return np.array([[one.cosine, one.coverage, one.lead] for one in found])


def fit(sets: Sequence[Sequence[Case]]) -> list[np.ndarray]:
    """Learn the refusal by cross-validation over whole groups, print the coefficients, return the confidences."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    cases = [case for one in sets for case in one]
    x, y = features(cases), np.array([case.answerable for case in cases])
    weight = np.concatenate([np.full(len(one), len(cases) / len(one)) for one in sets])
    confidence = np.zeros(len(cases))
    for learn, check in GroupKFold(8).split(x, y, [case.group for case in cases]):
        model = LogisticRegression(C=10.0).fit(x[learn], y[learn], sample_weight=weight[learn])
        confidence[check] = model.predict_proba(x[check])[:, 1]
    model = LogisticRegression(C=10.0).fit(x, y, sample_weight=weight)
    print(
        "    coefficients (cosine, coverage, lead):",
        model.coef_[0].round(3),
        "bias",
        model.intercept_.round(3),
    )
    for learn, check in ((0, 1), (1, 0)):
        other = LogisticRegression(C=10.0).fit(
            features(sets[learn]), [case.answerable for case in sets[learn]]
        )
        carried = other.predict_proba(features(sets[check]))[:, 1]
        answerable = np.array([case.answerable for case in sets[check]])
        print(f"    learnt on set {learn + 1}, tried on set {check + 1}:", curve(carried, answerable))
    return list(np.split(confidence, np.cumsum([len(one) for one in sets])[:-1]))


def answering(data: Path, *, learn: bool) -> None:
    texts, asked, truth, gold, group = xquad(data)
    cases = ask_all(texts, asked, truth.tolist(), gold, [f"article {number}" for number in group])
    whole = [case for case in cases if case.answerable]
    database = fts([span.of(text) for text in texts for span in sentences.split(text)])
    every = [span.of(text) for text in texts for span in sentences.split(text)]
    vectors, asked_vectors = vectors_of(every), vectors_of(asked)

    def bare(score: Callable[[int], np.ndarray]) -> float:
        hits = 0
        for number in range(len(asked)):
            top = np.argsort(-score(number))[:3]
            hits += any(part in every[at] for part in gold[number] for at in top)
        return hits / len(asked)

    claim(
        "XQuAD answer within the three sentences quoted",
        sum(case.correct for case in whole) / len(whole),
        0.90,
        fts5=bare(lambda number: fts_scores(database, asked[number], texts=len(every))),
        numpy=bare(lambda number: vectors @ asked_vectors[number]),
        first_sentence=sum(
            any(part in case.answer.quotes[0].text for part in gold[number])
            for number, case in enumerate(whole)
            if case.answer.quotes
        )
        / len(whole),
    )
    topics = banking(data)
    for name, found in (("XQuAD", cases), ("BANKING77 topics", topics)):
        confidence = np.array([case.answer.confidence for case in found])
        answerable = np.array([case.answerable for case in found])
        shown = confidence >= answers.FOUND_FROM
        print(
            f"    {name}: refused of the unanswerable, by share of answerable refused:",
            curve(confidence, answerable),
        )
        print(
            f"    {name}: at the threshold {answers.FOUND_FROM}: {1 - shown[answerable].mean():.3f} of the answerable"
            f" and {1 - shown[~answerable].mean():.3f} of the others are refused"
        )
    confidence = np.array([case.answer.confidence for case in cases])
    answerable = np.array([case.answerable for case in cases])
    alone = features(cases)[:, 0]
    if learn:
        crossed = fit([cases, topics])
        print("    cross-validated on XQuAD:", curve(crossed[0], answerable))
        print(
            "    cross-validated on BANKING77:",
            curve(crossed[1], np.array([case.answerable for case in topics])),
        )
    claim(
        "XQuAD refused of the unanswerable, at 10% of the others",
        curve(confidence, answerable)["10%"],
        0.60,
        cosine_alone=curve(alone, answerable)["10%"],
    )


def sieve(data: Path, *, nearest: int = 16, asked: int = 400) -> None:
    """Measure what a first look by signs alone lets through of the texts that are nearest."""
    texts: list[str] = []
    for name, column in (
        ("thunderbird_questions_2025.csv", "title"),
        ("banking77_train.csv", "text"),
        ("gitbugs_seamonkey_bugs.csv", "Summary"),
    ):
        with (data / name).open(newline="", encoding="utf-8") as file:
            texts += [row[column] for row in csv.DictReader(file) if row[column].strip()]
    matrix = vectors_of(list(dict.fromkeys(texts)))
    known, every = signs.signs(matrix), np.arange(len(matrix))
    held: dict[float, int] = {0.01: 0, 0.04: 0}
    some = np.random.default_rng(0).choice(len(matrix), asked, replace=False)
    for at in some:
        best = np.argpartition(-(matrix @ matrix[at]), nearest)[:nearest]
        for share in held:
            keep = round(share * len(matrix))
            likely = signs.likeliest(known=known, vector=matrix[at], rows=every, keep=keep)
            held[share] += len(np.intersect1d(best, likely))
    claim(
        f"Of the {nearest} nearest of {len(matrix):,} texts, within 4% by signs",
        held[0.04] / (asked * nearest),
        0.995,
        within_a_hundredth=held[0.01] / (asked * nearest),
    )


def main() -> int:
    global CACHE
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "feedback")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--only", choices=["duplicates", "ranking", "answers", "signs"])
    parser.add_argument("--encoded", type=int, default=READ["encoded"])
    parser.add_argument("--characters", type=int, default=READ["characters"])
    options = parser.parse_args()
    READ.update(encoded=options.encoded, characters=options.characters)
    CACHE = options.cache
    wanted = [options.only] if options.only else ["duplicates", "ranking", "answers", "signs"]
    if "duplicates" in wanted:
        seamonkey(options.data)
    if "ranking" in wanted:
        texts, asked, truth, *_ = xquad(options.data)
        ranking("XQuAD-en question to paragraph, MRR at 10", 0.97, texts, asked, truth)
        thunderbird(options.data)
    if "answers" in wanted:
        answering(options.data, learn=options.fit)
    if "signs" in wanted:
        sieve(options.data)
    if options.only is None:
        path = ROOT / "benchmarks" / "results" / "text_search.json"
        path.write_text(
            json.dumps({"model": embedding.MINILM_ID, "claims": CLAIMS}, indent=2) + "\n", encoding="utf-8"
        )
    return 0 if all(one["holds"] for one in CLAIMS) else 1


if __name__ == "__main__":
    sys.exit(main())
