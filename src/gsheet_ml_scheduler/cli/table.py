"""A picture of a sheet, laid out for a terminal. Pure: pictures and sizes in, Rich objects out.

Decided here: which columns and lines fit, what the bars and counts say, how a sheet's colours stay
legible. Decided elsewhere: what is in the picture (`picture`), when it is drawn (`watch`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len
from rich.color import Color as TerminalColor
from rich.color_triplet import ColorTriplet
from rich.style import Style
from rich.table import Table
from rich.text import Text

from gsheet_ml_scheduler.cli.picture import Cell, Color, Line, Picture
from gsheet_ml_scheduler.cli.printing import counted
from gsheet_ml_scheduler.runsheet.columns import RUN_NAME, STATUS, WORKER_NAME
from gsheet_ml_scheduler.runsheet.lifecycle import TOKEN_STARTS, State
from gsheet_ml_scheduler.runsheet.summary import Summary, open_state, progress

PROGRESS = "progress"  # the bar: a column of the table, not of the sheet
_NOT_SHOWN = ("lease", "started")  # long, and summed up by the heading: who is alive, how fast
_LEAST_TOLD = ("host", "attempt", "only_on", "priority", "duration")
_BAR, _WIDEST, _CUT_TO = 10, 28, 15
_LEAST_CONTRAST = 2.6


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns are shown, how wide, how far apart, and what had to be left out."""

    widths: dict[str, int]
    gap: int
    left_out: tuple[str, ...]


def state(run: Line) -> State:
    """Where a run is in its life, as its own text says; one being claimed counts as running."""
    return open_state(run.text(STATUS), run.text(WORKER_NAME))


def summary(picture: Picture) -> str:
    """How many runs are in each state: `3 ready · 2 running · 7 done`. Drafts aren't counted."""
    found = Counter(state(run) for run in picture.runs)
    counts = [f"{found[it]} {it.value}" for it in State if found[it] and it is not State.DRAFT]
    return " · ".join(counts) or "no runs"


def pace(summed: Summary, now: datetime) -> str:
    """Who works, how fast it goes and when it ends: `2 workers alive · 9 runs an hour · …`."""
    parts = []
    if summed.alive or summed.silent:
        parts.append(f"{counted(len(summed.alive), 'worker')} alive")
    if summed.silent:
        parts.append(f"{len(summed.silent)} silent ({', '.join(sorted(summed.silent)[:3])})")
    if summed.unleased:
        parts.append(f"{counted(len(summed.unleased), 'worker')} without a lease")
    if summed.per_hour is not None:
        digits = 0 if summed.per_hour >= 10 else 1
        parts.append(f"{summed.per_hour:,.{digits}f} runs an hour")
    if summed.end is not None:
        parts.append(f"done in about {span_in_words((summed.end - now).total_seconds())}")
    return " · ".join(parts)


def span_in_words(seconds: float) -> str:
    """A span as a person says it: `25 min`, `3 h 20 min`, `2 d 4 h`."""
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, hours = divmod(round(minutes / 60), 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def lay_out(picture: Picture, width: int) -> Layout:
    """Choose columns for a terminal `width` characters wide.

    Columns that no run fills aren't shown. When room is short, long texts are cut and the gaps
    narrowed first. Then the worker's name goes and what else is about the machine, the
    hyperparameters that are the same for all runs, the bar, and the others from the right; name,
    status and results stay to the end.
    """
    filled = [
        name
        for name in picture.columns
        if name not in _NOT_SHOWN and any(_tells(name, run.text(name)) for run in picture.runs)
    ]
    if any(_bar_of(run) is not None for run in picture.runs):
        filled.insert(filled.index(STATUS) + 1, PROGRESS)
    widths = {name: _width(name, picture.runs) for name in filled}

    def too_wide(gap: int) -> bool:
        return sum(widths.values()) + gap * len(widths) > width

    while too_wide(2) and max(widths.values()) > _CUT_TO:
        widths[max(widths, key=lambda name: widths[name])] -= 1
    left_out = []
    for name in _expendable(filled, picture):
        if not too_wide(1):
            break
        del widths[name]
        left_out.append(name)
    return Layout(
        widths, 1 if too_wide(2) else 2, tuple(name for name in left_out if name != PROGRESS)
    )


def window(runs: Sequence[Line], height: int | None) -> Sequence[Line]:
    """The runs that fit into `height` lines (None: all), around the first that isn't finished."""
    if height is None or len(runs) <= height:
        return runs
    height = max(1, height)
    open_runs = (at for at, run in enumerate(runs) if state(run) in (State.RUNNING, State.READY))
    first = max(0, min(next(open_runs, len(runs)) - height // 4, len(runs) - height))
    return runs[first : first + height]


def sheet_table(picture: Picture, width: int, height: int | None = None) -> Table:
    """The sheet as a table of at most `width` × `height` characters; no height: all the runs."""
    layout = lay_out(picture, width)
    shown = window(picture.runs, None if height is None else height - _head(layout) - 1)
    table = Table(
        box=None,
        padding=(0, layout.gap - 1, 0, 1),
        header_style="bold",
        caption_justify="left",
        caption_style="dim",
    )
    for name, wide in layout.widths.items():
        table.add_column(
            Text(_broken(name)),
            width=wide,
            no_wrap=False,
            vertical="bottom",
            justify="right" if _numeric(name, picture.runs) else "left",
        )
    for run in shown:
        table.add_row(
            *(_drawn(run, name, wide) for name, wide in layout.widths.items()),
            style=_background(run),
        )
    notes = []
    if len(shown) < len(picture.runs):
        notes.append(f"{len(picture.runs) - len(shown)} more runs")
    if layout.left_out:
        notes.append(f"no room for {', '.join(layout.left_out)}")
    table.caption = " · ".join(notes) or None
    return table


def legible(color: Color, background: Color | None) -> Color:
    """Darken a text colour until it can be read on a background (a grey is faint on pastel)."""
    if background is None:
        return color
    red, green, blue = color
    while _contrast((red, green, blue), background) < _LEAST_CONTRAST:
        if max(red, green, blue) < 0.05:
            break  # the background itself is dark: black is the best there is
        red, green, blue = red * 0.9, green * 0.9, blue * 0.9
    return (red, green, blue)


def _tells(name: str, text: str) -> bool:
    """Whether a cell says anything; that an attempt is the first one is no news."""
    return bool(text) and not (name == "attempt" and text.startswith("1/"))


def _expendable(names: Sequence[str], picture: Picture) -> list[str]:
    """Columns in the order in which they go."""
    hyperparameters = [
        name
        for name in names
        if name not in (RUN_NAME, STATUS, PROGRESS) and name not in picture.outcomes
    ]
    same = [
        name for name in hyperparameters if len({run.text(name) for run in picture.runs} - {""}) < 2
    ]
    others = [name for name in hyperparameters if name not in same]
    order = [WORKER_NAME, *(name for name in names if name in _LEAST_TOLD)]
    order += [*reversed(same), PROGRESS, *reversed(others)]
    order += reversed([name for name in names if name in picture.outcomes])
    kept = (RUN_NAME, STATUS)
    return [name for name in dict.fromkeys(order) if name in names and name not in kept]


def _broken(name: str) -> str:
    """A long column name takes two lines: broken at its middle underscore."""
    breaks = [at for at, letter in enumerate(name) if letter == "_" and 0 < at < len(name) - 1]
    if len(name) < 8 or not breaks:
        return name
    middle = min(breaks, key=lambda at: abs(at - len(name) // 2))
    return f"{name[: middle + 1]}\n{name[middle + 1 :]}"


def _head(layout: Layout) -> int:
    return max((1 + _broken(name).count("\n") for name in layout.widths), default=1)


def _width(name: str, runs: Sequence[Line]) -> int:
    if name == PROGRESS:
        return _BAR
    widest = max((cell_len(run.text(name)) for run in runs), default=0)
    return max(min(widest, _WIDEST), *(cell_len(part) for part in _broken(name).split("\n")))


def _numeric(name: str, runs: Sequence[Line]) -> bool:
    texts = [run.text(name) for run in runs if run.text(name)]
    return name != PROGRESS and bool(texts) and all(_is_number(text) for text in texts)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _bar_of(run: Line) -> float | None:
    return progress(run.text(STATUS)) if state(run) is State.RUNNING else None


def _drawn(run: Line, name: str, width: int) -> Text:
    if name == PROGRESS:
        share = _bar_of(run)
        if share is None:
            return Text("")
        full = round(share * width)
        return Text("━" * full, "dark_orange3") + Text("─" * (width - full), "grey62")
    cell = run.cells.get(name, Cell())
    words = cell.text.split()
    if name == STATUS and cell.text.startswith(TOKEN_STARTS):
        words = words[:3]  # the rest of a claim's token is for machines
    text = Text(" ".join(words), _foreground(cell, _row_color(run)), no_wrap=True)
    text.truncate(width, overflow="ellipsis")
    return text


def _row_color(run: Line) -> Color | None:
    """The colour of the whole line in the table: the one that its status has in the sheet."""
    return run.cells.get(STATUS, Cell()).background


def _foreground(cell: Cell, background: Color | None) -> Style:
    if cell.foreground is None:
        return Style(color=None if background is None else "black")
    return Style(color=_terminal(legible(cell.foreground, background)))


def _background(run: Line) -> Style:
    color = _row_color(run)
    return Style() if color is None else Style(bgcolor=_terminal(color))


def _terminal(color: Color) -> TerminalColor:
    red, green, blue = (round(255 * part) for part in color)
    return TerminalColor.from_triplet(ColorTriplet(red, green, blue))


def _contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2: 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(part) for part in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
