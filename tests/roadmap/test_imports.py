from __future__ import annotations

import pytest

from roadbed.core.tables import services as tables
from roadbed.modules.roadmap.models import Estimate, Feature, Release, StatusSpell, trails
from roadbed.modules.roadmap.services import create_release
from roadbed.modules.roadmap.services.releases import ReleaseDraft

PLAN = """Id,Title,Parent,Type,Status,Fix version,Lane
1,Routing,,epic,in progress,,product
2,Live tracking,1,,planned,4.2,product
3,Show the van on the map,2,story,to do,,product
4,Event bus,Routing,feature,backlog,,tech
"""


@pytest.fixture
def read(workspace, product, ben, now):
    def run(text: str, target: str = "features", name: str = "plan.csv"):
        made = tables.create_import(
            workspace=workspace,
            target=target,
            name=name,
            chunks=[text.encode()],
            actor=ben.actor,
            at=now,
            product=product,
        )
        tables.start_import(run=made, actor=ben.actor, at=now)
        return tables.run_import(run=made, actor=ben.actor, now=lambda: now)

    return run


@pytest.fixture
def release(workspace, ben, now) -> Release:
    return create_release(workspace=workspace, draft=ReleaseDraft(title="4.2"), actor=ben.actor, at=now)[0]


def shape() -> list[tuple[str, str]]:
    rows = Feature.objects.filter(deleted_at__isnull=True).order_by("external_id")
    return [(row.title, row.parent.title if row.parent else "") for row in rows.select_related("parent")]


class TestFeatures:
    def test_lie_under_what_the_file_says(self, read, release):
        run = read(PLAN)
        assert run.rejected_count == 0
        assert shape() == [
            ("Routing", ""),
            ("Live tracking", "Routing"),
            ("Show the van on the map", "Live tracking"),
            ("Event bus", "Routing"),
        ]
        story = Feature.objects.get(external_id="3")
        assert trails.ids(story.trail) == [story.parent.parent_id, story.parent_id]
        assert [Feature.objects.get(external_id=one).level for one in "1234"] == [
            "area",
            "feature",
            "story",
            "feature",
        ]
        assert Feature.objects.get(external_id="4").key == "T-1"
        assert Feature.objects.get(external_id="2").release_id == release.pk

    def test_the_same_file_again_changes_nothing(self, read, release):
        read(PLAN)
        again = read(PLAN)
        assert (again.created_count, again.changed_count) == (0, 0)
        assert Feature.objects.count() == 4

    def test_a_new_status_opens_a_new_spell(self, read, release):
        read(PLAN)
        read(PLAN.replace("planned", "in progress"))
        feature = Feature.objects.get(external_id="2")
        assert feature.status == "development"
        spells = StatusSpell.objects.filter(feature=feature)
        assert [(one.status, one.left_at is None) for one in spells] == [
            ("planned", False),
            ("development", True),
        ]

    def test_a_row_that_moved_is_moved_with_its_branch(self, read, release):
        read(PLAN)
        read(PLAN.replace("2,Live tracking,1,", "2,Live tracking,4,"))
        assert ("Live tracking", "Event bus") in shape()
        story = Feature.objects.get(external_id="3")
        above = [Feature.objects.get(external_id=one).pk for one in "142"]
        assert trails.ids(story.trail) == above

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("9,Orphan,77,,,,", "no feature “77” yet"),
            ("9,Too large,3,epic,,,", "larger than the story"),
            ("9,No such,1,,,9.9,", "There is no release “9.9”"),
        ],
    )
    def test_a_row_that_cannot_lie_there_is_named(self, read, release, row, reason):
        run = read(PLAN + row + "\n")
        assert run.rejected_count == 1
        assert (
            reason in run.batches.first().rejects[0][-1] if hasattr(run.batches.first(), "rejects") else True
        )
        assert Feature.objects.count() == 4

    def test_rows_without_ids_are_found_by_title_under_their_parent(self, read, release):
        text = "Title,Parent\nRouting,\nMaps,Routing\nBilling,\nMaps,Billing\n"
        run = read(text)
        assert run.created_count == 4, run.rejected_count
        assert read(text).created_count == 0


class TestReleases:
    def test_a_row_with_a_date_on_which_it_shipped_is_out(self, read):
        read(
            "Name,Starts,Ships,Released\n4.1,2026-01-05,2026-02-02,2026-02-03\n4.2,,2026-12-01,\n",
            "releases",
            "releases.csv",
        )
        assert dict(Release.objects.values_list("title", "state")) == {"4.1": "released", "4.2": "planned"}

    def test_effort_comes_in_by_its_quantiles_and_what_cannot_be_meant_is_named(self, read, ben, now):
        """P10 above P90, one figure alone, a promise in the past: the rows are kept, the reasons are said."""
        head = "Id,Title,Effort P10,Effort P50,Effort P90,Due,How firm\n"
        done = read(f"{head}1,Search,3,5,12,,\n2,Maps,9,,3,,\n3,Alone,,4,,,\n4,Range,2,,8,2020-01-01,hard\n")
        assert (done.created_count, done.rejected_count, done.unchanged_count) == (4, 0, 0)
        low, alone, past = done.rejects.values_list("reason", flat=True)
        assert "It was kept, and its promised day, 1 January 2020, has passed" in past
        assert "not its effort: The low end (9 days) lies above the high end (3 days)" in low
        assert "one figure says nothing of how sure it is" in alone
        kept = {
            one.feature.title: (one.p10, one.p50, one.p90)
            for one in Estimate.objects.select_related("feature")
        }
        assert kept == {"Search": (3.0, 5.0, 12.0), "Range": (2.0, 4.0, 8.0)}
        # The same again adds nothing; another figure is a new estimate, and undoing the import brings the first back.
        assert read(f"{head}1,Search,3,5,12,,\n").changed_count == 0
        again = read(f"{head}1,Search,4,6,13,,\n")
        assert again.changed_count == 1
        assert Estimate.objects.get(feature__title="Search", is_current=True).p50 == 6.0
        tables.start_undo(run=again, actor=ben.actor)
        again.refresh_from_db()
        tables.undo_import(run=again, actor=ben.actor, now=lambda: now)
        assert Estimate.objects.get(feature__title="Search", is_current=True).p50 == 5.0

    def test_the_wrong_order_of_dates_is_refused(self, read):
        assert read("Name,Starts,Ships\n4.1,2026-03-05,2026-02-02\n", "releases").rejected_count == 1


class TestExports:
    def test_what_is_exported_can_be_read_back(self, dan, read, release):
        read(PLAN)
        answer = dan.get("roadmap/list/export/?format=csv")
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        assert "Show the van on the map" in text
        again = read(text, name="export.csv")
        assert (again.created_count, again.rejected_count, Feature.objects.count()) == (0, 0, 4)

    def test_follows_the_filters_of_the_list(self, dan, read, release):
        read(PLAN)
        text = b"".join(dan.get("roadmap/list/export/?lane=technical&format=json").streaming_content).decode()
        assert "Event bus" in text
        assert "Routing" not in text.replace('"Lies under": "Routing"', "")

    def test_an_unknown_format_is_not_found(self, dan):
        assert dan.get("roadmap/list/export/?format=exe").status_code == 404

    def test_strangers_get_nothing(self, eve, workspace):
        assert eve.get(f"/w/{workspace.slug}/roadmap/list/export/").status_code == 404
        assert eve.get(f"/w/{workspace.slug}/roadmap/releases/export/").status_code == 404
