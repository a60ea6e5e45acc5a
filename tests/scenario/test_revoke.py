# SPDX-License-Identifier: LGPL-2.1-or-later
"""Revocation: what root names, nothing else, and what follows from it here."""

import json

import pytest

from lib import revoke as by_hand
from lib import store
from lib.trail import one, trail

NAME = "a.example.test"
UNIT = f"acme-revoke@{NAME}.service"
RENEW = f"acme-renew@{NAME}.service"
REQUEST = f"/run/acme/revoke/{NAME}"
RETIRED = "/var/lib/acme/retired"
# RFC 5280 section 5.3.1.
REASONS = {"unspecified": 0, "keyCompromise": 1, "cACompromise": 2, "affiliationChanged": 3, "superseded": 4,
           "cessationOfOperation": 5, "certificateHold": 6, "removeFromCRL": 8, "privilegeWithdrawn": 9,
           "aACompromise": 10}


@pytest.fixture
def ca(fresh):
    fresh.pebble.start(nonce_reject=5, authz_reuse=50)
    fresh.configure()
    return fresh


def acmectl(machine, *arguments):
    return machine.run(["acmectl", *arguments], check=False)


def spki(machine, path):
    """The digest of a certificate's public key, as the list of retired keys has it."""
    return machine.run(f"openssl x509 -in {path} -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum"
                       ).stdout.split()[0]


def due(machine):
    """What the next start of the renewal does by itself: the serial number that is live then."""
    assert machine.start(RENEW).ok
    return store.certificate(machine, NAME)["serial"]


def test_revoke__what_is_live(ca):
    first = store.issue(ca)
    mark = ca.cursor()
    done = acmectl(ca, "revoke", NAME, "--reason=superseded")
    assert done.returncode == 0 and done.stderr == "", done
    assert ca.pebble.status_of(first["serial"]) == ("Revoked", REASONS["superseded"])
    entry = one(ca, mark, "REVOKED", ACME_CERTIFICATE=NAME)
    assert (entry["ACME_SERIAL"], entry["ACME_REASON"]) == (first["serial"], "superseded")
    noted = store.state(ca, NAME)["certificate"]["revocation"]
    assert noted["reason"] == "superseded" and noted["revokedUsec"] >= noted["askedUsec"]
    # The request is done with, and nothing is left of it.
    assert ca.listdir("/run/acme/revoke") == []
    store.wait_gone(ca)
    # Not compromised: the key may stay, the certificate may not.
    assert ca.listdir(RETIRED) == []
    assert due(ca) != first["serial"]
    assert "revocation" not in store.state(ca, NAME)["certificate"]
    assert ca.pebble.status_of(store.certificate(ca, NAME)["serial"])[0] == "Valid"
    # Again, by its serial number as others write it: it is revoked already, which is what was wanted.
    done = acmectl(ca, "revoke", NAME, "--serial=" + ":".join(
        first["serial"].upper()[i:i + 2] for i in range(0, len(first["serial"]), 2)))
    assert done.returncode == 0, done
    assert len(trail(ca, mark, "REVOKED")) == 2
    assert "revocation" not in store.state(ca, NAME)["certificate"]


@pytest.mark.parametrize("key", ["account", "certificate"])
def test_revoke__by_generation_and_key(ca, key):
    old = store.issue(ca)
    assert acmectl(ca, "renew", NAME).returncode == 0
    mark = ca.cursor()
    done = acmectl(ca, "revoke", NAME, "--generation=1", f"--key={key}")
    assert done.returncode == 0, done
    assert ca.pebble.status_of(old["serial"])[0] == "Revoked"
    one(ca, mark, "REVOKED", ACME_SERIAL=old["serial"])
    assert "revocation" not in store.state(ca, NAME)["certificate"]


def test_revoke__a_file_whose_key_root_has_given(ca):
    """One that is not in any store: the account knows nothing of it, so its own key has to sign."""
    other = "b.example.test"
    theirs = store.issue(ca, other)
    ca.run(f"mkdir -p /root/theirs && cp -L {store.LIVE}/{other}/*.pem /root/theirs/ && "
           f"rm -rf {store.CERTS}/{other} {store.LIVE}/{other} {store.ACCOUNTS}/*")
    store.issue(ca)
    def given(name):
        return acmectl(ca, "revoke", NAME, f"--file=/root/theirs/{name}", "--key=certificate")
    # Without its key, with another one, and with what is no certificate.
    assert given("fullchain.pem").returncode == 78
    key = f"{store.CERTS}/{NAME}/revoke-key.pem"
    ca.run(["install", "-m", "0400", "-o", "acme-signer", f"{store.LIVE}/{NAME}/privkey.pem", key])
    assert given("fullchain.pem").returncode == 78
    assert given("privkey.pem").returncode == 78
    assert ca.pebble.status_of(theirs["serial"])[0] == "Valid"
    ca.run(["install", "-m", "0400", "-o", "acme-signer", "/root/theirs/privkey.pem", key])
    done = given("fullchain.pem")
    assert done.returncode == 0, done
    assert ca.pebble.status_of(theirs["serial"])[0] == "Revoked"
    assert "revocation" not in store.state(ca, NAME)["certificate"]


def test_revoke__refused_by_the_ca(ca):
    """What it says is handed on; nothing is noted of a certificate that is as good as before."""
    # A nonce that it rejects would be an answer, too.
    ca.pebble.start()
    with ca.mangler() as proxy:
        ca.configure(CA=proxy.directory)
        live = store.issue(ca)
        # By another CA than the one that it is from: not even asked.
        ca.configure(CA=ca.pebble.directory)
        assert acmectl(ca, "revoke", NAME).returncode == 78
        ca.configure(CA=proxy.directory)
        assert proxy.seen("revokeCert") == []
        proxy.on("revokeCert", times=1).problem("badRevocationReason", status=400)
        mark = ca.cursor()
        done = acmectl(ca, "revoke", NAME, "--reason=certificateHold")
        assert done.returncode == 77 and "badRevocationReason" in done.stderr, done
        assert one(ca, mark, "REVOCATION_FAILED", ACME_CERTIFICATE=NAME)["ACME_PROBLEM"].endswith(
            ":badRevocationReason")
        assert "revocation" not in store.state(ca, NAME)["certificate"]
        # Nobody knows what became of it: due, until the same is asked again.
        proxy.heal()
        proxy.on("revokeCert").lose()
        assert acmectl(ca, "revoke", NAME).returncode == 75
        assert ca.pebble.status_of(live["serial"])[0] == "Revoked"
        noted = store.state(ca, NAME)["certificate"]["revocation"]
        assert "revokedUsec" not in noted and noted["askedUsec"] > 0
        proxy.heal()
        assert ca.exists(REQUEST) and ca.start(UNIT).ok
        assert store.state(ca, NAME)["certificate"]["revocation"]["revokedUsec"] > 0
        assert due(ca) != live["serial"]


def test_revoke__killed_between_the_ca_and_the_note(ca):
    """The CA has done it, and nobody was there to hear: the next renewal replaces it all the same."""
    # A nonce that it rejects would be an answer, too.
    ca.pebble.start()
    with ca.mangler() as proxy:
        ca.configure(CA=proxy.directory)
        live = store.issue(ca)
        ca.write(REQUEST, json.dumps({"generation": "1"}))
        proxy.on("revokeCert").late(60)
        ca.systemctl("start", "--no-block", UNIT)
        ca.wait_until(lambda: ca.pebble.status_of(live["serial"])[0] == "Revoked")
        ca.systemctl("kill", "--signal=KILL", UNIT, f"acme-signer@{NAME}.service")
        ca.settled()
        noted = store.state(ca, NAME)["certificate"]["revocation"]
        assert "revokedUsec" not in noted
        proxy.heal()
        assert due(ca) != live["serial"]


def test_revoke__what_makes_no_sense(ca):
    mark = ca.cursor()
    for arguments in (("--generation=1", "--serial=1"), ("--reason=none",), ("--reason=7",), ("--key=mine",),
                      ("--serial=xyz",), ("--file=/nowhere",), ("--bogus",), ("extra",), ()):
        done = acmectl(ca, "revoke", NAME, *arguments)
        assert done.returncode == 78 and done.stdout == "" and done.stderr, (arguments, done)
    # Nothing of it came as far as a unit.
    assert ca.listdir("/run/acme/revoke") == [] and trail(ca, mark, "REFUSED", "REVOCATION_FAILED") == []
    # What is not there, a placeholder, and what nobody can read.
    ca.configure(NAME, Placeholder=True)
    assert ca.start(f"acme-placeholder@{NAME}.service").ok
    for request, reason in (({"generation": "1"}, "placeholder"), ({"generation": "9"}, "notFound"),
                            ({"serial": "ab"}, "notFound"), ({"certificate": "x"}, "notPem"), ({}, "malformed"),
                            ({"generation": "1", "reason": "7"}, "malformed"),
                            ({"generation": "1", "url": "https://x"}, "malformed")):
        ca.write(REQUEST, json.dumps(request))
        mark = ca.cursor()
        started = ca.start(UNIT)
        assert started.exit_status == 78, (request, started)
        assert one(ca, mark, "REFUSED", ACME_CERTIFICATE=NAME)["ACME_REASON"] == "RevocationRefused"
    ca.run(["rm", REQUEST])


def test_key_compromise__retires_the_key(ca):
    """For ever, and of whichever name: no CSR, no reuse, no installation has it again."""
    other = "b.example.test"
    for name in NAME, other:
        ca.configure(name, RenewKey=False)
    first = store.issue(ca)
    # The same key in another name's store, live.
    theirs = store.issue(ca, other)
    ca.run(f"cp -p {store.LIVE}/{NAME}/*.pem {store.LIVE}/{other}/")
    ca.run(["touch", f"{store.REQUESTS}/{other}"])
    digest = spki(ca, f"{store.LIVE}/{NAME}/cert.pem")
    mark = ca.cursor()
    assert acmectl(ca, "revoke", NAME, "--reason=keyCompromise").returncode == 0
    assert ca.pebble.status_of(first["serial"]) == ("Revoked", 1)
    assert ca.listdir(RETIRED) == [digest] and ca.stat(f"{RETIRED}/{digest}")["size"] == "0"
    assert one(ca, mark, "KEY_RETIRED")["ACME_FINGERPRINT"] == digest
    # RenewKey=no does not keep it, in either store.
    for name in NAME, other:
        assert ca.start(f"acme-renew@{name}.service").ok
        assert store.certificate(ca, name)["public_key"] != first["public_key"]
        assert spki(ca, f"{store.LIVE}/{name}/cert.pem") != digest
    kept = store.certificate(ca, NAME)["public_key"]
    assert acmectl(ca, "renew", NAME).returncode == 0
    assert store.certificate(ca, NAME)["public_key"] == kept
    assert theirs["serial"] != first["serial"]
    # Nor does a pending key come back that is one.
    ca.run(f"mkdir -m 0700 {store.CERTS}/{NAME}/pending && "
           f"cp {store.CERTS}/{NAME}/1/privkey.pem {store.CERTS}/{NAME}/pending/key.pem && "
           f"chown -R acme-signer: {store.CERTS}/{NAME}/pending")
    assert acmectl(ca, "renew", NAME).returncode == 0
    assert spki(ca, f"{store.LIVE}/{NAME}/cert.pem") != digest


def test_key_compromise__somebody_else_was_faster(ca):
    """Revoked by whoever has the key: what root asks for afterwards is done, and so is what follows here."""
    live = store.issue(ca)
    assert by_hand.revoke(ca, f"{store.LIVE}/{NAME}") == 200
    assert acmectl(ca, "revoke", NAME, "--reason=keyCompromise").returncode == 0
    assert ca.listdir(RETIRED) == [spki(ca, f"{store.LIVE}/{NAME}/cert.pem")]
    assert due(ca) != live["serial"]
