"""One batch's view of a workbook: everything a request may read, and every change it may make.

Changes are kept in memory until the batch is whole; `commit` then writes and logs them in one
transaction, so a request that fails half-way leaves no trace. What a change means for the rest of
the workbook is decided here once for all kinds of requests: metadata goes with its row, ranges of
merges and their like shift with the lines they lie on, formulas follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from . import ranges
from .errors import ApiError, invalid_argument
from .formulas import cells as formula_cells
from .formulas import references
from .model import stored
from .model.changelog import of_batch
from .model.chunk import Span
from .model.record import EMPTY, Cell, Row, Scalar
from .model.structure import COLUMNS, ROWS, Json, Sheet, Structure
from .storage.batches import Applied
from .storage.changeset import ChangeSet
from .storage.snapshot import Snapshot, Writer

MAX_CELLS = 10_000_000  # of a spreadsheet; it counts the grid, not what is in it (observed)
MAX_AT_ONCE = 5_000_000  # cells of the rows that a request takes: about 1 GB of memory


class Book:
    """A workbook inside a transaction."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._edited: Structure | None = None
        self._known: dict[tuple[int, int], Row] = {}  # rows of a batch that writes
        self._taken = 0  # cells read so far, see `take`
        self._writes = isinstance(snapshot, Writer)
        self._metadata: dict[int, Json] | None = None
        self._new_metadata: dict[int, Json | None] = {}
        self._new_styles: dict[str, int] = {}
        self._removed_rows: list[tuple[int, int, int]] = []
        self._removed_sheets: list[int] = []
        self._effects: list[Json] = []

    # ------------------------------------------------------------ structure

    @property
    def revision(self) -> int:
        """The revision that the transaction began with."""
        return self._snapshot.revision

    @property
    def structure(self) -> Structure:
        """The structure with this batch's changes. Use `edit` to change it."""
        return self._edited or self._snapshot.structure

    def edit(self) -> Structure:
        """The structure, to be changed."""
        if self._edited is None:
            self._edited = self._snapshot.structure.copy()
        return self._edited

    def sheet(self, sheet_id: int) -> Sheet:
        """The sheet with an id.

        Raises:
            ApiError: 400, there is none.
        """
        found = self.structure.sheet(sheet_id)
        if found is None:
            raise invalid_argument(f"No grid with id: {sheet_id}")
        return found

    def edit_sheet(self, sheet_id: int) -> Sheet:
        """The sheet with an id, to be changed; ApiError 400 if there is none."""
        self.edit()
        return self.sheet(sheet_id)

    def log(self, effect: Json) -> None:
        """Note an effect for the change log; those on cells are noted by themselves."""
        self._effects.append(effect)

    def add_sheet(self, sheet: Sheet, position: int) -> None:
        """Put a new sheet at a position."""
        self.require_room(sheet.rows.count * sheet.columns.count)
        self.edit().sheets.insert(position, sheet)
        self.log(
            {
                "type": "sheetAdded",
                "sheetId": sheet.sheet_id,
                "position": position,
                "properties": sheet.properties,
                "rows": sheet.rows.spans,
                "columns": sheet.columns.spans,
            }
        )

    def remove_sheet(self, sheet_id: int) -> None:
        """Take a sheet away with all that is on it."""
        structure = self.edit()
        title = self.sheet(sheet_id).title
        structure.sheets.remove(self.sheet(sheet_id))
        self._removed_sheets.append(sheet_id)
        self._known = {key: row for key, row in self._known.items() if key[0] != sheet_id}
        for kind, found in structure.objects.items():
            structure.objects[kind] = {
                name: body for name, body in found.items() if not ranges.lies_on(body, sheet_id)
            }
        for entry in list(self.all_metadata()):
            if entry["sheet_id"] == sheet_id:
                self.remove_metadata(entry["metadata_id"])
        self.log({"type": "sheetRemoved", "sheetId": sheet_id})
        self._rewrite(lambda text, _: references.without_sheet(text, title))

    def sheet_renamed(self, old: str, new: str) -> None:
        """A sheet's title was changed: formulas name it anew."""
        self._rewrite(lambda text, _: references.renamed(text, old, new))

    def require_room(self, cells: int) -> None:
        """See that so many more cells fit into the spreadsheet."""
        total = sum(sheet.rows.count * sheet.columns.count for sheet in self.structure.sheets)
        if total + cells > MAX_CELLS:
            raise invalid_argument(
                "This action would increase the number of cells in the workbook above the limit "
                f"of {MAX_CELLS} cells."
            )

    # ------------------------------------------------------------ lines

    def insert_lines(self, sheet: Sheet, dimension: str, at: int, count: int) -> None:
        """New empty rows or columns before index `at`."""
        other = sheet.axis(COLUMNS if dimension == ROWS else ROWS)
        self.require_room(count * other.count)
        sheet = self.edit_sheet(sheet.sheet_id)
        axis = sheet.axis(dimension)
        first = axis.next_id
        sheet.set_axis(dimension, axis.inserted(at, count))
        if at < axis.count:  # nothing points behind the last line
            self._shift(sheet.sheet_id, lambda r: ranges.after_insert(r, dimension, at, count))
        self._log_lines(sheet, dimension, at, 0, [(first, count)])

    def remove_lines(self, sheet: Sheet, dimension: str, start: int, stop: int) -> None:
        """Rows or columns [start, stop) with all that is in them."""
        sheet = self.edit_sheet(sheet.sheet_id)
        axis = sheet.axis(dimension)
        gone = list(axis.spans_between(start, stop))
        sheet.set_axis(dimension, axis.removed(start, stop))
        for first, size in gone:
            self._forget(sheet, dimension, first, size)
        self._shift(sheet.sheet_id, lambda r: ranges.after_remove(r, dimension, start, stop))
        self._log_lines(sheet, dimension, start, stop - start, [])

    def move_lines(
        self, sheet: Sheet, dimension: str, start: int, stop: int, destination: int
    ) -> None:
        """Rows or columns [start, stop) to before the line that is at `destination` now."""
        if start <= destination <= stop:
            return  # they are there
        sheet = self.edit_sheet(sheet.sheet_id)
        axis = sheet.axis(dimension)
        block = list(axis.spans_between(start, stop))
        sheet.set_axis(dimension, axis.moved(start, stop, destination))
        at = destination if destination < start else destination - (stop - start)
        self._shift(sheet.sheet_id, lambda r: ranges.after_move(r, dimension, (start, stop), at))
        self._log_lines(sheet, dimension, start, stop - start, [])
        self._log_lines(sheet, dimension, at, 0, block)

    def reorder_rows(self, sheet: Sheet, start: int, ids: list[int]) -> None:
        """The rows from `start` on, in the order of these ids."""
        sheet = self.edit_sheet(sheet.sheet_id)
        before = sheet.rows.ids(start, start + len(ids))
        sheet.rows = sheet.rows.reordered(start, ids)
        formula_cells.flag(self, self.changed_rows())
        formula_cells.follow_sort(self, sheet, start, before)
        spans = list(sheet.rows.spans_between(start, start + len(ids)))
        self._log_lines(sheet, ROWS, start, len(ids), spans)

    def _forget(self, sheet: Sheet, dimension: str, first: int, size: int) -> None:
        properties = sheet.line_properties(dimension)
        for line in [line for line in properties if first <= line < first + size]:
            del properties[line]
        for entry in list(self.all_metadata()):
            if (
                entry["sheet_id"] == sheet.sheet_id
                and entry["dimension"] == dimension
                and first <= entry["line_id"] < first + size
            ):
                self.remove_metadata(entry["metadata_id"])
        if dimension == ROWS:
            self._removed_rows.append((sheet.sheet_id, first, size))
            self._known = {
                key: row
                for key, row in self._known.items()
                if key[0] != sheet.sheet_id or not first <= key[1] < first + size
            }

    def _shift(self, sheet_id: int, shifted: Callable[[Json], Json | None]) -> None:
        structure = self.edit()
        for kind, found in structure.objects.items():
            moved = {}
            for name, body in found.items():
                after = ranges.map_ranges(body, sheet_id, shifted)
                if after is not None and not (kind == "merge" and ranges.one_cell(after["range"])):
                    moved[name] = after
            structure.objects[kind] = moved
        title = self.sheet(sheet_id).title
        self._rewrite(lambda text, own: references.follow(text, own.title, title, shifted))

    def _rewrite(self, change: Callable[[str, Sheet], str]) -> None:
        formula_cells.flag(self, self.changed_rows())
        formula_cells.rewrite(self, change)

    def _log_lines(
        self, sheet: Sheet, dimension: str, at: int, removed: int, inserted: list[Span]
    ) -> None:
        self.log(
            {
                "type": "lines",
                "sheetId": sheet.sheet_id,
                "dimension": dimension,
                "at": at,
                "removed": removed,
                "inserted": inserted,
            }
        )

    # ------------------------------------------------------------ cells

    def rows(self, sheet: Sheet, start: int, stop: int) -> list[Row]:
        """The rows at [start, stop), to read or to change."""
        stop = min(stop, sheet.rows.count)
        self.take(sheet, stop - start)
        if not self._known and not self._removed_sheets and stop - start >= 16:
            found = self._snapshot.rows(sheet.sheet_id, sheet.rows, start, stop)
            if self._writes:
                self._known = {(row.sheet_id, row.row_id): row for row in found}
            return found
        return [self._row(sheet.sheet_id, row_id) for row_id in sheet.rows.ids(start, stop)]

    def take(self, sheet: Sheet, height: int, weight: int = 1) -> None:
        """Refuse what would take all of this machine's memory; Google has limits of its own.

        What a request reads adds up; rows that it changes are in memory once. `weight` is for
        answers whose cells take more room than values.
        """
        if height < 16:
            return
        cells = height * sheet.columns.count * weight
        if not self._writes:
            self._taken = cells = self._taken + cells
        if cells > MAX_AT_ONCE:
            raise invalid_argument(
                f"The request takes too many cells at once ({height} rows of "
                f"{sheet.columns.count} columns and what else it asks for). Do it in parts."
            )

    def stored_rows(self, sheet: Sheet, start: int, stop: int) -> list[Row]:
        """Those of the rows at [start, stop) in which anything is or was; for sparse sheets."""
        ids: list[int] = []
        if sheet.sheet_id not in self._removed_sheets:
            ids = self._snapshot.stored_ids(sheet.sheet_id, sheet.rows, start, stop)
        new = {row.row_id for row in self._known.values() if row.sheet_id == sheet.sheet_id}
        if new:
            here = set(sheet.rows.ids(start, stop))
            ids += [row_id for row_id in sorted(new - set(ids)) if row_id in here]
        return [self._row(sheet.sheet_id, row_id) for row_id in ids]

    def _row(self, sheet_id: int, row_id: int) -> Row:
        row = self._known.get((sheet_id, row_id))
        if row is None:
            if sheet_id in self._removed_sheets:  # and made anew: what was on it is gone
                row = Row(sheet_id, row_id, EMPTY)
            else:
                row = self._snapshot.row(sheet_id, row_id)
            if self._writes:
                self._known[sheet_id, row_id] = row
        return row

    def cells(self, sheet: Sheet, start: int, stop: int) -> list[list[Cell]]:
        """Only the cells of rows, by column id: what reading much wants. Not to be changed."""
        stop = min(stop, sheet.rows.count)
        if self._known or self._removed_sheets or stop - start < 4:
            return [row.cells for row in self.rows(sheet, start, stop)]
        self.take(sheet, stop - start)
        return self._snapshot.cells(sheet.sheet_id, sheet.rows, start, stop)

    def column(self, sheet: Sheet, index: int, start: int, stop: int) -> list[Scalar] | None:
        """A column's unformatted values, "" for blanks; None if it must be read cell by cell."""
        if self._known or self._edited:
            return None
        stop = min(stop, sheet.rows.count)
        return self._snapshot.column(sheet, sheet.columns.id_at(index), start, stop)

    def filled(
        self, sheet: Sheet, start: int = 0, stop: int | None = None
    ) -> Iterator[tuple[int, int, list[Cell]]]:
        """Index, id and cells of those rows that hold anything. Not to be changed."""
        stop = sheet.rows.count if stop is None else stop
        ids = sheet.rows.ids(start, stop)
        stored: list[list[Cell]] = [[]] * len(ids)
        if sheet.sheet_id not in self._removed_sheets:
            stored = self._snapshot.cells(sheet.sheet_id, sheet.rows, start, stop)
        for at, row_id in enumerate(ids):
            known = self._known.get((sheet.sheet_id, row_id))
            cells = stored[at] if known is None else known.cells
            if cells:
                yield start + at, row_id, cells

    def last_row_with_data(self, sheet: Sheet) -> int:
        """The index of the last row with something entered, -1 if there is none."""
        columns = sheet.columns.ids()
        last = -1
        for row in self._known.values():
            at = sheet.rows.index_of(row.row_id) if row.sheet_id == sheet.sheet_id else None
            if at is not None and at > last and _has_data(row.cells, columns):
                last = at
        changed = {key[1] for key in self._known if key[0] == sheet.sheet_id}
        if sheet.sheet_id in self._removed_sheets:
            return last
        for at, cells in self._snapshot.cells_upwards(sheet.sheet_id, sheet.rows):
            if at <= last:
                break
            if sheet.rows.id_at(at) not in changed and _has_data(cells, columns):
                return at
        return last

    def style_id(self, style: Json) -> int | None:
        """The id of a CellFormat, which is stored once; None for the default."""
        if not style:
            return None
        body = stored.encode_sorted(style)
        known = self._new_styles.get(body)
        if known is not None:
            return known
        writer = self._snapshot
        if not isinstance(writer, Writer):
            raise TypeError("a style is only stored by a batch that writes")
        found = writer.find_style(body)
        if found is None:
            found = writer.next_style_id() + len(self._new_styles)
            self._new_styles[body] = found
        return found

    def style(self, style_id: int | None) -> Json:
        """The CellFormat with an id. Not to be changed."""
        if style_id is None:
            return {}
        for body, new_id in self._new_styles.items():
            if new_id == style_id:
                found: Json = stored.decode(body)
                return found
        return self._snapshot.style(style_id)

    def has_date_formats(self) -> bool:
        """Whether any number may be shown as a date or a time."""
        return bool(self._new_styles) or self._snapshot.has_date_formats()

    # ------------------------------------------------------------ developer metadata

    def all_metadata(self) -> Iterator[Json]:
        """Every developer metadata, as stored."""
        if self._metadata is None:
            self._metadata = {m["metadata_id"]: m for m in self._snapshot.all_metadata()}
        for metadata_id, entry in self._metadata.items():
            if metadata_id not in self._new_metadata:
                yield entry
        yield from (entry for entry in self._new_metadata.values() if entry)

    def metadata(self, metadata_id: int) -> Json | None:
        """One developer metadata, as stored; None if there is none."""
        if metadata_id in self._new_metadata:
            return self._new_metadata[metadata_id]
        return self._snapshot.metadata(metadata_id)

    def metadata_size(self, sheet_id: int | None) -> int:
        """Characters of keys and values on a sheet; None is the spreadsheet itself."""
        size = self._snapshot.metadata_size(sheet_id)
        for metadata_id, entry in self._new_metadata.items():
            before = self._snapshot.metadata(metadata_id)
            for found, sign in ((before, -1), (entry, 1)):
                if found is not None and found["sheet_id"] == sheet_id:
                    size += sign * (len(found["key"]) + len(found["value"] or ""))
        return size

    def put_metadata(self, entry: Json) -> None:
        """Store a developer metadata."""
        self._new_metadata[entry["metadata_id"]] = entry
        self.log({"type": "metadata", "entry": entry})

    def remove_metadata(self, metadata_id: int) -> None:
        """Take a developer metadata away."""
        self._new_metadata[metadata_id] = None
        self.log({"type": "metadataRemoved", "metadataId": metadata_id})

    # ------------------------------------------------------------ the end

    def changed_rows(self) -> list[Row]:
        """The rows that the batch has written to so far."""
        return [row for row in self._known.values() if row.changed]

    def recalculate(self) -> None:
        """Compute what the batch changes of formulas; nothing where there are none."""
        writer, changed = self._snapshot, self.changed_rows()
        formula_cells.flag(self, changed)
        if isinstance(writer, Writer) and formula_cells.sheets_with_formulas(self.structure):
            model = writer.memory.formulas
            follows = model.revision is not None and not self._removed_sheets
            missed = writer.changes(model.revision or 0) if follows else None
            model.recalculate(self, changed, missed)

    def commit(self, author: str, applied: Applied | None = None) -> int:
        """Write and log what changed; the revision reached.

        Args:
            author: who made the batch, for the change log.
            applied: the batch by the name that its sender gave it, to be remembered.
        """
        writer = self._snapshot
        if not isinstance(writer, Writer):
            raise TypeError("only a batch that writes can be committed")
        changed = self.changed_rows()
        styles = [(style_id, body) for body, style_id in self._new_styles.items()]
        effects = of_batch(self._effects, writer.structure, self._edited, styles, changed)
        if not effects and self._edited is None:
            if applied is not None:
                writer.commit_name(applied)
            return writer.revision
        return writer.commit(
            author,
            ChangeSet(
                rows=changed,
                removed_rows=self._removed_rows,
                removed_sheets=self._removed_sheets,
                structure=self._edited,
                metadata=[entry for entry in self._new_metadata.values() if entry],
                removed_metadata=[i for i, entry in self._new_metadata.items() if entry is None],
                styles=styles,
                effects=effects,
                applied=applied,
            ),
        )


def _has_data(cells: list[Cell], columns: Iterable[int]) -> bool:
    return any(column < len(cells) and cells[column] is not None for column in columns)


def located(error: ApiError, where: str) -> ApiError:
    """The error with the place in the request in front, as Google words it."""
    return ApiError(error.code, error.status, f"Invalid {where}: {error.message}", error.details)
