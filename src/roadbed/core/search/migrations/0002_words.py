"""Hang a full-text index on the entries: FTS5 with triggers, or a generated tsvector."""

from django.db import migrations

SQLITE = [
    """CREATE VIRTUAL TABLE search_words USING fts5(
        title, body, content='search_searchentry', content_rowid='id',
        tokenize='unicode61 remove_diacritics 2', prefix='2 3')""",
    """CREATE TRIGGER search_words_insert AFTER INSERT ON search_searchentry BEGIN
        INSERT INTO search_words(rowid, title, body) VALUES (new.id, new.title, new.body); END""",
    """CREATE TRIGGER search_words_delete AFTER DELETE ON search_searchentry BEGIN
        INSERT INTO search_words(search_words, rowid, title, body) VALUES ('delete', old.id, old.title, old.body); END""",
    """CREATE TRIGGER search_words_update AFTER UPDATE OF title, body ON search_searchentry BEGIN
        INSERT INTO search_words(search_words, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
        INSERT INTO search_words(rowid, title, body) VALUES (new.id, new.title, new.body); END""",
]
POSTGRES = [
    """ALTER TABLE search_searchentry ADD COLUMN words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', body), 'D')) STORED""",
    "CREATE INDEX search_words ON search_searchentry USING gin (words)",
]


def forwards(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRES:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in ("insert", "delete", "update"):
            schema_editor.execute(f"DROP TRIGGER search_words_{name}")
        schema_editor.execute("DROP TABLE search_words")
    else:
        schema_editor.execute("ALTER TABLE search_searchentry DROP COLUMN words")


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
