# SPDX-License-Identifier: LGPL-2.1-or-later
"""Moments of a renewal that last as long as a scenario needs, without a sleep."""

import contextlib
import subprocess
import threading

from lib.trail import wait_for


@contextlib.contextmanager
def validation_held(machine):
    """While it lasts, the CA cannot look up any name: challenges stay pending.

    Everything before goes its way: account, order, tokens published, port and firewall open. After two seconds Pebble
    gives up, and the challenge is invalid.
    """
    machine.systemctl("kill", "--signal=STOP", "pebble-challtestsrv.service")
    try:
        yield
    finally:
        machine.systemctl("kill", "--signal=CONT", "pebble-challtestsrv.service")


@contextlib.contextmanager
def pending(machine, name, timeout=10, ca=None):
    """A renewal of NAME whose tokens are published and whose challenge the CA was asked to look at.

    Yields the Popen of `systemctl start`; the validation goes on when the block ends. ca: the Mangler that the machine
    has as its CA: then it may be half a minute, for as long as a client waits for a reply, and not only two seconds.
    """
    mark = machine.cursor()
    with held_request(ca, "challenge") if ca else validation_held(machine) as arrived:
        start = machine.popen(["systemctl", "start", f"acme-renew@{name}.service"])
        wait_for(machine, mark, "SIGNED", timeout, ACME_CERTIFICATE=name, ACME_OPERATION="AnswerChallenge")
        if ca:
            arrived(timeout)
        yield start


def finish(start, timeout=60):
    """The status of a `systemctl start` that pending() began."""
    try:
        return start.wait(timeout)
    except subprocess.TimeoutExpired:
        start.kill()
        raise


@contextlib.contextmanager
def drop_in(machine, unit, text):
    """While it lasts, the unit file has these lines, too."""
    folder = f"/run/systemd/system/{unit}.d"
    machine.write(f"{folder}/90-test.conf", text)
    machine.systemctl("daemon-reload")
    try:
        yield
    finally:
        machine.run(["rm", "-r", folder])
        machine.systemctl("daemon-reload")


@contextlib.contextmanager
def held_request(ca, what, skip=0):
    """A Mangler that stands still at the first request of this kind, before Pebble sees it, until the block ends.

    Yields a function that waits until the request has arrived.
    """
    arrived, release = threading.Event(), threading.Event()
    fault = ca.on(what, times=1, skip=skip)
    fault.before.append(lambda exchange: (arrived.set(), release.wait(60)))

    def wait(timeout=10):
        assert arrived.wait(timeout), f"no request {what} in {timeout} s; seen: {[e.kind for e in ca.seen()]}"
    try:
        yield wait
    finally:
        release.set()
        fault.cancel()
