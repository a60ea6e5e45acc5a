# SPDX-License-Identifier: LGPL-2.1-or-later
"""Watches a renewal for the demonstration: units that come and go, their STATUS=, the rule in the firewall."""

import time

_INTERVAL_SECONDS = 0.01
_GONE = ("inactive", "failed")


class Watch:
    """Polls while a command runs; what changes is printed when it is seen."""

    def __init__(self, machine, out):
        self._machine = machine
        self._out = out
        self._states = {}
        self._status = {}
        self._begin = time.monotonic()
        self._before = self._ruleset()
        self.ruleset = None
        self.status = None
        self.output = ""
        self.seconds = 0.0

    def follow(self, process):
        """Until the process has ended and every unit has gone."""
        try:
            while process.poll() is None:
                self._look()
                time.sleep(_INTERVAL_SECONDS)
            self.status = process.returncode
            self.seconds = time.monotonic() - self._begin
            self.output = process.stdout.read()
            self._settle()
        finally:
            process.kill()
            process.wait()

    def _settle(self):
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            self._look()
            if not any(state.split()[0] not in _GONE for state in self._states.values()):
                return
            time.sleep(_INTERVAL_SECONDS)

    def _look(self):
        seconds = time.monotonic() - self._begin
        for unit in self._machine.units("acme-*"):
            name = unit.get("Id", "")
            if name.endswith((".slice", ".timer")) or "ActiveState" not in unit:
                continue
            self._unit(seconds, name, f"{unit['ActiveState']} ({unit['SubState']})")
            self._progress(seconds, name, unit.get("StatusText", ""))
        if self.ruleset is None:
            now = self._ruleset()
            if now != self._before:
                self.ruleset = now
                self._out.event(seconds, "the firewall has a new rule", strong=True)

    def _unit(self, seconds, name, state):
        before = self._states.get(name)
        if state == before or (before is None and state.split()[0] in _GONE):
            return
        self._states[name] = state
        self._out.event(seconds, f"{name}  {state}")

    def _progress(self, seconds, name, text):
        if text and text != self._status.get(name):
            self._status[name] = text
            self._out.event(seconds, f"{name}: {text}", strong=True)

    def _ruleset(self):
        return self._machine.run(["nft", "list", "ruleset"]).stdout
