"""The text of a cell: what a typed text means, and how a value is shown.

Decided here: number formats, dates, the conventions of every locale. Pure functions of texts and
values; nothing here knows where a cell is.
"""
