"""Addresses of what every record shares, below ``/w/<slug>/``."""

from django.urls import URLPattern, path, register_converter

from roadbed.core.records.views import circles, comments, links, records, saved_views, search, today


class KeyConverter:
    """A record's key, such as ``F-128``; lower case is understood."""

    regex = r"[A-Za-z]{1,6}-[0-9]{1,9}"

    def to_python(self, value: str) -> str:
        """Return the key as typed; `show` leads to its proper spelling."""
        return value

    def to_url(self, value: str) -> str:
        """Return the key as it is."""
        return value


register_converter(KeyConverter, "key")

workspace_patterns: list[URLPattern] = [
    path("", today.show, name="today"),
    path("today/visit/", today.visit, name="today-visit"),
    path("today/seen/", today.seen, name="today-seen"),
    path("palette/", search.palette, name="palette"),
    path("search/", search.results, name="search"),
    path("find/", links.find, name="find"),
    path("views/", saved_views.save, name="view-save"),
    path("views/<int:view_id>/delete/", saved_views.delete, name="view-delete"),
    path("comments/<int:comment_id>/edit/", comments.edit, name="comment-edit"),
    path("comments/<int:comment_id>/delete/", comments.delete, name="comment-delete"),
    path("comments/<int:comment_id>/restore/", comments.restore, name="comment-restore"),
    path("links/<int:link_id>/remove/", links.remove, name="link-remove"),
    path("links/restore/<str:kept>/", links.restore, name="link-restore"),
    path("merges/<int:merge_id>/undo/", records.undo_merge, name="merge-undo"),
    path("<key:key>/", records.show, name="record"),
    path("<key:key>/chain/", records.show_chain, name="record-chain"),
    path("<key:key>/activity/", records.show_activity, name="record-activity"),
    path("<key:key>/comments/", comments.add, name="record-comments"),
    path("<key:key>/links/", links.add, name="record-links"),
    path("<key:key>/circle/", circles.move, name="record-circle"),
    path("<key:key>/watch/", records.watch, name="record-watch"),
    path("<key:key>/tags/", records.tag, name="record-tags"),
    path("<key:key>/delete/", records.delete, name="record-delete"),
    path("<key:key>/restore/", records.restore, name="record-restore"),
    path("<key:key>/archive/", records.archive, name="record-archive"),
    path("<key:key>/unarchive/", records.unarchive, name="record-unarchive"),
    path("<key:key>/merge/", records.merge, name="record-merge"),
]
