"""The ground a command stands on: the data folder, the secret key, and Django set up on them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from roadbed.cli.exits import Exit, end

SECRET_KEY_FILE = "secret_key"  # noqa: S105 - the name of the file, not what is in it


def clone() -> Path | None:
    """Return the clone that this runs out of, or nothing for an installed package."""
    top = Path(__file__).resolve().parents[3]
    return top if (top / "bin" / "roadbed").is_file() else None


def demo_folder() -> Path:
    """Return where the demo lives when nothing else is said."""
    import platformdirs

    here = clone()
    return here / ".roadbed" / "demo" if here else Path(platformdirs.user_data_dir("roadbed")) / "demo"


def prepare(*, data: Path | None = None) -> Path:
    """Make the data folder and its secret key, and set Django up. Returns the folder."""
    from roadbed.config import options

    if data is not None:
        os.environ["ROADBED_DATA"] = str(data.expanduser().resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roadbed.config.settings")
    try:
        values = options.read_options()
        folder: Path = values["ROADBED_DATA"]
        make_folder(folder)
        if not values["ROADBED_SECRET_KEY"]:
            make_secret_key(folder)
        import django

        django.setup()
    except options.BadSettingError as error:
        end(Exit.USAGE, str(error), fix="`roadbed config show` lists every setting and where it comes from.")
    except PermissionError as error:
        end(
            Exit.FAILURE,
            f"may not write {error.filename}",
            fix="Let this user own the folder, or name another in ROADBED_DATA.",
        )
    return folder


def make_folder(folder: Path) -> None:
    """Make the folder, for this user alone."""
    if not folder.is_dir():
        folder.mkdir(parents=True, mode=0o700)


def make_secret_key(folder: Path) -> Path:
    """Make the key that signs sessions and links, unless there is one; nobody else may read it."""
    path = folder / SECRET_KEY_FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(50) + "\n")
    return path
