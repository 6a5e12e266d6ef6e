"""Neighbours and themes: known answers, laws, and odd collections of texts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadbed_engines.text import embedding, graphs, labels, neighbours, themes, tongues

Rows = npt.NDArray[np.float32]
Truth = npt.NDArray[np.int32]


def clumps(
    *, count: int, size: int, spread: float = 0.25, dimensions: int = 32, seed: int = 0
) -> tuple[Rows, Truth]:
    """Texts about `count` things: rows around random directions, and which thing each is about."""
    chance = np.random.default_rng(seed)
    centres = embedding.unit(chance.standard_normal((count, dimensions)))
    truth = np.repeat(np.arange(count, dtype=np.int32), size)
    noise = chance.standard_normal((count * size, dimensions)) * spread / np.sqrt(dimensions)
    return embedding.unit(centres[truth] + noise), truth


def same(found: Truth, truth: Truth) -> bool:
    """Whether two assignments part the items alike."""
    return (
        len(set(zip(found.tolist(), truth.tolist(), strict=True)))
        == len(set(found.tolist()))
        == len(set(truth.tolist()))
    )


class TestNeighbours:
    def test_every_pair_is_compared_as_by_hand(self) -> None:
        vectors, _ = clumps(count=5, size=9)
        cosines = vectors @ vectors.T
        np.fill_diagonal(cosines, -2)
        found = neighbours.nearest_others(vectors=vectors, k=4)
        assert np.array_equal(np.sort(found.index), np.sort(np.argsort(-cosines, axis=1)[:, :4]))
        assert np.allclose(found.similarity, -np.sort(-cosines, axis=1)[:, :4], atol=1e-5)

    def test_cells_find_nearly_all_of_them(self) -> None:
        vectors, _ = clumps(count=60, size=50, spread=0.8, dimensions=48)
        exact = neighbours.nearest_others(vectors=vectors, k=10)
        cells = neighbours.nearest_others(vectors=vectors, k=10, exact=100)
        shared = [len(set(one) & set(other)) for one, other in zip(exact.index, cells.index, strict=True)]
        assert np.mean(shared) > 9.5
        assert not (cells.index == np.arange(len(vectors))[:, None]).any()

    def test_cells_answer_alike_each_time(self) -> None:
        vectors, _ = clumps(count=20, size=50)
        first, second = (neighbours.nearest_others(vectors=vectors, exact=100) for _ in range(2))
        assert np.array_equal(first.index, second.index)

    @given(n=st.integers(0, 6), k=st.integers(1, 8))
    @settings(max_examples=30, deadline=None)
    def test_nobody_is_their_own_neighbour(self, n: int, k: int) -> None:
        found = neighbours.nearest_others(vectors=np.eye(max(n, 1), 4, dtype=np.float32)[:n], k=k)
        assert found.index.shape == (n, k)
        assert not (found.index == np.arange(n)[:, None]).any()
        assert (found.index >= 0).sum() == n * min(k, max(n - 1, 0))

    def test_refuses_what_is_no_table(self) -> None:
        with pytest.raises(ValueError, match="shape"):
            neighbours.nearest_others(vectors=np.zeros(3))
        with pytest.raises(ValueError, match="k must"):
            neighbours.nearest_others(vectors=np.zeros((3, 2)), k=0)


class TestFinding:
    @pytest.mark.parametrize(("count", "size"), [(3, 10), (5, 6), (8, 25), (20, 40), (50, 60)])
    def test_finds_as_many_as_there_are(self, count: int, size: int) -> None:
        vectors, truth = clumps(count=count, size=size)
        assert same(themes.find_themes(vectors=vectors).assignment, truth)

    def test_the_same_input_gives_the_same_themes(self) -> None:
        vectors, _ = clumps(count=12, size=30, spread=1.2)
        first, second = (themes.find_themes(vectors=vectors, seed=3) for _ in range(2))
        assert np.array_equal(first.assignment, second.assignment)

    def test_the_largest_theme_comes_first(self) -> None:
        vectors, truth = clumps(count=4, size=20)
        kept = np.flatnonzero((truth != 1) | (np.arange(len(truth)) % 2 == 0))
        sizes = np.bincount(themes.find_themes(vectors=vectors[kept]).assignment)
        assert sizes.tolist() == [20, 20, 20, 10]

    def test_a_fine_theme_lies_wholly_in_its_broad_one(self) -> None:
        vectors, _ = clumps(count=30, size=30, spread=1.0)
        found = themes.find_themes(vectors=vectors)
        assert 1 < found.broad.max() + 1 < found.count
        assert np.array_equal(np.array(found.parents)[found.assignment], found.broad)

    def test_a_higher_resolution_is_finer(self) -> None:
        vectors, _ = clumps(count=10, size=60, spread=2.0)
        counts = [themes.find_themes(vectors=vectors, resolution=each).count for each in (0.2, 2.0, 20.0)]
        assert counts[0] < counts[1] < counts[2]

    def test_few_alike_are_no_theme(self) -> None:
        vectors, _ = clumps(count=3, size=10)
        odd = embedding.unit(np.random.default_rng(9).standard_normal((2, 32)))
        found = themes.find_themes(vectors=np.concatenate([vectors, odd]), smallest=5)
        assert found.count == 3

    def test_texts_that_say_nothing_are_in_no_theme(self) -> None:
        vectors, truth = clumps(count=3, size=10)
        found = themes.find_themes(vectors=np.concatenate([vectors, np.zeros((4, 32))]))
        assert found.assignment[-4:].tolist() == [-1] * 4
        assert same(found.assignment[:-4], truth)

    def test_ten_thousand_times_the_same_is_one_theme_beside_the_others(self) -> None:
        vectors, _ = clumps(count=3, size=10)
        found = themes.find_themes(vectors=np.concatenate([vectors, np.repeat(vectors[:1], 10_000, axis=0)]))
        assert found.count == 3
        assert np.bincount(found.assignment).tolist() == [10_010, 10, 10]

    @pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
    def test_hardly_any_texts_are_no_trouble(self, n: int) -> None:
        found = themes.find_themes(vectors=np.eye(max(n, 1), 8)[:n])
        assert found.assignment.tolist() == [-1] * n

    def test_refuses_what_makes_no_sense(self) -> None:
        with pytest.raises(ValueError, match="shape"):
            themes.find_themes(vectors=np.zeros(3))
        with pytest.raises(ValueError, match="resolution"):
            themes.find_themes(vectors=np.eye(3), resolution=0)
        with pytest.raises(ValueError, match="at least 1"):
            themes.find_themes(vectors=np.eye(3), smallest=0)


class TestPinned:
    def test_texts_pinned_alike_stay_together_and_others_apart(self) -> None:
        vectors, _ = clumps(count=3, size=20)
        pinned = {0: 7, 21: 7, 41: 7, 1: 9}
        found = themes.find_themes(vectors=vectors, pinned=pinned).assignment
        assert len({int(found[row]) for row in (0, 21, 41)}) == 1
        assert found[1] != found[0]


class TestPlacing:
    def test_new_texts_go_where_their_like_are(self) -> None:
        vectors, truth = clumps(count=6, size=20)
        found = themes.place(vectors=vectors[::2], known=vectors[1::2], assignment=truth[1::2])
        assert found.theme.tolist() == truth[::2].tolist()
        assert (found.confidence > 0.8).all()

    def test_what_is_near_nothing_stays_out(self) -> None:
        found = themes.place(vectors=np.eye(4)[3:], known=np.eye(4)[:3], assignment=np.array([0, 1, 2]))
        assert (found.theme[0], found.confidence[0], found.nearest[0]) == (-1, 0, -1)

    def test_unassigned_neighbours_lower_the_confidence(self) -> None:
        known = np.repeat(np.eye(2), 2, axis=0)
        found = themes.place(vectors=known[:1], known=known, assignment=np.array([5, -1, -1, -1]))
        assert (found.theme[0], round(float(found.confidence[0]), 2)) == (5, 0.5)

    def test_nothing_known_places_nothing(self) -> None:
        found = themes.place(
            vectors=np.eye(2), known=np.empty((0, 2)), assignment=np.empty(0, dtype=np.int32)
        )
        assert found.theme.tolist() == [-1, -1]

    def test_refuses_themes_that_do_not_fit(self) -> None:
        with pytest.raises(ValueError, match="equally long"):
            themes.place(vectors=np.eye(2), known=np.eye(2), assignment=np.array([1]))


class TestApartness:
    def test_the_true_groups_are_told_apart_best(self) -> None:
        vectors, truth = clumps(count=6, size=20, spread=1.0)
        halves = truth // 2
        split = truth * 2 + np.arange(len(truth)) % 2
        best = graphs.apartness(vectors, truth)
        assert best > graphs.apartness(vectors, halves)
        assert best > graphs.apartness(vectors, split)

    def test_one_group_is_told_apart_from_nothing(self) -> None:
        assert graphs.apartness(np.eye(4, dtype=np.float32), np.zeros(4, dtype=np.int32)) == 0.0


class TestTongues:
    """Three things said in two languages, to a model that hears the thing well and the language hardly."""

    vectors, _ = clumps(count=3, size=60, spread=0.3)
    spoken = tuple("en" if row % 60 < 35 else "nl" for row in range(len(vectors)))

    def test_no_theme_holds_two_languages(self) -> None:
        vectors, spoken = self.vectors, self.spoken
        alone = themes.find_themes(vectors=vectors, resolution=1.0)
        assert alone.count == 3, "they are together where nobody asks"
        found = themes.find_themes(vectors=vectors, languages=spoken, resolution=1.0)
        assert found.count == 6
        assert sorted(found.languages) == ["en", "en", "en", "nl", "nl", "nl"]
        for theme in range(found.count):
            inside = {spoken[row] for row in np.flatnonzero(found.assignment == theme)}
            assert inside == {found.languages[theme]}
        broad = {(found.parents[theme], found.languages[theme]) for theme in range(found.count)}
        assert len({parent for parent, _ in broad}) == len(broad), "nor does a broad one"

    def test_what_is_too_short_to_tell_goes_with_its_neighbours(self) -> None:
        vectors, spoken = self.vectors, self.spoken
        unknown = [code if row % 4 else "" for row, code in enumerate(spoken)]
        found = themes.find_themes(vectors=vectors, languages=unknown)
        assert (found.assignment >= 0).all()
        for theme in range(found.count):
            known = {unknown[row] for row in np.flatnonzero(found.assignment == theme)} - {""}
            assert len(known) == 1

    def test_slips_of_the_detector_change_nothing(self) -> None:
        vectors = self.vectors
        slips = ["la" if row in {3, 70, 150} else "en" for row in range(len(vectors))]
        plain, kept = (
            themes.find_themes(vectors=vectors),
            themes.find_themes(vectors=vectors, languages=slips),
        )
        assert np.array_equal(plain.assignment, kept.assignment)

    def test_a_pin_holds_across_languages(self) -> None:
        vectors, spoken = self.vectors, self.spoken
        english, dutch = spoken.index("en"), spoken.index("nl")
        found = themes.find_themes(vectors=vectors, languages=spoken, pinned={english: 7, dutch: 7})
        assert found.assignment[english] == found.assignment[dutch]

    @given(
        groups=st.lists(st.integers(-1, 4), min_size=1, max_size=40),
        seed=st.integers(0, 9),
    )
    @settings(max_examples=40, deadline=None)
    def test_parting_only_ever_parts(self, groups: list[int], seed: int) -> None:
        before = np.array(groups, dtype=np.int32)
        tongue = np.random.default_rng(seed).integers(0, 3, len(groups)).astype(np.int32)
        after = tongues.part(before, tongue=tongue)
        assert np.array_equal(after < 0, before < 0)
        for group in set(after[after >= 0].tolist()):
            inside = after == group
            assert len(set(before[inside].tolist())) == len(set(tongue[inside].tolist())) == 1

    def test_small_words_of_other_languages_name_nothing(self) -> None:
        dutch = ["het bericht is weg", "het adres is weg", "de agenda is leeg", "de agenda is traag"] * 6
        english = ["calendar reminder", "smtp password"] * 12
        texts = dutch + english
        assignment = np.array([0, 0, 1, 1] * 6 + [2, 3] * 12)
        found = labels.name_themes(
            texts=texts,
            vectors=np.ones((len(texts), 2), dtype=np.float32) / np.sqrt(2),
            assignment=assignment,
            languages=["nl"] * len(dutch) + ["en"] * len(english),
        )
        assert not {"is", "de", "het"} & {word for name in found for word in name.label.split()}
        assert "calendar reminder" in found[2].label

    def test_lengths_have_to_agree(self) -> None:
        with pytest.raises(ValueError, match="equally long"):
            themes.find_themes(vectors=np.eye(3), languages=["en"])


class TestMany:
    def test_of_very_many_a_part_is_looked_at_and_the_others_join_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        vectors, truth = clumps(count=6, size=100)
        monkeypatch.setattr(themes, "MOST", 150)
        found = themes.find_themes(vectors=vectors, resolution=1.0)
        assert same(found.assignment, truth)
        assert len(found.parents) == found.count == 6
        again = themes.find_themes(vectors=vectors, resolution=1.0)
        assert np.array_equal(found.assignment, again.assignment)

    def test_what_is_like_nothing_in_that_part_is_in_no_theme(self, monkeypatch: pytest.MonkeyPatch) -> None:
        vectors, _ = clumps(count=2, size=200)
        stranger = np.zeros((1, vectors.shape[1]), dtype=np.float32)
        stranger[0, np.argmin(np.abs(vectors).sum(axis=0))] = 1.0
        monkeypatch.setattr(themes, "MOST", 100)
        seed = next(seed for seed in range(9) if 400 not in themes._core(401, seed=seed))
        found = themes.find_themes(vectors=np.concatenate([vectors, stranger]), resolution=1.0, seed=seed)
        assert found.assignment[-1] == -1
        assert (found.assignment[:-1] >= 0).all()

    def test_others_are_compared_by_cells_too(self) -> None:
        vectors, _ = clumps(count=40, size=50, spread=0.8, dimensions=48)
        asked, known = vectors[::2], vectors[1::2]
        exact = neighbours.nearest_among(queries=asked, vectors=known, k=10)
        cells = neighbours.nearest_among(queries=asked, vectors=known, k=10, exact=100)
        shared = [len(set(one) & set(other)) for one, other in zip(exact.index, cells.index, strict=True)]
        assert np.mean(shared) > 9.5
