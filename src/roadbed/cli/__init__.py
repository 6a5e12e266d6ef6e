"""The `roadbed` command. Each file here is one room of it; nothing heavy is imported before a command runs."""


def main() -> None:
    """Run the command line."""
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roadbed.config.settings")
    from roadbed.cli.app import app

    app()
