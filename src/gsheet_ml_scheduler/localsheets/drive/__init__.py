"""The Drive API's few methods: spreadsheets are listed, made, copied, deleted, exported.

Decided here: that a folder is a Drive and a file is a spreadsheet. Decided elsewhere: what is in a
spreadsheet (`api`).
"""
