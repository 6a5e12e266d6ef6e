"""A worker process for the kill tests: on the database named on its command line, with the tests' tasks."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main(database: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roadbed.config.testing")
    from django.conf import settings

    # The test database has another name than the one in the settings; nothing else differs.
    settings.DATABASES["default"]["NAME"] = json.loads(database)["NAME"]

    import django

    django.setup()
    from roadbed.core.jobs import worker
    from tests.core import jobs_tasks

    assert jobs_tasks
    worker.run()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main(sys.argv[1])
