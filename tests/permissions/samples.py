"""What stands for the captured parts of addresses: the scene's own records, by name, by place and by address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core import signing

from roadbed.core.notify.services import mails
from roadbed.core.notify.views import inbox as inbox_views
from roadbed.core.records.views import links as link_views
from roadbed.core.workspaces.views import people as people_views
from roadbed.modules.insights.services import outline_files
from roadbed.modules.insights.views import needs as need_views
from roadbed.modules.insights.views import theme_pieces as piece_views
from roadbed.modules.insights.views import themes as theme_views
from roadbed.modules.insights.views import votes as vote_views
from roadbed.modules.portal.services import letters as portal_letters
from roadbed.modules.portal.services import telling_mails
from tests.people import NOW
from tests.permissions.scene import Scene
from tests.priorities import factories as priorities_scene

Sample = Callable[[Scene], Any]


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
    "change_id": lambda scene: scene.made["branch change"].pk,
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
    "x/<str:token>/": lambda scene: {"token": scene.made["report secret"]},
    "w/<slug:workspace>/experiments/<key:key>/readouts/<int:number>/": lambda scene: {"number": 1},
    "api/v1/<slug:workspace>/experiments/<key>/readouts/<int:number>": lambda scene: {"number": 1},
    "w/<slug:workspace>/experiments/<key:key>/shares/<int:share_id>/revoke/": lambda scene: {
        "share_id": scene.made["report share"].pk
    },
    "api/v1/<slug:workspace>/experiments/<key>/shares/<int:share_id>": lambda scene: {
        "share_id": scene.made["report share"].pk
    },
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
    "roadmap/timeline/form/": record("feature"),
    "roadmap/forecast/": record("feature"),
    "<slug:workspace>/forecast/": record("feature"),
    "<slug:workspace>/baselines/": lambda scene: {"number": scene.made["baseline"].number},
    "experiments/<key:key>/": record("experiment"),
    "<slug:workspace>/experiments/<key>": record("experiment"),
    "experiments/metrics/": record("metric"),
    "<slug:workspace>/metrics/": record("metric"),
    "settings/data/sources/": lambda scene: {"source": scene.made["data source"].key},
    "settings/data/exposures/": lambda scene: {"source": scene.made["exposure source"].key},
    "settings/data/facts/": lambda scene: {"source": scene.made["fact source"].key},
    "<slug:workspace>/data-sources/": lambda scene: {"source": scene.made["data source"].key},
    "<slug:workspace>/exposure-sources/": lambda scene: {"source": scene.made["exposure source"].key},
    "<slug:workspace>/fact-sources/": lambda scene: {"source": scene.made["fact source"].key},
    "experiments/flags/": record("flag"),
    "<slug:workspace>/flags/": record("flag"),
    "roadmap/externals/": record("external"),
    "roadmap/objectives/": record("objective"),
    "<slug:workspace>/objectives/": record("objective"),
    "roadmap/branches/": record("branch"),
    "<slug:workspace>/branches/": record("branch"),
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
