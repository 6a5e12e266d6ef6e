"""Looking at all feedback: themes are found, and what people decided is never undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.vectors import services as vectors
from roadbed.modules.insights.models import Assignment, Feedback, Theme, ThemeRun
from roadbed.modules.insights.selectors import theme_vectors
from roadbed.modules.insights.selectors import themes as selectors
from roadbed.modules.insights.services import theme_placing, theme_runs
from roadbed.modules.insights.services import themes as services
from tests import people
from tests.insights import factories

NOW = people.NOW
SAID = {
    "road": "road closed van reroute driver phone call again depot {n}",
    "invoice": "invoice total wrong tax month finance export report {n}",
    "login": "password login reset locked account sign security {n}",
}


def say(workspace, topic: str, count: int, *, first: int = 0, **facts):
    return [
        factories.feedback(workspace, SAID[topic].format(n=f"w{number}"), **facts)
        for number in range(first, first + count)
    ]


def read(workspace) -> None:
    vectors.catch_up(workspace_id=workspace.pk)


def look(workspace, **options) -> ThemeRun:
    return theme_runs.find(workspace=workspace, actor=factories.ACTOR, at=NOW, **options)


def theme_of(piece: Feedback) -> Theme | None:
    row = Assignment.objects.select_related("theme").filter(feedback=piece).first()
    return row.theme if row else None


@pytest.fixture
def heard(workspace):
    """Thirty notes about three things."""
    found = {topic: say(workspace, topic, 10) for topic in SAID}
    read(workspace)
    return found


class TestFind:
    def test_thirty_notes_are_enough(self, workspace, heard):
        run = look(workspace)
        assert (run.pieces, run.themes, run.unassigned) == (30, 3, 0)
        for pieces in heard.values():
            assert len({theme_of(piece).pk for piece in pieces}) == 1
        titles = " ".join(theme.title for theme in selectors.live(workspace_id=workspace.pk))
        assert "invoice" in titles
        assert "account" in titles

    def test_looking_again_changes_nothing(self, workspace, heard):
        look(workspace)
        before = list(Assignment.objects.order_by("pk").values_list("pk", "theme_id", "confidence"))
        again = look(workspace)
        assert (again.added, again.retired, again.moved) == (0, 0, 0)
        assert list(Assignment.objects.order_by("pk").values_list("pk", "theme_id", "confidence")) == before

    def test_each_piece_says_why_it_is_there(self, workspace, heard):
        look(workspace)
        row = Assignment.objects.select_related("feedback").get(feedback=heard["invoice"][0])
        why = selectors.whys(assignments=[row], themes={row.theme_id: row.theme})[row.pk]
        assert why.confidence > 0.5
        assert why.near
        assert set(why.terms) & set(row.theme.terms)

    def test_names_of_products_tell_nothing(self, workspace, product, heard):
        for number in range(12):
            factories.feedback(workspace, f"Dispatch dispatch map slow zoom tiles {number}")
        read(workspace)
        look(workspace)
        terms = [term for theme in Theme.objects.all() for term in theme.terms]
        assert terms
        assert not any("dispatch" in term for term in terms)

    def test_what_is_private_is_not_looked_at(self, workspace, ada, heard):
        from roadbed.core.workspaces.models import Circle

        circle = Circle.objects.create(workspace=workspace, name="Board", created_at=NOW)
        secret = say(workspace, "login", 6, first=50)
        Feedback.objects.filter(pk__in=[piece.pk for piece in secret]).update(circle=circle)
        read(workspace)
        run = look(workspace)
        assert run.pieces == 30
        assert not Assignment.objects.filter(feedback__in=secret).exists()
        ids = set(theme_vectors.read(workspace_id=workspace.pk).ids.tolist())
        assert not ids & {piece.pk for piece in secret}

    def test_an_empty_workspace_is_no_trouble(self, workspace):
        assert look(workspace).themes == 0

    def test_what_was_found_while_another_look_finished_is_not_written(self, workspace, heard):
        def another(done: int, total: int, note: str) -> None:
            if note == "Naming" and ThemeRun.objects.count() == 1:
                look(workspace)

        with pytest.raises(theme_runs.ThemesChangedError):
            look(workspace, tell=another)

    def test_stopped_half_way_the_next_look_makes_it_whole(self, workspace, heard):
        class StopError(Exception):
            pass

        def stop(done: int, total: int, note: str) -> None:
            if note.startswith("Writing "):
                raise StopError

        with pytest.raises(StopError):
            look(workspace, tell=stop)
        run = look(workspace)
        assert run.added == 0
        assert Assignment.objects.filter(theme__isnull=False).count() == 30


class TestKeeping:
    def test_a_moved_piece_stays_moved(self, workspace, heard, ben):
        look(workspace)
        piece, target = heard["road"][0], theme_of(heard["login"][0])
        services.move_pieces(pieces=[piece], theme=target, actor=ben.actor, at=NOW)
        look(workspace)
        look(workspace, resolution=30)
        assert theme_of(piece) == target

    def test_a_piece_taken_out_stays_out(self, workspace, heard, ben):
        look(workspace)
        services.move_pieces(pieces=[heard["road"][0]], theme=None, actor=ben.actor, at=NOW)
        look(workspace)
        assert theme_of(heard["road"][0]) is None

    def test_a_chosen_name_stays_whatever_the_theme_is_about_now(self, workspace, heard, ben):
        look(workspace)
        theme = theme_of(heard["road"][0])
        services.change_theme(theme=theme, changes={"title": "Roads"}, actor=ben.actor, at=NOW)
        for piece in heard["road"]:
            Feedback.objects.filter(pk=piece.pk).update(text="bridge ferry toll", title="bridge ferry toll")
        look(workspace)
        theme.refresh_from_db()
        assert theme.title == "Roads"

    def test_a_merged_theme_is_not_split_again(self, workspace, heard, ben):
        look(workspace)
        roads, invoices = theme_of(heard["road"][0]), theme_of(heard["invoice"][0])
        records.merge_records(survivor=roads, merged=invoices, actor=ben.actor, at=NOW)
        look(workspace)
        assert {theme_of(piece).pk for piece in heard["road"] + heard["invoice"]} == {roads.pk}

    def test_a_merge_can_be_taken_back(self, workspace, heard, ben):
        look(workspace)
        roads, invoices = theme_of(heard["road"][0]), theme_of(heard["invoice"][0])
        merge = records.merge_records(survivor=roads, merged=invoices, actor=ben.actor, at=NOW)
        records.undo_merge(merge=merge, actor=ben.actor, at=NOW)
        assert {theme_of(piece).pk for piece in heard["invoice"]} == {invoices.pk}

    def test_a_split_theme_is_not_joined_again(self, workspace, heard, ben):
        look(workspace)
        roads = theme_of(heard["road"][0])
        made, moved = services.split(
            theme=roads, pieces=heard["road"][:3], title="Closed roads", actor=ben.actor, at=NOW
        )
        assert moved.count == 3
        look(workspace)
        assert {theme_of(piece).pk for piece in heard["road"][:3]} == {made.pk}
        made.refresh_from_db()
        assert made.title == "Closed roads"

    def test_what_lies_in_a_pinned_theme_stays(self, workspace, heard, ben):
        look(workspace)
        roads = theme_of(heard["road"][0])
        services.pin(theme=roads, actor=ben.actor, at=NOW)
        Assignment.objects.filter(feedback=heard["login"][0]).update(theme=roads)
        look(workspace)
        assert theme_of(heard["login"][0]) == roads

    def test_a_deleted_theme_does_not_come_back_under_another_key(self, workspace, heard, ben):
        look(workspace)
        records.delete_record(record=theme_of(heard["road"][0]), actor=ben.actor, at=NOW)
        run = look(workspace)
        assert run.added == 0
        assert selectors.live(workspace_id=workspace.pk).count() == 2
        pool = selectors.unassigned(workspace_id=workspace.pk)
        assert {piece.pk for piece in heard["road"]} <= set(pool.values_list("pk", flat=True))

    def test_a_theme_made_by_words_takes_what_has_them(self, workspace, heard, ben):
        theme = services.create_theme(
            workspace=workspace, title="Money", words=["invoice"], actor=ben.actor, at=NOW
        )
        look(workspace)
        assert {theme_of(piece) for piece in heard["invoice"]} == {theme}
        row = Assignment.objects.select_related("feedback", "theme").get(feedback=heard["invoice"][0])
        why = selectors.whys(assignments=[row], themes={theme.pk: row.theme})[row.pk]
        assert why.rule == "It has the word “invoice”"

    def test_a_theme_made_by_examples_takes_what_is_like_them(self, workspace, heard, ben):
        theme = services.create_theme(
            workspace=workspace, title="Signing in", examples=heard["login"][:2], actor=ben.actor, at=NOW
        )
        look(workspace)
        assert {theme_of(piece) for piece in heard["login"]} == {theme}

    def test_an_empty_theme_goes_but_not_one_that_somebody_touched(self, workspace, heard, ben):
        look(workspace)
        roads, login = theme_of(heard["road"][0]), theme_of(heard["login"][0])
        records.add_comment(record=login, body="Mine.", actor=ben.actor, at=NOW)
        for piece in heard["road"] + heard["login"]:
            records.delete_record(record=piece, actor=ben.actor, at=NOW)
        run = look(workspace)
        assert run.retired == 1
        live = {theme.pk for theme in selectors.live(workspace_id=workspace.pk)}
        assert login.pk in live
        assert roads.pk not in live


deeds = st.lists(
    st.tuples(
        st.sampled_from(["move", "out", "pin", "name", "look", "more"]), st.integers(0, 29), st.integers(0, 2)
    ),
    min_size=1,
    max_size=6,
)


class TestNeverUndone:
    # Each example goes on where the one before has left the themes: the same ones in the same order, each time.
    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(deeds)
    def test_whatever_people_do_no_later_look_undoes_it(self, workspace, heard, ben, done):
        look(workspace)
        pieces = [piece for topic in SAID for piece in heard[topic]]
        wanted: dict[int, int | None] = {}
        names: dict[int, str] = {}
        for deed, which, theme_number in done:
            themes = selectors.fine_choices(workspace_id=workspace.pk)
            if not themes:  # the finest look of all may leave everything by itself
                look(workspace)
                continue
            theme = themes[theme_number % len(themes)]
            if deed in {"move", "out"}:
                target = theme if deed == "move" else None
                services.move_pieces(pieces=[pieces[which]], theme=target, actor=ben.actor, at=NOW)
                wanted[pieces[which].pk] = target.pk if target else None
            elif deed == "pin":
                services.pin(theme=theme, actor=ben.actor, at=NOW)
            elif deed == "name":
                title = f"Name {which}"
                services.change_theme(theme=theme, changes={"title": title}, actor=ben.actor, at=NOW)
                names[theme.pk] = title
            elif deed == "more":
                say(workspace, list(SAID)[theme_number], 3, first=100 + which)
                read(workspace)
            pinned = {
                row.feedback_id: row.theme_id for row in Assignment.objects.filter(theme__is_pinned=True)
            }
            look(workspace, resolution=float(2 + which))
            now = dict(Assignment.objects.values_list("feedback_id", "theme_id"))
            assert {pk: now[pk] for pk in wanted} == wanted
            assert all(now[pk] == theme_id for pk, theme_id in pinned.items() if pk not in wanted)
            assert dict(Theme.objects.filter(pk__in=names).values_list("pk", "title")) == names


class TestPlacing:
    def test_a_new_piece_goes_where_its_neighbours_are(self, workspace, heard):
        look(workspace)
        (piece,) = say(workspace, "login", 1, first=90)
        read(workspace)
        assert theme_placing.place_new(workspace=workspace, at=NOW) == 1
        assert theme_of(piece) == theme_of(heard["login"][0])
        found = selectors.suggest(piece)
        assert found is not None
        assert found.theme == theme_of(piece)
        assert "nearest" in found.why

    def test_what_is_like_nothing_stays_in_the_pool(self, workspace, heard):
        look(workspace)
        odd = factories.feedback(workspace, "zebra quartz violin umbrella")
        read(workspace)
        theme_placing.place_new(workspace=workspace, at=NOW)
        assert theme_of(odd) is None
        assert odd in selectors.unassigned(workspace_id=workspace.pk)
        assert selectors.suggest(odd) is None

    def test_placing_twice_places_nothing_again(self, workspace, heard):
        look(workspace)
        say(workspace, "login", 2, first=90)
        read(workspace)
        theme_placing.place_new(workspace=workspace, at=NOW)
        assert theme_placing.place_new(workspace=workspace, at=NOW) == 0

    def test_a_tenth_more_calls_for_another_look(self, workspace, heard):
        look(workspace)
        assert not theme_placing.wants_a_look(workspace_id=workspace.pk)
        say(workspace, "login", 30, first=90)
        read(workspace)
        theme_placing.place_new(workspace=workspace, at=NOW)
        assert theme_placing.wants_a_look(workspace_id=workspace.pk)


class TestJobs:
    def test_reading_leads_to_placing_and_placing_to_a_first_look(self, workspace):
        for topic in SAID:
            say(workspace, topic, 12)
        jobs.enqueue("vectors.embed", workspace_id=workspace.pk, key="embed")
        jobs.run_waiting()
        assert ThemeRun.objects.filter(workspace=workspace, finished_at__isnull=False).exists()
        assert Theme.objects.filter(workspace=workspace).count() >= 3

    def test_everything_said_after_the_week_is_counted(self, workspace, heard):
        jobs.enqueue("insights.themes", workspace_id=workspace.pk, key="themes")
        jobs.run_waiting()
        theme = theme_of(heard["login"][0])
        theme.refresh_from_db()
        assert theme.tally.quotes == 10
        assert sum(theme.weekly) == 10
        assert theme.tally.latest_at == NOW - timedelta(days=2)
