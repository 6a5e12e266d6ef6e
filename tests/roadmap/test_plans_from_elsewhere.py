"""Plans of other programs: Microsoft Project's XML, and what Jira, GitHub and GitLab export."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from roadbed.core.tables import services as tables
from roadbed.core.tables.reading import UnreadableFileError, open_table, probe
from roadbed.core.tables.services import imports
from roadbed.modules.roadmap.models import Dependency, Feature
from tests.people import NOW

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
OPEN = '<Project xmlns="http://schemas.microsoft.com/project">'


def task(uid: int, name: str, level: int, **facts: Any) -> str:
    links = facts.pop("links", "")
    inner = "".join(f"<{key}>{value}</{key}>" for key, value in facts.items())
    own = f"<UID>{uid}</UID><ID>{uid}</ID><Name>{name}</Name><OutlineLevel>{level}</OutlineLevel>"
    return f"<Task>{own}{inner}{links}</Task>"


PLAN = (
    HEAD + OPEN + "<Name>Plan</Name><MinutesPerDay>480</MinutesPerDay><Tasks>"
    + task(0, "Plan", 0, Summary=1)
    + task(1, "Maps &amp; routes", 1, Summary=1, Start="2026-11-02T08:00:00", Finish="2026-12-18T17:00:00")
    + task(2, "Offline maps", 2, Start="2026-11-02T08:00:00", Finish="2026-11-20T17:00:00", Duration="PT120H0M0S",
           Work="PT80H0M0S", PercentComplete=100, Notes="For tunnels.")
    + "<Task><UID>9</UID><IsNull>1</IsNull></Task>"
    + task(3, "Reroute", 2, PercentComplete=40, Start="2026-11-23T08:00:00", Finish="2026-12-18T17:00:00",
           links="<PredecessorLink><PredecessorUID>2</PredecessorUID><Type>1</Type><LinkLag>4800</LinkLag>"
                 "</PredecessorLink><PredecessorLink><PredecessorUID>1</PredecessorUID><Type>3</Type><LinkLag>-600</LinkLag>"
                 "</PredecessorLink>")
    + task(4, "Release 5.0", 1, Milestone=1)
    + "</Tasks><Resources><Resource><UID>1</UID><Name>Mira</Name><EmailAddress>mira@x.example</EmailAddress></Resource>"
      "<Resource><UID>2</UID><Name>Jo</Name></Resource></Resources><Assignments>"
      "<Assignment><UID>1</UID><TaskUID>2</TaskUID><ResourceUID>1</ResourceUID></Assignment>"
      "<Assignment><UID>2</UID><TaskUID>2</TaskUID><ResourceUID>2</ResourceUID></Assignment></Assignments></Project>"
)  # fmt: skip


def table(tmp_path: Any, text: str | bytes, name: str = "plan.xml") -> Any:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_table(path, probe(path, name))


class TestReading:
    def test_tasks_come_with_their_outline_links_and_people(self, tmp_path):
        found = table(tmp_path, PLAN)
        rows = [dict(zip(found.columns, row.cells, strict=True)) for row in found.rows()]
        assert [(row["UID"], row["Parent UID"], row["Level"], row["Status"]) for row in rows] == [
            ("1", "", "Area", "Planned"), ("2", "1", "Feature", "Shipped"), ("3", "1", "Feature", "In development"),
            ("4", "", "Feature", "Planned")]  # fmt: skip
        assert (rows[1]["Duration (hours)"], rows[1]["Work (hours)"]) == (120.0, 80.0)
        assert (rows[1]["Resources"], rows[2]["Predecessors"]) == ("mira@x.example; Jo", "2FS+8h; 1SS-1h")
        assert (rows[0]["Name"], rows[3]["Milestone"]) == ("Maps & routes", "yes")

    def test_any_encoding_that_xml_may_have(self, tmp_path):
        text = PLAN.replace('encoding="UTF-8"', 'encoding="UTF-16"')
        assert len(list(table(tmp_path, text.encode("utf-16")).rows())) == 4

    @pytest.mark.parametrize(
        "text",
        [
            HEAD + '<!DOCTYPE x [<!ENTITY a "b">]>' + OPEN + "<Name>&a;</Name></Project>",
            HEAD + '<!DOCTYPE x SYSTEM "file:///etc/passwd">' + OPEN + "</Project>",
            HEAD + '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]>' + OPEN + "</Project>",
            HEAD + OPEN + "<Tasks><Task><UID>1</UID>",
            HEAD + OPEN + "<a>" * 60 + "</a>" * 60 + "</Project>",
        ],
        ids=["entities", "external", "parameter", "cut off", "nested"],
    )
    def test_what_attacks_or_is_broken_is_refused(self, tmp_path, text):
        with pytest.raises(UnreadableFileError):
            list(table(tmp_path, text).rows())

    def test_other_xml_is_refused_by_name(self, tmp_path):
        with pytest.raises(UnreadableFileError, match="only plans of Microsoft Project"):
            table(tmp_path, HEAD + "<rss/>")


JIRA = (
    "Summary,Issue key,Issue id,Issue Type,Status,Parent key,Fix Version/s,Due Date,Labels,Labels,Description\n"
    "Maps,APP-1,10001,Epic,In Progress,,5.0,2026-12-18,maps,drivers,All of it.\n"
    "Offline maps,APP-2,10002,Story,Done,APP-1,5.0,2026-11-20,,,For tunnels.\n"
)
GITHUB = json.dumps([
    {"number": 7, "title": "Offline maps", "body": "Why.<!-- hidden -->", "state": "open", "labels": [{"name": "maps"}],
     "milestone": {"title": "5.0", "due_on": "2026-12-18T00:00:00Z"}},
    {"number": 8, "title": "A change", "body": "", "state": "open", "labels": [], "pull_request": {"url": "https://x"}},
])  # fmt: skip
GITLAB = (
    "Title,Description,Issue ID,URL,State,Author,Due Date,Created At (UTC),Closed At (UTC),Milestone,Weight,Labels\n"
    'Offline maps,Why.,7,https://x/7,Open,Dana,2026-12-18,2026-10-01 09:00:00,,5.0,3,"maps,drivers"\n'
)


@pytest.mark.django_db
class TestImporting:
    def run(self, workspace, ben, name, text):
        found = imports.create_import(
            workspace=workspace, target="features", name=name, chunks=[text.encode()], actor=ben.actor, at=NOW
        )
        imports.start_import(run=found, actor=ben.actor, at=NOW)
        return tables.run_import(run=found, actor=ben.actor, now=lambda: NOW)

    def test_a_plan_of_project_comes_in_with_its_tree_and_twice_is_once(self, workspace, ben):
        done = self.run(workspace, ben, "plan.xml", PLAN)
        assert done.options["preset"] == "ms-project"
        by_title = {each.title: each for each in Feature.objects.all()}
        assert sorted(by_title) == ["Maps & routes", "Offline maps", "Release 5.0", "Reroute"]
        offline = by_title["Offline maps"]
        assert offline.parent == by_title["Maps & routes"]
        assert (offline.status, offline.target_end, offline.description) == (
            "shipped", date(2026, 11, 20), "For tunnels.")  # fmt: skip
        # Offline maps lies under what Reroute would wait for to start: that one tie is refused, and named.
        ties = [(each.feature.title, each.on.title, each.tie, each.lag) for each in Dependency.objects.all()]
        assert ("Reroute", "Offline maps", "fs", 1) in ties
        self.run(workspace, ben, "plan.xml", PLAN)
        assert Feature.objects.count() == 4
        assert Dependency.objects.count() == len(ties)

    @pytest.mark.parametrize(
        ("name", "text", "preset"),
        [("jira.csv", JIRA, "jira"), ("issues.json", GITHUB, "github"), ("issues.csv", GITLAB, "gitlab")],
    )
    def test_exports_are_known_by_their_headers(self, workspace, ben, name, text, preset):
        done = self.run(workspace, ben, name, text)
        assert done.options["preset"] == preset
        offline = Feature.objects.get(title="Offline maps")
        assert offline.target_end is not None
        if preset == "jira":
            assert (offline.parent.title, offline.status, offline.level) == ("Maps", "shipped", "story")
        else:
            assert offline.description == "Why."
            assert Feature.objects.count() == 1
