# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is kept of a machine when a test fails: its journal, the audit entries, units, processes, ruleset, files."""

import contextlib
import shutil
import subprocess

_JOURNAL = {
    "journal.txt": ["journalctl", "--no-pager", "--output=short-precise"],
    "audit.json": ["journalctl", "--no-pager", "--output=json", "_TRANSPORT=journal"],
}
_STATE = {
    "units.txt": ["systemctl", "list-units", "--all", "--no-pager", "--full"],
    "status.txt": ["systemctl", "status", "--no-pager", "--full", "--lines=5", "acme*", "--all"],
    "failed.txt": ["systemctl", "list-units", "--failed", "--no-pager"],
    "processes.txt": ["ps", "-eo", "pid,ppid,user,lstart,cgroup:100,args"],
    "sockets.txt": ["ss", "--all", "--numeric", "--processes", "--tcp", "--udp", "--unix"],
    "ruleset.txt": ["nft", "--handle", "list", "ruleset"],
    "files.txt": ["find", "/etc/acme", "/var/lib/acme", "/run/acme", "-ls"],
}


def keep(machine, folder):
    """Fill `folder` (emptied before) and return it; what cannot be had is left out."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    container = machine.container
    alive = container.alive
    for name, command in {**_JOURNAL, **(_STATE if alive else {})}.items():
        argv = container.inside(command) if alive else container.after_death(command)
        with (folder / name).open("wb") as stream, contextlib.suppress(subprocess.TimeoutExpired, OSError):
            subprocess.run(argv, check=False, stdin=subprocess.DEVNULL, stdout=stream,
                           stderr=subprocess.STDOUT, timeout=30)
    _only_audit(folder / "audit.json")
    with contextlib.suppress(OSError):
        shutil.copy(container.console, folder / "console.txt")
    return folder


def _only_audit(path):
    lines = path.read_text(errors="replace").splitlines()
    path.write_text("".join(f"{line}\n" for line in lines if '"ACME_' in line))
