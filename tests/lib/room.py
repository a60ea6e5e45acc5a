# SPDX-License-Identifier: LGPL-2.1-or-later
"""A fallen room: runs an attacker's Python in a unit of ours in place of its program, in exactly its sandbox.

    with Fallen(machine, "acme-renew@a.service", "result = can_read('/etc/shadow')") as room:
        assert room.result() == "EACCES"

The code finds everything of lib/attack.py, the values it was given by name, and leaves what it found in `result`.
"""

import contextlib
import json
import pathlib

from lib.host import LIB

FOLDER = "/usr/local/lib/acmeward-test"

_MAIN = """\
import json, sys, traceback
sys.path.insert(0, {folder!r})
from attack import *
globals().update(json.loads({values!r}))
try:
    result = None
{code}
    print("ATTACK " + json.dumps({{"result": result}}), flush=True)
except BaseException:
    print("ATTACK " + json.dumps({{"error": traceback.format_exc()}}), flush=True)
{after}
"""

SERVICE = "[Service]\nExecStart=\nExecStart={command}\n"


class _Possessed:
    """While it lasts, the unit runs another program."""

    def __init__(self, machine, unit, template):
        self.machine = machine
        self.unit = unit
        self._drop_in = f"/run/systemd/system/{unit}.d/99-fallen.conf"
        self._template = template

    def prepare(self):
        """Put what is to be run into the machine; returns its command line."""
        raise NotImplementedError

    def __enter__(self):
        m = self.machine
        m.write(self._drop_in, self._template.format(command=self.prepare()))
        m.systemctl("daemon-reload")
        self.mark = m.cursor()
        return self

    def __exit__(self, *_):
        self.machine.run(["rm", "-rf", str(pathlib.PurePath(self._drop_in).parent)])
        self.machine.systemctl("stop", self.unit, check=False)
        self.machine.systemctl("daemon-reload")
        self.machine.systemctl("reset-failed", self.unit, check=False)

    def start(self):
        """Start the unit as PID 1 would, and return the result."""
        self.machine.systemctl("start", "--no-block", self.unit)
        return self.result()

    def result(self, timeout=20):
        """What the attacker found, once it has run."""
        def answer():
            lines = [entry["MESSAGE"] for entry in self.machine.journal(since=self.mark, _SYSTEMD_UNIT=self.unit)
                     if str(entry.get("MESSAGE", "")).startswith("ATTACK")]
            return self.found(lines)
        return self.machine.wait_until(answer, timeout, 0.1, what=f"the attacker in {self.unit} to finish")[0]

    def found(self, lines):
        """[result] made of what the attacker has said, None while it is not at its end."""
        raise NotImplementedError


class Fallen(_Possessed):
    """While it lasts, the unit runs `code`."""

    def __init__(self, machine, unit, code, template=SERVICE, after="", values=None):
        """template: the drop-in, with {command} where the attacker is run. after: code once the result is out."""
        super().__init__(machine, unit, template)
        body = "".join(f"    {line}\n" for line in code.strip("\n").splitlines())
        self._text = _MAIN.format(folder=FOLDER, values=json.dumps(values or {}), code=body, after=after)

    def prepare(self):
        script = f"{FOLDER}/{self.unit.replace('@', '-at-')}.py"
        self.machine.write(f"{FOLDER}/attack.py", (LIB / "attack.py").read_text())
        self.machine.write(script, self._text)
        return f"/usr/bin/python3 -I -B {script}"

    def found(self, lines):
        if not lines:
            return None
        found = json.loads(lines[0].removeprefix("ATTACK "))
        assert "error" not in found, found["error"]
        return [found["result"]]


class Probed(_Possessed):
    """While it lasts, the unit runs lib/attack.c, for rooms in which no interpreter can live.

    result() has the answer to each line of the script: those to read, write and create only where it is allowed.
    """

    def __init__(self, machine, unit, lines, template=SERVICE, stay=0):
        """lines: what to try, see attack.c. stay: seconds to linger after it."""
        super().__init__(machine, unit, template)
        self._lines = list(lines)
        self._stay = stay

    def prepare(self):
        m = self.machine
        if not m.exists(f"{FOLDER}/attack"):
            m.write(f"{FOLDER}/attack.c", (LIB / "attack.c").read_text())
            m.run(["gcc", "-D_GNU_SOURCE", "-O1", "-static", "-o", f"{FOLDER}/attack", f"{FOLDER}/attack.c"])
        m.write(f"{FOLDER}/script", "".join(f"{line}\n" for line in self._lines))
        return f"{FOLDER}/attack {FOLDER}/script {self._stay}"

    def found(self, lines):
        answers = dict(line.split("\t")[1:3] for line in lines)
        if "done" not in answers:
            return None
        assert int(answers.pop("done")) == len(self._lines)
        return [answers]


MARK = "left-behind-by-an-attacker"


def traces(machine, unit, start=None):
    """Let an attacker in the unit write wherever it can, end the unit, and look for what has stayed.

    start: how to run code in the unit, Fallen(…).start() by default. Returns directories of the machine, and existing
    files that the attacker could open for writing. What a unit has for itself and loses when it ends is no trace.
    """
    code = f"files = writable_files()\nresult = leave_everywhere({MARK!r}), files"
    if start is None:
        with Fallen(machine, unit, code) as room:
            folders, files = room.start()
    else:
        folders, files = start(machine, code)
    assert folders is not None
    find = f"find / -path /proc -prune -o -path /sys -prune -o -name {MARK} -print"
    stayed = machine.run(find, check=False).stdout.split()
    machine.run(["rm", "-f", *stayed])
    return sorted(path.rpartition("/")[0] for path in stayed), files


@contextlib.contextmanager
def held(machine, *units, wants=""):
    """A unit that needs these units, as a renewal would: what stops when unneeded stays up meanwhile."""
    machine.write("/run/systemd/system/hold.service",
                  f"[Unit]\nRequires={' '.join(units)}\nAfter={' '.join(units)} {wants}\nWants={wants}\n"
                  "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n")
    machine.systemctl("daemon-reload")
    machine.systemctl("start", "hold.service")
    try:
        yield
    finally:
        machine.systemctl("stop", "hold.service", check=False)
        machine.run(["rm", "-f", "/run/systemd/system/hold.service"])
        machine.systemctl("daemon-reload")


def knock(machine, door, code, **values):
    """Run attack code as root on the machine, outside of any unit, with `door` connected to a socket's path."""
    text = _MAIN.format(folder=FOLDER, values=json.dumps(values), after="",
                        code="".join(f"    {line}\n" for line in
                                     (f"door = Door({door!r})\n" + code.strip("\n")).splitlines()))
    machine.write(f"{FOLDER}/attack.py", (LIB / "attack.py").read_text())
    output = machine.run(["python3", "-I", "-B", "-"], input=text).stdout
    found = json.loads(output.rpartition("ATTACK ")[2])
    assert "error" not in found, found["error"]
    return found["result"]
