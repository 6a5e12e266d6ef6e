"""Exports of other programs, each with the columns that its maker documents, understood without a word from us."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest

from roadbed.core.tables import services, targets
from roadbed.modules.insights.models import Feedback
from tests.insights import factories
from tests.people import NOW


def table(header: str, *rows: list[str], encoding: str = "utf-8") -> bytes:
    """A CSV file with that header."""
    out = io.StringIO()
    csv.writer(out).writerows([next(csv.reader([header])), *rows])
    return out.getvalue().encode(encoding)


ZENDESK = (
    "Summation column,Id,Requester,Requester id,Requester external id,Requester email,Requester domain,Submitter,"
    "Assignee,Group,Subject,Tags,Status,Priority,Via,Ticket type,Created at,Updated at,Assigned at,Organization,"
    "Satisfaction Score"
)
PLAY = (
    "Package Name,App Version Code,App Version Name,Reviewer Language,Device,Review Submit Date and Time,"
    "Review Submit Millis Since Epoch,Review Last Update Date and Time,Review Last Update Millis Since Epoch,"
    "Star Rating,Review Title,Review Text,Developer Reply Date and Time,Developer Reply Millis Since Epoch,"
    "Developer Reply Text,Review Link"
)
FIDER = (
    "number,title,description,created_at,created_by,votes_count,comments_count,status,responded_by,responded_at,"
    "response,original_number,original_title,tags"
)
KITSUNE = (
    "id,created,updated,locale,topic,tags,title,body,author,os,version_mentioned,num_votes,n_answers,is_solved,"
    "solution"
)
INTERCOM = (
    "message_id,message_body,message_type,message_created_at,message_author_type,message_author_id,"
    "message_author_user_id,message_author_name,message_author_email,message_author_companies,conversation_tags,"
    "conversation_id,conversation_state,conversation_created_at,conversation_first_response_at,"
    "conversation_closed_at,app_id,app_name"
)
PRODUCTBOARD = (
    "pb_id,ext_id,type,title,content,display_url,user_email,company_domain,owner_email,creator_email,tags,"
    "source_origin,source_record_id,archived,processed"
)
LINK = "https://play.google.com/console/developers/app/reviews?reviewId=abc"
GITHUB_ISSUE = {
    "url": "https://api.github.com/repos/octo/hello/issues/12",
    "html_url": "https://github.com/octo/hello/issues/12",
    "id": 991, "number": 12, "title": "Offline maps", "body": "<!-- Describe it -->\nNo signal in tunnels.",
    "user": {"login": "mira", "type": "User"}, "labels": [{"id": 1, "name": "wish"}, {"id": 2, "name": "maps"}],
    "state": "open", "comments": 3, "created_at": "2026-10-01T08:00:00Z", "closed_at": None,
    "reactions": {"+1": 7, "-1": 0},
}  # fmt: skip

FILES: dict[str, tuple[str, bytes, dict[str, Any]]] = {
    "github": (
        "issues.json",
        json.dumps([GITHUB_ISSUE]).encode(),
        {
            "external_id": "12", "title": "Offline maps", "text": "No signal in tunnels.", "person": "mira",
            "url": "https://github.com/octo/hello/issues/12", "tags": ["maps", "wish"], "votes": 7,
            "external_source": "github",
        },
    ),
    "github as gh writes it": (
        "issues.json",
        json.dumps(
            [
                {
                    "author": {"login": "mira"}, "body": "No signal.", "createdAt": "2026-10-01T08:00:00Z",
                    "labels": [{"name": "wish"}], "number": 12, "state": "OPEN", "title": "Offline maps",
                    "url": "https://github.com/octo/hello/issues/12",
                }
            ]
        ).encode(),
        {"external_id": "12", "person": "mira", "url": "https://github.com/octo/hello/issues/12", "tags": ["wish"]},
    ),
    "github as a table": (
        "issues.csv",
        table("number,title,body,user.login,created_at,labels,state,html_url",
              ["12", "Offline maps", "No signal.", "mira", "2026-10-01T08:00:00Z", "wish,maps", "open",
               "https://github.com/octo/hello/issues/12"]),
        {"external_id": "12", "person": "mira", "text": "No signal.", "tags": ["maps", "wish"]},
    ),
    "zendesk": (
        "tickets.csv",
        table(ZENDESK, ["1", "4711", "Mira Oduya", "9", "", "mira@halden.example", "halden.example", "Mira Oduya",
                        "Jo", "Support", "Reroute a van", "routing vip", "Open", "High", "Mail", "Incident",
                        "2026-10-01 08:00", "2026-10-02 08:00", "", "Halden Freight", "Good"]),
        {
            "external_id": "4711", "title": "Reroute a van", "person": "Mira Oduya", "account": "Halden Freight",
            "email": "mira@halden.example", "external_source": "zendesk",
        },
    ),
    "zendesk-json": (
        "tickets.json",
        json.dumps(
            {
                "tickets": [
                    {
                        "id": 4711, "subject": "Reroute a van", "description": "When a road closes we phone.",
                        "created_at": "2026-10-01T08:00:00Z", "requester_id": 9, "tags": ["routing"],
                        "via": {"channel": "email",
                                "source": {"from": {"address": "mira@halden.example", "name": "Mira Oduya"}}},
                    }
                ],
                "count": 1,
            }
        ).encode(),
        {"external_id": "4711", "text": "When a road closes we phone.", "email": "mira@halden.example",
         "tags": ["routing"]},
    ),
    "intercom": (
        "conversations.json",
        json.dumps(
            {
                "type": "conversation.list",
                "conversations": [
                    {
                        "type": "conversation", "id": "1911", "created_at": 1790841600, "state": "open",
                        "source": {"type": "conversation", "subject": "", "body": "<p>More <b>colours</b>, please.</p>",
                                   "author": {"type": "user", "name": "Mira Oduya", "email": "mira@halden.example"},
                                   "url": "https://halden.example/app"},
                        "tags": {"type": "tag.list", "tags": [{"id": "1", "name": "colours"}]},
                        "conversation_rating": {"rating": 4, "remark": "ok"},
                    }
                ],
            }
        ).encode(),
        {"external_id": "1911", "text": "More colours, please.", "person": "Mira Oduya", "rating": Decimal(8),
         "tags": ["colours"], "external_source": "intercom"},
    ),
    "intercom-csv": (
        "conversations.csv",
        table(INTERCOM, ["m-1", "More colours, please.", "conversation_message", "2026-10-01 08:00:00", "user", "u1",
                         "77", "Mira Oduya", "mira@halden.example", "Halden Freight", "colours,design", "1911", "open",
                         "2026-10-01 08:00:00", "", "", "app", "Halden"]),
        {"external_id": "m-1", "text": "More colours, please.", "person": "Mira Oduya", "account": "Halden Freight",
         "email": "mira@halden.example", "tags": ["colours", "design"], "external_source": "intercom"},
    ),
    "play": (
        "reviews_reviews_com.example.app_202610.csv",
        table(PLAY, ["com.example.app", "341", "3.4.1", "de", "akita", "2026-10-01T08:00:00Z", "1790841600000",
                     "2026-10-01T08:00:00Z", "1790841600000", "2", "Absturz", "Stürzt nach dem Start ab.", "", "", "",
                     LINK], encoding="utf-16"),
        {"external_id": LINK, "title": "Absturz", "text": "Stürzt nach dem Start ab.", "rating": Decimal(4),
         "locale": "de", "version": "3.4.1", "external_source": "google-play"},
    ),
    "app-store": (
        "customerReviews.json",
        json.dumps(
            {
                "data": [
                    {
                        "type": "customerReviews", "id": "00000006-f",
                        "attributes": {"rating": 5, "title": "Love it", "body": "Finally offline maps.",
                                       "reviewerNickname": "mira_o", "createdDate": "2026-10-01T01:00:00-07:00",
                                       "territory": "GBR"},
                    }
                ],
                "links": {"self": "https://api.appstoreconnect.apple.com/v1/apps/1/customerReviews"},
            }
        ).encode(),
        {"external_id": "00000006-f", "title": "Love it", "rating": Decimal(10), "person": "mira_o",
         "external_source": "app-store"},
    ),
    "canny": (
        "posts.json",
        json.dumps(
            {
                "hasMore": False,
                "posts": [
                    {
                        "id": "553c", "title": "Dark mode", "details": "My eyes, at night.", "score": 41,
                        "commentCount": 2, "status": "open", "created": "2026-10-01T08:00:00.000Z",
                        "author": {"id": "a", "name": "Mira Oduya", "email": "mira@halden.example"},
                        "board": {"id": "b", "name": "Wishes"}, "tags": [{"id": "t", "name": "design"}],
                        "url": "https://halden.canny.io/admin/board/wishes/p/dark-mode",
                    }
                ],
            }
        ).encode(),
        {"external_id": "553c", "text": "My eyes, at night.", "votes": 41, "email": "mira@halden.example",
         "tags": ["design"], "external_source": "canny"},
    ),
    "canny as a table": (
        "posts.csv",
        table("id,title,details,score,status,created,author.name,author.email,url,tags",
              ["553c", "Dark mode", "My eyes, at night.", "41", "open", "2026-10-01T08:00:00.000Z", "Mira Oduya",
               "mira@halden.example", "https://halden.canny.io/p/dark-mode", "design"]),
        {"external_id": "553c", "votes": 41, "email": "mira@halden.example", "tags": ["design"]},
    ),
    "canny-csv": (
        "export.csv",
        table("Title,Details,Status,Votes,Board,Category,Author Name,Author Email,Tags,Created,URL",
              ["Dark mode", "My eyes, at night.", "open", "41", "Wishes", "App", "Mira Oduya", "mira@halden.example",
               "design", "2026-10-01", "https://halden.canny.io/p/dark-mode"]),
        {"text": "My eyes, at night.", "votes": 41, "person": "Mira Oduya", "email": "mira@halden.example",
         "tags": ["design"], "external_source": "canny"},
    ),
    "productboard-csv": (
        "notes.csv",
        table(PRODUCTBOARD + ",created_at",
              ["note-1", "", "simple", "Call with Halden", "<p>They want <i>offline</i> maps.</p>",
               "https://example.com/call", "mira@halden.example", "halden.example", "jo@us.example",
               "jo@us.example", "maps, offline", "", "", "FALSE", "FALSE", "2026-10-01T08:00:00Z"]),
        {"external_id": "note-1", "text": "They want offline maps.", "email": "mira@halden.example",
         "tags": ["maps", "offline"], "external_source": "productboard"},
    ),
    "productboard": (
        "notes.json",
        json.dumps(
            {
                "data": [
                    {
                        "id": "note-1", "title": "Call with Halden", "content": "<p>They want <i>offline</i> maps.</p>",
                        "createdAt": "2026-10-01T08:00:00Z", "state": "unprocessed", "tags": ["maps"],
                        "displayUrl": "https://example.com/call", "user": {"email": "mira@halden.example"},
                        "company": {"name": "Halden Freight"},
                    }
                ],
                "pageCursor": None,
            }
        ).encode(),
        {"external_id": "note-1", "text": "They want offline maps.", "account": "Halden Freight",
         "email": "mira@halden.example", "external_source": "productboard"},
    ),
    "fider": (
        "posts.csv",
        table(FIDER, ["7", "Dark mode", "My eyes, at night.", "2026-10-01T08:00:00Z", "Mira Oduya", "41", "2", "open",
                      "", "", "", "", "", "design, easy"]),
        {"external_id": "7", "person": "Mira Oduya", "votes": 41, "tags": ["design", "easy"],
         "external_source": "fider"},
    ),
    "kitsune": (
        "thunderbird_questions.csv",
        table(KITSUNE, ["1482587", "2026-10-01T02:38:48Z", "2026-10-01T07:43:45Z", "en-US", "send-email",
                        "thunderbird;send-email;", "email", "can't sign in", "u529", "Windows NT 10.0", "128.5", "3.0",
                        "1", "False", ""]),
        {"external_id": "1482587", "title": "email", "locale": "en-US", "votes": 3, "version": "128.5",
         "external_source": "mozilla-support"},
    ),
}  # fmt: skip


def taken_in(workspace: Any, name: str, content: bytes, **options: Any) -> Any:
    """The import, run to its end."""
    run = services.create_import(
        workspace=workspace,
        target="feedback",
        name=name,
        chunks=[content],
        actor=factories.ACTOR,
        at=NOW,
        **options,
    )
    services.start_import(run=run, actor=factories.ACTOR, at=NOW, is_inline=True)
    return services.run_import(run=run, actor=factories.ACTOR, now=lambda: NOW)


def facts_of(piece: Feedback) -> dict[str, Any]:
    """A piece as the files above describe it."""
    return {
        "external_id": piece.external_id,
        "external_source": piece.external_source,
        "title": piece.title,
        "text": piece.text,
        "person": piece.person.title if piece.person else None,
        "email": piece.person.email if piece.person else None,
        "account": piece.account.title if piece.account else None,
        "url": piece.url,
        "locale": piece.locale,
        "rating": piece.rating,
        "tags": sorted(each.tag.name for each in piece.record_tags.all()),
        **{name: piece.attributes.get(name) for name in ("votes", "version")},
    }


class TestPresets:
    @pytest.mark.parametrize("kind", FILES)
    def test_an_export_is_recognised_and_understood(self, workspace, kind):
        name, content, wanted = FILES[kind]
        run = taken_in(workspace, name, content)
        assert run.options["preset"] == kind.partition(" ")[0]
        assert (run.created_count, run.rejected_count) == (1, 0), list(run.rejects.values_list("reason"))
        found = facts_of(Feedback.objects.get())
        assert {key: found[key] for key in wanted} == wanted
        assert Feedback.objects.get().said_at.date().isoformat() == "2026-10-01"

    @pytest.mark.parametrize("kind", FILES)
    def test_the_same_export_again_changes_nothing(self, workspace, kind):
        name, content, _ = FILES[kind]
        taken_in(workspace, name, content)
        again = taken_in(workspace, name, content)
        assert (again.created_count, again.unchanged_count) == (0, 1)

    def test_pull_requests_among_the_issues_are_set_aside(self, workspace):
        pull = {
            **GITHUB_ISSUE,
            "number": 13,
            "pull_request": {"url": "https://api.github.com/repos/o/h/pulls/13"},
        }
        run = taken_in(workspace, "issues.json", json.dumps([GITHUB_ISSUE, pull]).encode())
        assert (run.created_count, run.rejected_count) == (1, 1)
        assert "pull request" in run.rejects.get().reason

    def test_what_our_own_side_wrote_is_set_aside(self, workspace):
        rows = [
            [f"m-{place}", f"Words {place}", "comment", "2026-10-01 08:00:00", who, *[""] * 13]
            for place, who in enumerate(("user", "Admin", "bot", "lead"))
        ]
        run = taken_in(workspace, "conversations.csv", table(INTERCOM, *rows))
        assert sorted(Feedback.objects.values_list("text", flat=True)) == ["Words 0", "Words 3"]
        assert all("your own side" in reason for reason in run.rejects.values_list("reason", flat=True))

    def test_an_unknown_preset_is_refused_with_those_there_are(self, workspace):
        name, content, _ = FILES["fider"]
        with pytest.raises(targets.UnknownPresetError, match="play"):
            taken_in(workspace, name, content, preset="nothing")

    def test_a_preset_that_has_nothing_to_do_with_the_file_is_refused(self, workspace):
        name, content, _ = FILES["fider"]
        with pytest.raises(targets.UnknownPresetError, match="Google Play"):
            taken_in(workspace, name, content, preset="play")

    def test_a_file_that_lacks_a_mark_can_be_named(self, workspace):
        run = taken_in(workspace, "few.csv", b"Review Text,Star Rating\nToo slow.,1\n", preset="play")
        assert run.options["preset"] == "play"
        assert Feedback.objects.get().rating == Decimal(2)

    def test_no_two_presets_are_mistaken_for_one_another(self):
        target = targets.get("feedback")
        for preset in target.presets:
            assert target.recognise(list(preset.columns) + list(preset.marks)).name == preset.name


class TestUpload:
    def test_the_page_offers_the_presets(self, ben):
        page = ben.get("import/new/").content.decode()
        assert "Google Play reviews" in page
        assert "Productboard notes" in page

    def test_what_was_recognised_is_said(self, ben, workspace):
        name, content, _ = FILES["fider"]
        run = services.create_import(
            workspace=workspace, target="feedback", name=name, chunks=[content], actor=ben.actor, at=NOW
        )
        assert "Fider posts" in ben.get(f"import/{run.pk}/").content.decode()

    def test_the_api_takes_one_by_name(self, ben):
        from django.core.files.uploadedfile import SimpleUploadedFile

        file = SimpleUploadedFile("few.csv", b"Review Text,Star Rating\nToo slow.,1\n")
        address = f"/api/v1/{ben.member.workspace.slug}/imports"
        made = ben.browser.post(address, {"target": "feedback", "preset": "play", "file": file})
        assert made.status_code == 201, made.content
        assert made.json()["options"]["preset"] == "play"
        file = SimpleUploadedFile("few.csv", b"Review Text,Star Rating\nToo slow.,1\n")
        refused = ben.browser.post(address, {"target": "feedback", "preset": "nothing", "file": file})
        assert (refused.status_code, "nothing" in refused.json()["detail"]) == (422, True)
