"""Processes that start in no time, forked by a process that has no threads.

A fork of the tests' own process would take a copy of every lock in it, held or not: the threads of
earlier tests are not in the child, but a lock that one of them held at that moment is, for ever.
"""

import multiprocessing

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["gsheet_ml_scheduler.scheduler", "gsheet_ml_scheduler.localsheets"])
