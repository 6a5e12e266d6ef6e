"""Addresses of the module: the customers' below ``/p/``, the makers' below ``/w/<slug>/``."""

from django.urls import URLPattern, path

from roadbed.modules.portal.views import (
    board,
    boards,
    changelog,
    entering,
    listings,
    news,
    queue,
    tellings,
    writing,
)

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
LISTING = "portal/listings/<int:listing_id>/"
workspace_patterns: list[URLPattern] = [
    path("portal/", boards.index, name="boards"),
    path("portal/put/", boards.put, name="listing-put"),
    path("portal/queue/", queue.show, name="portal-queue"),
    path("portal/wording/", news.wording, name="portal-wording"),
    path("portal/boards/new/", boards.create, name="board-new"),
    path("portal/boards/<int:number>/", boards.show, name="board"),
    path("portal/boards/<int:number>/edit/", boards.change, name="board-edit"),
    path("portal/boards/<int:number>/logo/", boards.set_logo, name="board-logo"),
    path("portal/boards/<int:number>/news/", news.index, name="board-news"),
    path("portal/boards/<int:number>/news/new/", news.write, name="news-new"),
    path("portal/news/<int:news_id>/edit/", news.rewrite, name="news-edit"),
    path("portal/news/<int:news_id>/publish/", news.decide, {"deed": "publish"}, name="news-publish"),
    path("portal/news/<int:news_id>/withdraw/", news.decide, {"deed": "withdraw"}, name="news-withdraw"),
    path("portal/news/<int:news_id>/remove/", news.decide, {"deed": "remove"}, name="news-remove"),
    path(LISTING, listings.show, name="listing"),
    path(f"{LISTING}words/", listings.reword, name="listing-words"),
    path(f"{LISTING}answer/", listings.answer, name="listing-answer"),
    path(f"{LISTING}standing/", listings.stand, name="listing-standing"),
    path(f"{LISTING}say/", listings.say, name="listing-say"),
    path(f"{LISTING}take-off/", listings.take_off, name="listing-take-off"),
    path(f"{LISTING}publish/", queue.publish, name="listing-publish"),
    path(f"{LISTING}refuse/", queue.refuse, name="listing-refuse"),
    path(f"{LISTING}wait/", queue.wait, name="listing-wait"),
    path(f"{LISTING}merge/", queue.merge, name="listing-merge"),
    path(f"{LISTING}unmerge/", queue.unmerge, name="listing-unmerge"),
    path(
        "portal/remarks/<int:remark_id>/publish/", queue.decide, {"state": "published"}, name="remark-publish"
    ),
    path("portal/remarks/<int:remark_id>/refuse/", queue.decide, {"state": "refused"}, name="remark-refuse"),
    path("portal/remarks/<int:remark_id>/wait/", queue.decide, {"state": "waiting"}, name="remark-wait"),
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
