"""Two copies kept the same: the table of cases, and the laws that hold whatever people do on either side."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadbed_engines.merging import Base, Direction, Move, Rule, applied, decide, reconcile, settle

BOTH, IN, OUT, OFF = (Rule(each) for each in (Direction.BOTH, Direction.IN, Direction.OUT, Direction.OFF))
LABELS = Rule(Direction.BOTH, is_set=True)
WORDS = st.sampled_from(["", "a", "b", "c", "d"])
SETS = st.frozensets(st.sampled_from("abcde")).map(lambda found: tuple(sorted(found)))
DIRECTIONS = st.sampled_from([BOTH, IN, OUT])


class TestTable:
    @pytest.mark.parametrize(
        ("rule", "base", "ours", "theirs", "move"),
        [
            (BOTH, Base("a", "a"), "a", "a", Move.NONE),
            (BOTH, Base("a", "a"), "b", "a", Move.GIVE),
            (BOTH, Base("a", "a"), "a", "b", Move.TAKE),
            (BOTH, Base("a", "a"), "b", "b", Move.AGREE),
            (BOTH, Base("a", "a"), "b", "c", Move.CONFLICT),
            (IN, Base("a", "a"), "b", "a", Move.HOLD),
            (IN, Base("a", "a"), "b", "c", Move.CONFLICT),
            (OUT, Base("a", "a"), "a", "b", Move.HOLD),
            (OUT, Base("a", "a"), "b", "a", Move.GIVE),
            (OFF, Base("a", "a"), "b", "c", Move.NONE),
            # A tracker that knows fewer words than we do: each side is compared with itself alone.
            (BOTH, Base("idea", "planned"), "idea", "planned", Move.NONE),
            # Meeting for the first time: what is open is filled in, nothing is emptied.
            (BOTH, None, "", "a", Move.TAKE),
            (BOTH, None, "a", "", Move.GIVE),
            (IN, None, "a", "", Move.HOLD),
            (OUT, None, "", "a", Move.HOLD),
            (BOTH, None, "a", "b", Move.CONFLICT),
            (IN, None, "a", "b", Move.TAKE),
            (OUT, None, "a", "b", Move.GIVE),
            (LABELS, Base(("x",), ("x",)), ("x", "y"), ("z",), Move.MERGE),
        ],
    )
    def test_case(self, rule, base, ours, theirs, move):
        assert decide(rule=rule, base=base, ours=ours, theirs=theirs).move is move

    def test_sets_carry_over_what_was_added_and_what_was_taken_away(self):
        found = decide(rule=LABELS, base=Base(("x",), ("x",)), ours=("x", "y"), theirs=("z",))
        assert found.ours == found.theirs == ("y", "z")

    def test_fields_that_one_side_cannot_say_are_left_alone(self):
        found = reconcile(
            rules={"title": BOTH, "owner": BOTH},
            base={},
            ours={"title": "a", "owner": "mira"},
            theirs={"title": "a"},
        )
        assert list(found) == ["title"]

    def test_only_ours_or_theirs_can_be_kept(self):
        with pytest.raises(ValueError, match="ours or theirs"):
            settle(keep="both", direction=Direction.BOTH, ours="a", theirs="b")


def after(rule, base, ours, theirs):
    decision = decide(rule=rule, base=base, ours=ours, theirs=theirs)
    return decision, applied(decision=decision, base=base), decision.ours, decision.theirs


class TestLaws:
    @given(DIRECTIONS, st.none() | st.builds(Base, WORDS, WORDS), WORDS, WORDS)
    def test_looking_again_does_nothing(self, rule, base, ours, theirs):
        first, base, ours, theirs = after(rule, base, ours, theirs)
        again = decide(rule=rule, base=base, ours=ours, theirs=theirs)
        assert (again.ours, again.theirs) == (ours, theirs)
        assert again.move in {Move.NONE, first.move}
        assert again.move not in {Move.TAKE, Move.GIVE, Move.MERGE, Move.AGREE}

    @given(st.builds(Rule, st.sampled_from([Direction.BOTH, Direction.IN, Direction.OUT]), st.just(True)),
           st.none() | st.builds(Base, SETS, SETS), SETS, SETS)  # fmt: skip
    def test_looking_at_sets_again_does_nothing(self, rule, base, ours, theirs):
        _, base, ours, theirs = after(rule, base, ours, theirs)
        again = decide(rule=rule, base=base, ours=ours, theirs=theirs)
        assert again.move in {Move.NONE, Move.HOLD, Move.AGREE}
        assert (set(again.ours), set(again.theirs)) == (set(ours), set(theirs))

    @given(DIRECTIONS, WORDS, WORDS, WORDS)
    def test_no_change_is_lost(self, rule, agreed, ours, theirs):
        """A value that somebody wrote since is never overwritten by one that is not newer."""
        found = decide(rule=rule, base=Base(agreed, agreed), ours=ours, theirs=theirs)
        if ours not in {agreed, theirs}:
            assert found.ours == ours
        if theirs not in {agreed, ours}:
            assert found.theirs == theirs

    @given(SETS, SETS, SETS)
    def test_no_member_is_lost(self, agreed, ours, theirs):
        found = decide(rule=LABELS, base=Base(agreed, agreed), ours=ours, theirs=theirs)
        added = (set(ours) | set(theirs)) - set(agreed)
        removed = set(agreed) - (set(ours) & set(theirs))
        assert added <= set(found.ours)
        assert added <= set(found.theirs)
        assert not removed & set(found.ours)
        assert set(found.ours) == set(found.theirs)

    @given(WORDS, WORDS, WORDS)
    def test_the_sides_are_treated_alike(self, agreed, ours, theirs):
        mirror = {Move.TAKE: Move.GIVE, Move.GIVE: Move.TAKE}
        one = decide(rule=BOTH, base=Base(agreed, agreed), ours=ours, theirs=theirs)
        other = decide(rule=BOTH, base=Base(agreed, agreed), ours=theirs, theirs=ours)
        assert other.move is mirror.get(one.move, one.move)

    @given(st.sampled_from([Direction.BOTH, Direction.IN, Direction.OUT]), st.none() | st.builds(Base, WORDS, WORDS),
           WORDS, WORDS, st.sampled_from(["ours", "theirs"]))  # fmt: skip
    def test_a_settled_conflict_is_over(self, direction, base, ours, theirs, keep):
        rule = Rule(direction)
        if decide(rule=rule, base=base, ours=ours, theirs=theirs).move is not Move.CONFLICT:
            return
        settled = settle(keep=keep, direction=direction, ours=ours, theirs=theirs)
        found, base, new_ours, new_theirs = after(rule, settled, ours, theirs)
        assert found.move is not Move.CONFLICT
        carried = direction.goes_out if keep == "ours" else direction.comes_in
        kept = ours if keep == "ours" else theirs
        assert (new_ours, new_theirs) == ((kept, kept) if carried else (ours, theirs))

    @settings(max_examples=200)
    @given(st.lists(st.tuples(st.sampled_from(["ours", "theirs", "look", "crash"]), WORDS), max_size=30))
    def test_the_sides_converge_whatever_happens(self, events):
        """Edits on both sides, looks, and looks whose last step (writing the base) is lost to a crash."""
        ours = theirs = "start"
        base = Base("start", "start")
        for kind, value in events:
            if kind == "ours":
                ours = value
            elif kind == "theirs":
                theirs = value
            else:
                _, moved, ours, theirs = after(BOTH, base, ours, theirs)
                base = moved if kind == "look" else base
        found, base, ours, theirs = after(BOTH, base, ours, theirs)
        if found.move is Move.CONFLICT:
            base = settle(keep="ours", direction=Direction.BOTH, ours=ours, theirs=theirs)
            _, base, ours, theirs = after(BOTH, base, ours, theirs)
        assert ours == theirs
        assert decide(rule=BOTH, base=base, ours=ours, theirs=theirs).move is Move.NONE
