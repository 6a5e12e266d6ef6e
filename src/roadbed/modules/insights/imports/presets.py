"""The columns of exports that other programs write, as their makers document them; see docs/how-to/sources.md."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from roadbed.core.tables.targets import Preset
from roadbed.modules.insights.services.mail_texts import text_of_html

HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)
MARKUP = re.compile(r"<[a-zA-Z/][^>]*>")


OURS = "It was written by your own side, not by a customer."


def _words(value: Any) -> str:
    """Return the words of a text that may be HTML."""
    text = str(value)
    return text_of_html(text) if MARKUP.search(text) else text


def _seen(value: Any) -> str:
    """Return Markdown without comments that nobody sees."""
    return HIDDEN.sub("", str(value)).strip()


def _of_ten(value: Any) -> Decimal:
    """Return one to five stars on our scale of ten."""
    return Decimal(value) * 2


PRESETS = (
    Preset(
        "github",
        "GitHub issues",
        {
            "number": "external_id", "title": "title", "body": "text", "user.login": "person", "author.login": "person",
            "created_at": "said_at", "createdAt": "said_at", "labels": "tags", "html_url": "url", "url": "url",
            "reactions.+1": "votes", "id": "",
        },
        source="github",
        marks=("number", "title", "body", "labels", "state"),
        mend={"text": _seen},
        refuse={"pull_request.url": "It is a pull request, not an issue."},
    ),
    Preset(
        "zendesk",
        "Zendesk tickets",
        {
            "Id": "external_id", "Subject": "title", "Description": "text", "Requester": "person",
            "Requester email": "email", "Organization": "account", "Created at": "said_at", "Tags": "tags",
            "Requester domain": "account_domain", "Summation column": "",
        },
        source="zendesk",
        marks=("Id", "Subject", "Requester", "Created at", "Tags"),
    ),
    Preset(
        "zendesk-json",
        "Zendesk tickets, JSON",
        {
            "id": "external_id", "subject": "title", "description": "text", "created_at": "said_at", "tags": "tags",
            "url": "", "raw_subject": "", "via.source.from.address": "email", "via.source.from.name": "person",
        },
        source="zendesk",
        marks=("id", "subject", "description", "requester_id", "created_at"),
        mend={"text": _words},
    ),
    Preset(
        "intercom",
        "Intercom conversations, JSON",
        {
            "id": "external_id", "source.subject": "title", "source.body": "text", "source.author.name": "person",
            "source.author.email": "email", "created_at": "said_at", "source.url": "url", "tags.tags": "tags",
            "conversation_rating.rating": "rating",
        },
        source="intercom",
        marks=("id", "source.body", "source.author.email", "created_at"),
        mend={"title": _words, "text": _words, "rating": _of_ten},
    ),
    Preset(
        "intercom-csv",
        "Intercom conversations, CSV",
        {
            "message_id": "external_id", "message_body": "text", "message_author_name": "person",
            "message_author_email": "email", "message_author_companies": "account", "message_created_at": "said_at",
            "conversation_tags": "tags", "app_id": "", "message_author_id": "",
        },
        source="intercom",
        marks=("message_id", "message_body", "message_author_type", "message_created_at", "conversation_id"),
        mend={"text": _words},
        refuse_values={"message_author_type": {"admin": OURS, "bot": OURS, "team": OURS}},
    ),
    Preset(
        "play",
        "Google Play reviews",
        {
            "Review Link": "external_id", "Review Title": "title", "Review Text": "text", "Star Rating": "rating",
            "Review Submit Date and Time": "said_at", "Reviewer Language": "locale", "App Version Name": "version",
            "Review Submit Millis Since Epoch": "", "Review Last Update Millis Since Epoch": "",
            "Developer Reply Millis Since Epoch": "",
        },
        source="google-play",
        marks=("Package Name", "Review Text", "Star Rating", "Review Submit Date and Time"),
        mend={"rating": _of_ten},
    ),
    Preset(
        "app-store",
        "App Store Connect reviews, JSON",
        {
            "id": "external_id", "attributes.title": "title", "attributes.body": "text", "attributes.rating": "rating",
            "attributes.reviewerNickname": "person", "attributes.createdDate": "said_at", "type": "",
        },
        source="app-store",
        marks=("id", "attributes.rating", "attributes.body", "attributes.reviewerNickname"),
        mend={"rating": _of_ten},
    ),
    Preset(
        "canny",
        "Canny posts, JSON",
        {
            "id": "external_id", "title": "title", "details": "text", "author.name": "person", "author.email": "email",
            "created": "said_at", "url": "url", "tags": "tags", "score": "votes",
        },
        source="canny",
        marks=("id", "title", "details", "score", "status"),
    ),
    Preset(
        "canny-csv",
        "Canny posts, CSV",
        {
            "id": "external_id", "post id": "external_id", "title": "title", "details": "text", "author": "person",
            "author name": "person", "author email": "email", "author_email": "email", "company": "account",
            "company name": "account", "created": "said_at", "created at": "said_at", "created_at": "said_at",
            "url": "url", "tags": "tags", "votes": "votes", "vote_count": "votes", "vote count": "votes",
        },
        source="canny",
        marks=("title", "details", "status", "votes"),
        mend={"text": _words},
    ),
    Preset(
        "productboard",
        "Productboard notes, JSON",
        {
            "id": "external_id", "title": "title", "content": "text", "createdAt": "said_at", "displayUrl": "url",
            "externalDisplayUrl": "url", "tags": "tags", "user.email": "email", "company.name": "account",
            "company.domain": "account_domain",
        },
        source="productboard",
        marks=("id", "title", "content", "createdAt", "state"),
        mend={"text": _words},
    ),
    Preset(
        "productboard-csv",
        "Productboard notes, CSV",
        {
            "pb_id": "external_id", "title": "title", "content": "text", "display_url": "url", "user_email": "email",
            "company_domain": "account_domain", "tags": "tags", "created_at": "said_at", "type": "", "owner_email": "",
            "creator_email": "",
        },
        source="productboard",
        marks=("pb_id", "title", "content", "user_email", "company_domain"),
        mend={"text": _words},
    ),
    Preset(
        "fider",
        "Fider posts",
        {
            "number": "external_id", "title": "title", "description": "text", "created_at": "said_at",
            "created_by": "person", "votes_count": "votes", "tags": "tags",
        },
        source="fider",
        marks=("number", "title", "description", "created_by", "votes_count"),
    ),
    Preset(
        "kitsune",
        "Mozilla Support questions",
        {
            "id": "external_id", "title": "title", "body": "text", "content": "text", "created": "said_at",
            "locale": "locale", "author": "person", "creator": "person", "tags": "tags", "num_votes": "votes",
            "version_mentioned": "version",
        },
        source="mozilla-support",
        marks=("id", "created", "locale", "title", "num_votes", "is_solved"),
    ),
    Preset(
        "jira",
        "Jira issues",
        {
            "Issue key": "external_id", "Summary": "title", "Description": "text", "Reporter": "person",
            "Created": "said_at", "Labels": "tags",
        },
        source="jira",
        marks=("Issue key", "Summary", "Created"),
    ),
)  # fmt: skip
"""Each is told apart by its marks; of several that fit, the one with the most."""
