# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the scenarios of the client have in common: a misbehaving CA, one certificate, and what the CA saw of us."""

import contextlib
from collections import Counter

from lib import store

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"


@contextlib.contextmanager
def misbehaving_ca(machine, **pebble):
    """Pebble with the mangler before it, and a machine that is configured for it."""
    machine.pebble.start(**pebble)
    with machine.mangler() as ca:
        machine.configure(CA=ca.directory)
        yield ca


def requests(ca):
    """How often each kind of request was made."""
    return dict(Counter(exchange.kind for exchange in ca.seen()))


def check_every_nonce_is_used_once(ca):
    nonces = [exchange.protected["nonce"] for exchange in ca.seen() if exchange.protected]
    assert nonces and len(nonces) == len(set(nonces))


def prompt(ca):
    """All names are verified when the CA is first asked for the certificate: how often it is asked is known then."""
    mark, before = ca.machine.cursor(), {exchange.path for exchange in ca.seen("challenge")}

    def are_verified():
        answered = {exchange.path for exchange in ca.seen("challenge")} - before
        said = ca.machine.journal(since=mark, _SYSTEMD_UNIT="pebble.service")
        return sum("set VALID by completed challenge" in str(entry["MESSAGE"]) for entry in said) >= len(answered)
    ca.on("finalize").before.append(lambda _: ca.machine.wait_until(are_verified, what="the names to be verified"))


def renews(machine, ca, names=(NAME,)):
    """The renewal succeeds, whatever was prepared; returns what the CA was asked."""
    store.issue(machine, NAME, list(names))
    check_every_nonce_is_used_once(ca)
    return requests(ca)


def fails(machine, status):
    """The renewal fails with this exit status and leaves nothing behind."""
    started = machine.start(UNIT)
    assert started.exit_status == status, started
    machine.settled()
    store.wait_gone(machine)
    return started


def renew_at_once(machine):
    """Ask for a renewal of what is live."""
    machine.run(["touch", f"{store.REQUESTS}/{NAME}"])
