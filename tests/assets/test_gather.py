"""Packages come by the ordinary clients, are what their SHA-256 says, and are fetched once."""

import gzip
import hashlib
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from cleanplate.assets import gather
from cleanplate.assets.gather import Downloads
from cleanplate.assets.pins import Pin
from cleanplate.errors import InputError


def tgz(name: str = "package/a.txt", text: bytes = b"hello") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return gzip.compress(out.getvalue(), mtime=0)  # the same bytes in the next second


def wheel() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("thing/a.txt"), "hello")
    return out.getvalue()


def deb() -> bytes:
    data = tgz("./usr/share/a.txt")
    members = [(b"debian-binary", b"2.0\n"), (b"control.tar.gz", b"xyz"), (b"data.tar.gz", data)]
    out = b"!<arch>\n"
    for name, content in members:
        out += name.ljust(16) + b"0".ljust(12) + b"0".ljust(6) + b"0".ljust(6) + b"100644".ljust(8)
        out += str(len(content)).encode().ljust(10) + b"`\n" + content + b"\n" * (len(content) % 2)
    return out


def pin(monkeypatch: pytest.MonkeyPatch, registry: str, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    made = Pin(registry, "thing", "1.0", digest)  # type: ignore[arg-type]
    monkeypatch.setattr(gather, "PINS", {(registry, "thing", "1.0"): made})


class Clients:
    """Fake package clients, alone on PATH: each copies a prepared archive and counts how often it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls"
        self.downloads = Downloads(folder / "cache", (str(folder / "bin" / "pip"),))
        (folder / "bin").mkdir()

    def add(self, client: str, archive: str, content: bytes) -> None:
        (self.folder / archive).write_bytes(content)
        where = '"$(echo "$*" | sed "s/.*--dest \\([^ ]*\\).*/\\1/")"' if client == "pip" else "."
        self.script(client, f'echo {client} "$@" >> {self.calls}\ncp {self.folder / archive} {where}/{archive}')

    def script(self, client: str, body: str) -> None:
        path = self.folder / "bin" / client
        path.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    @property
    def asked(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clients:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return Clients(tmp_path)


def test_each_client_is_asked_once_and_its_package_unpacked(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    for registry, client, name, content, inside in (
        ("npm", "npm", "thing-1.0.tgz", tgz(), "package/a.txt"),
        ("apt", "apt-get", "thing_1.0_all.deb", deb(), "usr/share/a.txt"),
        ("pip", "pip", "thing-1.0-py3-none-any.whl", wheel(), "thing/a.txt"),
    ):
        pin(monkeypatch, registry, content)
        clients.add(client, name, content)
        ask = {"npm": clients.downloads.npm, "apt": clients.downloads.deb, "pip": clients.downloads.wheel}[registry]
        for _ in range(2):
            assert (ask("thing", "1.0") / inside).read_text() == "hello"
    assert [line.split()[0] for line in clients.asked] == ["npm", "apt-get", "pip"]
    assert "thing@1.0" in clients.asked[0]
    assert "thing=1.0" in clients.asked[1]
    assert "thing==1.0" in clients.asked[2]
    assert "--no-deps" in clients.asked[2]


def test_a_client_is_started_as_what_it_is_found_as(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(monkeypatch, "npm", tgz())
    clients.add("npm.cmd", "thing-1.0.tgz", tgz())  # the name on Windows, where `npm` alone cannot be started

    def found(name: str) -> str:
        return str(clients.folder / "bin" / f"{name}.cmd")

    monkeypatch.setattr(gather.shutil, "which", found)
    assert (clients.downloads.npm("thing", "1.0") / "package/a.txt").exists()


@pytest.mark.parametrize(("registry", "client", "advice"), [("npm", "npm", "Node.js"), ("apt", "apt-get", "Debian")])
def test_a_missing_client_is_named_with_what_to_install(
    clients: Clients, monkeypatch: pytest.MonkeyPatch, registry: str, client: str, advice: str
) -> None:
    pin(monkeypatch, registry, tgz())
    ask = clients.downloads.npm if registry == "npm" else clients.downloads.deb
    with pytest.raises(InputError, match=f"needs {client}, which is not installed.*{advice}"):
        ask("thing", "1.0")


def test_a_broken_download_is_told_by_its_hash_and_not_kept(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(monkeypatch, "npm", tgz())
    clients.add("npm", "thing-1.0.tgz", tgz()[:-9])
    with pytest.raises(InputError, match=r"thing 1\.0 \(npm\).*SHA-256"):
        clients.downloads.npm("thing", "1.0")
    assert [path for path in clients.downloads.folder.rglob("*") if path.is_file()] == []
    clients.add("npm", "thing-1.0.tgz", tgz())
    assert (clients.downloads.npm("thing", "1.0") / "package/a.txt").exists()


def test_an_archive_that_rotted_in_the_cache_is_fetched_again(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(monkeypatch, "npm", tgz())
    clients.add("npm", "thing-1.0.tgz", tgz())
    folder = clients.downloads.folder / "npm" / "thing-1.0"
    folder.mkdir(parents=True)
    (folder / "thing-1.0.tgz").write_bytes(b"rotten")
    assert (clients.downloads.npm("thing", "1.0") / "package/a.txt").exists()
    assert len(clients.asked) == 1


def test_an_archive_put_there_by_hand_needs_no_client(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(monkeypatch, "apt", deb())
    folder = clients.downloads.folder / "apt" / "thing-1.0"
    folder.mkdir(parents=True)
    (folder / "thing.deb").write_bytes(deb())
    assert (clients.downloads.deb("thing", "1.0") / "usr/share/a.txt").exists()


def test_what_an_interrupted_run_left_behind_is_no_obstacle(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(monkeypatch, "npm", tgz())
    clients.add("npm", "thing-1.0.tgz", tgz())
    left = clients.downloads.folder / "npm" / "thing-1.0" / ".part-x" / "content"
    left.mkdir(parents=True)
    (left / "half").write_text("half")
    content = clients.downloads.npm("thing", "1.0")
    assert [path.name for path in content.iterdir()] == ["package"]
    assert not left.exists()


def test_a_client_that_fails_is_quoted(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(monkeypatch, "npm", tgz())
    clients.script("npm", "echo E404 no such package >&2\nexit 1")
    with pytest.raises(InputError, match=r"npm failed \(E404 no such package"):
        clients.downloads.npm("thing", "1.0")


def test_a_full_disk_is_one_sentence_and_nothing_is_left(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(monkeypatch, "npm", tgz())
    clients.add("npm", "thing-1.0.tgz", tgz())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gather, "unpack", full)
    with pytest.raises(InputError, match=r"No space left on device.*make room"):
        clients.downloads.npm("thing", "1.0")
    kept = {path.name for path in (clients.downloads.folder / "npm" / "thing-1.0").iterdir()}
    assert kept == {"thing-1.0.tgz"}


def test_an_archive_that_reaches_outside_its_folder_is_refused(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = tgz("../../evil.txt")
    pin(monkeypatch, "npm", evil)
    clients.add("npm", "thing-1.0.tgz", evil)
    with pytest.raises(InputError, match="cannot be unpacked"):
        clients.downloads.npm("thing", "1.0")
    assert list(clients.folder.rglob("evil.txt")) == []
