"""localsheets over HTTP: the Sheets API at the root of a small server, for a team and its workers.

Decided in this package: who gets in (`access`), what one request may cost (`bodies`, `api`), how an
answer looks on the wire (`replies`, `wire`), how the server starts and ends (`running`), what a
person sees in a browser (`pages`). Decided elsewhere: every answer's content (`localsheets`), by
the same functions that answer in process. A write is on the disk before it is answered: over a
network the worker outlives the file's machine, so `Prefer: durability=relaxed` isn't heard here.

A feed of changes gets its own path beside `/v4` (`app.build_app` lists the routes).
"""

from gsheet_ml_scheduler.server.access import Door, door_for
from gsheet_ml_scheduler.server.app import build_app
from gsheet_ml_scheduler.server.running import Server, listen, run
from gsheet_ml_scheduler.server.shelf import Shelf

__all__ = ["Door", "Server", "Shelf", "build_app", "door_for", "listen", "run"]
