"""Every write of this module, by noun. Import the package and call its functions."""

from roadbed.modules.insights.services.accepting import accept_all, accept_many
from roadbed.modules.insights.services.customers import (
    change_account,
    change_person,
    create_account,
    create_person,
    find_or_make_account,
    find_or_make_person,
)
from roadbed.modules.insights.services.deeds import Deed, doing
from roadbed.modules.insights.services.feedback import (
    add_feedback,
    change_feedback,
    clean_text,
    first_words,
    speakers,
)
from roadbed.modules.insights.services.needs import change_need, create_need
from roadbed.modules.insights.services.quotes import change_quote, put_back_quote, quote_words, remove_quote
from roadbed.modules.insights.services.redaction import (
    add_rule,
    choose_redaction,
    leave_private,
    redact_feedback,
    remove_rule,
)
from roadbed.modules.insights.services.segments import change_segment, create_segment
from roadbed.modules.insights.services.tally import recount, recount_everything, target_kinds
from roadbed.modules.insights.services.triage import (
    MOST_AT_ONCE,
    accept,
    accept_as_new_need,
    delete_many,
    link_many,
    mark_triaged,
    reopen,
    set_state,
    set_state_of_many,
    skip,
    tag_many,
    undo,
)
from roadbed.modules.insights.services.votes import NotVotableError, unvote, votable_kinds, vote, vote_many
from roadbed.modules.insights.services.weighting import set_weights

__all__ = [
    "MOST_AT_ONCE",
    "Deed",
    "NotVotableError",
    "accept",
    "accept_all",
    "accept_as_new_need",
    "accept_many",
    "add_feedback",
    "add_rule",
    "change_account",
    "change_feedback",
    "change_need",
    "change_person",
    "change_quote",
    "change_segment",
    "choose_redaction",
    "clean_text",
    "create_account",
    "create_need",
    "create_person",
    "create_segment",
    "delete_many",
    "doing",
    "find_or_make_account",
    "find_or_make_person",
    "first_words",
    "leave_private",
    "link_many",
    "mark_triaged",
    "put_back_quote",
    "quote_words",
    "recount",
    "recount_everything",
    "redact_feedback",
    "remove_quote",
    "remove_rule",
    "reopen",
    "set_state",
    "set_state_of_many",
    "set_weights",
    "skip",
    "speakers",
    "tag_many",
    "target_kinds",
    "undo",
    "unvote",
    "votable_kinds",
    "vote",
    "vote_many",
]
