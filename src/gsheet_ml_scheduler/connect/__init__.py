"""A location, as a user writes it, becomes a gspread worksheet.

Decided in this package: what a location means (`locations`), how Google lets us in
(`google_access`), what a refusal says to a person (`refusals`), the opening itself with one read
request (`opening`), and which locations keep what a run records (`recording`). Decided elsewhere:
how a workbook file answers (`localsheets`), whether lines 1 and 2 are a queue's (`runsheet`), what
is tried again and when (`runsheet.pacing`).

Whatever the location, a request of the spreadsheet's client raises gspread's `APIError` for an
answer that refuses, `requests.RequestException` where no answer came, and a `LocationError` (its
kind `AccessError`, when a login is revoked) where asking again is no use.
"""

from gsheet_ml_scheduler.connect.opening import open_worksheet
from gsheet_ml_scheduler.connect.recording import keeper_of

__all__ = ["keeper_of", "open_worksheet"]
