"""Where the ranks of a training find each other, if PyTorch hasn't brought them together.

1. Where the launcher names a master (`MASTER_ADDR` and `MASTER_PORT`): rank 0 listens there, 17
   ports further on.
2. Otherwise in a file that all ranks see, in the folder where they were started or the one that
   `GSHEET_ML_RENDEZVOUS` names: rank 0 listens on any free port and writes its address and a secret
   into it, readable by its user alone. The launcher's number of the job is in the file's name.

Decided here: the place, and who is let in: whoever knows the secret and says a rank that is still
missing. In the first case the "secret" only tells one job from another; the network around a
master's port has to be trusted, as PyTorch itself trusts it. Elsewhere: the talk (`channel.py`).
"""

import hashlib
import hmac
import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gsheet_ml_scheduler.distributed.channel import Alone, Channel, SocketChannel, receive, send
from gsheet_ml_scheduler.distributed.ranks import Rank, all_on_this_machine, rank_of
from gsheet_ml_scheduler.distributed.torch_channel import torch_channel
from gsheet_ml_scheduler.errors import RanksError

FOLDER = "GSHEET_ML_RENDEZVOUS"
"""Environment variable: a folder that all ranks see."""
PATIENCE = 300.0
"""Seconds that ranks wait for each other: the machines of a job don't start at the same time."""

_LOOPBACK = ("localhost", "127.0.0.1")
_PORTS_FURTHER = 17
_LAST_PORT = 65535
_SECONDS_TO_GREET = 10.0
_LOOK_EVERY = 0.1
_JOBS = ("SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT", "PMIX_NAMESPACE",
         "OMPI_MCA_ess_base_jobid", "PMI_JOBID", "TORCHELASTIC_RUN_ID",
         "TORCHELASTIC_RESTART_COUNT")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """Where rank 0 listens, and what to say there."""

    host: str
    port: int
    secret: str


@dataclass(frozen=True, slots=True)
class Clock:
    """How time passes while ranks wait for each other."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    patience: float = PATIENCE


def meet(environ: Mapping[str, str], clock: Clock | None = None) -> Channel:
    """The channel to the other ranks of this training.

    Raises:
        RanksError: they don't find each other.
    """
    group = torch_channel()
    if group is not None:
        return group
    rank = rank_of(environ)
    if rank.size == 1:
        return Alone()
    clock = clock or Clock()
    master = master_address(environ, rank.size)
    if rank.is_first:
        return _host(rank, master, meeting_file(environ), environ, clock)
    return _join(rank, master, meeting_file(environ), clock)


def master_address(environ: Mapping[str, str], size: int) -> Address | None:
    """Where the launcher says that rank 0 is; None if it doesn't."""
    host, port = environ.get("MASTER_ADDR"), environ.get("MASTER_PORT", "")
    if not host or not (port.isascii() and port.isdigit()):
        return None
    further = int(port) + _PORTS_FURTHER
    if further > _LAST_PORT:
        further -= 2 * _PORTS_FURTHER
    names = [host, port, str(size), *(environ.get(name, "") for name in _JOBS)]
    return Address(host, further, hashlib.sha256("\0".join(names).encode()).hexdigest())


def meeting_file(environ: Mapping[str, str]) -> Path:
    """The file in which rank 0 says where it is."""
    names = [environ.get(name, "") for name in _JOBS]
    job = "\0".join(names) if any(names) else f"child of process {os.getppid()}"
    digest = hashlib.sha256(job.encode()).hexdigest()[:12]
    return Path(environ.get(FOLDER) or ".").absolute() / f".gsheet-ml-ranks-{digest}.json"


# ------------------------------------------------------------ rank 0


def _host(
    rank: Rank, master: Address | None, file: Path, environ: Mapping[str, str], clock: Clock
) -> SocketChannel:
    is_here = all_on_this_machine(environ, rank.size)
    try:
        listener = _listen(master, is_here=is_here)
    except OSError as error:
        where = f"{master.host}:{master.port}" if master else "a free port"
        raise RanksError(
            f"rank 0 can't listen on {where} ({error}), where the other ranks look for it. Choose "
            "another MASTER_PORT."
        ) from error
    with listener:
        if master is not None:
            return SocketChannel(rank, _others(rank, listener, master.secret, clock))
        host = "127.0.0.1" if is_here else socket.gethostname()
        address = Address(host, listener.getsockname()[1], secrets.token_hex(32))
        _publish(file, address)
        try:
            return SocketChannel(rank, _others(rank, listener, address.secret, clock))
        finally:
            file.unlink(missing_ok=True)


def _listen(master: Address | None, *, is_here: bool) -> socket.socket:
    """A listener on the loopback address if that is enough, else on all addresses."""
    port = master.port if master else 0
    if (master.host in _LOOPBACK) if master else is_here:
        return socket.create_server(("127.0.0.1", port))
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


def _publish(file: Path, address: Address) -> None:
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as text:
            json.dump([address.host, address.port, address.secret], text)
        fresh.replace(file)
    except OSError as error:
        raise RanksError(
            f"rank 0 can't write {file} ({error}), where the other ranks look for it. Start the "
            f"ranks in a folder that all of them can use, or name one in {FOLDER}."
        ) from error


def _others(
    rank: Rank, listener: socket.socket, secret: str, clock: Clock
) -> dict[int, socket.socket]:
    """Connections to all the other ranks."""
    found: dict[int, socket.socket] = {}
    deadline = clock.now() + clock.patience
    while len(found) < rank.size - 1:
        left = deadline - clock.now()
        if left <= 0:
            missing = sorted(set(range(1, rank.size)) - set(found))
            for peer in found.values():
                peer.close()
            raise RanksError(
                f"rank 0 waited {clock.patience:g} s for rank {', '.join(map(str, missing))} of "
                f"{rank.size}. Start all of them, each with a DistributedScheduler; a script that "
                "runs in one process needs none of the launcher's variables."
            )
        listener.settimeout(left)
        try:
            peer, _ = listener.accept()
        except TimeoutError:
            continue
        number = _greeted(peer, rank.size, secret, found)
        if number is None:
            peer.close()
        else:
            found[number] = peer
    return found


def _greeted(peer: socket.socket, size: int, secret: str, found: Mapping[int, Any]) -> int | None:
    """The rank that came in; None if it is none of ours."""
    try:
        peer.settimeout(_SECONDS_TO_GREET)
        said = receive(peer)
        number = said["rank"]
        if not hmac.compare_digest(str(said["secret"]), secret):
            return None
        if not isinstance(number, int) or not 0 < number < size or number in found:
            send(peer, f"rank {number} of {size} is here already, or isn't expected")
            return None
        send(peer, "welcome")
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return number


# ------------------------------------------------------------ the other ranks


def _join(rank: Rank, master: Address | None, file: Path, clock: Clock) -> SocketChannel:
    deadline = clock.now() + clock.patience
    where = f"{master.host}:{master.port}" if master else str(file)
    trouble = "nobody was there"
    while clock.now() < deadline:
        address = master or _published(file)
        if address is not None:
            try:
                return SocketChannel(rank, {0: _connected(rank, address)})
            except (OSError, ValueError) as error:
                trouble = str(error) or type(error).__name__
        clock.sleep(_LOOK_EVERY)
    raise RanksError(
        f"rank {rank.number} of {rank.size} looked for rank 0 at {where} for {clock.patience:g} s "
        f"({trouble}). Start all of them, each with a DistributedScheduler, where they see the "
        f"same folder, or name one in {FOLDER}."
    )


def _published(file: Path) -> Address | None:
    try:
        host, port, secret = json.loads(file.read_text(encoding="utf-8"))
        return Address(str(host), int(port), str(secret))
    except (OSError, ValueError, TypeError):
        return None


def _connected(rank: Rank, address: Address) -> socket.socket:
    peer = socket.create_connection((address.host, address.port), timeout=_SECONDS_TO_GREET)
    try:
        send(peer, {"rank": rank.number, "secret": address.secret})
        answer = receive(peer)
    except BaseException:
        peer.close()
        raise
    if answer != "welcome":
        peer.close()
        raise RanksError(f"rank 0 at {address.host}:{address.port} refuses: {answer}.")
    return peer
