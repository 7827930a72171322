"""Formulas: how they are written, what they point at, when they are computed and by whom.

Decided here: everything that is special about a cell whose text begins with "=". A workbook without
formulas only ever asks whether it has any.
"""
