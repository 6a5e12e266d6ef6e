"""Addresses of the module: the customers' below ``/p/``, the makers' below ``/w/<slug>/``."""

from django.urls import URLPattern, path

from roadbed.modules.portal.views import board, changelog, entering, tellings, writing

PLACE = "p/<slug:workspace>/<slug:board>/"
ENTRY = f"{PLACE}entries/<slug:code>/"

root_patterns: list[URLPattern] = [
    path("told/off/<str:token>/", tellings.off, name="told-off"),
    path("p/<slug:workspace>/", board.home, name="portal-home"),
    path(PLACE, board.index, name="portal-board"),
    path(f"{PLACE}new/", writing.new, name="portal-new"),
    path(f"{PLACE}similar/", writing.similar, name="portal-similar"),
    path(f"{PLACE}puzzle/", writing.puzzle, name="portal-puzzle"),
    path(f"{PLACE}roadmap/", board.roadmap, name="portal-roadmap"),
    path(f"{PLACE}changelog/", changelog.index, name="portal-changelog"),
    path(f"{PLACE}changelog/atom.xml", changelog.feed, {"form": "atom"}, name="portal-atom"),
    path(f"{PLACE}changelog/rss.xml", changelog.feed, {"form": "rss"}, name="portal-rss"),
    path(f"{PLACE}colours.css", changelog.style, name="portal-colours"),
    path(f"{PLACE}logo/", changelog.logo, name="portal-logo"),
    path(f"{PLACE}robots.txt", changelog.robots, name="portal-robots"),
    path(f"{PLACE}sign-in/", entering.sign_in, name="portal-sign-in"),
    path(f"{PLACE}sign-in/<slug:secret>/", entering.enter, name="portal-enter"),
    path(f"{PLACE}sign-out/", entering.sign_out, name="portal-sign-out"),
    path(f"{PLACE}me/", entering.me, name="portal-me"),
    path(f"{PLACE}me/export/", entering.export, name="portal-export"),
    path(f"{PLACE}me/erase/", entering.erase, name="portal-erase"),
    path(f"{PLACE}off/<str:token>/", entering.off, name="portal-off"),
    path(ENTRY, board.entry, name="portal-entry"),
    path(f"{ENTRY}vote/", writing.vote, {"deed": "vote"}, name="portal-vote"),
    path(f"{ENTRY}unvote/", writing.vote, {"deed": "unvote"}, name="portal-unvote"),
    path(f"{ENTRY}follow/", writing.follow, {"deed": "follow"}, name="portal-follow"),
    path(f"{ENTRY}unfollow/", writing.follow, {"deed": "unfollow"}, name="portal-unfollow"),
    path(f"{ENTRY}say/", writing.say, name="portal-say"),
]
workspace_patterns: list[URLPattern] = [
    path("portal/tellings/", tellings.index, name="tellings"),
    path("portal/tellings/history/", tellings.history, name="tellings-history"),
    path("portal/tellings/new/", tellings.write, name="telling-new"),
    path("portal/tellings/<int:telling_id>/", tellings.show, name="telling"),
    path("portal/tellings/<int:telling_id>/words/", tellings.save, name="telling-words"),
    path(
        "portal/tellings/<int:telling_id>/approve/",
        tellings.decide,
        {"deed": "approve"},
        name="telling-approve",
    ),
    path("portal/tellings/<int:telling_id>/skip/", tellings.decide, {"deed": "skip"}, name="telling-skip"),
    path("portal/tellings/<int:telling_id>/hold/", tellings.decide, {"deed": "hold"}, name="telling-hold"),
    path(
        "portal/tellings/<int:telling_id>/reopen/", tellings.decide, {"deed": "reopen"}, name="telling-reopen"
    ),
    path(
        "portal/tellings/<int:telling_id>/letters/<int:letter_id>/told/",
        tellings.by_hand,
        name="telling-by-hand",
    ),
]
