# SPDX-License-Identifier: LGPL-2.1-or-later
"""Results as the unit tests print them, for tools/test: one TAP line for each function, whatever its parameters."""

import os

_WORST = {"passed": 0, "skipped": 1, "failed": 2}


def pytest_terminal_summary(terminalreporter):
    if os.environ.get("CMOCKA_MESSAGE_OUTPUT") != "TAP":
        return
    found = {}
    for outcome, worst in (*_WORST.items(), ("error", _WORST["failed"])):
        for report in terminalreporter.stats.get(outcome, []):
            name = report.location[2].partition("[")[0]
            found[name] = max(found.get(name, 0), worst)
    for number, (name, worst) in enumerate(found.items(), start=1):
        word = "not ok" if worst == _WORST["failed"] else "ok"
        terminalreporter.write_line(f"{word} {number} - {name}{' # SKIP' if worst == _WORST['skipped'] else ''}")
