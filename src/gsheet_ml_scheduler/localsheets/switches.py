"""Test switches: each turns one behaviour that nobody could establish of Google's the other way.

All are off by default. They exist so that a client's tests can pass whichever way Google goes; a
workbook in use has no reason to set one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Switches:
    """What is unknown about the real API, the unlikelier way."""

    unmatched_filter_is_an_error: bool = False
    """A data filter that matches nothing answers 400 instead of an empty list."""
    find_replace_skips_hidden_rows: bool = False
    """findReplace leaves rows alone that are hidden or filtered out."""
    find_replace_keeps_text: bool = False
    """A findReplace result that looks like a number stays text."""
    strict_validation_refuses: bool = False
    """A cell whose strict data validation forbids a value refuses it also from the API."""
    sort_leaves_metadata: bool = False
    """Developer metadata stays at its place when rows are sorted."""
    reads_lag_one_write: bool = False
    """A read may answer as the workbook was one revision ago."""
