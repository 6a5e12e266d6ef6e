"""The map of themes: alike is near, nothing overlaps, nothing is left to chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadbed_engines.text.layout import HEIGHT, WIDTH, lay_out, radii


def _overlap(found):
    apart = np.linalg.norm(found.centre[:, None] - found.centre[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return float((found.radius[:, None] + found.radius[None] - apart).max(initial=0.0))


class TestLayOut:
    @settings(max_examples=25, deadline=None)
    @given(st.integers(1, 60), st.integers(0, 10_000))
    def test_discs_stay_on_the_field_and_apart(self, n, seed):
        rng = np.random.default_rng(seed)
        found = lay_out(vectors=rng.normal(size=(n, 8)), sizes=rng.integers(1, 300, n).tolist())
        assert (found.centre[:, 0] - found.radius >= -1e-9).all()
        assert (found.centre[:, 0] + found.radius <= WIDTH + 1e-9).all()
        assert (found.centre[:, 1] + found.radius <= HEIGHT + 1e-9).all()
        assert _overlap(found) < 0.02

    def test_the_same_themes_give_the_same_map(self):
        vectors = np.random.default_rng(3).normal(size=(20, 8))
        first, second = (lay_out(vectors=vectors, sizes=[5.0] * 20) for _ in range(2))
        assert np.array_equal(first.centre, second.centre)

    def test_what_is_alike_lies_nearer_than_what_is_not(self):
        middle = np.random.default_rng(5).normal(size=(4, 16)) * 6
        vectors = np.repeat(middle, 8, axis=0) + np.random.default_rng(6).normal(size=(32, 16))
        groups = np.repeat(np.arange(4), 8)
        centre = lay_out(vectors=vectors, sizes=[3.0] * 32, groups=groups.tolist()).centre
        apart = np.linalg.norm(centre[:, None] - centre[None], axis=2)
        same = groups[:, None] == groups[None]
        assert apart[same].mean() < 0.6 * apart[~same].mean()

    def test_equal_vectors_do_not_lie_on_one_point(self):
        assert _overlap(lay_out(vectors=np.zeros((12, 4)), sizes=[1.0] * 12)) < 0.02

    def test_no_themes_make_an_empty_map(self):
        assert lay_out(vectors=np.zeros((0, 4)), sizes=[]).centre.shape == (0, 2)

    def test_lengths_that_differ_are_refused(self):
        with pytest.raises(ValueError, match="one entry"):
            lay_out(vectors=np.zeros((2, 4)), sizes=[1.0])


class TestRadii:
    def test_areas_are_as_the_sizes_are(self):
        small, large = radii([10.0, 40.0] + [20.0] * 30)[:2]
        assert large / small == pytest.approx(2.0)
