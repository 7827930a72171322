"""What a process keeps in memory of a workbook, from one transaction to the next.

Decided here: what becomes of it when this process writes a batch, and after a fork. Everything in
it only saves reading. Elsewhere: rows and columns, and how they follow others' batches
(`mirror.py`), the values of formulas (`formulas/recalculation.py`).
"""

from __future__ import annotations

from ..formulas.recalculation import Formulas
from ..model.structure import Json, Structure
from .changeset import ChangeSet
from .mirror import Mirror


class Memory:
    """The structure, the styles, the rows and columns read lately, and the formulas' model.

    `structure` is the newest that is known, with its revision; `style_ids` are the styles by body;
    `columns_to_keep` are to be written when their reader is done, by sheet id and column id, each
    as of a revision.
    """

    def __init__(self, *, keeps_columns: bool) -> None:
        self.keeps_columns = keeps_columns  # a file that may not be written keeps none
        self.columns_to_keep: dict[tuple[int, int], tuple[int, str]] = {}
        self.structure: tuple[int, Structure] | None = None
        self.styles: dict[int, Json] = {}  # never changed or removed
        self.style_ids: dict[str, int] = {}
        self.styles_revision = -1
        self.has_date_styles = False
        self.forget_threads()

    def forget_threads(self) -> None:
        """In a fork's child: what has a lock or a thread behind it begins anew."""
        self.mirror = Mirror()
        self.formulas = Formulas()

    def committed(self, revision: int, changes: ChangeSet) -> None:
        """A batch of ours was written."""
        if changes.structure is not None:
            self.structure = (revision, changes.structure)
        kept = {(row.sheet_id, row.row_id): row.kept() for row in changes.rows}
        self.mirror.applied(revision, changes.effects, kept)
        self.formulas.committed(revision)

    def keep_style(self, style_id: int, style: Json) -> None:
        """Remember a style for all later snapshots."""
        self.styles[style_id] = style
        kind = style.get("numberFormat", {}).get("type")
        self.has_date_styles = self.has_date_styles or kind in ("DATE", "TIME", "DATE_TIME")
