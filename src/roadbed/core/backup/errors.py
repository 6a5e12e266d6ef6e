"""What can be wrong with a backup, or with the place it should go to."""


class BackupError(Exception):
    """A backup cannot be made or read; the message says why."""


class RefusedError(BackupError):
    """Going on would lose something; the message says what would make it safe."""
