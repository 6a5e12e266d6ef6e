"""Settings for the tests: fast hashing, mail in memory, files in a throw-away folder."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("ROADBED_SECRET_KEY", "not-a-secret-it-is-for-tests-only")
os.environ.setdefault("ROADBED_DATA", tempfile.mkdtemp(prefix="roadbed-tests-"))

from roadbed.config.settings import *  # noqa: F403 - the environment had to be set first; all settings are meant
from roadbed.config.settings import DATABASES, ROADBED_DATA

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": Path(ROADBED_DATA) / "files"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ALLOWED_HOSTS = ["*"]
ROADBED_URL = "http://testserver"
ROADBED_EMBEDDER = "words-64"  # quick, and alike on all machines; the real one has tests of its own
if "sqlite" in DATABASES["default"]["ENGINE"]:
    # A file, not memory: the kill tests and the browser tests open it from other threads and processes.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(ROADBED_DATA) / "test.sqlite3")}
# WhiteNoise warns of a folder that collectstatic has not made; the tests serve from the finders.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
