"""What a workbook is, in plain values: its structure, the order of its lines, its cells.

Decided here: what a sheet, a line and a cell are made of, and what a change of them looks like to
those who follow. Nothing here reads or writes a file, and nothing knows what a request is.
"""
