# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `systemd-analyze security` says of each room in the booted system, against the promise of docs/SECURITY.md."""

import re

import pytest

NAME = "a.example.test"

# Overall exposure level at most, as systemd-analyze shows it.
PROMISED = {
    f"acme-signer@{NAME}.service": 0.3,
    f"acme-challenge@{NAME}.service": 0.3,
    "acme-webroot.service": 0.2,
    "acme-listener.service": 1.4,
    f"acme-renew@{NAME}.service": 1.2,
}


@pytest.mark.parametrize("unit", PROMISED)
def test_exposure(machine, unit):
    report = machine.run(["systemd-analyze", "security", "--no-pager", unit]).stdout
    level = float(re.search(r"exposure level for [^:]+: (\d+\.\d+)", report).group(1))
    assert level <= PROMISED[unit], "\n".join(line for line in report.splitlines() if "✗" in line)
    # And by the tool's own verdict, whose threshold counts in tenths.
    threshold = round(PROMISED[unit] * 10)
    assert machine.run(["systemd-analyze", "security", "--no-pager", f"--threshold={threshold}", unit],
                       check=False).returncode == 0


@pytest.mark.parametrize("unit", PROMISED)
def test_unit_is_understood_whole(machine, unit):
    """No line of a unit is unknown to this release, and none was dropped: PID 1 would run it with less."""
    done = machine.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit], check=False)
    assert done.returncode == 0 and "acme" not in done.stderr, done.stderr
