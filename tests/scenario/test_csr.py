# SPDX-License-Identifier: LGPL-2.1-or-later
"""CSR=: a certificate for a key that somebody else has made and keeps; acmeward has the request, and hands the certificate on."""

import json

import pytest

from lib import credentials, moments, store
from lib.trail import one, trail

NAME, SECOND = "a.example.test", "b.example.test"
UNIT = f"acme-renew@{NAME}.service"
READER = "web.service"
KEY, CSR = "/root/own.key", "/etc/acme/csr/own.csr"
LIVE, FILES = f"{store.LIVE}/{NAME}", "/srv/own"
STATUS_CREDENTIALS = 243
CONFIGURATION = 78


@pytest.fixture
def m(fresh):
    fresh.pebble.start(nonce_reject=5)
    fresh.configure()
    fresh.run(f"rm -rf /etc/acme/csr {FILES} && mkdir -p /etc/acme/csr {FILES}")
    yield fresh
    credentials.reset_units(fresh, READER)
    fresh.run(["rm", "-rf", "/etc/acme/csr", FILES, KEY])


def request(machine, *names, kind="ec -pkeyopt ec_paramgen_curve:P-384", subject="/", form="PEM", path=CSR, new_key=True):
    """Somebody makes a key and a request for these names."""
    if new_key:
        machine.run(f"openssl genpkey -algorithm {kind} -out {KEY}")
    names = ",".join(("IP:" if name[0].isdigit() else "DNS:") + name for name in names)
    machine.run(["openssl", "req", "-new", "-key", KEY, "-subj", subject, "-addext", f"subjectAltName={names}", "-outform",
                 form, "-out", path])


def check(machine, *names):
    """What is live is for that key and these names, and has no key beside it."""
    found = store.certificate(machine, NAME)
    assert found["public_key"] == store.public_key(machine, KEY) and found["names"] == sorted(names)
    assert sorted(machine.listdir(f"{LIVE}/.")) == ["cert.pem", "chain.pem", "fullchain.pem"]
    assert not machine.exists(f"{store.CERTS}/{NAME}/pending")
    return found


def status(machine):
    done = machine.run(["acmectl", "status", "--json", NAME], check=False)
    return json.loads(done.stdout)[0]


@pytest.mark.parametrize("kind, subject, form", [
    ("ec -pkeyopt ec_paramgen_curve:P-256", "/", "PEM"),
    ("rsa -pkeyopt rsa_keygen_bits:3072", f"/CN={NAME.upper()}", "DER"),
])
def test_names_of_the_request(m, kind, subject, form):
    request(m, SECOND, NAME, kind=kind, subject=subject, form=form)
    m.configure(NAME, CSR=CSR)
    mark = m.cursor()
    assert m.start(UNIT).ok
    found = check(m, NAME, SECOND)
    assert not trail(m, mark, "CERTIFICATE_KEY_MADE")
    assert one(m, mark, "INSTALLED")["ACME_SERIAL"] == found["serial"]
    told = status(m)
    assert told["live"] == "live" and told["keySource"].startswith("csr:") and "due" not in told
    # Again is nothing to be done, by the quick look alone.
    mark = m.cursor()
    assert m.start(UNIT).ok
    one(m, mark, "NOT_DUE")
    assert not trail(m, mark, "SIGNED")


def test_another_request_is_due(m):
    request(m, NAME)
    m.configure(NAME, CSR=CSR, Identifiers=[NAME])
    assert m.start(UNIT).ok
    first = check(m, NAME)
    # By the same name, moved to its place, and older than the certificate.
    request(m, NAME, path="/etc/acme/csr/next")
    m.run(f"touch -d 2020-01-01 /etc/acme/csr/next && mv /etc/acme/csr/next {CSR}")
    assert m.start(UNIT).ok
    second = check(m, NAME)
    assert second["serial"] != first["serial"]
    # The key goes on, the names change.
    request(m, NAME, SECOND, new_key=False)
    m.configure(NAME, CSR=CSR)
    assert m.start(UNIT).ok
    assert check(m, NAME, SECOND)["public_key"] == second["public_key"]
    # A key of acmeward's again.
    m.configure(NAME)
    assert status(m)["due"] in ("key", "identifiers")
    store.issue(m, NAME)


def refused(machine):
    """Told like any mistake in the configuration, and the CA is not asked for anything."""
    before = machine.run(["readlink", LIVE], check=False).stdout
    mark = machine.cursor()
    assert machine.start(UNIT).exit_status == CONFIGURATION
    assert trail(machine, mark, "CONFIGURATION_INVALID") or trail(machine, mark, "REFUSED")
    assert not trail(machine, mark, "SIGNED")
    assert machine.run(["readlink", LIVE], check=False).stdout == before


def test_requests_that_are_refused(m):
    request(m, NAME)
    m.configure(NAME, CSR=CSR)
    assert m.start(UNIT).ok
    live = check(m, NAME)
    text = m.read(CSR)
    for bad in ("", "no request\n", text[:-40], text.replace("A", "B"), "x" * 50000):
        m.write(CSR, bad)
        refused(m)
    m.run(["rm", CSR])
    refused(m)
    m.write(CSR, text, 0o600)
    refused(m)
    # A link that leads to where the signer sees nothing.
    m.write("/root/other.csr", text)
    m.run(["ln", "-sf", "/root/other.csr", CSR])
    refused(m)
    m.run(["rm", CSR])
    request(m, NAME, kind="rsa -pkeyopt rsa_keygen_bits:1024")
    refused(m)
    request(m, NAME, "c_d.example.test")
    refused(m)
    request(m, NAME, subject="/CN=A server of ours")
    refused(m)
    request(m, NAME, SECOND)
    m.configure(NAME, CSR=CSR, Identifiers=[NAME])
    refused(m)
    assert store.certificate(m, NAME)["serial"] == live["serial"]
    # What is put right is tried at once.
    m.configure(NAME, CSR=CSR, Identifiers=[NAME, SECOND])
    assert m.start(UNIT).ok
    check(m, NAME, SECOND)


@pytest.mark.parametrize("settings", [
    {"CSR": "/root/own.csr"},
    {"CSR": "csr/own.csr"},
    {"CSR": CSR, "KeyType": "ec-p256"},
    {"CSR": CSR, "Placeholder": True},
    {"CSR": CSR, "Challenge": "dns-01"},
    *({"CSR": CSR, "Deploy": {"web": {file: f"{FILES}/file", **more}}}
      for file, more in (("PrivateKey", {}), ("Bundle", {}), ("PKCS12", {"PKCS12Password": "/root/password"}))),
])
def test_settings_that_do_not_go_with_it(m, settings):
    request(m, NAME)
    m.configure(NAME, **settings)
    mark = m.cursor()
    assert m.start(UNIT).exit_status == CONFIGURATION
    assert trail(m, mark, "CONFIGURATION_INVALID") and not trail(m, mark, "SIGNED")


def test_the_account_key_and_retired_ones(m):
    m.configure(SECOND)
    store.issue(m, SECOND)
    m.run(f"cp {store.ACCOUNTS}/*/key.pem {KEY}")
    request(m, NAME, new_key=False)
    m.configure(NAME, CSR=CSR)
    refused(m)
    request(m, NAME)
    assert m.start(UNIT).ok
    check(m, NAME)
    assert m.run(["acmectl", "revoke", NAME, "--reason=keyCompromise"], check=False).returncode == 0
    # The request is for the key that others know: nothing comes of it, until there is another one.
    refused(m)
    request(m, NAME)
    assert m.start(UNIT).ok
    check(m, NAME)


def test_handed_on_without_a_key(m):
    request(m, NAME)
    m.configure(NAME, CSR=CSR, Consumers=[READER],
                Deploy={"web": {"FullChain": f"{FILES}/full.pem", "Certificate": f"{FILES}/cert.pem"}})
    assert m.start(UNIT).ok
    m.wait_until(lambda: m.exists(f"{FILES}/full.pem"), 20)
    m.settled()
    check(m, NAME)
    assert m.read(f"{FILES}/full.pem") == m.read(f"{LIVE}/fullchain.pem")
    m.systemctl("start", "acme-credentials.socket")

    def ask(what):
        credentials.write_unit(m, READER, "Type=oneshot", "RuntimeDirectory=said", "RuntimeDirectoryPreserve=yes",
                               "ExecStart=/bin/sh -c 'cat $CREDENTIALS_DIRECTORY/* >$RUNTIME_DIRECTORY/said'",
                               f"LoadCredential={what}:{credentials.SOCKET}")
        return m.start(READER)

    assert ask("tls.fullchain").ok
    assert m.read("/run/said/said") == m.read(f"{LIVE}/fullchain.pem")
    for what in ("tls.key", "tls.bundle"):
        mark = m.cursor()
        assert ask(what).exit_status == STATUS_CREDENTIALS
        assert trail(m, mark, "CREDENTIAL_REFUSED")[0]["ACME_REASON"] == "noKey"


def test_killed_in_the_middle(m):
    request(m, NAME)
    m.configure(NAME, CSR=CSR)
    with moments.pending(m, NAME) as start:
        m.systemctl("kill", "--signal=KILL", f"acme-signer@{NAME}.service")
        assert moments.finish(start) != 0
    store.wait_gone(m)
    assert m.start(UNIT).ok
    check(m, NAME)
