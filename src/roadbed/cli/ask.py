"""`roadbed ask`: a question answered in the words of a file, or of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roadbed.cli import texts
from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json

if TYPE_CHECKING:
    from roadbed_engines.text.embedding import Embedder, Vectors

CLOSE = 20_000
"""So many sentences are read one by one, beside the passages they are in."""
LISTED = 10


def ask(
    file_or_question: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="CSV, TSV, XLSX, JSON or NDJSON; with --workspace, the question."
        ),
    ],
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What you want to know.")] = "",
    text: Annotated[
        list[str] | None, typer.Option("--text", "-t", metavar="COLUMN", help=texts.TEXT_HELP)
    ] = None,
    questions: Annotated[
        Path | None, typer.Option("--questions", metavar="FILE", help="Ask many: one question a line.")
    ] = None,
    workspace: Annotated[
        str, typer.Option("--workspace", "-w", help="Ask the records of this workspace instead of a file.")
    ] = "",
    user: Annotated[
        str,
        typer.Option(
            "--as", metavar="EMAIL", help="In a workspace: who asks. Only what they may see is read."
        ),
    ] = "",
    multilingual: Annotated[bool, typer.Option("--multilingual", help=texts.MULTILINGUAL_HELP)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Answer a question with the sentences that say it, or say that it was not found.

    Examples:

        roadbed ask notes.csv --text title --text body "Why do drivers lose the map?"
        roadbed ask notes.csv --text body --questions questions.txt --json
        roadbed ask --workspace northwind "How many people asked for offline maps?"
    """
    if workspace:
        from roadbed.cli.workspace_ask import ask_workspace

        ask_workspace(file_or_question, slug=workspace, email=user, as_json=as_json)
        return
    asked = _questions(question, questions)
    found = _answers(texts.read(Path(file_or_question), text or []), asked, multilingual=multilingual)
    if as_json:
        print_json(found if questions is not None else found[0])
        return
    for each in found:
        _say(each)


def _questions(question: str, file: Path | None) -> list[str]:
    if file is None:
        if not question.strip():
            end(
                Exit.USAGE,
                "Ask something.",
                fix='For example: roadbed ask notes.csv --text body "Why is it slow?"',
            )
        return [question]
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        end(Exit.FAILURE, f"{file} cannot be read: {error}")
    return [line.strip() for line in lines if line.strip()]


def _answers(read: texts.Texts, asked: list[str], *, multilingual: bool) -> list[dict[str, Any]]:
    import numpy as np

    from roadbed_engines.text import answers, lexical
    from roadbed_engines.text import questions as reading
    from roadbed_engines.text import rows as engine

    embedder = texts.model(multilingual=multilingual)
    cut = engine.cut(read.rows)
    single = cut.sentences if len(cut.sentences) <= CLOSE else []
    # Passages and sentences go together, so that a later question finds both in one kept file.
    vectors = texts.vectors_of([*cut.passages, *single], embedder=embedder)
    rows = engine.Rows(
        passages=vectors[: len(cut.passages)],
        passage_rows=cut.passage_rows,
        sentences=vectors[len(cut.passages) :],
        sentence_rows=cut.sentence_rows if single else np.zeros(0, dtype=np.int64),
        count=len(read.rows),
    )
    known = dict(zip([*cut.passages, *single], vectors, strict=True))
    index = lexical.index(texts=read.rows)
    found = []
    for text in asked:
        question = reading.read(text)
        vector = embedder.encode([question.text], kind="query")[0]
        scores = answers.fuse(cosines=rows.closeness(vector), lexical_scores=index.scores(question.text))
        said = answers.answer(
            question=question,
            question_vector=vector,
            passages=read.rows,
            scores=scores,
            rarity=index.vocabulary.rarity,
            encode=lambda wanted: _encode(wanted, known=known, embedder=embedder),
        )
        found.append(_result(text, said, scores=scores, model=embedder.id))
    return found


def _encode(wanted: Any, *, known: dict[str, Any], embedder: Embedder) -> Vectors:
    """Look sentences up, and turn those into vectors that are not known yet."""
    import numpy as np

    missing = [text for text in wanted if text not in known]
    if missing:
        known.update(zip(missing, embedder.encode(missing), strict=True))
    return np.stack([known[text] for text in wanted])


def _result(question: str, said: Any, *, scores: Any, model: str) -> dict[str, Any]:
    import numpy as np

    order = [int(at) for at in np.argsort(-scores, kind="stable")[:LISTED] if scores[at] > 0]
    evidence = said.evidence
    return {
        "question": question,
        "found": said.found,
        "confidence": round(said.confidence, 4),
        "answers": [
            {
                "row": quote.passage + 1,
                "sentence": quote.text,
                "score": round(quote.score, 4),
                "start": quote.start,
                "end": quote.end,
            }
            for quote in said.quotes
        ],
        "rows": [{"row": at + 1, "score": round(float(scores[at]), 4)} for at in order],
        "why": {
            "cosine": round(evidence.cosine, 4),
            "coverage": round(evidence.coverage, 4),
            "lead": round(evidence.lead, 4),
        }
        if evidence is not None
        else None,
        "model": model,
    }


def _say(result: dict[str, Any]) -> None:
    print(result["question"])
    if not result["found"]:
        print(f"  Not found (confidence {result['confidence']:.2f}).")
        if result["answers"]:
            print("  The nearest:")
    for number, quote in enumerate(result["answers"], start=1):
        print(f"  [{number}] {quote['sentence']}  (row {quote['row']})")
    if result["found"]:
        print(f"  Confidence {result['confidence']:.2f}.")
