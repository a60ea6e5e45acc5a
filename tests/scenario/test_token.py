# SPDX-License-Identifier: LGPL-2.1-or-later
"""Key= and AccountKey=: keys in a token (SoftHSM), by docs/using/token.md; no file ever has one."""

import json

import pytest

from lib import store, using
from lib.trail import trail

MACHINE = {"packages": ["pkcs11-provider", "softhsm2"]}

NAME = "example.org"
UNIT = f"acme-renew@{NAME}.service"
URI = f"pkcs11:token=acme;object={NAME}"
PIN = "/etc/credstore/acme.pkcs11-pin"
DROP_IN = "/etc/systemd/system/acme-signer@.service.d/zz-test.conf"
CONFIGURATION = 78


@pytest.fixture(scope="module", autouse=True)
def has_provider(release):
    """Before the machine is made: there is no such package to make it with."""
    if release == "bookworm":
        pytest.skip("Debian 12 has no pkcs11-provider")


@pytest.fixture
def m(fresh):
    fresh.pebble.start()
    fresh.configure(CA=None)
    using.follow(fresh, "token", instead={"https://acme-v02.api.letsencrypt.org/directory": fresh.pebble.directory})
    yield fresh
    fresh.run(f"rm -rf /etc/systemd/system/acme-*signer@.service.d {PIN} /var/lib/acme-tokens /etc/acme/softhsm2.conf")
    fresh.systemctl("daemon-reload")


def check(machine):
    """What is live has no key beside it, and neither has the account."""
    found = store.certificate(machine, NAME)
    assert found["names"] == [NAME]
    assert machine.run("find /var/lib/acme -name '*key*' -o -name 'next*' -o -name pending").stdout.split() == []
    assert machine.run("find /var/lib/acme/certs -name fullchain.pem").stdout.split()
    return found


def renew(machine):
    done = machine.run(["acmectl", "renew", NAME], check=False)
    assert done.returncode == 0, done.stderr
    return check(machine)


def status(machine):
    return json.loads(machine.run(["acmectl", "status", "--json", NAME], check=False).stdout)[0]


def test_both_keys(m):
    mark = m.cursor()
    assert m.start(UNIT).ok
    first = check(m)
    assert not trail(m, mark, "CERTIFICATE_KEY_MADE", "ACCOUNT_KEY_MADE")
    assert status(m)["keySource"] == URI and "due" not in status(m)
    account = json.loads(m.read("/var/lib/acme/accounts/letsencrypt/account.json"))
    # The same key and the same account for the next one.
    second = renew(m)
    assert second["serial"] != first["serial"] and second["public_key"] == first["public_key"]
    assert json.loads(m.read("/var/lib/acme/accounts/letsencrypt/account.json")) == account
    # Nothing is due, and the state is no more than a cache.
    m.run(["rm", f"{store.CERTS}/{NAME}/state.json"])
    assert m.start(UNIT).ok
    assert store.certificate(m, NAME)["serial"] == second["serial"]
    # A key of acmeward's again, and back.
    m.configure(NAME)
    assert status(m)["due"] == "key"
    store.issue(m, NAME)
    m.configure(NAME, Key=URI)
    assert status(m)["due"] == "key"
    assert m.start(UNIT).ok
    assert store.certificate(m, NAME)["public_key"] == first["public_key"]


def test_the_account_by_hand(m):
    done = m.run(["acmectl", "account", "register", "letsencrypt"], check=False)
    assert done.returncode == 0, done.stderr
    assert m.run(["acmectl", "account", "show", "letsencrypt"], check=False).returncode == 0
    assert m.run(["acmectl", "account", "rollover", "letsencrypt"], check=False).returncode == CONFIGURATION
    assert m.start(UNIT).ok
    # The certificate's own key signs for its end, too.
    done = m.run(["acmectl", "revoke", NAME, "--key=certificate", "--reason=superseded"], check=False)
    assert done.returncode == 0, done.stderr


def refused(machine):
    """As a mistake in the configuration, before the CA hears of anything; what is live stays."""
    before = machine.run(["readlink", f"{store.LIVE}/{NAME}"], check=False).stdout
    machine.run(["touch", f"{store.REQUESTS}/{NAME}"])
    mark = machine.cursor()
    assert machine.start(UNIT).exit_status == CONFIGURATION
    assert not trail(machine, mark, "SIGNED")
    assert machine.run(["readlink", f"{store.LIVE}/{NAME}"], check=False).stdout == before


def drop_in(machine, *lines):
    machine.write(DROP_IN, "[Service]\n" + "".join(f"{line}\n" for line in lines))
    machine.systemctl("daemon-reload")


def test_what_keeps_it_from_a_key(m):
    assert m.start(UNIT).ok
    live = check(m)
    pin = m.read(PIN)
    for text in ("0000\n", "\n", pin.strip() + "0\n"):
        m.write(PIN, text, 0o600)
        refused(m)
    m.run(["rm", PIN])
    refused(m)
    m.write(PIN, pin, 0o600)
    m.configure(NAME, Key="pkcs11:token=acme;object=nobody")
    refused(m)
    m.configure(NAME, Key="pkcs11:token=acme")
    refused(m)
    # The account's.
    m.configure(NAME, Key="pkcs11:token=acme;object=account")
    refused(m)
    m.configure(NAME, Key=URI)
    drop_in(m, "Environment=PKCS11_PROVIDER_MODULE=/nonexistent.so")
    refused(m)
    # Where the package is missing.
    drop_in(m, "InaccessiblePaths=+" + m.run("echo /usr/lib/*/ossl-modules/pkcs11.so").stdout.strip())
    refused(m)
    m.run(["rm", DROP_IN])
    m.systemctl("daemon-reload")
    assert store.certificate(m, NAME)["serial"] == live["serial"]
    assert renew(m)["public_key"] == live["public_key"]


@pytest.mark.parametrize("uri", ["file:/etc/acme/key.pem", "pkcs11:token=acme;object=a?pin-value=1234", "pkcs11:",
                                 "pkcs11:token=acme?module-path=/tmp/x.so", "/etc/acme/key.pem"])
def test_uris_that_are_refused(m, uri):
    m.configure(NAME, Key=uri)
    assert m.start(UNIT).exit_status == CONFIGURATION
