"""`roadbed mail-in`: take in mail that another program hands over."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from roadbed.cli.exits import Exit, end

EPILOG = """\
Examples:

  roadbed mail-in < message.eml
  roadbed mail-in archive.mbox --source "Support mail"
  echo 'voice: "|roadbed mail-in"' >> /etc/aliases

Exit codes: 0 every mail is in, or was known · 1 some were refused (they are kept with the source) ·
2 the command was not understood · 3 no source is meant. With --sendmail they are 0, 65 and 67, as mail servers expect.
"""
REFUSED, NOBODY = 65, 67

app = typer.Typer()


@app.command("mail-in", epilog=EPILOG)
def mail_in(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help=".eml or mbox; standard input where none is named.",
        ),
    ] = None,
    source: Annotated[
        str,
        typer.Option("--source", "-s", help="Its name or address; found by the mail’s recipients otherwise."),
    ] = "",
    workspace: Annotated[
        str,
        typer.Option("--workspace", "-w", help="Its short name, where several have a source of that name."),
    ] = "",
    sendmail: Annotated[
        bool, typer.Option("--sendmail", help="Answer with the exit codes that a mail server understands.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say what became of each, as JSON.")] = False,
) -> None:
    """Take in mail as feedback: what its writer wrote, once for each Message-ID."""
    from roadbed.cli.environment import prepare

    prepare()
    raws = [path.read_bytes() for path in files] if files else [sys.stdin.buffer.read()]
    chosen = _chosen(source, workspace, sendmail=sendmail) if source else None
    found = [each for raw in raws for each in _received(raw, chosen)]
    _tell(found, as_json=as_json)
    outcomes = Counter(each["outcome"] for each in found)
    if outcomes["nobody"]:
        raise typer.Exit(NOBODY if sendmail else Exit.REFUSED.value)
    if outcomes["refused"]:
        raise typer.Exit(REFUSED if sendmail else Exit.FAILURE.value)


def _chosen(name: str, workspace: str, *, sendmail: bool) -> Any:
    from django.db.models import Q

    from roadbed.modules.insights.models import Source

    known = Source.objects.listening().filter(kind=Source.Kind.MAIL).select_related("workspace", "product")
    if workspace:
        known = known.filter(workspace__slug=workspace)
    found = list(known.filter(Q(name__iexact=name) | Q(settings__address=name.lower())))
    if len(found) != 1:
        listed = ", ".join(f"{each.name} ({each.workspace.slug})" for each in known) or "none yet"
        what = f"No e-mail source that is on is called “{name}”." if not found else "Several are meant."
        if sendmail:
            print(what, file=sys.stderr)
            raise typer.Exit(NOBODY)
        end(Exit.REFUSED, what, fix=f"There are: {listed}. Name one, and its --workspace.")
    return found[0]


def _received(raw: bytes, chosen: Any) -> list[dict[str, Any]]:
    from django.utils import timezone

    from roadbed.modules.insights.services import mail_texts, mailboxes

    results = []
    for mail in mail_texts.split_mbox(raw):
        try:
            source = chosen or mailboxes.source_for(raw=mail)
        except mailboxes.NobodyError as error:
            results.append({"outcome": "nobody", "id": "", "key": "", "detail": str(error)})
            continue
        received = mailboxes.receive_mail(source=source, raw=mail, at=timezone.now())
        results.append(
            {
                "outcome": str(received.outcome),
                "id": received.external_id,
                "key": received.feedback.key if received.feedback else "",
                "detail": received.detail,
            }
        )
    return results


def _tell(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        from roadbed.cli.output import print_json

        print_json(found)
        return
    words = {
        "new": "new",
        "changed": "changed",
        "known": "known already",
        "left_out": "left out",
        "refused": "refused",
    }
    counts = Counter(each["outcome"] for each in found)
    told = ", ".join(f"{counts[name]} {word}" for name, word in words.items() if counts[name])
    print(f"{len(found)} {'mail' if len(found) == 1 else 'mails'}: {told or 'none taken in'}.")
    for each in found:
        if each["outcome"] in {"refused", "nobody"}:
            print(f"  {each['detail']}", file=sys.stderr)
