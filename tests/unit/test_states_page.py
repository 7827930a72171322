"""The page about the states is drawn from the table that the code goes by."""

from pathlib import Path

from gsheet_ml_scheduler.runsheet.lifecycle import TRANSITIONS, State

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "states.md"


def drawn_table() -> str:
    """The transitions as a table: a line for each state and what leads where from it."""
    lines = ["| from | what happens | to |", "|---|---|---|"]
    lines += [
        f"| {state.value} | {event.value} | {then.value} |"
        for state in State
        for (before, event), then in TRANSITIONS.items()
        if before is state
    ]
    return "\n".join(lines)


def test_the_table_on_the_page_is_the_one_in_the_code() -> None:
    table = drawn_table()
    assert table in PAGE.read_text(encoding="utf-8"), f"the table has to read:\n\n{table}\n"


def test_every_state_is_explained_above_the_table() -> None:
    explained = PAGE.read_text(encoding="utf-8").partition("| from |")[0]
    assert [state.value for state in State if f"**{state.value}**" not in explained] == []
