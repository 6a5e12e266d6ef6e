"""What one process publishes another one answers by, within two seconds: of two real processes on one database."""

from __future__ import annotations

import os
import subprocess
import sys

from tests import databases
from tests.architecture import house

SCRIPT = """
import os, time
import django
django.setup()
from django.db import connections
from django.utils import timezone
from roadbed.core.workspaces.roles import Role
from tests import people
from tests.experiments import factories

workspace = people.make_workspace()
ben = people.join(workspace, "Ben", Role.MAKER)
flag = factories.make_flag(workspace, ben.actor)
place = factories.environment(workspace)
factories.publish(flag, place, ben.actor, default="off", off="off")
from roadbed.modules.experiments import services
services.switch(flag=flag, environment=place, on=True, actor=ben.actor, at=timezone.now())
connections.close_all()
reading, writing = os.pipe()
server = os.fork()
if server == 0:
    from roadbed.config.asgi import published_store
    store = published_store()
    store.start()
    assert store.is_ready.wait(20)
    entry = store.entries[place.pk]
    os.write(writing, f"{entry.compiled.ask('new-map', {}).variant}\\n".encode())
    limit = time.monotonic() + 10
    while store.entries[place.pk].compiled.ask("new-map", {}).variant != "on" and time.monotonic() < limit:
        time.sleep(0.005)
    os.write(writing, f"{store.entries[place.pk].compiled.ask('new-map', {}).variant} {time.monotonic()}\\n".encode())
    os._exit(0)
lines = os.fdopen(reading)
before = lines.readline().strip()
factories.publish(flag, place, ben.actor, default="on", off="off")
published = time.monotonic()
after, at = lines.readline().split()
os.waitpid(server, 0)
print(before, after, float(at) - published)
"""


def test_a_publish_reaches_the_hot_path_of_another_process_within_two_seconds(tmp_path):
    data = tmp_path / "data"
    databases.lay_out(data)
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ROADBED_", "DATABASE_"))
    }
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        cwd=house.ROOT,
        env={**kept, "ROADBED_DATA": str(data), "DJANGO_SETTINGS_MODULE": "roadbed.config.settings"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    before, after, seconds = done.stdout.split()
    assert (before, after) == ("off", "on")
    assert float(seconds) < 2.0
