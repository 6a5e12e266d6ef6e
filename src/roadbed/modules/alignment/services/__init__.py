"""Every write of the module, by noun. Import the package and call its functions."""

from roadbed.modules.alignment.services.sessions import (
    CriterionDraft,
    NotVotingError,
    cast,
    close,
    create_session,
    keep_as_figures,
    open_votes,
    vote_again,
)

__all__ = [
    "CriterionDraft",
    "NotVotingError",
    "cast",
    "close",
    "create_session",
    "keep_as_figures",
    "open_votes",
    "vote_again",
]
