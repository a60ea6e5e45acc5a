# SPDX-License-Identifier: LGPL-2.1-or-later
"""The PKCS #12 file of a deploy target, opened by Java."""

import re

import pytest

from lib import image
from lib.targets import NAME, WRITTEN, Target

MACHINE = {"packages": image.SERVERS}

STORE = "/srv/java/store.p12"
PASSWORD = "/root/password"


@pytest.fixture
def target(fresh):
    fresh.run(["rm", "-rf", "/srv/java"])
    fresh.run(["mkdir", "-p", "/srv/java"])
    fresh.write(PASSWORD, "correct horse\n", 0o600)
    made = Target(fresh)
    made.configure(PKCS12=STORE, PKCS12Password=PASSWORD)
    made.make_live(1)
    return made


def keytool(machine, *arguments, check=True):
    return machine.run(["keytool", *arguments], check=check, env={"LC_ALL": "C"})


def test_opened_with_keytool(target):
    m = target.machine
    for generation in (1, 2):
        target.make_live(generation)
        assert target.write().status == WRITTEN
        listing = keytool(m, "-list", "-v", "-keystore", STORE, "-storepass:file", PASSWORD).stdout
        assert re.findall(r"Alias name: (.*)", listing) == [NAME]
        assert re.findall(r"Entry type: (.*)", listing) == ["PrivateKeyEntry"]
        assert re.findall(r"chain length: (.*)", listing) == ["2"]
        certificate = keytool(m, "-exportcert", "-rfc", "-alias", NAME, "-keystore", STORE,
                              "-storepass:file", PASSWORD).stdout
        m.write("/root/exported.pem", certificate)
        assert target.certificate_generation("/root/exported.pem") == generation
        # The key itself: Java takes it out and puts it into a store of its own.
        m.run(["rm", "-f", "/root/own.p12"])
        keytool(m, "-importkeystore", "-srckeystore", STORE, "-srcstorepass:file", PASSWORD, "-destkeystore",
                "/root/own.p12", "-deststorepass:file", PASSWORD, "-deststoretype", "PKCS12", "-noprompt")
        m.run(["openssl", "pkcs12", "-in", "/root/own.p12", "-passin", f"file:{PASSWORD}", "-nodes", "-nocerts",
               "-out", "/root/exported.pem"])
        assert target.key_generation("/root/exported.pem") == generation


def test_another_password_does_not_open_it(target):
    m = target.machine
    target.write()
    m.write("/root/wrong", "wrong horse\n", 0o600)
    assert keytool(m, "-list", "-keystore", STORE, "-storepass:file", "/root/wrong", check=False).returncode != 0
