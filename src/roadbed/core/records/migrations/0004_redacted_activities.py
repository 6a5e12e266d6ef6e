"""Let history lose words that must not be kept, and nothing else: the row stays, says so, and a later deed attests it."""

from django.db import migrations

KEPT = (
    "workspace_id", "sequence", "record_id", "record_key", "at", "actor_id", "actor_name", "via", "verb",
    "previous_hash", "hash",
)  # fmt: skip
SQLITE = f"""
CREATE TRIGGER activity_is_append_only BEFORE UPDATE ON records_activity
WHEN json_extract(NEW.changes, '$.redacted') IS NULL OR NEW.id != OLD.id
  OR {" OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in KEPT)}
BEGIN SELECT RAISE(ABORT, 'activity is append-only'); END
"""
POSTGRES = f"""
CREATE OR REPLACE FUNCTION activity_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF NEW.changes -> 'redacted' IS NULL OR NEW.id != OLD.id
    OR {" OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in KEPT)}
  THEN RAISE EXCEPTION 'activity is append-only'; END IF;
  RETURN NEW;
END $$
"""
SQLITE_BEFORE = """
CREATE TRIGGER activity_is_append_only BEFORE UPDATE ON records_activity
BEGIN SELECT RAISE(ABORT, 'activity is append-only'); END
"""
POSTGRES_BEFORE = """
CREATE OR REPLACE FUNCTION activity_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'activity is append-only'; END $$
"""


def _replace(schema_editor, sqlite, postgres):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER activity_is_append_only")
        schema_editor.execute(sqlite)
    else:
        schema_editor.execute(postgres)


def forwards(apps, schema_editor):
    _replace(schema_editor, SQLITE, POSTGRES)


def backwards(apps, schema_editor):
    _replace(schema_editor, SQLITE_BEFORE, POSTGRES_BEFORE)


class Migration(migrations.Migration):
    dependencies = [("records", "0003_circles")]
    operations = [migrations.RunPython(forwards, backwards)]
