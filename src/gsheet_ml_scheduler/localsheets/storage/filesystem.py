"""Where a workbook may lie: on a disk of this machine, not on one that a network brings.

SQLite's write-ahead log shares memory between processes, which network file systems pretend to do
and don't. A wrong guess costs somebody's data, so the kind of file system decides, not a pragma.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from ..errors import UnsuitableFileSystemError

_NETWORK = (
    "nfs", "cifs", "smb", "lustre", "gpfs", "beegfs", "ceph", "glusterfs", "afs", "9p", "afp",
    "webdav", "davfs", "panfs", "orangefs", "pvfs", "ncp", "vboxsf", "vmhgfs", "virtiofs", "ftp",
    "prl_fs", "drvfs", "wekafs", "gfs2", "ocfs2", "osxfuse", "macfuse", "grpcfuse",
)  # fmt: skip
_LOCAL_FUSE = ("fuseblk", "fuse.fuse-overlayfs", "fuse.lxcfs")


def require_local(path: Path) -> None:
    """Refuse a place that several processes can't safely share.

    Raises:
        UnsuitableFileSystemError: the file lies on a network file system or a mounted Drive.
    """
    found = kind_of(path)
    if found and is_network(found):
        raise UnsuitableFileSystemError(
            f"{path} lies on a {found} file system, where several processes can't safely share a "
            "workbook. Put it on a local disk, and run 'gsheet-ml serve' there to reach it from "
            "other machines."
        )


def is_network(kind: str) -> bool:
    """Whether a kind of file system lives elsewhere than on this machine."""
    kind = kind.lower()
    if kind.startswith("fuse"):
        return kind not in _LOCAL_FUSE
    return kind.startswith(_NETWORK)


def kind_of(path: Path) -> str | None:
    """The kind of file system that holds a path, None where the machine doesn't say.

    What a link points to counts, not where the link lies.
    """
    path = path.resolve()
    best, kind = -1, None
    for mount_point, mounted in _mounts():
        if path.is_relative_to(mount_point) and len(mount_point.parts) > best:
            best, kind = len(mount_point.parts), mounted
    return kind


def _mounts() -> list[tuple[Path, str]]:
    """Mount points with their kinds; a later one hides an earlier one at the same place."""
    if sys.platform == "darwin":
        listed = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=False)
        return parse_bsd_mounts(listed.stdout)
    try:
        text = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        return parse_mountinfo(text)
    except OSError:
        return []


def parse_mountinfo(text: str) -> list[tuple[Path, str]]:
    """Linux: `36 35 98:0 /root /mount/point options - ext4 device options`, octal for blanks."""
    found = []
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split()
        if len(fields) >= 5 and right:
            point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4])
            found.append((Path(point), right.split()[0]))
    return list(reversed(found))


def parse_bsd_mounts(text: str) -> list[tuple[Path, str]]:
    """macOS: `/dev/disk1 on /mount/point (apfs, local, journaled)`."""
    found = []
    for line in text.splitlines():
        head, _, tail = line.rpartition(" (")
        _, _, point = head.partition(" on ")
        if point:
            found.append((Path(point), tail.split(",")[0].rstrip(")")))
    return list(reversed(found))
