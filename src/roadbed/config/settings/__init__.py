"""Django's settings, read from the environment through `roadbed.config.options`."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from roadbed.config import options

_values = options.read_options()


def _secret_key(data: Path) -> str:
    """Return the key from the environment, from the data folder, or for this process alone."""
    if _values["ROADBED_SECRET_KEY"]:
        return str(_values["ROADBED_SECRET_KEY"])
    kept = data / "secret_key"
    return kept.read_text().strip() if kept.is_file() else secrets.token_urlsafe(50)


ROADBED_DATA: Path = _values["ROADBED_DATA"]
ROADBED_URL: str = _values["ROADBED_URL"].rstrip("/")
ROADBED_SIGN_UP: bool = _values["ROADBED_SIGN_UP"]
ROADBED_WEBHOOK_ALLOW: list[str] = _values["ROADBED_WEBHOOK_ALLOW"]
ROADBED_DATA_FOLDERS: list[str] = _values["ROADBED_DATA_FOLDERS"]
ROADBED_UPLOAD_MAX_MB: int = _values["ROADBED_UPLOAD_MAX_MB"]
ROADBED_API_RATE: int = _values["ROADBED_API_RATE"]
ROADBED_JOB_LEASE_SECONDS: int = _values["ROADBED_JOB_LEASE_SECONDS"]
ROADBED_LLM_URL: str = _values["ROADBED_LLM_URL"]
ROADBED_LLM_MODEL: str = _values["ROADBED_LLM_MODEL"]
ROADBED_LLM_KEY: str = _values["ROADBED_LLM_KEY"]
ROADBED_LLM_SECONDS: int = _values["ROADBED_LLM_SECONDS"]
ROADBED_EMBEDDER = "all-MiniLM-L6-v2-int8-words"

SECRET_KEY = _secret_key(ROADBED_DATA)
DEBUG: bool = _values["ROADBED_DEBUG"]
_address = urlsplit(ROADBED_URL)
_secure = _address.scheme == "https"
ALLOWED_HOSTS = sorted(
    {_address.hostname or "localhost", "localhost", "127.0.0.1", "[::1]", *_values["ROADBED_HOSTS"]}
)
CSRF_TRUSTED_ORIGINS = [ROADBED_URL]
if _values["ROADBED_TRUST_PROXY"]:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "roadbed.web",  # before allauth, whose pages it draws
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "template_partials",
    "ninja",
    "roadbed.core.accounts",
    "roadbed.core.workspaces",
    "roadbed.core.records",
    "roadbed.core.evidence",
    "roadbed.core.search",
    "roadbed.core.vectors",
    "roadbed.core.jobs",
    "roadbed.core.files",
    "roadbed.core.tables",
    "roadbed.core.notify",
    "roadbed.core.gates",
    "roadbed.modules.alignment",
    "roadbed.modules.insights",
    "roadbed.modules.roadmap",
    "roadbed.modules.portal",
    "roadbed.modules.priorities",
    "roadbed.modules.ask",
    "roadbed.modules.trackers",
    "roadbed.modules.experiments",
]

MIDDLEWARE = [
    "roadbed.config.middleware.answer_programs_with_problems",
    "django.middleware.security.SecurityMiddleware",
    "roadbed.config.middleware.guard_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "roadbed.modules.portal.views.domains.lead_domains_to_boards",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "roadbed.config.urls"
WSGI_APPLICATION = "roadbed.config.wsgi.application"

_template_options: dict[str, Any] = {
    "context_processors": [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
        "roadbed.core.workspaces.context.shell",
    ],
    "builtins": ["template_partials.templatetags.partials"],
}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": _template_options,
    }
]

DATABASES = {"default": options.database_from_url(_values["DATABASE_URL"], data=ROADBED_DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_SECURE = _secure
CSRF_COOKIE_SECURE = _secure
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if _secure else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Where strangers may sign up, only a verified address keeps the form from telling who has an account.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if _values["ROADBED_SIGN_UP"] else "optional"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _secure else "http"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_ADAPTER = "roadbed.core.accounts.adapter.AccountAdapter"
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _secure
MFA_TOTP_ISSUER = "Roadbed"
# The operator names the providers, so an address that one of them has verified is the person's.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
_oidc = json.loads(_values["ROADBED_OIDC"]) if _values["ROADBED_OIDC"] else []
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": app["id"],
                "name": app["name"],
                "client_id": app["client_id"],
                "secret": app.get("secret", ""),
                "settings": {"server_url": app["server_url"]},
            }
            for app in _oidc
        ],
    }
}

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "roadbed.config.formats"
TIME_ZONE: str = _values["ROADBED_TIME_ZONE"]
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = ROADBED_DATA / "static"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": ROADBED_DATA / "files"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

for _name, _value in options.email_from_url(_values["ROADBED_EMAIL_URL"]).items():
    globals()[_name] = _value
DEFAULT_FROM_EMAIL: str = _values["ROADBED_EMAIL_FROM"]
SERVER_EMAIL = DEFAULT_FROM_EMAIL

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django.request": {"level": "ERROR"}, "roadbed": {"level": "INFO"}},
}
