"""A workbook goes from one place to another: Excel and CSV files, and every location of `connect`.

Between any two of them goes one thing, the Sheets API's own resource: a Spreadsheet without cells
(the outline), then each tab's rows as RowData (`stream`). Whatever can give that is a source
(`sheets_source`, `xlsx_source`, `csv_files`), whatever takes it a target (`sheets_target`,
`xlsx_target`, `csv_files`), and `copying` puts two of them together. Formulas travel as an en_US
spreadsheet writes them.

Decided here: what is carried and what is only mentioned in the report, that nothing is written
over, and that a failure leaves nothing half-made. Decided elsewhere: what a location is (`connect`)
and who waits and asks again (`runsheet.pacing`). Nothing here knows of runs.
"""

from gsheet_ml_scheduler.transfer.copying import Wishes, copy_workbook, rehearse_copy
from gsheet_ml_scheduler.transfer.stream import Report

__all__ = ["Report", "Wishes", "copy_workbook", "rehearse_copy"]
