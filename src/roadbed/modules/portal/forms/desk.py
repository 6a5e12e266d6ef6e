"""What makers fill in."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django import forms

from roadbed.core.workspaces.models import Circle, Product, Workspace
from roadbed.modules.portal.models import Audience, Board, Standing
from roadbed.modules.portal.models.boards import colour

if TYPE_CHECKING:
    _BoardChoice = forms.ModelChoiceField[Board]
else:
    # Django itself knows its fields as generic only from 6.x on.
    _BoardChoice = forms.ModelChoiceField


class BoardForm(forms.Form):
    """Everything that may be said about a board."""

    title = forms.CharField(max_length=120, label="Name", widget=forms.TextInput(attrs={"autofocus": True}))
    slug = forms.SlugField(
        required=False,
        max_length=40,
        label="Address",
        help_text="The last part of its address. Empty: made of the name.",
    )
    intro = forms.CharField(
        required=False,
        max_length=2000,
        label="Welcome",
        help_text="What this place is for. Markdown works here.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    audience = forms.ChoiceField(
        choices=Audience.choices, label="Open to", widget=forms.RadioSelect, initial=Audience.PUBLIC
    )
    circle = forms.ModelChoiceField(
        queryset=Circle.objects.none(),
        required=False,
        label="Circle",
        help_text="For a private board: who of you sees what is said there. Nobody else does, nowhere.",
    )
    guests = forms.CharField(
        required=False,
        max_length=20_000,
        label="Guests",
        help_text="Addresses, or domains such as @halden.example; one a line.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    takes_posts = forms.BooleanField(required=False, initial=True, label="Visitors may submit ideas")
    submit_only = forms.BooleanField(
        required=False,
        label="Visitors see only their own",
        help_text="A letter box: nobody sees what others ask for.",
    )
    is_moderated = forms.BooleanField(
        required=False,
        initial=True,
        label="Read before others see it",
        help_text="Ideas and comments wait in the queue.",
    )
    allows_anonymous = forms.BooleanField(
        required=False,
        label="Nobody needs an address",
        help_text="A small puzzle keeps machines away. Nameless votes are counted apart, never as people.",
    )
    shows_roadmap = forms.BooleanField(required=False, initial=True, label="Show the roadmap")
    shows_changelog = forms.BooleanField(required=False, initial=True, label="Show the changelog")
    accent = forms.CharField(
        initial="#14598f",
        max_length=7,
        label="Colour",
        validators=[colour],
        help_text="It is darkened or lightened where that is needed to read it.",
        widget=forms.TextInput(attrs={"type": "color"}),
    )
    domain = forms.CharField(
        required=False,
        max_length=120,
        label="Own domain",
        help_text="Such as ideas.example.com. It must lead to this server, and the operator must list it in "
        "ROADBED_HOSTS.",
    )
    product = forms.ModelChoiceField(queryset=Product.objects.none(), required=False)

    def __init__(self, *args: Any, workspace: Workspace, circles: Collection[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("circle", Circle.objects.filter(workspace=workspace, pk__in=circles)),
            ("product", Product.objects.filter(workspace=workspace, archived_at__isnull=True)),
        ):
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows

    @staticmethod
    def initial_of(board: Board) -> dict[str, Any]:
        """Return what the form of a board begins with."""
        names = [name for name in BoardForm.base_fields if name not in {"circle", "product"}]
        return {
            **{name: getattr(board, name) for name in names},
            "circle": board.circle_id,
            "product": board.product_id,
        }

    def clean_accent(self) -> str:
        """Return the colour in lower case."""
        return str(self.cleaned_data["accent"]).lower()


class BoardField(_BoardChoice):
    """A choice of boards, by name."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the board's name."""
        return str(obj.title)


class WordsForm(forms.Form):
    """The public words of a listing."""

    title = forms.CharField(max_length=200, label="Title")
    text = forms.CharField(
        required=False,
        max_length=20_000,
        label="Text",
        help_text="Markdown works here.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )


class PutForm(WordsForm):
    """Which record shall stand on which board, in which words."""

    board = BoardField(queryset=Board.objects.none(), empty_label=None)
    key = forms.CharField(
        max_length=20,
        label="Record",
        help_text="The key of a need, a feature or a piece of feedback, such as F-12.",
    )
    field_order = ["board", "key", "title", "text"]

    def __init__(self, *args: Any, boards: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["board"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = boards


class StandingForm(forms.Form):
    """Where a listing stands, and why."""

    standing = forms.ChoiceField(choices=Standing.choices, label="Stands at")
    reason = forms.CharField(
        required=False,
        max_length=500,
        label="Because",
        help_text="Everybody reads this. Needed where it is not planned.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class NewsForm(forms.Form):
    """An entry of the changelog."""

    title = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autofocus": True}))
    text = forms.CharField(
        max_length=20_000,
        label="What is new",
        help_text="For customers: what they can do now. Markdown works here.",
        widget=forms.Textarea(attrs={"rows": 10}),
    )
    key = forms.CharField(
        required=False,
        max_length=20,
        label="About",
        help_text="The key of a release or a feature, such as R-4.",
    )
