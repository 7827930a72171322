"""Looks into a location and its queue, and says what a person should know or do.

Decided in this package: what is looked at (`checks`), what lines 1 and 2 and the rows tell
(`rules`), which of Google's undocumented ways are tried on a scratch tab (`probes`, `scratch`), and
that each finding is a sentence with what to do (`findings`). Elsewhere: how it is shown (`cli`).
"""

from gsheet_ml_scheduler.doctor.checks import examine
from gsheet_ml_scheduler.doctor.findings import Finding, Verdict
from gsheet_ml_scheduler.doctor.probes import try_out

__all__ = ["Finding", "Verdict", "examine", "try_out"]
