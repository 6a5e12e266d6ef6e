"""`roadbed backup` and `roadbed restore`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from roadbed.cli.output import print_json, say


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; a folder gets a dated name in it.")],
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Write everything into one file, while the server runs: the database as of one moment, and the files.

    The secret key and your settings are not in it: keep them elsewhere.

    Examples:

        roadbed backup /var/backups/roadbed/

        roadbed backup roadbed.zip --force
    """
    from roadbed.cli import environment
    from roadbed.cli.exits import Exit, end

    data = environment.prepare()
    from roadbed.core.backup import archive
    from roadbed.core.backup.errors import BackupError

    at = datetime.now(UTC)
    target = file / f"roadbed-{at:%Y%m%d-%H%M%S}.zip" if file.is_dir() else file
    if target.exists() and not force:
        end(Exit.REFUSED, f"{target} is there already", fix="Name another file, or add --force.")
    try:
        described = archive.write(target=target, data=data, at=at)
    except BackupError as error:
        end(Exit.FAILURE, str(error))
    size = target.stat().st_size
    if json:
        print_json(
            {"file": str(target), "bytes": size, "parts": len(described.parts), "version": described.version}
        )
    else:
        say(f"{target}: {size / 1e6:.1f} MB, {len(described.parts)} parts, each with its digest")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `roadbed backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Set what is here aside, and replace it.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Put a backup in place; the server must be stopped.

    Every part's digest is compared before anything changes. A backup of a newer release is refused; one of an older
    release is brought up to date. With --force, what was here is kept: in the data folder under replaced/, or on
    PostgreSQL in a schema named roadbed_replaced_….

    Examples:

        roadbed restore roadbed.zip

        roadbed restore roadbed.zip --force
    """
    from roadbed.cli import environment, preparation
    from roadbed.cli.exits import Exit, end

    data = environment.prepare()
    from roadbed.core.backup import archive
    from roadbed.core.backup.errors import BackupError, RefusedError

    claim = preparation.claim(data)
    at = datetime.now(UTC)
    try:
        described = archive.restore(source=file, data=data, at=at, force=force)
        preparation.migrate(data=data, at=at, said=say)
    except RefusedError as error:
        end(Exit.REFUSED, str(error))
    except BackupError as error:
        end(Exit.FAILURE, str(error))
    finally:
        claim.close()
    if json:
        print_json(
            {"version": described.version, "made_at": described.made_at, "parts": len(described.parts)}
        )
    else:
        say(f"as it was at {described.made_at} (Roadbed {described.version})")
