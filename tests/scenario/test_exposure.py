# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `systemd-analyze security` says of each room in the booted system, against the promise of docs/SECURITY.md."""

import re

import pytest

NAME = "a.example.test"

# Overall exposure level at most, as systemd-analyze shows it.
PROMISED = {
    f"acme-signer@{NAME}.service": 0.3,
    f"acme-challenge@{NAME}.service": 0.3,
    f"acme-challenge-alpn@{NAME}.service": 0.3,
    f"acme-dns@{NAME}.service": 1.4,
    f"acme-dns-clean@{NAME}.service": 1.4,
    "acme-webroot.service": 0.2,
    "acme-alpn.service": 0.3,
    "acme-directory.service": 1.5,
    "acme-directory-remove@stopped.service": 1.5,
    f"acme-renew@{NAME}.service": 1.2,
    f"acme-deploy@{NAME}.service": 1.5,
    f"acme-placeholder@{NAME}.service": 0.6,
    f"acme-import-key@{NAME}.service": 0.6,
    f"acme-revoke@{NAME}.service": 1.2,
    "acme-account@letsencrypt.service": 1.2,
    "acme-account-signer@letsencrypt.service": 0.3,
    f"acme-ready@{NAME}.service": 1.5,
    "acme-credentials.service": 0.4,
    "acme-stateless.service": 0.3,
    f"acme-verify@{NAME}.service": 1.2,
    f"acme-signer-bridge@{NAME}.service": 0.5,
    f"acme-signer-remote@{NAME}.service": 1.4,
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
