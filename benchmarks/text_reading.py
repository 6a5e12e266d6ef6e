"""How well and how fast single texts are read: language, intent, learning, private words, loud weeks.

    python benchmarks/text_reading.py --data FOLDER [--json FILE]

The folder holds thunderbird_questions_2025.csv (the forum's own locale stands for the language: noisy) and
banking77_train.csv (77 intents: what the classifier learns from so many labels of each).
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "engines" / "src"))
sys.path.insert(0, str(ROOT / "engines" / "tests"))

from roadbed_engines.text import (  # noqa: E402 - found by the path above
    classifiers,
    intents,
    languages,
    redaction,
    sentiment,
    statements,
    trends,
)

TRAINED_ON = (5, 20, 60)


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def speed(texts: list[str], read: Callable[[str], object]) -> float:
    """Texts a second of one processor."""
    start = time.process_time()
    for text in texts:
        read(text)
    return len(texts) / (time.process_time() - start)


def language(questions: list[dict[str, str]]) -> dict[str, Any]:
    by_locale: dict[str, list[str]] = defaultdict(list)
    for row in questions:
        by_locale[row["locale"][:2]].append(f"{row['title']}\n{row['body'][:300]}")
    rng = random.Random(1)  # noqa: S311 - a sample, no secret
    shares = {}
    for locale, texts in sorted(by_locale.items()):
        if len(texts) < 60:
            continue
        some = rng.sample(texts, min(100, len(texts)))
        shares[locale] = sum(languages.detect(text=text).code == locale for text in some) / len(some)
    return {"locales": {name: round(share, 3) for name, share in shares.items()},
            "macro": round(sum(shares.values()) / len(shares), 3)}  # fmt: skip


def reads(model: classifiers.Model) -> Callable[[str], object]:
    return lambda text: model.read(text=text)


def learning(folder: Path) -> dict[str, Any]:
    rows = rows_of(folder, "banking77_train.csv")
    rng = random.Random(2)  # noqa: S311 - a sample, no secret
    rng.shuffle(rows)
    by_label: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_label[row["category"]].append(row["text"])
    found = {}
    for count in TRAINED_ON:
        texts, labels, held = [], [], []
        for label, own in by_label.items():
            texts += own[:count]
            labels += [label] * len(own[:count])
            held += [(text, label) for text in own[count : count + 20]]
        start = time.process_time()
        trained = classifiers.train(texts=texts, labels=labels, least=30, folds=min(5, count))
        took = time.process_time() - start
        right = sum(trained.model.read(text=text).label == label for text, label in held)
        found[str(count)] = {
            "texts": len(texts),
            "cross_validated": trained.quality.accuracy,
            "held_out": round(right / len(held), 3),
            "seconds": round(took, 1),
            "kilobytes": len(trained.model.to_bytes()) // 1024,
            "reads_per_second": round(speed([text for text, _ in held[:400]], reads(trained.model))),
        }
    return found


def private() -> dict[str, Any]:
    import test_text_redaction as cases

    found = sum(
        [one.kind for one in redaction.redact(text=text).findings] == kinds for text, kinds in cases.FOUND
    )
    kept = sum(redaction.redact(text=text).text == text for text in cases.STAYS)
    return {"found": f"{found}/{len(cases.FOUND)}", "left_alone": f"{kept}/{len(cases.STAYS)}"}


def plain_cases() -> dict[str, Any]:
    import test_text_reading as cases

    right = sum(intents.read_intent(text=text).label == label for text, label in cases.INTENTS)
    return {"intent_rules_on_plain_cases": f"{right}/{len(cases.INTENTS)}"}


def loud_weeks(questions: list[dict[str, str]]) -> list[dict[str, Any]]:
    by_word: dict[str, list[dt.date]] = defaultdict(list)
    for row in questions:
        if row["locale"].startswith("en"):
            day = dt.date.fromisoformat(row["created"][:10])
            for word in {each for each in re.findall(r"\w+", row["title"].lower()) if len(each) > 3}:
                by_word[word].append(day)
    first, last = dt.date(2025, 1, 1), dt.date(2025, 12, 31)
    found = []
    for word, days in by_word.items():
        if len(days) >= 20:
            weeks = trends.weekly_counts(days=days, first=first, last=last)
            found += [(one.z, word, one) for one in trends.alerts(weeks=weeks)]
    found.sort(key=lambda each: -each[0])
    return [
        {
            "word": word,
            "week": one.week.isoformat(),
            "seen": one.seen,
            "expected": round(one.expected, 2),
            "z": round(z, 1),
        }
        for z, word, one in found[:8]
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    questions = rows_of(asked.data, "thunderbird_questions_2025.csv")
    texts = [f"{row['title']}\n{row['body']}" for row in questions[:3000]]
    megabyte = ("We phone every driver in the morning, and nobody likes it. " * 18_000)[:1_000_000]
    languages.detect(text=texts[0])
    start = time.process_time()
    redaction.redact(text=megabyte)
    result: dict[str, Any] = {
        "characters_mean": round(sum(map(len, texts)) / len(texts)),
        "texts_per_cpu_second": {
            "language": round(speed(texts, lambda text: languages.detect(text=text))),
            "intent rules": round(speed(texts, lambda text: intents.read_intent(text=text))),
            "sentiment list": round(speed(texts, lambda text: sentiment.read_sentiment(text=text))),
            "statements": round(speed(texts, lambda text: statements.split(text=text))),
            "private words": round(speed(texts, lambda text: redaction.redact(text=text))),
        },
        "megabyte_redacted_in_seconds": 0.0,
        "language": language(questions),
        "learning_77_intents": learning(asked.data),
        "private": private(),
        **plain_cases(),
        "loudest_weeks": loud_weeks(questions),
    }
    start = time.process_time()
    redaction.redact(text=megabyte)
    result["megabyte_redacted_in_seconds"] = round(time.process_time() - start, 2)
    print(json.dumps(result, indent=2))
    loudest = result["loudest_weeks"][0]
    assert loudest["week"] == "2025-08-11", loudest
    assert result["language"]["macro"] >= 0.8
    assert result["learning_77_intents"]["60"]["held_out"] >= 0.8
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
