"""A throw-away PostgreSQL server: a real one, in a temporary folder, by a user that is not root (it refuses that)."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path


def binaries() -> Path | None:
    """The folder of a server's programs: Debian keeps them off PATH."""
    on_path = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(on_path).resolve().parent if on_path else found[-1].parent if found else None


@dataclass(frozen=True)
class Server:
    folder: Path
    programs: Path
    user: str

    def run(self, program: str, *arguments: str) -> str:
        as_user = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid} if os.geteuid() == 0 else {}
        done = subprocess.run(
            [str(self.programs / program), *arguments], cwd=self.folder, capture_output=True, text=True, check=False,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, **as_user,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sql(self, statement: str, database: str = "postgres") -> str:
        connection = ("-h", str(self.folder), "-U", "lychgate", "-d", database)
        return self.run("psql", *connection, "-v", "ON_ERROR_STOP=1", "-Atc", statement)

    def database(self) -> str:
        """The address of an empty database, the same each time: what a test before has left is thrown away."""
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid();"
            "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        )
        return f"postgresql://lychgate@/postgres?host={self.folder}"

    def start(self) -> None:
        settings = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off -c max_connections=40"
        log = str(self.folder.with_suffix(".log"))
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-w", "-o", settings, "start")

    def stop(self) -> None:
        """As a crash would."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A file system of its own below a folder. Raises CalledProcessError where that is not allowed."""
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "lychgate-test", str(folder)]
    subprocess.run(mounting, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def server(megabytes: int | None = None) -> Iterator[Server]:
    """A server; with `megabytes` on a disk of its own of that size."""
    programs = binaries()
    assert programs is not None
    user = pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        known = {one.pw_name for one in pwd.getpwall()}
        user = "postgres" if "postgres" in known else "nobody"
    folder = Path(tempfile.mkdtemp(prefix="lychgate-pg-", dir="/tmp"))  # short: a socket's path may have 107 characters
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(folder.with_suffix(".log").unlink, missing_ok=True)
        if megabytes is not None:
            stack.enter_context(small_disk(folder, megabytes))
        folder.with_suffix(".log").touch()
        if os.geteuid() == 0:
            shutil.chown(folder, user)
            shutil.chown(folder.with_suffix(".log"), user)
        made = Server(folder, programs, user)
        made.run("initdb", "-D", str(folder / "data"), "-U", "lychgate", "-A", "trust", "-E", "UTF8", "--no-sync")
        made.start()
        try:
            yield made
        finally:
            made.stop()
