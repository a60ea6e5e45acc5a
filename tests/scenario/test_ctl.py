# SPDX-License-Identifier: LGPL-2.1-or-later
"""acmectl: the units do the work, it waits for them and hands on what they say."""

import pytest

from lib import store
from lib.trail import endings

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"


@pytest.fixture
def ca(fresh):
    fresh.pebble.start(nonce_reject=5, authz_reuse=50)
    fresh.configure()
    return fresh


def acmectl(machine, *arguments, user=None):
    as_user = ["runuser", "-u", user, "--"] if user else []
    return machine.run([*as_user, "acmectl", *arguments], check=False)


def test_renew(ca):
    """The first one, and another one although nothing is due."""
    serials = []
    for _ in range(2):
        done = acmectl(ca, "renew", NAME)
        assert done.returncode == 0, done
        serials.append(store.check_live(ca, NAME, [NAME])["serial"])
        assert serials[-1] in done.stdout and done.stderr == ""
    assert serials[0] != serials[1]
    # The request is fulfilled: the next start by itself has nothing to do.
    assert ca.start(UNIT).ok
    assert store.certificate(ca, NAME)["serial"] == serials[1]


def test_renew__the_exit_code_is_the_renewals(ca):
    ca.pebble.stop()
    done = acmectl(ca, "renew", NAME)
    assert done.returncode == 75 and done.stdout == "", done
    ca.write(f"/etc/acme/certs/{NAME}.conf", "[Certificate]\nIdentifiers=*\n")
    assert acmectl(ca, "renew", NAME).returncode == 78
    assert ca.unit(UNIT)["ExecMainStatus"] == "78"
    # No program, no exit code.
    ca.systemctl("mask", "--runtime", UNIT)
    assert acmectl(ca, "renew", NAME).returncode == 75
    ca.systemctl("unmask", "--runtime", UNIT)


def test_command_line(ca):
    mark, requests = ca.cursor(), ca.listdir(store.REQUESTS)
    for arguments in (), ("bogus",), ("renew",), ("renew", "../x"), ("renew", NAME, NAME), ("--bogus", "renew", NAME):
        done = acmectl(ca, *arguments)
        assert done.returncode == 78 and done.stdout == "" and done.stderr, (arguments, done)
    for argument in "help", "--help", "--version":
        done = acmectl(ca, argument)
        assert done.returncode == 0 and done.stdout and done.stderr == "", (argument, done)
    # Who is not root has no say.
    assert acmectl(ca, "renew", "b.example.test", user="nobody").returncode == 77
    assert endings(ca, mark, UNIT) == [] and ca.listdir(store.REQUESTS) == requests
