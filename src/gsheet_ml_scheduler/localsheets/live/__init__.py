"""A workbook followed live, and edited by several at once: what the grid in the browser rests on.

Decided here: the form in which a page gets cells (`shown`), the whole workbook at one revision
(`snapshot`), what happened since (`changes`) and who is told (`following`), what is refused because
somebody else was first (`guards`), what a cell was before (`history`), what is recorded beside a
row (`tracks`). Decided elsewhere: what a write means (`book.py`), how it is logged
(`model/changelog.py`), how all of this goes over a wire (`server/`).
"""
