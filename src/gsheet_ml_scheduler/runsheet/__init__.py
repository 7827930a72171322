"""A worksheet seen as a queue of runs.

Pure rooms decide: `columns` (lines 1 and 2), `values` (cells), `lifecycle` (states, colours,
status texts), `claims` (what to claim, to write, what was lost). `worksheet` is the waist over
gspread, `pacing` the only place that waits. `claiming`, `holding`, `painting` and `adding_columns`
carry the decisions out, step by step. Where the sheet lives is decided elsewhere (`connect.py`).
"""
