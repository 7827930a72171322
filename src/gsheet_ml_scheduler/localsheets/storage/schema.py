"""What a workbook file holds: its tables, and how an older file becomes a current one.

Everything is keyed by ids that never change: a row is one record whose cells stand at their
column's id, so writing a run's results touches one record, and inserting, moving or sorting rows
touches none of them (the order stands beside, in `axes`). The revision counts applied batches; it
is what other processes compare to see that something changed, and it is the newest entry of the
change log rather than a counter of its own, which every write would have to touch as well.

What stands `beside` a workbook is made when it is first needed, and a version of this program that
doesn't know it may leave it alone: it doesn't change the file's version.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, MetaData, Table, Text, UniqueConstraint

APPLICATION_ID = 0x4C534854  # "LSHT" in the file's header says whose file it is
VERSION = 2

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
    Column("spans", Text, nullable=False),  # or, of a long order, the ids of its chunks
    Column("next_id", Integer, nullable=False),
    Column("properties", Text, nullable=False),  # {line id: {"pixelSize": …}}
)
order_chunks = Table(  # of orders that are many spans; an id is never given again
    "order_chunks",
    tables,
    Column("chunk_id", Integer, primary_key=True),
    Column("sheet_id", Integer, nullable=False),
    Column("dimension", Text, nullable=False),
    Column("spans", Text, nullable=False),
    sqlite_autoincrement=True,
)
columns = Table(  # what long columns held at some revision, to be read at once; may be missing
    "columns",
    tables,
    Column("sheet_id", Integer, primary_key=True, autoincrement=False),
    Column("column_id", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
    Column("held", Text, nullable=False),  # see columns.py
    sqlite_with_rowid=False,
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

beside = MetaData()

batches = Table(  # writes that were named by their sender, see batches.py
    "batches",
    beside,
    Column("client", Text, primary_key=True),
    Column("batch", Text, primary_key=True),
    Column("revision", Integer, nullable=False),  # that it led to
    Column("time", Float, nullable=False),
    Column("answer", Text, nullable=False),
    Index("batches_by_revision", "revision"),
    sqlite_with_rowid=False,
)
tracks = Table(  # what was recorded of a subject beside its line, see tracks.py
    "tracks",
    beside,
    Column("track_id", Integer, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("part", Integer, nullable=False),
    Column("name", Text, nullable=False),  # "" for its text
    Column("sheet_id", Integer),
    Column("row_id", Integer),
    Column("stride", Integer, nullable=False),  # of points: every how many-th step is kept
    Column("last", Integer, nullable=False),  # the last step; of text, where it ends
    Column("size", Integer, nullable=False),  # points or characters that are kept
    Column("updated", Float, nullable=False),
    UniqueConstraint("subject", "part", "name"),
    Index("tracks_by_row", "sheet_id", "row_id"),
)
points = Table(
    "points",
    beside,
    Column("track_id", Integer, primary_key=True, autoincrement=False),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("time", Float, nullable=False),
    Column("value", Float, nullable=False),
    sqlite_with_rowid=False,
)
texts = Table(
    "texts",
    beside,
    Column("track_id", Integer, primary_key=True, autoincrement=False),
    Column("start", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    sqlite_with_rowid=False,
)

# MIGRATIONS[n] turns a file of version n into one of version n + 1. They stay as they were written.
MIGRATIONS: dict[int, tuple[str, ...]] = {
    # Orders of many spans in chunks, whole columns at once. An order that is stored as it was in
    # version 1 is read as ever, and cut into chunks when it next changes.
    1: (
        "CREATE TABLE order_chunks (chunk_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "
        "sheet_id INTEGER NOT NULL, dimension TEXT NOT NULL, spans TEXT NOT NULL)",
        "CREATE TABLE columns (sheet_id INTEGER NOT NULL, column_id INTEGER NOT NULL, "
        "revision INTEGER NOT NULL, held TEXT NOT NULL, "
        "PRIMARY KEY (sheet_id, column_id)) WITHOUT ROWID",
    ),
}


def migration_steps(version: int) -> list[tuple[int, tuple[str, ...]]]:
    """The statements that lead from a file's version to ours, with the version each reaches."""
    return [(n + 1, MIGRATIONS[n]) for n in range(version, VERSION)]
