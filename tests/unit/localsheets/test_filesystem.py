"""Where a workbook may lie: the kinds of file systems, and how a machine lists its mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from gsheet_ml_scheduler.localsheets.storage import filesystem

MOUNTINFO = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:21 / /proc rw,nosuid - proc proc rw
30 22 0:30 / /home rw shared:5 master:2 - nfs4 server:/export rw,vers=4.2
31 30 0:31 / /home/me/scratch\\040disk rw - xfs /dev/sdb1 rw
32 22 0:32 / /mnt/drive rw - fuse.rclone remote: rw
33 22 0:33 / /data\\134old rw - lustre 10.0.0.1@tcp:/data rw
34 22 0:34 / /tmp rw - tmpfs tmpfs rw
35 22 0:35 / /tmp rw - nfs other:/tmp rw
36 22 0:36 / /größe rw - btrfs /dev/sdc rw
"""
BSD = """\
/dev/disk1s5 on / (apfs, local, journaled)
//me@server/share on /Volumes/my share (smbfs, nodev, nosuid, mounted by me)
/dev/disk2 on /Volumes/a (b) (hfs, local)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
"""


def test_mountinfo_is_read_with_its_octal_escapes_and_optional_fields() -> None:
    found = dict(reversed(filesystem.parse_mountinfo(MOUNTINFO)))
    assert found[Path("/")] == "ext4"
    assert found[Path("/home")] == "nfs4"
    assert found[Path("/home/me/scratch disk")] == "xfs"
    assert found[Path("/data\\old")] == "lustre"
    assert found[Path("/größe")] == "btrfs"


def test_of_two_mounts_at_one_place_the_later_one_counts() -> None:
    kinds = [kind for point, kind in filesystem.parse_mountinfo(MOUNTINFO) if point == Path("/tmp")]
    assert kinds[0] == "nfs"


def test_lines_that_are_no_mounts_are_passed_over() -> None:
    assert filesystem.parse_mountinfo("\nnonsense\n1 2 3 - \n - ext4\n") == []


def test_mounts_of_macos_are_read_with_blanks_and_brackets_in_their_names() -> None:
    found = dict(filesystem.parse_bsd_mounts(BSD))
    assert found[Path("/")] == "apfs"
    assert found[Path("/Volumes/my share")] == "smbfs"
    assert found[Path("/Volumes/a (b)")] == "hfs"
    assert found[Path("/System/Volumes/Data/home")] == "autofs"


@pytest.mark.parametrize(
    "kind",
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "ceph", "9p", "fuse",
     "fuse.sshfs", "fuse.rclone", "fuse.gcsfuse", "virtiofs", "afpfs", "webdav", "macfuse", "NFS",
     "fuse.drivefs", "fuse.grpcfuse", "vboxsf"],
)  # fmt: skip
def test_a_network_or_mounted_drive_is_none_of_this_machine(kind: str) -> None:
    assert filesystem.is_network(kind)


@pytest.mark.parametrize(
    "kind",
    ["ext4", "xfs", "btrfs", "zfs", "apfs", "hfs", "tmpfs", "overlay", "f2fs", "fuseblk", "ramfs"],
)
def test_a_disk_of_this_machine_is_fine(kind: str) -> None:
    assert not filesystem.is_network(kind)


def test_this_machine_says_where_the_tests_write(tmp_path: Path) -> None:
    kind = filesystem.kind_of(tmp_path)
    assert kind
    assert not filesystem.is_network(kind), "the tests need a local disk for their workbooks"


def test_a_link_counts_as_what_it_points_to(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/dev" if Path("/dev/null").exists() else "/")
    assert filesystem.kind_of(link) == filesystem.kind_of(link.resolve())
    assert filesystem.kind_of(tmp_path / ".." / tmp_path.name) == filesystem.kind_of(tmp_path)
