# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the suite found: one line per check as it ends, and the summary whose last line is the verdict."""

import sys
import threading
import time
from dataclasses import dataclass

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
_LABELS = {PASSED: ("ok", "32"), FAILED: ("FAIL", "31;1"), SKIPPED: ("skip", "33")}
_QUOTED_LINES = 15


@dataclass
class Check:
    """One thing that passed, failed or was skipped; reason: why skipped, or where to look and what was seen."""

    name: str
    outcome: str
    seconds: float = 0.0
    reason: str = ""


class Report:
    """Collects checks from any thread."""

    def __init__(self, stream=sys.stdout):
        self._stream = stream
        self._lock = threading.Lock()
        self._begin = time.monotonic()
        self.checks = []

    def say(self, text):
        with self._lock:
            print(f"     {text}", file=self._stream, flush=True)

    def add(self, check, quiet=False):
        """Record a check and print its line; quiet leaves the line to who reports a group of them."""
        with self._lock:
            self.checks.append(check)
        if not quiet:
            self._print(check)
        return check.outcome != FAILED

    def _print(self, check):
        label, colour = _LABELS[check.outcome]
        label = f"{label:4}"
        if self._stream.isatty():
            label = f"\033[{colour}m{label}\033[0m"
        note = f": {check.reason.splitlines()[0]}" if check.outcome == SKIPPED and check.reason else ""
        with self._lock:
            print(f"{label} {check.name} ({check.seconds:.1f} s){note}", file=self._stream, flush=True)

    def passed(self, name, seconds=0.0):
        return self.add(Check(name, PASSED, seconds))

    def passed_group(self, name, members, seconds=0.0):
        """Several that passed, each counted, on one line."""
        for member in members:
            self.add(Check(f"{name}: {member}", PASSED), quiet=True)
        self._print(Check(f"{name}: {len(members)} test{'s' * (len(members) > 1)}", PASSED, seconds))

    def failed(self, name, reason, seconds=0.0):
        return self.add(Check(name, FAILED, seconds, reason))

    def skipped(self, name, reason, seconds=0.0):
        return self.add(Check(name, SKIPPED, seconds, reason))

    def count(self, outcome):
        return sum(check.outcome == outcome for check in self.checks)

    def summary(self):
        """Print what failed and what was skipped, with reasons, and the verdict; True if nothing failed."""
        lines = []
        for check in self.checks:
            if check.outcome == FAILED:
                quoted = "\n".join(f"    {line}" for line in check.reason.splitlines()[-_QUOTED_LINES:])
                lines.append(f"failed: {check.name}\n{quoted}")
        reasons = {}
        for check in self.checks:
            if check.outcome == SKIPPED:
                reasons.setdefault(check.reason, []).append(check.name)
        for reason, names in reasons.items():
            lines.append(f"skipped: {', '.join(names)}: {reason}")
        seconds = time.monotonic() - self._begin
        lines.append(f"after {seconds:.0f} s; logs and journals of what failed are in build/logs")
        print("\n" + "\n".join(lines), file=self._stream, flush=True)
        return self.verdict()

    def verdict(self):
        """Print the last line; True if nothing failed."""
        verdict = f"{self.count(PASSED)} passed, {self.count(FAILED)} failed"
        if self.count(SKIPPED):
            verdict += f", {self.count(SKIPPED)} skipped"
        print(verdict, file=self._stream, flush=True)
        return self.count(FAILED) == 0
