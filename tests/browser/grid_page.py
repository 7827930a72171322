"""A page of the grid as a person uses it: keys and clicks; what it shows is asked by its hook.

Nothing here changes the sheet but the keyboard, the mouse and the clipboard.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

# What the browser itself says of answers that the protocol is made for.
_NORMAL = re.compile("status of 409|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED")

SECONDS = 30.0  # until a wait gives up; far more than anything takes


class GridPage:
    """One browser window with a workbook."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.set_default_timeout(1000 * SECONDS)
        page.set_default_navigation_timeout(1000 * SECONDS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, location: str, connection: str = "live") -> None:
        """Go there, and wait for the sheet and for a state of the connection."""
        self.page.goto(location)
        until(lambda: self.page.evaluate("Boolean(window.gsheetMlGrid?.ready)"))
        until(lambda: self.status() == connection)
        until(lambda: self.rectangle(0, 0) is not None)

    def ask(self, expression: str) -> Any:
        """Ask the page's hook."""
        return self.page.evaluate(f"window.gsheetMlGrid.{expression}")

    def shown(self, row: int, column: int) -> str:
        """What a cell shows on the screen."""
        return str(self.ask(f"shown({row}, {column})"))

    def confirmed(self, row: int, column: int) -> str:
        """What a cell shows by the server's last word."""
        return str(self.ask(f"confirmed({row}, {column})"))

    def line(self, row: int, columns: int) -> list[str]:
        """What a row shows."""
        return [self.shown(row, column) for column in range(columns)]

    def rectangle(self, row: int, column: int) -> dict[str, float] | None:
        """Where a cell is in the window."""
        found: dict[str, float] | None = self.ask(f"rectangle({row}, {column})")
        return found

    def status(self) -> str | None:
        """Whether the page is connected."""
        return self.page.locator(".bar .status").get_attribute("data-connection")

    def middle(self, row: int, column: int) -> tuple[float, float]:
        """The middle of a cell in the window."""
        place = until(lambda: self.rectangle(row, column))
        return place["x"] + place["width"] / 2, place["y"] + place["height"] / 2

    def click(self, row: int, column: int, **how: Any) -> None:
        """Click on a cell."""
        self.page.mouse.click(*self.middle(row, column), **how)
        if not how:
            self.wait_selected(row, column)

    def wait_selected(self, row: int, column: int) -> None:
        """Wait for the focus to be on a cell."""
        until(lambda: self.ask("selection()") == {"down": row, "right": column})

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press, move, let go."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=12)
        self.page.mouse.up()

    def select(self, first: tuple[int, int], last: tuple[int, int]) -> None:
        """Select a range with the mouse."""
        self.drag(self.middle(*first), self.middle(*last))

    def row_header(self, row: int) -> tuple[float, float]:
        """The middle of a row's number."""
        place = until(lambda: self.rectangle(row, 0))
        return place["x"] - 20, place["y"] + place["height"] / 2

    def column_header(self, column: int) -> tuple[float, float]:
        """The middle of a column's letter."""
        place = until(lambda: self.rectangle(0, column))
        return place["x"] + place["width"] / 2, place["y"] - 10

    def type(self, text: str) -> None:
        """Type as a person does."""
        self.page.keyboard.type(text)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def enter(self, row: int, column: int, text: str, key: str = "Enter") -> None:
        """Type something into a cell."""
        self.click(row, column)
        self.type(text)
        until(lambda: self.ask("editing()") == {"down": row, "right": column})
        self.press(key)
        until(lambda: self.ask("editing()") is None)

    def copy_text(self, text: str) -> None:
        """Have something on the clipboard, as another program puts it there."""
        self.page.evaluate("text => navigator.clipboard.writeText(text)", text)

    def copy_html(self, html: str, text: str) -> None:
        """Have a table on the clipboard, as Excel and Google Sheets put it there."""
        self.page.evaluate(
            """([html, text]) => navigator.clipboard.write([new ClipboardItem({
                "text/html": new Blob([html], { type: "text/html" }),
                "text/plain": new Blob([text], { type: "text/plain" }),
            })])""",
            [html, text],
        )

    def notices(self) -> list[str]:
        """What the page tells at present."""
        return self.page.locator(".notice").all_inner_texts()

    def settle(self) -> None:
        """Wait until the server has confirmed all that was done here."""
        until(lambda: self.ask("waiting()") == {"writes": 0, "cells": 0})

    def wait_shown(self, row: int, column: int, text: str) -> None:
        """Wait until a cell shows something."""
        until(lambda: self.shown(row, column) == text, lambda: self.shown(row, column))

    def menu(self, words: str) -> None:
        """Choose from the menu that is open."""
        self.page.get_by_text(words, exact=False).first.click()

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning") and not _NORMAL.search(message.text):
            self.complaints.append(message.text)


def until(
    condition: Callable[[], Any], found: Callable[[], Any] | None = None, seconds: float = SECONDS
) -> Any:
    """Wait until something is true, and answer it; fail with what there is instead."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"It didn't happen; found: {found() if found else answer!r}")
        time.sleep(0.02)
