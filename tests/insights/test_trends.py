"""Weekly counts and the weeks that stand out: of real questions, and of made-up ones."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.notify.models import Notice
from roadbed.core.records import services as records
from roadbed.modules.insights.models import Dimension, Feedback, TrendAlert, WeekCount
from roadbed.modules.insights.selectors import trends as selectors
from roadbed.modules.insights.services import alerts
from roadbed.modules.insights.services import themes as services
from roadbed.modules.roadmap.models import Release
from roadbed_engines.text import embedding, labels, themes, trends
from tests import people
from tests.insights import factories

NOW = people.NOW
THIS_WEEK = dt.date(2026, 11, 2)
DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "feedback" / "thunderbird_questions_2025.csv"


def at(week: dt.date, day: int = 0) -> dt.datetime:
    return dt.datetime.combine(week + dt.timedelta(days=day), dt.time(8), tzinfo=dt.UTC)


@pytest.fixture
def theme(workspace):
    return services.create_theme(workspace=workspace, title="HTML mail", actor=factories.ACTOR, at=NOW)


def say(workspace, theme, week: dt.date, count: int, **facts):
    pieces = [
        factories.feedback(
            workspace, f"html code in mail number {n} bitdefender", said_at=at(week, n % 5), **facts
        )
        for n in range(count)
    ]
    services.move_pieces(pieces=pieces, theme=theme, actor=factories.ACTOR, at=NOW)
    return pieces


def count(workspace, *, now: dt.datetime = NOW) -> int:
    return alerts.count_and_tell(workspace=workspace, at=now)


@pytest.fixture
def usual(workspace, theme):
    """Twelve weeks with one or two pieces each."""
    for back in range(2, 14):
        say(workspace, theme, THIS_WEEK - back * trends.WEEK, 1 + back % 2)
    return theme


class TestCounting:
    def test_people_accounts_and_revenue_are_counted_once(self, workspace, theme):
        halden = factories.account(workspace, "Halden Freight", revenue=84_000)
        mira = factories.person(workspace, account=halden)
        say(workspace, theme, THIS_WEEK - trends.WEEK, 3, person=mira)
        say(workspace, theme, THIS_WEEK - trends.WEEK, 2)
        count(workspace)
        tally = EvidenceTally.objects.get(record=theme)
        assert (tally.quotes, tally.people, tally.accounts, tally.revenue) == (5, 3, 1, 84_000)

    def test_a_merged_wording_counts_with_the_piece_it_lives_on_in(self, workspace, theme):
        first, second = say(workspace, theme, THIS_WEEK - trends.WEEK, 2)
        records.merge_records(survivor=first, merged=second, actor=factories.ACTOR, at=NOW)
        count(workspace)
        tally = EvidenceTally.objects.get(record=theme)
        assert (tally.quotes, tally.people) == (2, 1)

    def test_private_feedback_is_in_no_figure(self, workspace, theme):
        from roadbed.core.workspaces.models import Circle

        pieces = say(workspace, theme, THIS_WEEK - trends.WEEK, 12)
        circle = Circle.objects.create(workspace=workspace, name="Board", created_at=NOW)
        Feedback.objects.filter(pk__in=[piece.pk for piece in pieces]).update(circle=circle)
        count(workspace)
        assert EvidenceTally.objects.get(record=theme).quotes == 0
        assert not WeekCount.objects.exists()
        assert not TrendAlert.objects.exists()

    def test_counting_again_writes_nothing_new(self, workspace, usual):
        count(workspace)
        before = list(WeekCount.objects.order_by("pk").values())
        count(workspace)
        assert list(WeekCount.objects.order_by("pk").values()) == before

    def test_what_moved_is_counted_where_it_is_now(self, workspace, theme):
        other = services.create_theme(workspace=workspace, title="Other", actor=factories.ACTOR, at=NOW)
        pieces = say(workspace, theme, THIS_WEEK - trends.WEEK, 3)
        count(workspace)
        services.move_pieces(pieces=pieces, theme=other, actor=factories.ACTOR, at=NOW)
        count(workspace)
        assert WeekCount.objects.filter(dimension="theme").get().value == str(other.pk)

    def test_versions_and_sources_have_lines(self, workspace, theme):
        say(workspace, theme, THIS_WEEK - trends.WEEK, 2, source="call", attributes={"App Version": "128.5"})
        count(workspace)
        for dimension, value in ((Dimension.VERSION, "128.5"), (Dimension.SOURCE, "call")):
            assert WeekCount.objects.get(dimension=dimension).value == value


class TestAlerts:
    def test_a_burst_is_noticed_with_its_words_and_pieces(self, workspace, usual, ben):
        say(workspace, usual, THIS_WEEK - trends.WEEK, 16)
        count(workspace)
        alert = TrendAlert.objects.get(dimension="theme")
        assert (alert.theme, alert.week, alert.seen) == (usual, THIS_WEEK - trends.WEEK, 16)
        assert alert.z > 4
        assert len(alert.pieces) == 5

    @pytest.mark.parametrize("pieces", [1, 3, 7])
    def test_never_from_three_notes(self, workspace, theme, pieces):
        factories.feedback(workspace, "long ago", said_at=at(THIS_WEEK - 20 * trends.WEEK))
        say(workspace, theme, THIS_WEEK - trends.WEEK, pieces)
        count(workspace)
        assert not TrendAlert.objects.exists()

    def test_the_release_before_it_is_named(self, workspace, usual):
        records.create_record(
            record=Release(
                workspace=workspace, title="4.2", state="released", shipped_at=at(THIS_WEEK - 2 * trends.WEEK)
            ),
            actor=factories.ACTOR,
            at=NOW,
        )
        say(workspace, usual, THIS_WEEK - trends.WEEK, 16)
        count(workspace)
        assert TrendAlert.objects.get(dimension="theme").marker == "4.2"

    def test_makers_and_watchers_are_told_once(self, workspace, usual, ada, ben, dan):
        records.start_watching(record=usual, member=dan.member, at=NOW)
        say(workspace, usual, THIS_WEEK - trends.WEEK, 16)
        count(workspace)
        count(workspace)
        told = Notice.objects.filter(record=usual, reason="system")
        assert {notice.member for notice in told} == {ada.member, ben.member}
        assert told.count() == 2
        assert "HTML mail: 16 in the week of 26 October 2026" in told[0].text

    def test_what_happened_long_ago_is_kept_and_told_to_nobody(self, workspace, theme, ada):
        for back in range(20, 32):
            say(workspace, theme, THIS_WEEK - back * trends.WEEK, 1)
        say(workspace, theme, THIS_WEEK - 19 * trends.WEEK, 16)
        factories.feedback(workspace, "still here", said_at=NOW)
        count(workspace)
        assert TrendAlert.objects.filter(dimension="theme").count() == 1
        assert not Notice.objects.exists()

    def test_what_somebody_decided_stays_decided(self, workspace, usual, ben):
        pieces = say(workspace, usual, THIS_WEEK - trends.WEEK, 16)
        count(workspace)
        alert = TrendAlert.objects.get(dimension="theme")
        alerts.decide(alert=alert, state="no", actor=ben.actor, at=NOW, note="Known")
        services.move_pieces(pieces=pieces, theme=None, actor=ben.actor, at=NOW)
        count(workspace)
        alert.refresh_from_db()
        assert (alert.state, alert.note) == ("no", "Known")

    def test_one_that_nobody_looked_at_goes_with_its_pieces(self, workspace, usual, ben):
        pieces = say(workspace, usual, THIS_WEEK - trends.WEEK, 16)
        count(workspace)
        services.move_pieces(pieces=pieces, theme=None, actor=ben.actor, at=NOW)
        count(workspace)
        assert not TrendAlert.objects.filter(dimension="theme").exists()

    def test_a_source_that_has_just_begun_is_no_alert(self, workspace, usual):
        say(workspace, usual, THIS_WEEK - trends.WEEK, 16, source="app store")
        count(workspace)
        assert not TrendAlert.objects.filter(dimension="source").exists()

    def test_a_theme_that_rises_says_so(self, workspace, theme):
        for back in range(1, 16):
            for number in range(9):
                who = factories.person(workspace, f"Somebody {back} {number}")
                piece = factories.feedback(
                    workspace, f"text {back} {number}", person=who, said_at=at(THIS_WEEK - back * trends.WEEK)
                )
                if number < (6 if back <= 4 else 1):
                    services.move_pieces(pieces=[piece], theme=theme, actor=factories.ACTOR, at=NOW)
        count(workspace)
        theme.refresh_from_db()
        assert theme.direction == "rising"
        assert theme.change > 3


class TestVersions:
    @pytest.mark.parametrize(
        ("attributes", "version"),
        [
            ({"Version": "4.1"}, "4.1"),
            ({"app version": 5}, "5"),
            ({"colour": "red"}, ""),
            ({}, ""),
            (None, ""),
        ],
    )
    def test_a_version_is_found_whatever_its_column_is_called(self, attributes, version):
        assert selectors.version_in(attributes) == version


@pytest.mark.skipif(not DATA.is_file(), reason="the Thunderbird questions are not beside this checkout")
class TestThunderbird:
    """14,640 real questions of 2025; the summer's English ones are enough to hear August."""

    def test_the_loudest_alert_is_the_week_of_html_and_bitdefender(self):
        with DATA.open(encoding="utf-8", newline="") as file:
            rows = [
                row
                for row in csv.DictReader(file)
                if row["locale"] == "en-US" and "2025-06-09" <= row["created"][:10] <= "2025-08-31"
            ]
        titles = [row["title"] for row in rows]
        days = np.array([dt.date.fromisoformat(row["created"][:10]).toordinal() for row in rows])
        vectors = embedding.minilm(threads=2).encode(titles)
        found = themes.find_themes(vectors=vectors)
        names = labels.name_themes(
            texts=titles, vectors=vectors, assignment=found.assignment, stop_words=["Thunderbird", "Mozilla"]
        )
        loud = []
        for number, name in enumerate(names):
            own = [dt.date.fromordinal(day) for day in days[found.assignment == number].tolist()]
            weeks = trends.weekly_counts(days=own, first=dt.date(2025, 6, 9), last=dt.date(2025, 8, 31))
            loud += [(alert.z, alert.week, name) for alert in trends.alerts(weeks=weeks)]
        _, week, name = max(loud, key=lambda one: one[0])
        assert week == dt.date(2025, 8, 11)
        assert {"html", "bitdefender"} & set(" ".join(name.terms).split())
