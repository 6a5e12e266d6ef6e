"""The workspace that the permission matrix and the fuzzing walk through: one of everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core import signing
from django.utils import timezone

from roadbed.core.accounts import services as accounts
from roadbed.core.jobs.models import Job
from roadbed.core.notify.models import Channel, Delivery, Endpoint, Notice
from roadbed.core.notify.services import mails
from roadbed.core.notify.views import inbox as inbox_views
from roadbed.core.records import services as records
from roadbed.core.records.models import Record, Relation, SavedView
from roadbed.core.records.views import links as link_views
from roadbed.core.tables.services import imports
from roadbed.core.workspaces import services as workspaces
from roadbed.core.workspaces.models import ApiToken, Product, Workspace
from roadbed.core.workspaces.roles import Role
from roadbed.core.workspaces.views import people as people_views
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
from roadbed.modules.insights.views import needs as need_views
from roadbed.modules.insights.views import theme_pieces as piece_views
from roadbed.modules.insights.views import themes as theme_views
from roadbed.modules.insights.views import votes as vote_views
from roadbed.modules.portal.models import Letter
from roadbed.modules.portal.services import letters as portal_letters
from roadbed.modules.portal.services import telling_mails
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

Sample = Callable[["Scene"], Any]


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


def _kept_link(scene: Scene) -> str:
    need, feature = scene.made["need"], scene.made["feature"]
    return signing.dumps([feature.pk, need.pk, "relates_to", ""], salt=link_views.SALT)


def _kept_row(scene: Scene) -> str:
    return signing.dumps({"name": "Again", "members": []}, salt=people_views.SALT)


def _kept_vote(scene: Scene) -> str:
    person, need = scene.made["person"], scene.made["need"]
    return signing.dumps([person.pk, need.pk, "", NOW.isoformat(), True], salt=vote_views.SALT)


def _kept_outline(scene: Scene) -> str:
    return outline_files.token_of(scene.made["outline file"])


SAMPLES: dict[str, Sample] = {
    "workspace": lambda scene: scene.workspace.slug,
    "key": lambda scene: scene.made["need"].key,
    "number": lambda scene: scene.made["need"].number,
    "comment_id": lambda scene: scene.made["comment"].pk,
    "link_id": lambda scene: scene.made["link"].pk,
    "merge_id": lambda scene: scene.made["merge"].pk,
    "view_id": lambda scene: scene.made["view"].pk,
    "job_id": lambda scene: scene.made["job"].pk,
    "member_id": lambda scene: scene.cleo.member.pk,
    "invitation_id": lambda scene: scene.made["invitation"].pk,
    "department_id": lambda scene: scene.made["department"].pk,
    "team_id": lambda scene: scene.made["team"].pk,
    "source_id": lambda scene: scene.made["source"].pk,
    "connection_id": lambda scene: scene.made["connection"].pk,
    "binding_id": lambda scene: scene.made["binding"].pk,
    "run_id": lambda scene: scene.made["run"].pk,
    "choice": lambda scene: "cut",
    "arrival_id": lambda scene: scene.made["arrival"].pk,
    "round_id": lambda scene: scene.made["round"].pk,
    "dependency_id": lambda scene: scene.made["dependency"].pk,
    "result_id": lambda scene: scene.made["key result"].pk,
    "share_id": lambda scene: scene.made["share"].pk,
    "seat_id": lambda scene: scene.made["seat"].pk,
    "absence_id": lambda scene: scene.made["absence"].pk,
    "day_id": lambda scene: scene.made["day"].pk,
    "circle_id": lambda scene: scene.made["circle"].pk,
    "token_id": lambda scene: scene.made["token"].pk,
    "session_id": lambda scene: 1,
    "notice_id": lambda scene: scene.made["notice"].pk,
    "channel_id": lambda scene: scene.made["channel"].pk,
    "endpoint_id": lambda scene: scene.made["endpoint"].pk,
    "delivery_id": lambda scene: scene.made["delivery"].pk,
    "token": lambda scene: mails.unsubscribe_token(member=scene.dan.member, topic="watch"),
    "import_id": lambda scene: scene.made["import"].pk,
    "alert_id": lambda scene: scene.made["alert"].pk,
    "pair": lambda scene: scene.made["pair"].pk,
    "pair_id": lambda scene: scene.made["pair"].pk,
    "rule": lambda scene: scene.made["rule"].pk,
    "rule_id": lambda scene: scene.made["rule"].pk,
    "quote_id": lambda scene: scene.made["quote"].pk,
    "telling_id": lambda scene: scene.made["telling"].pk,
    "letter_id": lambda scene: scene.made["letter"].pk,
    "listing_id": lambda scene: scene.made["listing"].pk,
    "remark_id": lambda scene: scene.made["remark"].pk,
    "news_id": lambda scene: scene.made["news"].pk,
    "board": lambda scene: scene.made["board"].slug,
    "code": lambda scene: scene.made["listing"].code,
    "vote_id": lambda scene: scene.made["vote"].pk,
    "figure": lambda scene: "customers",
    "first": lambda scene: 1,
    "last": lambda scene: 1,
    "deed_id": lambda scene: scene.made["deed"].pk,
    "what": lambda scene: "status",
    "part": lambda scene: "states",
    "name": lambda scene: "dialog",
    "slug": lambda scene: scene.product.slug,
    "kept": _kept_link,
    "secret": lambda scene: scene.made["invitation secret"],
    "environment": lambda scene: scene.made["environment"].key,
    "key_id": lambda scene: scene.made["flag key"].pk,
    "segment": lambda scene: scene.made["flag segment"].key,
    "holdout": lambda scene: scene.made["holdout"].key,
    "pk": lambda scene: 1,
    "uidb36": lambda scene: "1",
    "provider_id": lambda scene: "none",
}
"""What stands for a captured part, by its name."""

PLACED: dict[str, Sample] = {
    "w/<slug:workspace>/export/<slug:name>/": lambda scene: {"name": "feedback"},
    "api/v1/<slug:workspace>/exports/<slug:name>": lambda scene: {"name": "feedback"},
    "sign-in/<slug:secret>/": lambda scene: {"secret": scene.made["sign-in secret"]},
    "w/<slug:workspace>/settings/departments/restore/<str:kept>/": lambda scene: {"kept": _kept_row(scene)},
    "w/<slug:workspace>/settings/teams/restore/<str:kept>/": lambda scene: {"kept": _kept_row(scene)},
    "w/<slug:workspace>/inbox/undo/<str:kept>/": lambda scene: {
        "kept": signing.dumps(NOW.isoformat(), salt=inbox_views.UNDO_SALT)
    },
    "w/<slug:workspace>/insights/needs/undo/<str:kept>/": lambda scene: {
        "kept": signing.dumps(["archive", []], salt=need_views.UNDO_SALT, compress=True)
    },
    "s/<slug:token>/": lambda scene: {"token": scene.made["share secret"]},
    "s/<slug:token>/calendar.ics": lambda scene: {"token": scene.made["calendar secret"]},
    "f/<slug:token>/": lambda scene: {"token": scene.made["form"].token},
    "f/<slug:token>/embed/": lambda scene: {"token": scene.made["form"].token},
    "f/<slug:token>/frame.js": lambda scene: {"token": scene.made["form"].token},
    "f/<slug:token>/look.css": lambda scene: {"token": scene.made["form"].token},
    "f/<slug:token>/widget.js": lambda scene: {"token": scene.made["form"].token},
    "hooks/in/<slug:token>/": lambda scene: {"token": scene.made["source"].token},
    "w/<slug:workspace>/insights/sources/new/<slug:kind>/": lambda scene: {"kind": "form"},
    "w/<slug:workspace>/trackers/new/<slug:kind>/": lambda scene: {"kind": "github"},
    "hooks/trackers/<slug:token>/": lambda scene: {"token": "nobody"},
    "p/<slug:workspace>/<slug:board>/off/<str:token>/": lambda scene: {
        "token": portal_letters.off_token(scene.made["visitor"])
    },
    "told/off/<str:token>/": lambda scene: {"token": telling_mails.off_token(scene.made["letter"])},
    "w/<slug:workspace>/insights/outline/documents/<str:kept>/": lambda scene: {"kept": _kept_outline(scene)},
    "w/<slug:workspace>/insights/votes/restore/<str:kept>/": lambda scene: {"kept": _kept_vote(scene)},
    "w/<slug:workspace>/insights/themes/undo/<str:kept>/": lambda scene: {
        "kept": signing.dumps(["pin", []], salt=theme_views.UNDO_SALT, compress=True)
    },
    "w/<slug:workspace>/insights/themes/pieces/undo/<str:kept>/": lambda scene: {
        "kept": signing.dumps([], salt=piece_views.UNDO_SALT, compress=True)
    },
    "w/<slug:workspace>/settings/members/<int:member_id>/restore/": lambda scene: {
        "member_id": scene.gone.member.pk
    },
    "w/<slug:workspace>/comments/<int:comment_id>/restore/": lambda scene: {
        "comment_id": scene.made["lost comment"].pk
    },
    "w/<slug:workspace>/<key:key>/restore/": lambda scene: {"key": scene.made["lost need"].key},
    "api/v1/<slug:workspace>/records/<key>/restore": lambda scene: {"key": scene.made["lost need"].key},
}
"""What stands for the captured parts of one address."""


def record(made: str) -> Sample:
    """Return a sample for addresses of another kind of record."""
    return lambda scene: {"key": scene.made[made].key, "number": scene.made[made].number}


KINDS: dict[str, Sample] = {
    "ask/questions/": record("question"),
    "<slug:workspace>/questions/": record("question"),
    "insights/needs/": record("need"),
    "insights/feedback/": record("feedback"),
    "insights/themes/": record("theme"),
    "<slug:workspace>/themes/": record("theme"),
    "insights/triage/": record("feedback"),
    "insights/accounts/": record("account"),
    "insights/people/": record("person"),
    "insights/segments/": record("segment"),
    "roadmap/releases/<int:number>/reopen": record("shipped release"),
    "roadmap/releases/": record("release"),
    "roadmap/features/": record("feature"),
    "roadmap/slips/": record("feature"),
    "roadmap/forecast/": record("feature"),
    "<slug:workspace>/forecast/": record("feature"),
    "<slug:workspace>/baselines/": lambda scene: {"number": scene.made["baseline"].number},
    "experiments/flags/": record("flag"),
    "<slug:workspace>/flags/": record("flag"),
    "roadmap/externals/": record("external"),
    "roadmap/objectives/": record("objective"),
    "<slug:workspace>/objectives/": record("objective"),
    "roadmap/risks/": record("risk"),
    "<slug:workspace>/risks/": record("risk"),
    "<slug:workspace>/externals/": record("external"),
    "portal/boards/": record("board"),
    "alignment/sessions/": record("session"),
    "<slug:workspace>/sessions/": record("session"),
    "priorities/lenses/<int:number>/items/": priorities_scene.feature_of("lens"),
    "priorities/lenses/": record("lens"),
    "priorities/portfolios/<int:number>/pins/": priorities_scene.feature_of("portfolio"),
    "priorities/portfolios/": record("portfolio"),
    "<slug:workspace>/lenses/": record("lens"),
    "<slug:workspace>/portfolios/": priorities_scene.portfolio,
    "<slug:workspace>/figures/": record("feature"),
    "<slug:workspace>/paces/": record("feature"),
    "<slug:workspace>/boards/": record("board"),
    "<slug:workspace>/features/": record("feature"),
    "<slug:workspace>/releases/": record("release"),
    "<slug:workspace>/feedback/": record("feedback"),
    "<slug:workspace>/accounts/": record("account"),
    "<slug:workspace>/people/": record("person"),
    "<slug:workspace>/segments/": record("segment"),
    "<slug:workspace>/feature-issues/": record("feature"),
}
"""Whose key and number an address below that place means; the first that fits counts."""


def parts_of(route: str, names: list[str], scene: Scene) -> dict[str, Any]:
    """Return what stands for the captured parts of an address."""
    placed = dict(PLACED[route](scene)) if route in PLACED else {}
    for place, sample in KINDS.items():
        if place in route:
            placed = {**sample(scene), **placed}
            break
    unknown = [name for name in names if name not in placed and name not in SAMPLES]
    assert not unknown, f"{route}: say in tests/permissions/scene.py what stands for {', '.join(unknown)}"
    return {name: placed[name] if name in placed else SAMPLES[name](scene) for name in names}
