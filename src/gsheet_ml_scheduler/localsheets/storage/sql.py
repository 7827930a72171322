"""The SQL of a workbook, written once with SQLAlchemy Core for every database.

A statement is compiled for its dialect at the first use and then goes straight to the driver's
cursor: executing through a Connection would cost three times as much, and a claim is made of some
thirty of them (`benchmarks/` shows what a claim costs).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.schema import CreateIndex, CreateTable

from . import schema as t

_made: list[Statement] = []
_dialects: list[sa.Dialect] = []  # the one in use, once it is known


class Statement:
    """One statement: called with a DBAPI cursor and its parameters by name."""

    __slots__ = ("_clause", "_names", "_taken", "_text")

    def __init__(self, clause: Any) -> None:
        self._clause = clause
        self._text = ""
        self._names: tuple[str, ...] = ()
        self._taken: Callable[[Mapping[str, Any]], Any] = _nothing
        _made.append(self)
        for dialect in _dialects:  # a room that was loaded later
            self.compile(dialect)

    def compile(self, dialect: sa.Dialect) -> None:
        """Make the text for a database; positional parameters."""
        compiled = self._clause.compile(dialect=dialect)
        self._text = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        if len(self._names) == 1:
            (only,) = self._names
            self._taken = lambda parameters: (parameters[only],)
        elif self._names:
            self._taken = itemgetter(*self._names)

    def __call__(self, cursor: Any, **parameters: Any) -> Any:
        return cursor.execute(self._text, self._taken(parameters))

    def many(self, cursor: Any, parameters: Iterable[Mapping[str, Any]]) -> None:
        """Once for each of the parameters."""
        cursor.executemany(self._text, map(self._taken, parameters))


def _nothing(_parameters: Mapping[str, Any]) -> tuple[()]:
    return ()


def upsert(table: sa.Table) -> Any:
    """Put a whole record, whether or not its key is there."""
    keys = [column.name for column in table.primary_key]
    values: dict[str, Any] = {c.name: sa.bindparam(c.name) for c in table.columns}
    statement = insert(table).values(values)
    rest = {name: statement.excluded[name] for name in values if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


def insert_into(table: sa.Table) -> Any:
    """Put a whole record whose key isn't there."""
    return insert(table).values({c.name: sa.bindparam(c.name) for c in table.columns})


_r = t.rows.c
_here = sa.and_(_r.sheet_id == sa.bindparam("sheet_id"))
_span = sa.and_(_here, _r.row_id.between(sa.bindparam("first"), sa.bindparam("last")))
_m = t.metadata.c
_o = t.order_chunks.c

REVISION = Statement(
    sa.select(
        sa.select(sa.func.max(t.changes.c.revision)).scalar_subquery(), t.workbook.c.structure
    )
)
WORKBOOK = Statement(sa.select(t.workbook))
SUMMARY = Statement(
    sa.select(
        t.workbook.c.spreadsheet_id,
        t.workbook.c.home,
        t.workbook.c.properties,
        t.workbook.c.created,
        sa.select(sa.func.max(t.changes.c.revision)).scalar_subquery(),
        sa.select(sa.func.max(t.changes.c.time)).scalar_subquery(),
    )
)
SHEETS = Statement(sa.select(t.sheets).order_by(t.sheets.c.position))
AXES = Statement(sa.select(t.axes))
ORDER_CHUNKS = Statement(sa.select(_o.chunk_id, _o.spans))
ORDER_CHUNK = Statement(sa.select(_o.spans).where(_o.chunk_id == sa.bindparam("chunk_id")))
OBJECTS = Statement(sa.select(t.objects).order_by(t.objects.c.kind, t.objects.c.position))
KEPT_COLUMN = Statement(
    sa.select(t.columns.c.revision, t.columns.c.held).where(
        t.columns.c.sheet_id == sa.bindparam("sheet_id"),
        t.columns.c.column_id == sa.bindparam("column_id"),
    )
)
STYLES_AFTER = Statement(
    sa.select(t.styles.c.style_id, t.styles.c.body).where(
        t.styles.c.style_id > sa.bindparam("known")
    )
)
STYLE_BY_BODY = Statement(
    sa.select(t.styles.c.style_id).where(t.styles.c.body == sa.bindparam("body"))
)
LAST_STYLE = Statement(sa.select(sa.func.max(t.styles.c.style_id)))
ROW = Statement(
    sa.select(_r.cells, _r.formats, _r.extras).where(_here, _r.row_id == sa.bindparam("row_id"))
)
ROWS = Statement(sa.select(_r.row_id, _r.cells, _r.formats, _r.extras).where(_span))
ROW_IDS = Statement(sa.select(_r.row_id).where(_span))
CELLS = Statement(sa.select(_r.row_id, _r.cells).where(_span))
CELLS_DOWN = Statement(sa.select(_r.row_id, _r.cells).where(_span).order_by(_r.row_id.desc()))
METADATA = Statement(sa.select(t.metadata).order_by(_m.metadata_id))
METADATA_SIZE = Statement(
    sa.select(
        sa.func.sum(
            sa.func.length(_m.key) + sa.func.coalesce(sa.func.length(_m.value), sa.text("0"))
        )
    ).where(_m.sheet_id.is_not_distinct_from(sa.bindparam("on_sheet", type_=sa.Integer)))
)
METADATA_BY_ID = Statement(sa.select(t.metadata).where(_m.metadata_id == sa.bindparam("by_id")))
CHANGES_SINCE = Statement(
    sa.select(t.changes.c.revision, t.changes.c.effects)
    .where(t.changes.c.revision > sa.bindparam("since"))
    .order_by(t.changes.c.revision)
)

PUT_ROW = Statement(upsert(t.rows))
PUT_SHEET = Statement(upsert(t.sheets))
PUT_AXIS = Statement(upsert(t.axes))
ADD_ORDER_CHUNK = Statement(
    insert(t.order_chunks).values(
        {name: sa.bindparam(name) for name in ("sheet_id", "dimension", "spans")}
    )
)
DELETE_ORDER_CHUNK = Statement(sa.delete(t.order_chunks).where(_o.chunk_id == sa.bindparam("gone")))
DELETE_ORDER_CHUNKS = Statement(
    sa.delete(t.order_chunks).where(_o.sheet_id == sa.bindparam("gone"))
)
KEEP_COLUMN = Statement(upsert(t.columns))
DELETE_COLUMNS = Statement(sa.delete(t.columns).where(t.columns.c.sheet_id == sa.bindparam("gone")))
PUT_OBJECT = Statement(upsert(t.objects))
PUT_METADATA = Statement(upsert(t.metadata))
ADD_STYLE = Statement(insert_into(t.styles))
ADD_CHANGE = Statement(insert_into(t.changes))
ADD_WORKBOOK = Statement(insert_into(t.workbook))
SET_STRUCTURE = Statement(
    sa.update(t.workbook).values(
        structure=sa.bindparam("new_structure"), properties=sa.bindparam("new_properties")
    )
)
SET_IDENTITY = Statement(
    sa.update(t.workbook).values(
        spreadsheet_id=sa.bindparam("new_spreadsheet_id"), home=sa.bindparam("new_home")
    )
)
SET_BIRTH = Statement(
    sa.update(t.workbook).values(
        spreadsheet_id=sa.bindparam("new_spreadsheet_id"),
        home=sa.bindparam("new_home"),
        created=sa.bindparam("new_created"),
    )
)
FORGET_CHANGES = Statement(sa.delete(t.changes))
DELETE_ROWS = Statement(sa.delete(t.rows).where(_span))
DELETE_SHEET = Statement(sa.delete(t.sheets).where(t.sheets.c.sheet_id == sa.bindparam("gone")))
DELETE_AXES = Statement(sa.delete(t.axes).where(t.axes.c.sheet_id == sa.bindparam("gone")))
DELETE_SHEET_ROWS = Statement(sa.delete(t.rows).where(_here))
DELETE_OBJECT = Statement(
    sa.delete(t.objects).where(
        t.objects.c.kind == sa.bindparam("of_kind"), t.objects.c.object_id == sa.bindparam("gone")
    )
)
DELETE_METADATA = Statement(sa.delete(t.metadata).where(_m.metadata_id == sa.bindparam("gone")))
CHANGE_TIME = Statement(
    sa.select(t.changes.c.time).where(t.changes.c.revision == sa.bindparam("of_revision"))
)
ENTRIES_SINCE = Statement(
    sa.select(t.changes)
    .where(t.changes.c.revision > sa.bindparam("since"))
    .order_by(t.changes.c.revision)
)
ENTRIES_WITH = Statement(  # newest first; those whose effects hold one of two texts
    sa.select(t.changes)
    .where(
        sa.or_(
            sa.func.instr(t.changes.c.effects, sa.bindparam("text")) > sa.text("0"),
            sa.func.instr(t.changes.c.effects, sa.bindparam("or_text")) > sa.text("0"),
        )
    )
    .order_by(t.changes.c.revision.desc())
)
CELLS_SET_SINCE = Statement(  # newest first
    sa.select(t.changes.c.revision, t.changes.c.time, t.changes.c.effects)
    .where(
        t.changes.c.revision > sa.bindparam("since"),
        t.changes.c.time > sa.bindparam("after"),
        sa.func.instr(t.changes.c.effects, sa.bindparam("text")) > sa.text("0"),
    )
    .order_by(t.changes.c.revision.desc())
)
FIRST_CHANGE = Statement(sa.select(sa.func.min(t.changes.c.revision)))
FILLED_ROWS = Statement(sa.select(sa.func.count()).select_from(t.rows).where(_here))
TRIM_CHANGES = Statement(
    sa.delete(t.changes).where(
        t.changes.c.time < sa.bindparam("before"), t.changes.c.revision < sa.bindparam("newest")
    )
)
_TABLE = Statement(
    sa.text("SELECT name FROM sqlite_master WHERE type = 'table' AND name = :table_name")
)


def compile_all(dialect: sa.Dialect) -> None:
    """Compile every statement for a database."""
    _dialects[:] = [dialect]
    for statement in _made:
        statement.compile(dialect)


def make_beside(cursor: Any) -> None:
    """Make the tables that stand beside a workbook, where they aren't there yet."""
    (dialect,) = _dialects
    for table in t.beside.sorted_tables:
        cursor.execute(str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)))
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            cursor.execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect)))


def has_beside(cursor: Any) -> bool:
    """Whether the tables that stand beside a workbook have been made."""
    return _TABLE(cursor, table_name=t.batches.name).fetchone() is not None
