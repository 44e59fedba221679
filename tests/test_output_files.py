from __future__ import annotations

import errno
import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from alianza_async.calls.output_files import OutputFile, is_direct
from tests.devices import device

if TYPE_CHECKING:
    from pathlib import Path


def names(folder: Path) -> list[str]:
    """Return the names of what lies in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    """Until it is finished the old one is there; the new one has mode 0600, whatever that had."""
    place = tmp_path / "out.txt"
    place.write_text("old")
    place.chmod(0o644)
    with OutputFile(place) as output:
        output.handle.write(b"new")
        output.handle.flush()
        assert place.read_text() == "old"
        assert len(names(tmp_path)) == 2
    assert place.read_text() == "new"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert names(tmp_path) == ["out.txt"]


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    """Half a file never replaces a whole one, and no temporary file stays."""
    place = tmp_path / "out.txt"
    place.write_text("old")

    def write() -> None:
        with OutputFile(place) as output:
            output.handle.write(b"half")
            raise RuntimeError("cut off")

    with pytest.raises(RuntimeError, match="cut off"):
        write()
    assert (place.read_text(), names(tmp_path)) == ("old", ["out.txt"])


def test_a_link_to_a_file_has_its_target_replaced(tmp_path: Path) -> None:
    """The link stays a link, also where its target is yet to be made."""
    folder = tmp_path / "there"
    folder.mkdir()
    for name in ("is.txt", "not.txt"):
        (tmp_path / name).symlink_to(folder / name)
    (folder / "is.txt").write_text("old")
    for name in ("is.txt", "not.txt"):
        with OutputFile(tmp_path / name) as output:
            output.handle.write(b"new")
        assert (tmp_path / name).is_symlink()
        assert (folder / name).read_text() == "new"


@pytest.mark.parametrize("linked", [False, True])
def test_a_device_stays_a_device(linked: bool, tmp_path: Path) -> None:
    """A device such as `/dev/null`, and a link to it, are written directly."""
    null = device(tmp_path, "null")
    place = tmp_path / "link" if linked else null
    if linked:
        (tmp_path / "link").symlink_to(null)
    before = names(tmp_path)
    with OutputFile(place) as output:
        output.handle.write(b"new")
    assert is_direct(place)
    assert null.is_char_device()
    assert names(tmp_path) == before


def test_a_fifo_is_written_directly(tmp_path: Path) -> None:
    """Whoever reads the other end has the bytes; the FIFO stays one."""
    place = tmp_path / "pipe"
    os.mkfifo(place)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(place.read_bytes()))
    reader.start()
    with OutputFile(place) as output:
        output.handle.write(b"new")
    reader.join(10)
    assert got == [b"new"]
    assert stat.S_ISFIFO(place.stat().st_mode)


@pytest.mark.parametrize("how", ["/dev/fd/{}", "/proc/self/fd/{}", "link"])
def test_a_descriptor_of_this_process_is_continued(how: str, tmp_path: Path) -> None:
    """As `/dev/stdout` with standard output in a file: what is written follows what was written before."""
    place = tmp_path / "shell.txt"
    with place.open("wb") as shell:
        shell.write(b"before ")
        shell.flush()
        named = how.format(shell.fileno())
        if how == "link":
            named = str(tmp_path / "link")
            (tmp_path / "link").symlink_to(f"/dev/fd/{shell.fileno()}")
        assert is_direct(named)
        with OutputFile(named) as output:
            output.handle.write(b"ours ")
        shell.write(b"after")
    assert place.read_bytes() == b"before ours after"


def no_links(*_: object, **_named: object) -> None:
    """Stand for a file system that has none."""
    raise OSError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("has_links", [True, False])
@pytest.mark.parametrize("over", [True, False])
def test_what_comes_to_its_place_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, over: bool, has_links: bool
) -> None:
    """A file that somebody else makes there while ours is written is replaced only where that is allowed."""
    if not has_links:
        monkeypatch.setattr(os, "link", no_links)
    place = tmp_path / "out"
    output = OutputFile(place, over=over)
    output.handle.write(b"ours")
    place.write_bytes(b"theirs")

    if over:
        output.finish()
    else:
        with pytest.raises(FileExistsError):
            output.finish()

    assert (place.read_bytes(), list(tmp_path.iterdir())) == (b"ours" if over else b"theirs", [place])


@pytest.mark.parametrize("has_links", [True, False])
def test_a_free_place_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_links: bool) -> None:
    """Where nothing is, the file appears whole and alone, also on a file system without hard links."""
    if not has_links:
        monkeypatch.setattr(os, "link", no_links)
    place = tmp_path / "out"
    with OutputFile(place, over=False) as output:
        output.handle.write(b"ours")
    assert (place.read_bytes(), list(tmp_path.iterdir())) == (b"ours", [place])


def test_a_device_that_is_full_is_an_error(tmp_path: Path) -> None:
    """What cannot be written is said, not swallowed."""
    full = device(tmp_path, "full")

    def write() -> None:
        with OutputFile(full) as output:
            output.handle.write(b"new")

    with pytest.raises(OSError, match="No space left"):
        write()
