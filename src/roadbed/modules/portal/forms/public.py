"""What visitors fill in. Each form has a field that people do not see and machines fill."""

from __future__ import annotations

from django import forms


class TrapForm(forms.Form):
    """A form with a honeypot."""

    website = forms.CharField(
        required=False,
        max_length=200,
        label="Leave this empty",
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    @property
    def is_trapped(self) -> bool:
        """Whether something filled in what nobody sees."""
        return bool(self.data.get("website"))


class WhoForm(TrapForm):
    """Who writes, where they are not signed in."""

    email = forms.EmailField(
        required=False,
        max_length=254,
        label="Your e-mail address",
        help_text="Never shown. You get a link to confirm, and hear when something happens.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    name = forms.CharField(
        required=False,
        max_length=80,
        label="Your name",
        help_text="Shown beside what you write.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    puzzle = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)
    answer = forms.CharField(required=False, max_length=30, widget=forms.HiddenInput)


class IdeaForm(WhoForm):
    """What somebody needs."""

    title = forms.CharField(
        min_length=4,
        max_length=200,
        label="What do you need?",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "data-similar": "", "placeholder": "In one short sentence"}
        ),
    )
    text = forms.CharField(
        required=False,
        max_length=10_000,
        label="Tell us more",
        help_text="When does it get in your way? What do you do today instead?",
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    field_order = ["title", "text", "email", "name"]


class RemarkForm(WhoForm):
    """What somebody has to say."""

    body = forms.CharField(
        max_length=5000,
        min_length=2,
        label="Your comment",
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "What would you add?"}),
    )
    field_order = ["body", "email", "name"]


class EntryForm(TrapForm):
    """Who wants to come in."""

    email = forms.EmailField(
        max_length=254,
        label="Your e-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )
    name = forms.CharField(
        required=False,
        max_length=80,
        label="Your name",
        help_text="Shown beside what you write.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class NameForm(forms.Form):
    """What somebody wants to be called."""

    name = forms.CharField(
        required=False,
        max_length=80,
        label="Your name",
        help_text="Shown beside what you write. Without one you are “Somebody”.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
