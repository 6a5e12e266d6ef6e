"""Where a record stands by every lens, for its own page: its ranks, how sure they are, and what would change them."""

from __future__ import annotations

from django.utils.html import conditional_escape

from roadbed.core.records.models import Record
from roadbed.core.records.standings import Line, Standing
from roadbed.core.workspaces.access import Access
from roadbed.modules.priorities.models import Place, Question
from roadbed.modules.priorities.selectors import reading
from roadbed.modules.priorities.views import shared

KINDS = frozenset({"feature", "need"})
TELLING = 0.15
"""An input that is a smaller part of the doubt would change little."""


def standing(access: Access, record: Record) -> Standing | None:
    """Return a line for each lens that ranked the record; two queries."""
    if record.kind not in KINDS or record.circle_id is not None:
        return None
    places = reading.standing_of(record)
    questions: dict[int, Question] = {}
    for one in reading.questions_of(record) if places else []:
        questions.setdefault(one.ranking_id, one)
    return Standing(
        lines=tuple(_line(access, record, place, questions.get(place.ranking_id)) for place in places),
        empty="No lens has ranked it yet.",
        empty_url=shared.base(access),
    )


def _line(access: Access, record: Record, place: Place, question: Question | None) -> Line:
    lens = place.ranking.lens
    url = shared.item_url(access, lens, record)
    if place.rank_low is None:
        return Line(lens.title, url, "not ranked", note=place.left_out[:1].upper() + place.left_out[1:])
    words = shared.rank_words(place, place.ranking.scored)
    if 0 < place.ranking.cut < place.ranking.scored:
        words += f", among the first {place.ranking.cut} in {shared.chance(place.top)} of draws"
    labels = {one["name"]: one["label"].lower() for one in lens.definition["inputs"]}
    drawn = conditional_escape(shared.rank_bar(place, place.ranking))
    if question is not None:
        said = f"Worth learning next: {labels.get(question.name, question.name)}"
        return Line(lens.title, url, words, drawn, said, shared.lens_url(access, lens, "learn/"))
    name, share = max(place.doubt.items(), key=lambda pair: pair[1], default=("", 0.0))
    if share < TELLING:
        return Line(lens.title, url, words, drawn, "Nothing that is in doubt would change it much")
    said = f"What would change it most: {labels.get(name, name)}, {share:.0%} of the doubt"
    return Line(lens.title, url, words, drawn, said, url)
