from __future__ import annotations

import gzip
import io
import stat
import zipfile
from pathlib import Path

import pytest

from flow_pipelines.discovery.readers import archives
from tests.flow_pipelines.discovery.readers.importing import import_text, rejections, rows

SERVERS = b"Server name,OS\nweb01,AIX\n"


def zipped(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def test_each_member_is_a_table_named_by_its_path(tmp_path: Path) -> None:
    content = zipped(
        **{
            "export/RVTools_tabvInfo.csv": b"VM,Powerstate,CPUs,VM UUID\nweb01,poweredOn,4,4212\n",
            "export/RVTools_tabvDisk.csv": b"VM,Disk,Capacity MiB,Disk Mode\nweb01,Hard disk 1,1024,persistent\n",
            "flows.log.gz": gzip.compress(b"src_ip,dst_ip,dst_port,protocol\n10.0.0.1,10.0.0.2,443,tcp\n"),
            "__MACOSX/._x": b"junk",
        }
    )
    sheets = import_text(tmp_path, content, "export").sheets
    assert [(sheet.sheet, sheet.record_type) for sheet in sheets] == [
        ("export/RVTools_tabvInfo.csv", "server"),
        ("export/RVTools_tabvDisk.csv", "server_disk"),
        ("flows.log.gz", "connection"),
    ]


def test_a_gzip_file_is_read_as_what_it_holds(tmp_path: Path) -> None:
    assert rows(import_text(tmp_path, gzip.compress(SERVERS))) == [(2, {"Server name": "web01", "OS": "AIX"})]


def test_a_gzip_file_cut_off_gives_what_came_before(tmp_path: Path) -> None:
    text = b"Server name,IP address\n" + b"".join(b"web%d,10.0.%d.%d\n" % (n, n % 7, n % 251) for n in range(5_000))
    result = import_text(tmp_path, gzip.compress(text)[:-3_000])
    assert len(result.imported_records) > 100
    assert (None, "broken_archive") in rejections(result)


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/evil.csv", "C:\\evil.csv", "a/../../evil.csv"])
def test_a_path_out_of_the_archive_is_refused_and_the_rest_is_read(tmp_path: Path, name: str) -> None:
    result = import_text(tmp_path, zipped(**{name: SERVERS, "good.csv": SERVERS}))
    assert rejections(result) == [(None, "unsafe_member")]
    assert len(result.imported_records) == 1


def test_links_repetitions_and_encrypted_members_are_refused_each(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        link = zipfile.ZipInfo("link.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("secret.csv", SERVERS)
        archive.writestr("twice.csv", SERVERS)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("twice.csv", SERVERS)
    changed = bytearray(content.getvalue())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        name = changed.find(b"secret.csv", changed.find(mark))
        changed[changed.rfind(mark, 0, name) + flags] |= 1
    result = import_text(tmp_path, bytes(changed))
    codes = dict(zip(result.rejected_records["sheet"], result.rejected_records["reason_code"], strict=True))
    assert codes == {"link.csv": "unsafe_member", "secret.csv": "encrypted_member", "twice.csv (2)": "repeated_member"}


def test_archives_in_archives_are_read_one_level_deep(tmp_path: Path) -> None:
    inner = zipped(**{"servers.csv": SERVERS})
    assert len(import_text(tmp_path, zipped(**{"inner.zip": inner})).imported_records) == 1
    deeper = zipped(**{"outer.zip": zipped(**{"inner.zip": inner})})
    assert rejections(import_text(tmp_path, deeper)) == [(None, "nested_archive")]


@pytest.mark.parametrize("pack", [lambda data: zipped(bomb=data), gzip.compress])
def test_a_bomb_is_refused_before_it_fills_anything(
    tmp_path: Path, pack: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "ALWAYS_ALLOWED_BYTES", 1 << 20)
    assert callable(pack)
    result = import_text(tmp_path, pack(b"0" * (8 << 20)))
    assert rejections(result) == [(None, "archive_too_large")]


def test_an_archive_cut_off_says_so(tmp_path: Path) -> None:
    assert rejections(import_text(tmp_path, zipped(a=SERVERS)[:-30])) == [(None, "broken_archive")]
