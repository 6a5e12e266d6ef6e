"""Names of themes: what tells one from all others, in the words that people use."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadbed_engines.text.labels import name_themes

CALENDAR = ["Calendar reminders are gone", "My calendar reminder never rings", "A reminder of the calendar"]
SERVER = ["The outgoing server refuses", "Outgoing servers time out", "No outgoing server any more"]


def _named(texts, assignment, **options):
    vectors = np.random.default_rng(1).normal(size=(len(texts), 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return name_themes(texts=texts, vectors=vectors, assignment=np.array(assignment), **options)


class TestNameThemes:
    def test_each_theme_gets_the_words_that_tell_it(self):
        calendar, server = _named(CALENDAR + SERVER, [0, 0, 0, 1, 1, 1])
        assert "reminder" in calendar.label
        assert server.label.startswith("outgoing server")

    def test_the_name_of_the_product_tells_nothing(self):
        texts = [f"Dispatch {text}" for text in CALENDAR] + [f"dispatch: {text}" for text in SERVER]
        for name in _named(texts, [0, 0, 0, 1, 1, 1], stop_words=["Dispatch"]):
            assert "dispatch" not in " ".join(name.terms)

    def test_small_words_of_other_languages_name_nothing(self):
        texts = [
            "Non riesco ad inviare la posta", "La posta non viene inviata, perché?", "Le mail e la posta inviata",
            "Je ne reçois plus l'envoi des messages", "Les messages: l'envoi ne marche pas", "L'envoi de messages",
        ]  # fmt: skip
        found = name_themes(
            texts=texts,
            vectors=np.eye(6),
            assignment=np.array([0, 0, 0, 1, 1, 1]),
            languages=["it"] * 3 + [""] + ["fr"] * 2,
        )
        assert "posta" in found[0].terms
        assert {"envoi", "messages"} <= {word for term in found[1].terms for word in term.split()}
        said = {word for name in found for term in name.terms for word in term.split()}
        assert not said & {"la", "le", "non", "ne", "des", "les", "l'envoi", "de"}

    def test_titles_side_by_side_make_no_pairs(self):
        (name,) = _named(["emails", "emails", "emails"], [0, 0, 0])
        assert name.terms == ("emails",)

    def test_quotes_are_nearest_first_and_no_two_are_the_same(self):
        vectors = np.array([[1.0, 0.0], [0.8, 0.6], [1.0, 0.0], [0.96, 0.28]])
        (name,) = name_themes(
            texts=["a b", "c d", "A  b", "e f"], vectors=vectors, assignment=np.zeros(4, int)
        )
        assert len(name.quotes) == 3
        assert not {0, 2} <= set(name.quotes)

    def test_texts_without_words_have_no_label_and_do_no_harm(self):
        (name,) = _named(["", "?!", "\x00 🙂"], [0, 0, 0])
        assert name.label == ""

    def test_no_themes_have_no_names(self):
        assert _named(["a", "b"], [-1, -1]) == ()

    def test_lengths_that_differ_are_refused(self):
        with pytest.raises(ValueError, match="equally long"):
            name_themes(texts=["a"], vectors=np.eye(2), assignment=np.zeros(2, int))

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.text(max_size=60), min_size=3, max_size=20))
    def test_whatever_people_write_there_is_an_answer(self, texts):
        names = _named(texts, [place % 2 for place in range(len(texts))])
        assert len(names) == 2
        assert all(len(name.terms) <= 8 for name in names)
