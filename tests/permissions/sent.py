"""What is sent where an address refuses an empty body before it looks at who is asking."""

from __future__ import annotations

from typing import Any

API = "api/v1/<slug:workspace>/"
PAGE = "w/<slug:workspace>/"

SENT: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", API + "invitations"): {"email": "y@example.com"},
    ("POST", API + "departments"): {"name": "Finance"},
    ("PATCH", API + "departments/<int:department_id>"): {"name": "Law"},
    ("POST", API + "teams"): {"name": "Mobile"},
    ("PUT", API + "teams/<int:team_id>"): {"name": "Routes"},
    ("POST", API + "circles"): {"name": "Board"},
    ("PUT", API + "circles/<int:circle_id>"): {"name": "Counsel"},
    ("PUT", API + "records/<key>/circle"): {"circle": None},
    ("POST", API + "products"): {"name": "Portal"},
    ("POST", API + "tokens"): {"name": "t"},
    ("POST", API + "records/<key>/merge"): {"key": "N-2"},
    ("POST", API + "records/<key>/links"): {"target": "N-2", "relation": "relates_to"},
    ("POST", API + "records/<key>/comments"): {"body": "Yes."},
    ("PATCH", API + "comments/<int:comment_id>"): {"body": "No."},
    ("PUT", API + "records/<key>/tags"): {"tags": ["routing"]},
    ("PUT", API + "records/<key>/watch"): {"watching": True},
    ("POST", API + "views"): {"list": "insights.needs", "name": "Mine too"},
    ("POST", API + "features"): {"title": "Offline maps"},
    ("POST", API + "baselines"): {"name": "As promised"},
    ("GET", PAGE + "trackers/link/"): {"key": "F-1"},
    ("POST", PAGE + "trackers/link/"): {"key": "F-1"},
    ("POST", API + "trackers"): {
        "name": "Second",
        "kind": "github",
        "settings": {"repository": "octo/hello", "token": "t", "api": "https://tracker.invalid"},
    },
    ("POST", API + "trackers/<int:connection_id>/test"): {},
    ("POST", API + "trackers/<int:connection_id>/looks"): {"dry_run": True},
    ("PUT", API + "trackers/<int:connection_id>/state"): {"on": True},
    ("POST", API + "trackers/<int:connection_id>/issues"): {"feature": "F-1", "issue": "9"},
    ("POST", API + "tracker-conflicts/settle"): {"ids": [1], "keep": "ours"},
    ("PUT", API + "tracker-pairs/<int:binding_id>"): {"choice": "cut"},
    ("POST", API + "releases"): {"title": "5.0"},
    ("POST", API + "needs"): {"title": "Know the delay"},
    ("POST", API + "questions"): {"title": "Who drives at night?"},
    ("POST", API + "questions/<key>/answer"): {"answer": "Two of them.", "citations": ["N-1"]},
    ("POST", PAGE + "ask/phrase/"): {"q": "Why do drivers phone?"},
    ("POST", PAGE + "ask/keep/"): {"q": "Why do drivers phone?", "helpful": "yes"},
    ("POST", PAGE + "ask/questions/<int:number>/answer/"): {"answer": "Two.", "citations": "N-1"},
    ("POST", API + "themes"): {"title": "Locked gates"},
    ("PATCH", API + "themes/<key>"): {"title": "Closed streets"},
    ("PUT", API + "themes/<key>/pin"): {"pinned": True},
    ("POST", API + "themes/<key>/split"): {"title": "Bridges", "feedback": ["FB-1"]},
    ("POST", API + "themes/<key>/needs"): {"title": "Know of closed roads"},
    ("PUT", API + "feedback/<key>/theme"): {"theme": None},
    ("PUT", API + "alerts/<int:alert_id>"): {"state": "acknowledged"},
    ("POST", API + "accounts"): {"title": "Copperline Foods"},
    ("POST", API + "people"): {"title": "Jo Park"},
    ("POST", API + "segments"): {"title": "Small fleets", "rule": {"conditions": []}},
    ("POST", API + "feedback"): {"text": "More colours."},
    ("POST", API + "notices/read"): {"ids": []},
    ("PUT", API + "notification-preferences"): {
        "mention": "daily",
        "watch": "daily",
        "channel": "daily",
        "system": "daily",
        "hour": 8,
        "weekday": 0,
    },
    ("POST", API + "channels"): {"name": "New", "department_id": lambda scene: scene.made["department"].pk},
    ("PUT", API + "channels/<int:channel_id>"): {
        "name": "Renamed",
        "department_id": lambda scene: scene.made["department"].pk,
    },
    ("POST", API + "webhooks"): {"url": "https://example.com/other", "events": ["need.*"]},
    ("PUT", API + "webhooks/<int:endpoint_id>"): {"url": "https://example.com/new", "events": ["*"]},
    ("POST", API + "sources"): {"name": "Web site", "kind": "form"},
    ("PUT", API + "sources/<int:source_id>/state"): {"on": False},
    ("PUT", API + "feedback/<key>/state"): {"state": "done"},
    ("POST", API + "feedback/<key>/quotes"): {"target": "N-1"},
    ("PUT", API + "duplicates/<int:pair_id>/state"): {"state": "skipped"},
    ("PATCH", API + "feedback/<key>/reading"): {"intent": "request"},
    ("PATCH", API + "reading-settings"): {"redaction": "suggest"},
    ("POST", API + "redaction-rules"): {"name": "depot", "pattern": "D-[0-9]{4}"},
    ("PATCH", API + "quotes/<int:quote_id>"): {"strength": 2},
    ("POST", API + "votes"): {"target": "N-1", "person_name": "Jo Park"},
    ("POST", API + "boards"): {"title": "Partners"},
    ("POST", API + "listings"): {"board": "BD-1", "record": "N-1", "title": "Change a run"},
    ("PUT", API + "listings/<int:listing_id>/state"): {"state": "waiting"},
    ("PUT", API + "listings/<int:listing_id>/standing"): {"standing": "planned"},
    ("PUT", API + "listings/<int:listing_id>/merge"): {"into": None},
    ("POST", API + "listings/<int:listing_id>/remarks"): {"body": "Soon."},
    ("PUT", API + "remarks/<int:remark_id>/state"): {"state": "published"},
    ("POST", API + "news"): {"board": "BD-1", "title": "Out", "text": "It is out."},
    ("POST", API + "tellings"): {"record": "N-1"},
    ("PUT", API + "tellings/<int:telling_id>/words"): {"subject": "News", "body": "Try it."},
    ("PUT", API + "tellings/<int:telling_id>/decision"): {"deed": "skip"},
    ("POST", PAGE + "portal/tellings/<int:telling_id>/words/"): {"subject": "News", "body": "Try it."},
    ("POST", API + "outline/documents"): {"format": "markdown"},
    ("POST", PAGE + "insights/outline/documents/"): {"format": "markdown"},
    ("PUT", API + "demand-weights"): {"vote": "0.5"},
    ("POST", PAGE + "insights/votes/<key:key>/new/"): {"name": "Jo Park"},
    ("POST", PAGE + "settings/demand/save/"): {
        "strength_0": "1",
        "strength_1": "2",
        "strength_2": "3",
        "strength_3": "5",
        "vote": "1",
        "elsewhere": "1",
    },
    ("POST", PAGE + "view/"): {"view": "technical"},
    ("POST", PAGE + "<key:key>/merge/"): {"target": "N-2"},
    ("POST", PAGE + "roadmap/place/"): {"card": lambda scene: scene.made["feature"].pk, "column": "now"},
    ("POST", PAGE + "insights/triage/<int:number>/link/"): {"target": "N-1"},
    ("POST", PAGE + "insights/feedback/<int:number>/quotes/"): {"target": "N-1", "start": "0", "end": "4"},
    ("POST", PAGE + "insights/quotes/<int:quote_id>/weigh/"): {"strength": "2"},
    ("POST", PAGE + "insights/accounts/<int:number>/set/"): {"plan": "Pro"},
    ("POST", PAGE + "insights/feedback/<int:number>/read/"): {"intent": "request"},
    ("POST", PAGE + "settings/reading/redaction/"): {"redaction": "suggest", "kinds": ["email"]},
    ("POST", PAGE + "settings/reading/meaning/"): {"model": "words-64"},
    ("POST", PAGE + "settings/reading/merging/"): {"merge_from": "0.9"},
    ("POST", PAGE + "settings/reading/patterns/"): {"name": "depot", "pattern": "D-[0-9]{4}"},
    ("POST", PAGE + "insights/feedback/many/state/"): {"state": "done"},
    ("POST", PAGE + "roadmap/bulk/<slug:what>/"): {"value": "planned"},
    ("POST", PAGE + "roadmap/features/<key:key>/move/"): {"top": "yes"},
}
"""By method and address; JSON for programs, a form for pages. A function of the scene gives what it makes."""

UPLOADED = {("POST", API + "imports"): {"target": "feedback"}}
"""What is sent as a form with a file beside it."""

ASKED: dict[str, str] = {
    API + "ask": "question=Why+do+drivers+phone",
    API + "search": "q=road",
    PAGE + "insights/outline/download/": "format=markdown",
    API + "similar-feedback": "text=When+a+road+closes",
    API + "segment-comparison": "segment=S-1&segment=S-2",
}
"""The query that an address cannot do without."""


def sent_to(*, method: str, route: str, scene: Any) -> dict[str, Any]:
    """Return what is sent there."""
    found = SENT.get((method, route), {})
    return {name: value(scene) if callable(value) else value for name, value in found.items()}
