"""gsheet-ml doctor: is everything all right with a location and its queue?

Decided here: the options, how findings are shown, the exit code. Decided elsewhere: the findings.
"""

from typing import Annotated

import typer

from gsheet_ml_scheduler import doctor
from gsheet_ml_scheduler.cli.commands import LOOK, AsJson, Location, Tab, app
from gsheet_ml_scheduler.cli.location import AtALocation
from gsheet_ml_scheduler.cli.printing import print_json, say
from gsheet_ml_scheduler.connect import open_worksheet
from gsheet_ml_scheduler.doctor.checks import AUTHOR
from gsheet_ml_scheduler.doctor.rules import as_json as findings_as_json

_STYLES = {"ok": None, "note": "yellow", "problem": "red"}
_WIDEST = max(map(len, _STYLES))


@app.command("doctor", cls=AtALocation, rich_help_panel=LOOK)
def doctor_command(
    location: Location,
    *,
    live: Annotated[
        bool,
        typer.Option(
            "--live",
            help="Also try out, on a scratch tab that is deleted again, what isn't documented.",
        ),
    ] = False,
    as_json: AsJson = False,
    sheet_index: Tab = 0,
) -> None:
    """Find out what is wrong: access, sharing, columns, line 2, leases, rows, clock, quota.

    Each finding says what to do. Nothing is changed; --live adds a tab and deletes it again.

    Exit code: 0; 1 if something has to be done.
    """
    examined = doctor.examine(location, sheet_index)
    if live and examined.worksheet is not None:
        examined.findings += doctor.try_out(
            examined.worksheet,
            examined.pacing,
            lambda: open_worksheet(location, sheet_index, user_agent=AUTHOR)[1],
        )
    if as_json:
        print_json(findings_as_json(examined.findings))
    else:
        for it in examined.findings:
            mark = it.verdict.value
            say(f"{mark:{_WIDEST}}  {it.topic}: {it.text}", style=_STYLES[mark])
    if not examined.is_well:
        raise typer.Exit(1)
