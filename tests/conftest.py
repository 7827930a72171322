"""For all tests: Ctrl-C works, whoever started them.

A shell that starts a command in the background lets it ignore SIGINT, and every process that the
tests start would inherit that; then those that are to be interrupted never end.
"""

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
