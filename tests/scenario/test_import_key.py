# SPDX-License-Identifier: LGPL-2.1-or-later
"""acmectl import-key: a private key of an administrator's becomes that of the next certificate, or nothing changes."""

import pytest

from lib import moments, store
from lib.room import Probed
from lib.trail import one, trail

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
KEY = "/root/import.pem"
P256 = "ec -pkeyopt ec_paramgen_curve:P-256"
FOLDER = f"{store.CERTS}/{NAME}"
CONFIGURATION, REFUSED = 78, 77


@pytest.fixture
def m(fresh):
    fresh.pebble.start()
    fresh.configure()
    yield fresh
    fresh.run(f"rm -f {KEY}")


def make(machine, kind=P256):
    machine.run(f"openssl genpkey -algorithm {kind} -out {KEY}")


def take(machine, name=NAME, **options):
    return machine.run(["acmectl", "import-key", name, KEY], check=False, **options)


def live_key(machine):
    return store.certificate(machine, NAME)["public_key"]


def renew(machine):
    assert machine.run(["acmectl", "renew", NAME], check=False).returncode == 0
    return store.check_live(machine, NAME, [NAME])


def test_before_the_first_certificate(m):
    make(m)
    m.configure(NAME, RenewKey=False)
    mark = m.cursor()
    done = take(m)
    assert done.returncode == 0, done.stderr
    assert one(m, mark, "KEY_IMPORTED", ACME_CERTIFICATE=NAME)["ACME_KEY_TYPE"] == "ec-p256"
    assert m.stat(f"{FOLDER}/pending/key.pem") and not m.exists(f"{FOLDER}/import-key")
    store.wait_gone(m)
    store.issue(m, NAME)
    assert live_key(m) == store.public_key(m, KEY) and not trail(m, mark, "CERTIFICATE_KEY_MADE")
    # RenewKey=no: it stays.
    renew(m)
    assert live_key(m) == store.public_key(m, KEY)


def test_once_from_standard_input(m):
    store.issue(m, NAME)
    make(m)
    done = m.run(["acmectl", "import-key", NAME, "-"], input=m.read(KEY), check=False)
    assert done.returncode == 0, done.stderr
    assert live_key(m) != store.public_key(m, KEY)
    renew(m)
    assert live_key(m) == store.public_key(m, KEY)
    renew(m)
    assert live_key(m) != store.public_key(m, KEY)


def test_what_is_refused(m):
    store.issue(m, NAME)
    make(m)
    assert take(m).returncode == 0
    wanted = store.public_key(m, KEY)

    def refused(status=CONFIGURATION):
        mark = m.cursor()
        assert take(m).returncode == status
        assert not trail(m, mark, "KEY_IMPORTED") and not m.exists(f"{FOLDER}/import-key")
        assert store.public_key(m, f"{FOLDER}/pending/key.pem") == wanted

    for kind in ("ec -pkeyopt ec_paramgen_curve:P-384", "ec -pkeyopt ec_paramgen_curve:P-521", "ed25519",
                 "rsa -pkeyopt rsa_keygen_bits:1024"):
        make(m, kind)
        refused()
    m.run(f"cp {store.ACCOUNTS}/*/key.pem {KEY}")
    refused()
    m.run(f"openssl genpkey -algorithm {P256} -aes256 -pass pass:secret -out {KEY}")
    refused()
    for text in ("", "{}", "-----BEGIN PRIVATE KEY-----\nAAAA\n", "x" * 70000):
        m.write(KEY, text, 0o600)
        refused()
    m.run(["rm", KEY])
    refused()
    # A key that others know, from then on.
    m.run(f"cp {store.LIVE}/{NAME}/privkey.pem {KEY}")
    assert m.run(["acmectl", "revoke", NAME, "--reason=keyCompromise"], check=False).returncode == 0
    refused()
    # Whoever is not root gets nowhere.
    make(m)
    m.run(["chmod", "644", KEY])
    done = m.run(["runuser", "-u", "nobody", "--", "acmectl", "import-key", NAME, "-"], input=m.read(KEY), check=False)
    assert done.returncode == REFUSED
    renew(m)
    assert live_key(m) == wanted


def test_beside_a_signing_request(m):
    make(m)
    m.run(f"mkdir -p /etc/acme/csr && openssl req -new -key {KEY} -subj /CN={NAME} -out /etc/acme/csr/own.csr")
    m.configure(NAME, CSR="/etc/acme/csr/own.csr")
    assert take(m).returncode == CONFIGURATION
    m.run("rm -r /etc/acme/csr")


def test_in_the_middle_of_a_renewal(m):
    """It waits until that is done; and a signer that is killed leaves the key that was there, or the new one."""
    make(m)
    with moments.pending(m, NAME) as start:
        taking = m.popen(["acmectl", "import-key", NAME, KEY])
        m.wait_until(lambda: m.exists(f"{FOLDER}/import-key"))
    assert moments.finish(start) == 0 and taking.wait(60) == 0
    assert live_key(m) != store.public_key(m, KEY)
    with _pending_renewal(m) as start:
        m.systemctl("kill", "--signal=KILL", f"acme-signer@{NAME}.service")
        assert moments.finish(start) != 0
    renew(m)
    assert live_key(m) == store.public_key(m, KEY)


def test_killed(m):
    """The key does not stay: the next signer removes it, or the next boot."""
    store.issue(m, NAME)
    make(m)
    with m.mangler() as proxy:
        m.configure(CA=proxy.directory)
        with _pending_renewal(m, proxy) as start:
            m.run(["systemd-run", "--quiet", "--unit=bring", "--collect", "acmectl", "import-key", NAME, KEY])
            m.wait_until(lambda: m.exists(f"{FOLDER}/import-key"))
            m.systemctl("kill", "--signal=KILL", "bring.service")
            m.wait_until(lambda: not m.active("bring.service"), what="acmectl to be gone")
            m.systemctl("stop", f"acme-import-key@{NAME}.service")
            assert m.exists(f"{FOLDER}/import-key")
        assert moments.finish(start) == 0
    m.configure()
    m.settled(30)
    mark = m.cursor()
    renew(m)
    assert not m.exists(f"{FOLDER}/import-key") and not trail(m, mark, "KEY_IMPORTED")
    assert live_key(m) != store.public_key(m, KEY)
    m.write(f"{FOLDER}/import-key", m.read(KEY), 0o600)
    m.run(["systemd-tmpfiles", "--remove", "--prefix=/var/lib/acme"])
    assert m.exists(f"{FOLDER}/import-key")
    m.run(["systemd-tmpfiles", "--remove", "--boot", "--prefix=/var/lib/acme"])
    assert not m.exists(f"{FOLDER}/import-key")


def _pending_renewal(machine, ca=None):
    # A new CA has no valid authorization, which it could use again.
    machine.pebble.start()
    machine.run(["touch", f"{store.REQUESTS}/{NAME}"])
    return moments.pending(machine, NAME, ca=ca)


def test_a_fallen_messenger(m):
    """It sees no key and no file, and its door has the one method."""
    store.issue(m, NAME)
    keys = m.run("find /var/lib/acme -name '*key*'").stdout.split()
    assert len(keys) >= 2
    tries = [*(f"read {path}" for path in keys), "read /etc/acme/acme.conf", f"create {FOLDER}/import-key", "socket 2 1 0",
             f"unix /run/acme/signer/{NAME}", f"unix /run/acme/signer-for-revoke/{NAME}", "unix /run/systemd/private"]
    with Probed(m, f"acme-import-key@{NAME}.service", tries) as room:
        answers = room.start()
    assert "ok" not in answers.values(), answers
