"""Making accounts and letting people in without a password."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse

from roadbed.core.accounts import keys
from roadbed.core.accounts.models import SignInLink, User

LINK_LIFETIME = timedelta(minutes=15)


@transaction.atomic
def create_account(*, email: str, name: str = "", password: str | None = None) -> User:
    """Create a person whose address counts as verified: somebody with the server's keys vouches for it.

    Without a password they sign in by link, by a code that is mailed to them, or by OpenID Connect.

    Raises
    ------
    ValidationError
        If the address cannot be one, or is taken.
    """
    user = User(email=User.objects.normalize_email(email).lower().strip(), name=name.strip())
    if password:
        user.set_password(password)
    else:
        user.set_unusable_password()
    if User.objects.filter(email__iexact=user.email).exists():
        raise ValidationError({"email": "Somebody already signs in with this address."})
    user.full_clean()
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@transaction.atomic
def issue_sign_in_link(*, user: User, at: datetime) -> str:
    """Return the path of a page that signs the person in, once, within 15 minutes.

    Opening it (GET) shows one focused button and changes nothing, so that a mail scanner or a preview cannot
    use it up. Its form is sent back (POST, with Django's CSRF cookie and the ``csrfmiddlewaretoken`` field) to the
    same address; the answer is a redirect to ``/`` with a session. A program does the same: GET, then POST.
    """
    secret = keys.make()
    SignInLink.objects.filter(user=user, used_at__isnull=True, expires_at__lte=at).delete()
    SignInLink.objects.create(
        user=user, token_hash=keys.digest(secret), created_at=at, expires_at=at + LINK_LIFETIME
    )
    # Among these few addresses: a terminal that looks among all loads every page and the whole API first.
    return reverse("sign-in-link", urlconf="roadbed.core.accounts.urls", kwargs={"secret": secret})


def find_sign_in_link(*, secret: str, at: datetime) -> SignInLink | None:
    """Return the link if it can still be used."""
    return (
        SignInLink.objects.select_related("user")
        .filter(token_hash=keys.digest(secret), used_at__isnull=True, expires_at__gt=at, user__is_active=True)
        .first()
    )


@transaction.atomic
def use_sign_in_link(*, secret: str, at: datetime) -> User | None:
    """Use the link up and return its person; None where it was used, is too old or never was."""
    link = find_sign_in_link(secret=secret, at=at)
    if link is None:
        return None
    # Two presses at once: only the one whose update finds the row unused gets in.
    taken = SignInLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=at)
    return link.user if taken else None
