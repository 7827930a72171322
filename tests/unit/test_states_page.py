"""The page about the states is drawn from the table that the code goes by."""

from collections.abc import Iterable
from pathlib import Path

from gsheet_ml_scheduler.runsheet.lifecycle import ENDED, HELD, TRANSITIONS, Event, State

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "states.md"
GROUPS = {"held": HELD, "ended": ENDED}


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


def drawn_diagram() -> str:
    """The transitions as a picture: what all states of a group have in common is one arrow.

    Left out are arrows back to the same state, and those of a row that is deleted, which lead to
    `lost` from everywhere.
    """
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, event), then in TRANSITIONS.items():
        if then is not state and event is not Event.ROW_DELETED:
            texts = arrows.setdefault((source_of(state, event), then.value), [])
            if event.value not in texts:
                texts.append(event.value)
    lines = ["```mermaid", "flowchart LR"]
    for name, states in GROUPS.items():
        lines += [f"    subgraph {name}", *(f"        {it.value}" for it in states), "    end"]
    lines += [
        f'    {source} -- "{"<br>".join(texts)}" --> {target}'
        for (source, target), texts in arrows.items()
    ]
    return "\n".join([*lines, "```"])


def source_of(state: State, event: Event) -> str:
    """Where an arrow begins: at the state's group, if the same holds for all of the group."""
    for name, states in GROUPS.items():
        if state in states and is_common(states, event):
            return name
    return state.value


def is_common(states: Iterable[State], event: Event) -> bool:
    return len({TRANSITIONS.get((state, event)) for state in states}) == 1


def test_the_table_on_the_page_is_the_one_in_the_code() -> None:
    table = drawn_table()
    assert table in PAGE.read_text(encoding="utf-8"), f"the table has to read:\n\n{table}\n"


def test_the_diagram_on_the_page_is_drawn_from_the_code() -> None:
    diagram = drawn_diagram()
    assert diagram in PAGE.read_text(encoding="utf-8"), f"the diagram has to read:\n\n{diagram}\n"


def test_what_the_diagram_leaves_out_is_true_of_every_state() -> None:
    assert {s: TRANSITIONS.get((s, Event.ROW_DELETED)) for s in State if s is not State.LOST} == {
        state: State.LOST for state in State if state is not State.LOST
    }


def test_every_state_is_explained_above_the_table() -> None:
    explained = PAGE.read_text(encoding="utf-8").partition("| from |")[0]
    assert [state.value for state in State if f"**{state.value}**" not in explained] == []
