# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the test bed needs from the machine it runs on: where things are kept, locks, child processes, cgroups.

Everything that is expensive lives below BUILD (normally build/ of the tree) and is named by the hash of what it was
made from, so that several runs can share it. Whoever uses such a thing holds a shared lock on it; whoever makes or
removes it holds the lock alone. Every child is told to die with its parent, so that even a SIGKILL leaves nothing.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIB = ROOT / "tests" / "lib"
BUILD = pathlib.Path(os.environ.get("ACMEWARD_BUILD", ROOT / "build")).resolve()

DIE_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL", "--"]


class BedError(Exception):
    """The test bed itself failed; the message says at what."""


def run(argv, log=None, **options):
    """Run a host command that must succeed; its output goes to the file `log`, whose end is quoted on failure."""
    command = DIE_WITH_PARENT + [str(argument) for argument in argv]
    if log is None:
        return subprocess.run(command, check=True, text=True, capture_output=True, **options).stdout
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as stream:
        status = subprocess.run(command, check=False, stdout=stream, stderr=subprocess.STDOUT,
                                stdin=subprocess.DEVNULL, **options).returncode
    if status != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
        raise BedError(f"{argv[0]} failed with status {status}, log in {log}, which ends:\n{tail}")
    return None


def digest(*parts):
    """A short name for what was made from these strings and bytes."""
    state = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "big") + data)
    return state.hexdigest()[:16]


class Lock:
    """A lock on a path below BUILD, kept until released or until the process ends."""

    def __init__(self, path):
        self.path = path.with_name(path.name + ".lock")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def shared(self):
        fcntl.flock(self.fd, fcntl.LOCK_SH)
        return self

    def exclusive(self):
        fcntl.flock(self.fd, fcntl.LOCK_EX)
        return self

    def try_exclusive(self):
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False

    def release(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1


def once(path, make):
    """Return a shared lock on the directory `path`; if nobody has made it yet, call make(temporary) and rename."""
    lock = Lock(path).shared()
    if path.is_dir():
        os.utime(path)
        return lock
    lock.release()
    lock = Lock(path).exclusive()
    if not path.is_dir():
        temporary = path.with_name(path.name + ".new")
        remove_tree(temporary)
        temporary.mkdir(parents=True)
        try:
            make(temporary)
            temporary.rename(path)
        except BaseException:
            remove_tree(temporary)
            raise
    return lock.shared()


def prune(folder, prefix, keep):
    """Remove all but the `keep` newest directories folder/prefix*, except those in use."""
    found = [path for path in folder.glob(prefix + "*") if path.is_dir() and path.suffix != ".new"]
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)[keep:]:
        lock = Lock(path)
        if lock.try_exclusive():
            remove_tree(path)
        lock.release()


def remove_tree(path):
    """Remove a root file system or overlay layer; overlayfs leaves unreadable work directories, root may read them."""
    if path.is_symlink() or path.exists():
        shutil.rmtree(path, ignore_errors=False)


def wait_until(predicate, timeout=10.0, interval=0.02, what=None):
    """Call predicate() until it returns something true, and return that; BedError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise BedError(f"waited {timeout} s in vain for {what or getattr(predicate, '__name__', 'a condition')}")
        time.sleep(interval)


def _cgroup_roots():
    """Mount points of the hierarchies that nspawn uses: the unified one and, on a hybrid host, systemd's named one."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options):
            yield kind, pathlib.Path(left.split(" ")[4])


class Cgroup:
    """A cgroup of our own below the one we run in, so that two machines on one host never share one."""

    PREFIX = "acmeward-bed"

    def __init__(self, name):
        own = {"cgroup2": "", "cgroup": ""}
        for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in ("", "name=systemd"):
                own["cgroup2" if controllers == "" else "cgroup"] = path.lstrip("/")
        self.paths = [(kind, root / own[kind] / f"{self.PREFIX}.{os.getpid()}.{name}")
                      for kind, root in _cgroup_roots()]
        self._sweep()
        for kind, path in self.paths:
            if kind == "cgroup2":
                path.mkdir(exist_ok=True)
                self.path = path
        if not hasattr(self, "path"):
            raise BedError("no cgroup2 hierarchy is mounted; mount one: mount -t cgroup2 cgroup2 /sys/fs/cgroup")

    def _sweep(self):
        """Remove what runs that were killed left behind: empty cgroups named after a process that is gone."""
        for _, path in self.paths:
            for stale in path.parent.glob(self.PREFIX + ".*"):
                if not pathlib.Path("/proc", stale.name.split(".")[1]).exists():
                    self._remove(stale)

    @staticmethod
    def _remove(path):
        for folder, _, _ in os.walk(path, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)

    def first_process(self, below):
        """The host's number of the process that is number 1 in the innermost namespace of a cgroup below this one."""
        for number in (self.path / below / "cgroup.procs").read_text().split():
            status = pathlib.Path("/proc", number, "status").read_text()
            if re.search(r"^NSpid:.*\s1$", status, re.MULTILINE):
                return int(number)
        raise BedError(f"no init in {self.path / below}")

    def destroy(self):
        """Kill whatever is still in it, then remove it."""
        with contextlib.suppress(OSError):
            (self.path / "cgroup.kill").write_text("1")
        with contextlib.suppress(BedError, OSError):
            wait_until(lambda: "populated 0" in (self.path / "cgroup.events").read_text(), timeout=5)
        for _, path in self.paths:
            self._remove(path)
