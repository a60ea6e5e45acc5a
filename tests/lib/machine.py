# SPDX-License-Identifier: LGPL-2.1-or-later
"""A booted Debian with acmeward installed, and what a scenario asks of it: commands, units, files, journal, ruleset.

Everything goes through the door a user has: systemctl, journalctl, nft, ss, ps inside the machine. Assertions belong
on what these return as data (properties, fields, JSON), never on prose.
"""

import io
import json
import os
import re
import shlex
import subprocess
import tarfile
import time
from dataclasses import dataclass, field

from lib import host, image, install
from lib.container import ENVIRONMENT, Container
from lib.debian import DEFAULT_RELEASE, RELEASES
from lib.mangler import Mangler
from lib.outside import NAMESPACE, Outside
from lib.pebble import Pebble
from lib.settings import Settings

COMMAND_SECONDS = 120

# Below /run/acme: what tests ask for, and what units of ours may leave.
_LEFT_BEHIND = ("request", "dry-run", "revoke", "account-request", "account-key", "deploy", "challenges")


@dataclass
class Started:
    """What came of `systemctl start`: its own status, how long it took, the main process's exit status and result."""

    returncode: int
    seconds: float
    exit_status: int
    result: str
    stderr: str = field(repr=False, default="")

    @property
    def ok(self):
        return self.returncode == 0


class Failed(AssertionError):
    """A command in the machine that had to succeed did not; shows its output."""

    def __init__(self, done):
        self.done = done
        super().__init__(f"{shlex.join(map(str, done.args))} exited with {done.returncode}\n"
                         f"{done.stdout or ''}{done.stderr or ''}")


def _plain(value):
    """A journal field's value: journalctl writes what is not text as a list of numbers."""
    return bytes(value) if isinstance(value, list) and value and isinstance(value[0], int) else value


class Machine(Settings):
    """Use as a context manager, or call boot() and destroy()."""

    def __init__(self, release=DEFAULT_RELEASE, bare=False, packages=(), reboots=False, say=lambda text: None):
        """bare: the image alone, without acmeward installed. packages: Debian packages besides those of every image.
        reboots: its files are on disk, so that they outlast it."""
        self.release = release
        self.systemd = RELEASES[release]["systemd"]
        self.image = image.prepare(release, say, packages)
        layers, self._layer_lock = ([self.image.path], None) if bare else install.layers(self.image, say)
        self._disk = host.BUILD / "run" / f"bed-{os.getpid()}-disk" if reboots else None
        self.container = Container(layers, upper=self._disk)
        self._at_end = []
        self.outside = Outside(self)
        self.pebble = Pebble(self)

    def __enter__(self):
        return self.boot()

    def __exit__(self, *_):
        self.destroy()

    def boot(self):
        self.container.boot()
        self.outside.connect()
        return self

    def reboot(self, orderly=True):
        """Stop it, or kill all of it at once, and boot it again on the same files; returns when every job is done."""
        if orderly:
            self.container.poweroff()
        self.container.destroy()
        self.boot()

    def destroy(self):
        while self._at_end:
            self._at_end.pop()()
        self.container.destroy()
        if self._disk is not None:
            host.remove_tree(self._disk)
        for lock in (self._layer_lock, self.image.lock):
            if lock is not None:
                lock.release()

    def at_end(self, function):
        """Call function() when the machine ends or is reset; last come, first served."""
        self._at_end.append(function)

    def reset(self):
        """Back to the state after installation, quicker than a boot: see the fixture `fresh`."""
        while self._at_end:
            self._at_end.pop()()
        self.pebble.stop()
        self.wait_until(self._stopped, 30, what="units of ours to stay stopped")
        self.run("systemctl stop nginx.service; systemctl reset-failed; nft flush ruleset; "
                 "rm -rf /var/lib/acme/*/* " + " ".join(f"/run/acme/{folder}/*" for folder in _LEFT_BEHIND), check=False)
        self.unconfigure()

    def _stopped(self):
        """Stop all units of ours; True when none has started another meanwhile."""
        self.run("systemctl stop 'acme-*'", check=False)
        left = self.run(["systemctl", "list-units", "--plain", "--no-legend",
                         "--state=active,reloading,activating,deactivating", "acme-*"]).stdout
        jobs = self.run(["systemctl", "list-jobs", "--plain", "--no-legend", "acme-*"], check=False).stdout
        return left == "" and "acme-" not in jobs

    def mangler(self, **options):
        """A proxy before Pebble (which must run) that misbehaves on request: see lib/mangler.py."""
        return Mangler(self, **options)

    def network_namespace(self, where):
        """A path on the host to the network namespace of the machine or of the outside."""
        process = f"/proc/{self.container.leader}"
        return f"{process}/ns/net" if where == "inside" else f"{process}/root{NAMESPACE}"

    # Commands

    def run(self, argv, check=True, input=None, timeout=COMMAND_SECONDS, text=True, env=None, **options):
        """Run argv as root in the machine; CompletedProcess with output captured. Failed if check and status != 0.

        A string is a shell command. The process is in the machine's namespaces but in none of its units.
        """
        words = ["/bin/sh", "-c", argv] if isinstance(argv, str) else argv
        done = subprocess.run(self.container.inside(words), check=False, input=input, timeout=timeout, text=text,
                              stdin=None if input is not None else subprocess.DEVNULL, capture_output=True,
                              env={**ENVIRONMENT, **(env or {})}, errors="replace" if text else None, **options)
        done.args = list(words)
        if check and done.returncode != 0:
            raise Failed(done)
        return done

    def popen(self, argv, **options):
        """Start argv in the machine and return the Popen; it dies with the machine at the latest."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT,
                   "text": True, "env": ENVIRONMENT, **options}
        return subprocess.Popen(self.container.inside(argv), **options)

    def wait_until(self, predicate, timeout=10.0, interval=0.02, what=None):
        """predicate()'s first true value; BedError when there is none in time."""
        return host.wait_until(predicate, timeout, interval, what)

    # Units

    def systemctl(self, *arguments, check=True, **options):
        return self.run(["systemctl", *arguments], check=check, **options)

    def unit(self, name):
        """All properties of a unit, as `systemctl show` names them; values are strings."""
        return self.units(name)[0]

    def units(self, *names):
        """Properties of several units, at one moment; names may be patterns such as "acme-*" (loaded units then)."""
        text = self.systemctl("show", "--all", "--", *names).stdout
        found = []
        for block in filter(None, text.split("\n\n")):
            found.append(dict(line.split("=", 1) for line in block.splitlines() if "=" in line))
        return found

    def start(self, unit, timeout=COMMAND_SECONDS):
        """`systemctl start`, timed; returns Started and does not raise when the unit fails."""
        begin = time.monotonic()
        done = self.systemctl("start", unit, check=False, timeout=timeout)
        seconds = time.monotonic() - begin
        properties = self.unit(unit)
        return Started(done.returncode, seconds, int(properties.get("ExecMainStatus") or 0),
                       properties.get("Result", ""), done.stderr)

    def active(self, unit):
        return self.unit(unit)["ActiveState"] == "active"

    def settled(self, timeout=10):
        """Wait until no unit of acme.slice is active, or on its way, or about to be (what stays for good aside)."""
        def quiet():
            return not [u for u in self.units("acme-*")
                        if (u.get("Job") or u.get("ActiveState") in ("active", "activating", "deactivating", "reloading"))
                        and not u["Id"].endswith((".timer", ".slice")) and u["Id"] != "acme-credentials.socket"
                        and not (u["Id"].startswith("acme-signer-bridge@") and u["Id"].endswith(".socket"))
                        and not (u["Id"].startswith("acme-ready@") and u["ActiveState"] == "active")]
        return self.wait_until(quiet, timeout, what="every acme unit to end")

    # Journal

    def cursor(self):
        """A mark in the journal; give it to journal(since=…)."""
        self.run(["journalctl", "--sync"])
        text = self.run(["journalctl", "--lines=1", "--show-cursor", "--output=cat"]).stdout
        return text.rpartition("-- cursor: ")[2].strip()

    def journal(self, since=None, **fields):
        """Entries as dicts of fields, oldest first: journal(since=mark, ACME_CERTIFICATE="a.example.test").

        A field that is not text arrives as bytes. What matches is chosen here and not by journalctl, because
        journalctl 252 skips an entry when it is given both a cursor and a match.
        """
        self.run(["journalctl", "--sync"])
        after = [f"--after-cursor={since}"] if since else []
        text = self.run(["journalctl", "--output=json", "--all", "--no-pager", "--boot", *after], check=False).stdout
        entries = (json.loads(line) for line in text.splitlines() if line.startswith("{"))
        decoded = ({name: _plain(value) for name, value in entry.items()} for entry in entries)
        return [entry for entry in decoded
                if all(entry.get(name) == value for name, value in fields.items())]

    def audit(self, since=None, **fields):
        """The project's own entries: those with a MESSAGE_ID and at least one ACME_ field."""
        return [entry for entry in self.journal(since=since, **fields)
                if "MESSAGE_ID" in entry and any(name.startswith("ACME_") for name in entry)]

    # Files

    def write(self, path, text, mode=0o644, owner=None):
        """Write a file, with its directories; text may be bytes."""
        data = text.encode() if isinstance(text, str) else text
        self.run(["sh", "-eu", "-c", 'mkdir -p "${1%/*}"; rm -f "$1"; umask 077; cat >"$1"; chmod "$2" "$1"; '
                  '[ -z "$3" ] || chown "$3" "$1"', "write", path, f"{mode:o}", owner or ""], input=data, text=False)

    def write_files(self, texts, mode=0o644):
        """Write several files, path to text, at the cost of one."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for path, text in texts.items():
                entry = tarfile.TarInfo(path.lstrip("/"))
                data = text.encode()
                entry.size, entry.mode, entry.mtime = len(data), mode, int(time.time())
                tar.addfile(entry, io.BytesIO(data))
        self.run(["tar", "--extract", "--unlink-first", "--directory=/", "--file=-"],
                 input=archive.getvalue(), text=False)

    def read(self, path, text=True):
        return self.run(["cat", path], text=text).stdout

    def exists(self, path):
        """Whether lstat() succeeds."""
        return self.run(["stat", "--", path], check=False).returncode == 0

    def stat(self, path):
        """Mode as in ls, octal mode, owner, group, size, link target."""
        names = ("type", "mode", "owner", "group", "size")
        text = self.run(["stat", "--format=%F|%a|%U|%G|%s", "--", path]).stdout.strip()
        return dict(zip(names, text.split("|")))

    def listdir(self, path):
        """Names in a directory, sorted; empty if it does not exist."""
        done = self.run(["find", path, "-mindepth", "1", "-maxdepth", "1", "-printf", r"%f\n"], check=False)
        return sorted(done.stdout.split())

    # What runs, what listens, what filters

    def processes(self, unit=None):
        """Processes of units as dicts (pid, ppid, uid, unit, comm, args); unit is a regular expression."""
        lines = self.run(["ps", "--no-headers", "-eo", "pid,ppid,uid,comm,cgroup:500,args"]).stdout.splitlines()
        found = []
        for line in lines:
            pid, ppid, uid, comm, cgroup, args = line.split(None, 5)
            path = re.search(r"(?:^|[,;])0::([^,;]*)", cgroup)
            name = path.group(1).rpartition("/")[2] if path else ""
            if name.endswith((".service", ".socket", ".scope", ".mount")) and re.fullmatch(unit or ".*", name):
                found.append({"pid": int(pid), "ppid": int(ppid), "uid": int(uid), "unit": name,
                              "comm": comm, "args": args})
        return found

    def listening(self, port=None):
        """TCP and UDP listeners as dicts (protocol, address, port, users)."""
        found = []
        for line in self.run(["ss", "-H", "--listening", "--tcp", "--udp", "--numeric", "--processes"]
                             ).stdout.splitlines():
            parts = line.split()
            address, _, number = parts[4].rpartition(":")
            entry = {"protocol": parts[0], "address": address, "port": int(number),
                     "users": re.findall(r'"([^"]*)",pid=(\d+)', line)}
            if port is None or entry["port"] == port:
                found.append(entry)
        return found

    def nft(self, script=None):
        """The whole ruleset as nft's JSON list; with a script, load that first."""
        if script is not None:
            self.run(["nft", "--file", "-"], input=script + "\n")
        return json.loads(self.run(["nft", "--json", "list", "ruleset"]).stdout)["nftables"]

    def nft_rules(self, comment=None):
        """Rules alone; with a regular expression, those whose comment it matches."""
        rules = [item["rule"] for item in self.nft() if "rule" in item]
        return [rule for rule in rules if comment is None or re.search(comment, rule.get("comment", ""))]
