"""A workbook in a file: SQLite's tables, connections, locks, and what of them is kept in memory.

Decided here: what survives a crash, who may write when, which files are workbooks at all. The
only rooms that know SQL. Decided elsewhere: what a workbook is (`model`), what a batch means
(`book.py`).
"""
