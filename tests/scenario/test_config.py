# SPDX-License-Identifier: LGPL-2.1-or-later
"""A configuration that does not hold: exit 78, one error with file, line and key, and nothing touched."""

import pytest

from lib import store
from lib.trail import ca_requests, names, one, trail

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
FILE = f"/etc/acme/certs/{NAME}.conf"

BAD_FILES = {
    "key-type": ("[Certificate]\nKeyType=dsa\n", 2, "KeyType"),
    "boolean": ("[Certificate]\n# one\n# two\nRenewKey=perhaps\n", 4, "RenewKey"),
    "identifier": ("[Certificate]\nIdentifiers=a..example.test\n", 2, "Identifiers"),
    "wildcard": ("[Certificate]\nIdentifiers=*.example.test\n", 2, "Identifiers"),
    "identifier-twice": (f"[Certificate]\nIdentifiers={NAME} {NAME}\n", 2, "Identifiers"),
    "hundred-and-one": ("[Certificate]\nIdentifiers=" + " ".join(f"n{i}.example.test" for i in range(101)) + "\n", 2,
                        "Identifiers"),
    "identifier-too-long": ("[Certificate]\nIdentifiers=" + ".".join(["a" * 60] * 5) + "\n", 2, "Identifiers"),
    "ca-over-http": ("[Certificate]\n\nCA=http://localhost:14000/dir\n", 3, "CA"),
    "ca-unknown": ("[Certificate]\nCA=nobody-knows-this-ca\n", 2, "CA"),
    "no-section": ("KeyType=ec-p256\n", 1, None),
    "no-assignment": ("[Certificate]\nKeyType\n", 2, None),
}


@pytest.fixture
def issued(fresh):
    fresh.pebble.start()
    fresh.configure()
    store.issue(fresh, NAME)
    fresh.settled()
    return fresh


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_file(issued, case):
    text, line, key = BAD_FILES[case]
    before = issued.run("cd /var/lib/acme && find . -type f -exec sha256sum {} + | sort").stdout
    mark = issued.cursor()
    issued.write(FILE, text)
    started = issued.start(UNIT)
    assert not started.ok and started.exit_status == 78, started
    error = one(issued, mark, "CONFIGURATION_INVALID", ACME_CERTIFICATE=NAME)
    # FILE:LINE: in the one error, and the key where there is one.
    assert f"{FILE}:{line}:" in str(error), error
    assert key is None or key in str(error)
    assert ca_requests(issued, mark) == []
    assert not set(names(trail(issued, mark))) & {"SIGNED", "PORT_OPENED", "CERTIFICATE_KEY_MADE"}
    store.wait_gone(issued)
    assert issued.run("cd /var/lib/acme && find . -type f -exec sha256sum {} + | sort").stdout == before

    # The others do not notice.
    store.issue(issued, "other.example.test")
    # And mended, it is as before: nothing is due.
    issued.run(["rm", FILE])
    assert issued.start(UNIT).ok


def test_bad_main_file__names_it(issued):
    issued.write("/etc/acme/acme.conf.d/60-bad.conf", "[Defaults]\nKeyType=rsa-1024\n")
    mark = issued.cursor()
    assert issued.start(UNIT).exit_status == 78
    assert "/etc/acme/acme.conf.d/60-bad.conf:2:" in str(one(issued, mark, "CONFIGURATION_INVALID"))


def test_bad_listen_address(issued):
    issued.write("/etc/acme/acme.conf.d/60-bad.conf", "[WebRoot]\nListen=0.0.0.0:99999\n")
    mark = issued.cursor()
    assert issued.start(UNIT).exit_status == 78
    assert "/etc/acme/acme.conf.d/60-bad.conf:2:" in str(one(issued, mark, "CONFIGURATION_INVALID"))


def test_unreadable_file(issued):
    issued.run(["rm", "-f", FILE])
    issued.run(["mkdir", "-p", FILE])
    mark = issued.cursor()
    assert issued.start(UNIT).exit_status == 78
    assert FILE in str(one(issued, mark, "CONFIGURATION_INVALID"))
    issued.run(["rmdir", FILE])


def test_unknown_key_is_only_warned_about(issued):
    issued.write(FILE, "[Certificate]\nFromTheFuture=yes\n[AlsoFromTheFuture]\nX=1\n")
    mark = issued.cursor()
    issued.run(["touch", f"{store.REQUESTS}/{NAME}"])
    store.issue(issued, NAME)
    warned = [entry for entry in issued.journal(since=mark)
              if "FromTheFuture" in str(entry.get("MESSAGE", "")) and entry.get("PRIORITY") == "4"]
    assert any(f"{FILE}:2:" in entry["MESSAGE"] for entry in warned), warned


def test_empty_assignment_resets(issued):
    issued.configure(NAME, Identifiers=["wrong.example.test"])
    issued.write(f"/etc/acme/certs/{NAME}.conf.d/10-reset.conf",
                 f"[Certificate]\nIdentifiers=\nIdentifiers={NAME} right.example.test\n")
    store.issue(issued, NAME, [NAME, "right.example.test"])


def test_idn_in_unicode_and_in_punycode(issued):
    issued.configure("idn", Identifiers=["bücher.example.test"])
    store.issue(issued, "idn", ["xn--bcher-kva.example.test"])
    issued.settled()
    serial = store.certificate(issued, "idn")["serial"]
    issued.configure("idn", Identifiers=["xn--bcher-kva.example.test"])
    assert issued.start("acme-renew@idn.service").ok
    assert store.certificate(issued, "idn")["serial"] == serial


@pytest.mark.parametrize("name", ["A.example.test", "-a", "a_", "x" * 65])
def test_name_outside_of_its_grammar(issued, name):
    mark = issued.cursor()
    started = issued.start(f"acme-renew@{name}.service")
    assert not started.ok, started
    assert ca_requests(issued, mark) == []
    assert not issued.exists(f"{store.LIVE}/{name}")
    assert started.exit_status == 78, started
    store.wait_gone(issued)


def test_own_ca_file_shadows(issued):
    issued.write("/etc/acme/ca.d/mine.conf",
                 f"[CA]\nDirectory={issued.pebble.directory}\nTrust=/etc/acme/pebble-ca.pem\n")
    issued.configure("mine.example.test", CA="mine", Trust=None)
    store.issue(issued, "mine.example.test")
    assert issued.exists(f"{store.ACCOUNTS}/mine/key.pem")
