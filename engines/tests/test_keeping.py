"""Themes that stay: a correction is never undone, and ids keep their meaning."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadbed_engines.text.keeping import settle


@st.composite
def worlds(draw):
    n = draw(st.integers(1, 60))
    ints = st.lists(st.integers(-1, 6), min_size=n, max_size=n)
    flags = st.lists(st.booleans(), min_size=n, max_size=n)
    found, before, held = draw(ints), draw(ints), draw(flags)
    themes = st.sets(st.integers(0, 6), max_size=3)
    return np.array(found), np.array(before), np.array(held), draw(themes), draw(themes)


class TestSettle:
    @settings(max_examples=300, deadline=None)
    @given(worlds())
    def test_what_a_person_put_somewhere_stays_there(self, world):
        found, before, held, joined, fixed = world
        settled = settle(found=found, before=before, held=held, joined=joined, fixed=fixed)
        assert (settled.theme[held] == before[held]).all()

    @settings(max_examples=300, deadline=None)
    @given(worlds())
    def test_everything_else_follows_its_group(self, world):
        found, before, held, joined, fixed = world
        settled = settle(found=found, before=before, held=held, joined=joined, fixed=fixed)
        for group in np.unique(found[found >= 0]):
            assert len(set(settled.theme[(found == group) & ~held].tolist())) <= 1
        assert (settled.theme[(found == -1) & ~held] == -1).all()

    @settings(max_examples=300, deadline=None)
    @given(worlds())
    def test_no_group_takes_a_theme_that_a_person_made(self, world):
        found, before, held, joined, fixed = world
        settled = settle(found=found, before=before, held=held, joined=joined, fixed=fixed)
        assert not set(settled.theme[~held].tolist()) & fixed

    @settings(max_examples=200, deadline=None)
    @given(worlds())
    def test_the_same_groups_again_change_nothing(self, world):
        found, before, held, _, _ = world
        first = settle(found=found, before=before, held=held)
        ids = np.where(first.theme < -1, 100 - first.theme, first.theme)
        again = settle(found=found, before=ids, held=held)
        kept = (again.theme == ids) | (ids == -1)
        # Held pieces can make up the greater part of a theme; then a smaller group may be a theme of its own.
        if not held.any():
            assert kept.all()

    def test_a_merged_theme_is_not_split_again(self):
        before = np.array([4] * 10)
        found = np.array([0] * 6 + [1] * 4)
        held = np.zeros(10, dtype=bool)
        assert settle(found=found, before=before, held=held).new == (1,)
        assert set(settle(found=found, before=before, held=held, joined={4}).theme.tolist()) == {4}

    def test_a_split_theme_is_not_merged_again(self):
        before = np.array([4] * 6 + [5] * 4)
        held = before == 5
        settled = settle(found=np.zeros(10, dtype=int), before=before, held=held, fixed={5})
        assert settled.theme.tolist() == before.tolist()

    def test_as_many_as_possible_keep_their_theme(self):
        before = np.array([1] * 5 + [2] * 5)
        found = np.array([0] * 4 + [1] + [1] * 4 + [0])
        settled = settle(found=found, before=before, held=np.zeros(10, dtype=bool))
        assert settled.theme.tolist() == [1] * 4 + [2] + [2] * 4 + [1]

    def test_one_shared_piece_of_a_hundred_does_not_carry_a_name(self):
        before = np.array([1] * 50 + [-1] * 49 + [1])
        found = np.array([-1] * 50 + [0] * 50)
        settled = settle(found=found, before=before, held=np.zeros(100, dtype=bool))
        assert settled.new == (0,)
        assert settled.gone == {1}

    def test_lengths_that_differ_are_refused(self):
        with pytest.raises(ValueError, match="one entry"):
            settle(found=np.zeros(2, int), before=np.zeros(3, int), held=np.zeros(3, bool))
