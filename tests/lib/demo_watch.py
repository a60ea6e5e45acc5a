# SPDX-License-Identifier: LGPL-2.1-or-later
"""Watches a renewal for the demonstration: units that come and go, their STATUS=, the rule in the firewall."""

import time

_INTERVAL_SECONDS = 0.01
# PID 1 forgets a unit soon after it has ended, a transient one at once: both are the end.
_UNLOADED = "gone"
_GONE = ("inactive", "failed", _UNLOADED)


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
        units = self._machine.units("acme-*")
        for name in self._states.keys() - {unit.get("Id") for unit in units}:
            self._unit(seconds, name, _UNLOADED)
        for unit in units:
            name = unit.get("Id", "")
            if name.endswith((".slice", ".timer")) or "ActiveState" not in unit:
                continue
            self._progress(seconds, name, unit.get("StatusText", ""))
            self._unit(seconds, name, f"{unit['ActiveState']} ({unit['SubState']})")
        if self.ruleset is None:
            now = self._ruleset()
            if now != self._before:
                self.ruleset = now
                self._out.event(seconds, "the firewall has a new rule", strong=True)

    def _unit(self, seconds, name, state):
        before = self._states.get(name, _UNLOADED)
        self._states[name] = state
        if state == before or {state.split()[0], before.split()[0]} <= set(_GONE):
            return
        self._out.event(seconds, f"{name}  {state}")

    def _progress(self, seconds, name, text):
        if text and text != self._status.get(name):
            self._status[name] = text
            self._out.event(seconds, f"{name}: {text}", strong=True)

    def _ruleset(self):
        return self._machine.run(["nft", "list", "ruleset"]).stdout
