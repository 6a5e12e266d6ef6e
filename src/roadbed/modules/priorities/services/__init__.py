"""Every write of the module, by noun. Import the package and call its functions."""

from roadbed.modules.priorities.services.figures import (
    Said,
    enqueue_rankings,
    say_figures,
    set_pace,
    take_back_figure,
)
from roadbed.modules.priorities.services.following import follow
from roadbed.modules.priorities.services.lenses import change_lens, create_lens, enqueue
from roadbed.modules.priorities.services.ranking import rank

__all__ = [
    "Said",
    "change_lens",
    "create_lens",
    "enqueue",
    "enqueue_rankings",
    "follow",
    "rank",
    "say_figures",
    "set_pace",
    "take_back_figure",
]
