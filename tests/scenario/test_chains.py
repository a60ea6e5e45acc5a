# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which of the chains that a CA has for one certificate is installed (RFC 8555 section 7.4.2): PreferredChain=."""

import re

import pytest

from lib import store
from lib.trail import one, trail
from lib.unhappy import misbehaving_ca

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
ROOTS = 4


@pytest.fixture
def ca(fresh):
    """Pebble with four roots, three of them behind alternates, and two intermediates to each."""
    with misbehaving_ca(fresh, alternate_roots=ROOTS - 1, chain_length=2) as mangler:
        yield mangler


def described(machine, pem):
    """Common name and fingerprint of the first certificate in a text."""
    text = machine.run(["openssl", "x509", "-noout", "-subject", "-fingerprint", "-sha256"], input=pem).stdout
    return re.search(r"CN ?= ?(.+)", text)[1], re.search(r"ingerprint=(.+)", text)[1]


def leads_to(machine):
    """The number of the root that the live chain leads to."""
    path = f"/var/lib/acme/live/{NAME}"
    found = []
    for number in range(ROOTS):
        machine.write("/run/acmeward-test/root.pem", machine.pebble.root(number))
        done = machine.run(["openssl", "verify", "-no-CAfile", "-no-CApath", "-CAfile", "/run/acmeward-test/root.pem",
                            "-untrusted", f"{path}/chain.pem", f"{path}/cert.pem"], check=False)
        found += [number] if done.returncode == 0 else []
    assert len(found) == 1, found
    return found[0]


def renew(machine, **settings):
    machine.configure(NAME, **settings)
    machine.run(["touch", f"{store.REQUESTS}/{NAME}"])
    mark = machine.cursor()
    started = machine.start(UNIT)
    assert started.ok, started
    return mark


def fetched(ca):
    """How many chains the client has asked for."""
    count = len(ca.seen("certificate", method="POST"))
    ca.forget()
    return count


def test_the_chain_that_is_wanted(fresh, ca):
    mark = renew(fresh)
    assert fetched(ca) == 1
    default = leads_to(fresh)
    other = (default + 2) % ROOTS
    name, fingerprint = described(fresh, fresh.pebble.root(other))
    assert not trail(fresh, mark, "CHAIN_NOT_PREFERRED")

    mark = renew(fresh, PreferredChain=name)
    assert leads_to(fresh) == other
    assert 1 < fetched(ca) <= ROOTS
    assert not trail(fresh, mark, "CHAIN_NOT_PREFERRED")

    # By what is in the chain: its last certificate, which is signed by the root.
    last = re.findall(r"-----BEGIN.+?-----END[^\n]+\n", fresh.read(f"/var/lib/acme/live/{NAME}/chain.pem"), re.S)[-1]
    renew(fresh)
    assert leads_to(fresh) == default
    mark = renew(fresh, PreferredChain=described(fresh, last)[1])
    assert leads_to(fresh) == other
    assert not trail(fresh, mark, "CHAIN_NOT_PREFERRED")

    # The root's own fingerprint is in no chain.
    mark = renew(fresh, PreferredChain=fingerprint)
    assert leads_to(fresh) == default
    assert one(fresh, mark, "CHAIN_NOT_PREFERRED")["ACME_CERTIFICATE"] == NAME


def test_the_others_are_out_of_order(fresh, ca):
    renew(fresh)
    default = leads_to(fresh)
    wanted = described(fresh, fresh.pebble.root((default + 1) % ROOTS))[0]
    ca.on("certificate", skip=1).problem("serverInternal", status=404)
    mark = renew(fresh, PreferredChain=wanted)
    assert leads_to(fresh) == default
    one(fresh, mark, "CHAIN_NOT_PREFERRED")
    # A chain that does not hold is not taken because it would be wanted.
    ca.heal()
    root = fresh.pebble.root((default + 1) % ROOTS)
    ca.on("certificate", skip=1).answer(200, root, "application/pem-certificate-chain")
    mark = renew(fresh, PreferredChain=wanted)
    assert leads_to(fresh) == default
    one(fresh, mark, "INSTALLED")
