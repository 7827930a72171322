"""What a workbook file holds: its tables, and how an older file becomes a current one.

Everything is keyed by ids that never change: a row is one record whose cells stand at their
column's id, so writing a run's results touches one record, and inserting, moving or sorting rows
touches none of them (the order stands beside, in `axes`). The revision counts applied batches; it
is what other processes compare to see that something changed, and it is the newest entry of the
change log rather than a counter of its own, which every write would have to touch as well.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, MetaData, Table, Text

APPLICATION_ID = 0x4C534854  # "LSHT" in the file's header says whose file it is
VERSION = 1

tables = MetaData()

workbook = Table(
    "workbook",
    tables,
    Column("id", Integer, primary_key=True),  # always 1
    Column("spreadsheet_id", Text, nullable=False),
    Column("home", Text, nullable=False),  # device and inode at creation: tells a copy apart
    Column("structure", Integer, nullable=False),  # revision that last changed more than cells
    Column("properties", Text, nullable=False),
    Column("created", Float, nullable=False),
)
sheets = Table(
    "sheets",
    tables,
    Column("sheet_id", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, nullable=False),
    Column("properties", Text, nullable=False),
)
axes = Table(
    "axes",
    tables,
    Column("sheet_id", Integer, primary_key=True, autoincrement=False),
    Column("dimension", Text, primary_key=True),  # ROWS or COLUMNS
    Column("spans", Text, nullable=False),
    Column("next_id", Integer, nullable=False),
    Column("properties", Text, nullable=False),  # {line id: {"pixelSize": …}}
)
rows = Table(
    "rows",
    tables,
    Column("sheet_id", Integer, primary_key=True, autoincrement=False),
    Column("row_id", Integer, primary_key=True, autoincrement=False),
    Column("cells", Text, nullable=False),  # see record.py
    Column("formats", Text, nullable=False),
    Column("extras", Text, nullable=False),
    sqlite_with_rowid=False,
)
styles = Table(
    "styles",
    tables,
    Column("style_id", Integer, primary_key=True),
    Column("body", Text, nullable=False, unique=True),
)
objects = Table(  # merges, named and protected ranges, filters, conditional formats, groups
    "objects",
    tables,
    Column("kind", Text, primary_key=True),
    Column("object_id", Text, primary_key=True),
    Column("sheet_id", Integer),
    Column("position", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
metadata = Table(
    "metadata",
    tables,
    Column("metadata_id", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Column("value", Text),
    Column("visibility", Text, nullable=False),
    Column("sheet_id", Integer),  # null: on the spreadsheet
    Column("dimension", Text),  # null: on the sheet
    Column("line_id", Integer),
)
changes = Table(  # the last one's revision is the workbook's
    "changes",
    tables,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("time", Float, nullable=False),
    Column("author", Text, nullable=False),
    Column("effects", Text, nullable=False),  # see changelog.py
)

# MIGRATIONS[n] turns a file of version n into one of version n + 1.
MIGRATIONS: dict[int, tuple[str, ...]] = {}


def migration_steps(version: int) -> list[tuple[int, tuple[str, ...]]]:
    """The statements that lead from a file's version to ours, with the version each reaches."""
    return [(n + 1, MIGRATIONS[n]) for n in range(version, VERSION)]
