"""The workspace that the permission matrix and the fuzzing walk through: one of everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from roadbed.core.accounts import services as accounts
from roadbed.core.jobs.models import Job
from roadbed.core.notify.models import Channel, Delivery, Endpoint, Notice
from roadbed.core.records import services as records
from roadbed.core.records.models import Record, Relation, SavedView
from roadbed.core.tables.services import imports
from roadbed.core.workspaces import services as workspaces
from roadbed.core.workspaces.models import ApiToken, Product, Workspace
from roadbed.core.workspaces.roles import Role
from roadbed.modules.ask.models import Question
from roadbed.modules.insights import services as insights
from roadbed.modules.insights.models import (
    Account,
    Arrival,
    Double,
    Feedback,
    Need,
    Person,
    Segment,
    Theme,
    TrendAlert,
)
from roadbed.modules.insights.services import intake, outline_files, sources
from roadbed.modules.insights.services.items import Item
from roadbed.modules.portal.models import Letter
from roadbed.modules.portal.services import tellings as telling_services
from roadbed.modules.roadmap import services as roadmap
from roadbed.modules.roadmap.models import ForecastRow, PlanForecast, Release, Status
from roadbed.modules.roadmap.services import baselines
from tests import people
from tests.alignment import factories as alignment_scene
from tests.experiments import factories as experiments_scene
from tests.people import NOW, Someone
from tests.portal import factories as portal_scene
from tests.priorities import factories as priorities_scene
from tests.roadmap import factories as roadmap_scene
from tests.trackers import factories as tracker_scene


@dataclass
class Scene:
    """Everybody, and one of everything."""

    workspace: Workspace
    product: Product
    ada: Someone
    ben: Someone
    cleo: Someone
    dan: Someone
    eve: Someone
    gone: Someone
    reading: str
    writing: str
    made: dict[str, Any] = field(default_factory=dict)


def _one_of(scene: Scene, model: type[Any], **values: Any) -> Any:
    known = {each.name for each in model._meta.fields}
    usable = {name: value for name, value in values.items() if name in known}
    return records.create_record(
        record=model(workspace=scene.workspace, **usable), actor=scene.cleo.actor, at=NOW
    )


def build() -> Scene:
    """Make the scene through the services."""
    workspace = people.make_workspace()
    product = Product.objects.create(workspace=workspace, slug="dispatch", name="Dispatch")
    everybody = {
        "ada": people.join(workspace, "Ada", Role.OWNER),
        "ben": people.join(workspace, "Ben", Role.MAKER),
        "cleo": people.join(workspace, "Cleo", Role.CONTRIBUTOR),
        "dan": people.join(workspace, "Dan", Role.VIEWER),
        "eve": people.join(people.make_workspace("elsewhere", "Elsewhere"), "Eve", Role.OWNER),
        "gone": people.join(workspace, "Gus", Role.OWNER),
    }
    ada = everybody["ada"]
    # Taken out by hand: the service would end the session, and it is the session's reach that is tested.
    type(ada.member).objects.filter(pk=everybody["gone"].member.pk).update(removed_at=NOW)
    _, reading = workspaces.create_token(
        member=ada.member, name="r", scope=ApiToken.Scope.READ, actor=ada.actor, at=NOW
    )
    kept, writing = workspaces.create_token(
        member=ada.member, name="w", scope=ApiToken.Scope.WRITE, actor=ada.actor, at=NOW
    )
    scene = Scene(workspace=workspace, product=product, reading=reading, writing=writing, **everybody)
    made = scene.made
    made["need"] = _one_of(scene, Need, title="Change a run without calling")
    made["theme"] = _one_of(scene, Theme, title="Closed roads")
    made["alert"] = TrendAlert.objects.create(
        home=workspace,
        dimension="theme",
        value=str(made["theme"].pk),
        theme=made["theme"],
        name="Closed roads",
        week=NOW.date(),
        seen=9,
        expected=0.5,
        z=12.0,
        found_at=NOW,
    )
    made["second need"] = _one_of(scene, Need, title="Hear of a delay")
    made["lost need"] = _one_of(scene, Need, title="Forgotten")
    made["old need"] = _one_of(scene, Need, title="Put away")
    made["twin need"] = _one_of(scene, Need, title="Hear of delays")
    made["account"] = _one_of(scene, Account, title="Halden Freight")
    made["person"] = _one_of(scene, Person, title="Mira Oduya")
    made["segment"] = _one_of(scene, Segment, title="Large fleets", rule={"all": []})
    made["feedback"] = _one_of(
        scene, Feedback, title="When a road closes", text="When a road closes we phone.", said_at=NOW
    )
    made["question"] = _one_of(
        scene,
        Question,
        title="Which tachographs do we read?",
        state="answered",
        answer="Two.",
        answered_at=NOW,
    )
    made["feature"], _ = roadmap.create_feature(
        workspace=workspace, draft=roadmap.Draft(title="Reroute during a run"), actor=scene.cleo.actor, at=NOW
    )
    made["deed"] = roadmap.change_status(
        feature=made["feature"], status=Status.PLANNED, actor=scene.cleo.actor, at=NOW
    )
    made["release"] = _one_of(scene, Release, title="4.2")
    made["baseline"] = baselines.freeze_plan(
        workspace=workspace, name="As promised", actor=scene.cleo.actor, at=NOW
    )
    made["forecast"] = PlanForecast.objects.create(
        workspace=workspace, number=1, at=NOW, first=NOW.date(), seed=1, runs=100, engine="tests", digest="0"
    )
    day = NOW.date()
    ForecastRow.objects.create(
        forecast=made["forecast"], record=made["feature"], kind="work", place=0,
        start=day, finish=day, p50=day, p85=day, p95=day,
    )  # fmt: skip
    made["shipped release"] = _one_of(scene, Release, title="4.1", state="released", shipped_at=NOW)
    actor = scene.cleo.actor
    records.delete_record(record=made["lost need"], actor=actor, at=NOW)
    records.archive_record(record=made["old need"], actor=actor, at=NOW)
    made["merge"] = records.merge_records(
        survivor=made["second need"], merged=made["twin need"], actor=actor, at=NOW
    )
    made["comment"] = records.add_comment(record=made["need"], body="Yes.", actor=actor, at=NOW)
    made["lost comment"] = records.add_comment(record=made["need"], body="No.", actor=actor, at=NOW)
    records.delete_comment(comment=made["lost comment"], actor=actor, at=NOW)
    made["link"] = records.create_link(
        source=made["feature"], target=made["need"], relation=Relation.ANSWERS, actor=actor, at=NOW
    )
    made["view"] = SavedView.objects.create(
        workspace=workspace, member=ada.member, list_name="insights.needs", name="Mine", created_at=NOW
    )
    made["job"] = Job.objects.create(
        workspace=workspace, name="tests.nothing", run_at=NOW, created_at=NOW, requested_by=scene.cleo.user
    )
    made["token"] = kept
    made["department"] = workspaces.add_department(workspace=workspace, name="Legal", actor=actor, at=NOW)
    made["team"] = workspaces.add_team(workspace=workspace, name="Routing", actor=actor, at=NOW)
    made["circle"] = workspaces.make_circle(workspace=workspace, name="Counsel", actor=actor, at=NOW)
    made["notice"] = Notice.objects.create(
        workspace=workspace,
        member=ada.member,
        sequence=10**6,
        reason="watch",
        actor_name="Ben",
        text="x",
        url="/w/northwind/",
        created_at=NOW,
    )
    made["channel"] = Channel.objects.create(
        workspace=workspace, department=made["department"], name="Legal", created_at=NOW
    )
    made["endpoint"] = Endpoint.objects.create(
        workspace=workspace, url="https://example.com/hook", secret="whsec_eA==", created_at=NOW
    )
    made["delivery"] = Delivery.objects.create(
        endpoint=made["endpoint"], event_id="1", type="need.created", body="{}", created_at=NOW
    )
    made["quote"] = insights.quote_words(
        feedback=made["feedback"], target=made["need"], start=0, end=4, actor=actor, at=NOW
    )
    made["likely double"] = _one_of(
        scene, Feedback, title="Closed roads", text="When a road closes we ring.", said_at=NOW
    )
    made["pair"] = Double.objects.create(
        workspace=workspace,
        older=made["feedback"],
        newer=made["likely double"],
        score=0.8,
        why="both say road",
        found_at=NOW,
    )
    made["rule"] = insights.add_rule(
        workspace=workspace, name="badge", pattern=r"HF-\d{5}", actor=ada.actor, at=NOW
    )
    made["vote"] = insights.vote(
        person=made["person"], target=made["need"], on_behalf=True, actor=actor, at=NOW
    )
    made["telling"] = telling_services.prepare(
        record=Record.objects.get(pk=made["need"].pk), change="news", at=NOW
    )
    made["letter"] = Letter.objects.create(
        telling=made["telling"],
        person_id=made["person"].pk,
        email="mira@halden.example",
        reason="voted",
        channel="hand",
    )
    made["outline file"] = outline_files.write(
        workspace=workspace,
        asked={"rank": "people"},
        kind="markdown",
        progress=lambda done, total: None,
        now=NOW,
    )
    made["second segment"] = _one_of(scene, Segment, title="Small fleets", rule={"conditions": []})
    made["import"] = imports.create_import(
        workspace=workspace,
        target="feedback",
        name="feedback.csv",
        chunks=[b"id,text,date\n1,More colours,2026-10-01\n"],
        actor=actor,
        at=NOW,
    )
    made["source"], made["form"] = (
        sources.create_source(workspace=workspace, kind=kind, name=kind, settings={}, actor=actor, at=NOW)
        for kind in ("hook", "form")
    )
    intake.leave_out(source=made["source"], item=Item(text="More colours."), reason="A trap.", at=NOW)
    made["arrival"] = Arrival.objects.get()
    portal_scene.furnish(scene)
    tracker_scene.furnish(scene)
    priorities_scene.furnish(scene)
    alignment_scene.furnish(scene)
    experiments_scene.furnish(scene)
    roadmap_scene.furnish(scene)
    now = timezone.now()
    made["invitation"], path = workspaces.invite(
        workspace=workspace, email="x@example.com", role=Role.VIEWER, actor=ada.actor, at=now
    )
    made["invitation secret"] = path.strip("/").rpartition("/")[2]
    link = accounts.issue_sign_in_link(user=scene.dan.user, at=now + timedelta(days=1))
    made["sign-in secret"] = link.strip("/").rpartition("/")[2]
    return scene
