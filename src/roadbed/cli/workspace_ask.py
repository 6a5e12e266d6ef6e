"""`roadbed ask --workspace`: a question to the records of a workspace."""

from __future__ import annotations

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, print_table


def ask_workspace(question: str, *, slug: str, email: str, as_json: bool) -> None:
    """Answer from what a member may read; from what is open to everybody where nobody is named."""
    from roadbed.cli import environment

    environment.prepare()
    from django.utils import timezone

    from roadbed.core.workspaces.models import Member, Workspace
    from roadbed.modules.ask.selectors import asking

    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True))
        end(Exit.REFUSED, f"There is no workspace “{slug}”.", fix=f"There are: {known or 'none yet'}.")
    circles: frozenset[int] = frozenset()
    if email:
        member = Member.objects.filter(
            workspace=workspace, user__email__iexact=email, removed_at__isnull=True
        ).first()
        if member is None:
            end(Exit.REFUSED, f"{email} is not in {workspace.name}.")
        circles = member.circle_ids
    found = asking.ask(workspace=workspace, text=question, circles=circles, now=timezone.now())
    if as_json:
        print_json(
            {
                "question": found.question,
                "found": found.found,
                "confidence": round(found.confidence, 4),
                "answers": [
                    {
                        "record": one.hit.key,
                        "sentence": one.text,
                        "score": round(one.score, 4),
                        "url": one.hit.url,
                    }
                    for one in found.cited
                ],
                "related": [hit.key for hit in found.related],
                "figures": {
                    "sentence": found.figures.sentence,
                    "value": found.figures.value,
                    "columns": found.figures.columns,
                    "rows": [[row.key, row.label, *row.cells] for row in found.figures.rows],
                    "url": found.figures.url,
                }
                if found.figures is not None
                else None,
                "asked_before": [one.key for one in found.kept],
            }
        )
        return
    print(found.question)
    if found.figures is not None:
        print(f"  {found.figures.sentence}")
        if found.figures.rows:
            rows = [(f"{row.key} {row.label}", *row.cells) for row in found.figures.rows]
            print_table(found.figures.columns, rows)
    if not found.found:
        print(f"  Not found in words (confidence {found.confidence:.2f}).")
        return
    for one in found.cited:
        print(f"  [{one.number}] {one.text}  ({one.hit.key})")
    print(f"  Confidence {found.confidence:.2f}.")
