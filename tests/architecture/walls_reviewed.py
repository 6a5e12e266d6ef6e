"""Reads that name no circle, and why each shows nobody what is private."""

_OF_ONE = "Hangs on a record that the caller has found through its own wall."
_OF_TARGETS = "Reads needs and features, which are open always."
_WRITING = "Asks what must stay or be counted anew; nothing of it is shown."
_BACKING = "Runs SQL whose tables come from `backing`, where private pieces are left out."
_BOARD = "Hangs on a board, or a listing on it, that the caller was let into."
_BOUND = (
    "Only features are bound to issues, and they are open always; a walled record is refused at the door."
)
_CHECKED = "Its ids are narrowed by `in_workspace` with the asker's circles before anything is shown."

REVIEWED: dict[str, str] = {
    "core/records/selectors/records:comments_of": _OF_ONE,
    "core/records/selectors/records:merges_of": _OF_ONE,
    "core/vectors/selectors:_load": "The table of all passages; `_visible` asks the records before any is returned.",
    "core/vectors/selectors:_take_in": "The table of all passages, as above.",
    "core/vectors/selectors:texts_of": "Takes passages that `nearest` returned.",
    "core/workspaces/views/workspace:verify": "Counts the deeds of the chain, whoever they were for: documented.",
    "modules/ask/selectors/retrieval:_fresh": "Takes entries that `any_of` found behind the wall.",
    "modules/insights/facade:_heard_of_targets": _OF_TARGETS,
    "modules/insights/facade:voters_of": _OF_ONE,
    "modules/insights/imports/customers:accounts_in_use": _WRITING,
    "modules/insights/imports/customers:people_in_use": _WRITING,
    "modules/insights/imports/exports:_tags": "Takes the rows that the export reads, walls and all.",
    "modules/insights/imports/feedback:follow": _WRITING,
    "modules/insights/imports/feedback:in_use": _WRITING,
    "modules/insights/imports/needs:follow": _WRITING,
    "modules/insights/imports/needs:in_use": _WRITING,
    "modules/insights/imports/votes:_put": _WRITING,
    "modules/insights/selectors/backing:strongest_voices": _BACKING,
    "modules/insights/selectors/demand:_rows": _BACKING,
    "modules/insights/selectors/demand_segments:_rows": _BACKING,
    "modules/insights/selectors/demand:askers": _BACKING,
    "modules/insights/selectors/demand:tally_of": _OF_TARGETS,
    "modules/insights/selectors/doubles:_by_words": _CHECKED,
    "modules/insights/selectors/feedback:quotes_of": _OF_ONE,
    "modules/insights/selectors/feedback:tags_of": _OF_ONE,
    "modules/insights/selectors/feedback:targets_of": _OF_ONE,
    "modules/insights/selectors/feedback:wordings_of": "What was merged into a piece lies behind the same wall.",
    "modules/insights/selectors/narrowing:with_tags": "A condition on rows that are walled already.",
    "modules/insights/selectors/needs:last_rating": _OF_TARGETS,
    "modules/insights/selectors/outline_figures:_gone": "Pieces that are left out.",
    "modules/insights/selectors/outline_parts:answers": _OF_TARGETS,
    "modules/insights/selectors/outline_scope:dead_feedback": "Pieces that are left out.",
    "modules/insights/selectors/outline_scope:rows": "Runs SQL over `said`, which leaves private pieces out.",
    "modules/insights/selectors/outline_scope:speaker": "A subquery on rows that `said` and `heard` narrow.",
    "modules/insights/selectors/personas:_heard_in_all": "Its SQL asks `own.circle_id IS NULL`.",
    "modules/insights/selectors/sources:access_arrival": "The page shows a record only to whom it is visible.",
    "modules/insights/selectors/sources:arrivals": "The page shows a record only to whom it is visible.",
    "modules/insights/selectors/sources:health_of": "Counts what a source sent, not what became of it.",
    "modules/insights/selectors/suggestions:_by_words": _OF_TARGETS,
    "modules/insights/selectors/suggestions:_words_in": _OF_TARGETS,
    "modules/insights/selectors/themes:linked_needs": _OF_TARGETS,
    "modules/insights/selectors/themes:suggest": _OF_ONE,
    "modules/insights/selectors/themes:themes_of": _OF_ONE,
    "modules/insights/selectors/voices:members_among": "Which accounts are in a segment; accounts are open always.",
    "modules/insights/selectors/votes:targets_voted_by": "A visitor's own votes, for the marks beside what they see.",
    "modules/insights/selectors/votes:voters_per_record": _BOARD,
    "modules/insights/selectors/votes:votes_for": _OF_ONE,
    "modules/portal/facade:followers_of": _WRITING,
    "modules/portal/facade:takes_mail": "A visitor's choice about mail.",
    "modules/portal/selectors/desk:figures": _BOARD,
    "modules/portal/selectors/desk:unconfirmed": _BOARD,
    "modules/portal/selectors/doors:board_of_domain": "Leads to the door; `may_open` stands behind it.",
    "modules/portal/selectors/doors:find_board": "Leads to the door; `may_open` stands behind it.",
    "modules/portal/selectors/doors:open_boards": "`may_open` is asked of each.",
    "modules/portal/selectors/listings:merged_here": _BOARD,
    "modules/portal/selectors/listings:remarks_of": _BOARD,
    "modules/portal/selectors/listings:votes_on": _BOARD,
    "modules/portal/selectors/listings:waiting_of": _BOARD,
    "modules/portal/selectors/listings:wants_of": _BOARD,
    "modules/portal/selectors/news:every": _BOARD,
    "modules/portal/selectors/news:published": _BOARD,
    "modules/portal/selectors/standings:_answering": _OF_TARGETS,
    "modules/portal/selectors/standings:derive": "Reads the plan behind listings that the caller was let into.",
    "modules/portal/selectors/standings:touched_by": _WRITING,
    "modules/portal/selectors/tellings:letters_of": "Hangs on a telling; those of private records are not found.",
    "modules/portal/views/entering:off": "A visitor's choice about mail, by a signed link.",
    "modules/portal/views/listings:show": _BOARD,
    "modules/roadmap/imports/exports:_tags": _OF_TARGETS,
    "modules/trackers/selectors/connections:access_binding": _BOUND,
    "modules/trackers/selectors/connections:apart": _BOUND,
    "modules/trackers/selectors/connections:bindings_of": _BOUND,
    "modules/trackers/selectors/connections:entries_of": _BOUND,
    "modules/trackers/selectors/connections:issues_of": _BOUND,
    "modules/trackers/selectors/connections:totals_of": _BOUND,
}

BEHIND: dict[str, str] = {
    "core/search/services": "Builds the index; the search asks the record about its wall.",
}
"""Who may read private records for upkeep, and what becomes of it."""
