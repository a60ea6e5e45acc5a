# SPDX-License-Identifier: LGPL-2.1-or-later
"""dns-persist-01: a record that a person makes once, for good, and that is looked for and never written."""

import json
import re

import pytest
from lib import store
from lib.nameservers import PACKAGES, PRIMARY, SECONDARY, NameServers
from lib.trail import one, trail

MACHINE = {"packages": PACKAGES}

NAME = "persist.example.test"
UNIT = f"acme-renew@{NAME}.service"
RECORD = f"_validation-persist.{NAME}"
ISSUER = "ca.example.test"


@pytest.fixture
def dns(fresh, release):
    if release in ("bookworm", "trixie"):
        pytest.skip(f"Pebble has dns-persist-01 from 2.10 on, and {release} has an older one")
    servers = NameServers(fresh).start(config={"caaIdentities": [ISSUER, "also.example.test"]})
    fresh.configure(Challenge="dns-persist-01", Experimental="dns-persist-01")
    yield servers
    fresh.systemctl("stop", "dns-1.service", "dns-2.service", check=False)


def make(dns, value, servers=(PRIMARY, SECONDARY)):
    for server in servers:
        dns.add(RECORD, value, server=server)


def wanted(machine, mark):
    """The name and the value of the record that is asked for."""
    text = one(machine, mark, "RECORD_WANTED", ACME_CERTIFICATE=NAME)["ACME_RECORD"]
    found = re.fullmatch(r'(\S+)\. TXT "([^"]*)"', text)
    assert found, text
    return found.groups()


def account(machine):
    return json.loads(machine.read(machine.run("echo /var/lib/acme/accounts/*/account.json").stdout.strip()))["url"]


def ask(machine):
    """A renewal that finds no record; what it wants."""
    mark = machine.cursor()
    assert machine.start(UNIT).exit_status == 77
    machine.settled()
    machine.run(["systemctl", "stop", f"acme-retry@{NAME}.timer"])
    name, value = wanted(machine, mark)
    assert name == RECORD
    return mark, value


def test_shown_made_and_used_for_good(fresh, dns):
    mark, value = ask(fresh)
    assert value == f"{ISSUER}; accounturi={account(fresh)}"
    # Everybody is told of it: the failure, and who asks how things are.
    assert f'"{value}"' in one(fresh, mark, "FAILED")["ACME_REASON"]
    found = json.loads(fresh.run(["acmectl", "status", "--json", NAME], check=False).stdout)[0]
    assert f'"{value}"' in found["failure"]["detail"] and "refused" in found["attention"]
    assert trail(fresh, mark, "RECORD_PUBLISHED") == []
    assert [e for e in trail(fresh, mark, "SIGNED") if e["ACME_OPERATION"] == "AnswerChallenge"] == []

    make(dns, value)
    mark = fresh.cursor()
    store.issue(fresh, NAME)
    # With the order of before.
    assert trail(fresh, mark, "ORDER_CREATED") == [] and one(fresh, mark, "ORDER_RESUMED")
    assert value in one(fresh, mark, "RECORD_SEEN")["ACME_RECORD"]
    fresh.settled()

    # From now on nobody has to do anything, and nothing is ever written.
    mark = fresh.cursor()
    assert fresh.run(["acmectl", "renew", NAME]).returncode == 0
    assert len(trail(fresh, mark, "INSTALLED")) == 1
    assert trail(fresh, mark, "RECORD_WANTED", "RECORD_PUBLISHED", "RECORD_REMOVED") == []
    assert dns.values(RECORD) == [value]
    assert fresh.listening(80) == []
    fresh.settled()
    assert [u["Id"] for u in fresh.units("acme-dns*") if u["ActiveState"] == "failed"] == []


def test_wildcard_and_base_by_one_record(fresh, dns):
    fresh.configure(NAME, Identifiers=[NAME, f"*.{NAME}"])
    _, value = ask(fresh)
    assert value == f"{ISSUER}; accounturi={account(fresh)}; policy=wildcard"
    # As a person may write it.
    make(dns, f"{ISSUER};accounturi={account(fresh)};policy=wildcard;persistUntil=4102444800")
    store.issue(fresh, NAME, [NAME, f"*.{NAME}"])


@pytest.mark.parametrize("change", [
    lambda value: value.replace("accounturi=", "accounturi=x"),
    lambda value: value.replace(ISSUER, "other.example.test"),
    lambda value: value + "; persistUntil=1700000000",
    # CAs may compare letter by letter: a look of theirs that fails ends the order.
    lambda value: value.upper(),
    lambda value: "nonsense",
])
def test_a_record_that_is_not_the_one(fresh, dns, change):
    _, value = ask(fresh)
    make(dns, change(value))
    assert ask(fresh)[1] == value
    # Beside another one it counts.
    make(dns, value)
    store.issue(fresh, NAME)


def test_a_server_that_lacks_it__and_one_that_is_away(fresh, dns):
    _, value = ask(fresh)
    make(dns, value, [PRIMARY])
    mark, _ = ask(fresh)
    assert SECONDARY in one(fresh, mark, "RECORD_WANTED")["ACME_REASON"]
    fresh.systemctl("stop", "dns-2.service")
    store.issue(fresh, NAME)


def test_no_server_at_all(fresh, dns):
    """That is nobody's fault, and says nothing of the record."""
    ask(fresh)
    fresh.systemctl("stop", "dns-1.service", "dns-2.service")
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 75
    assert trail(fresh, mark, "RECORD_WANTED") == []
    fresh.run(["systemctl", "stop", f"acme-retry@{NAME}.timer"])


@pytest.mark.parametrize("is_own", [True, False])
def test_what_the_ca_calls_our_account(fresh, dns, is_own):
    """Another account than ours is not asked for, whoever says so."""
    with fresh.mangler() as ca:
        fresh.configure(CA=ca.directory, Challenge="dns-persist-01", Experimental="dns-persist-01")

        def name_account(authorization):
            for challenge in authorization["challenges"]:
                if challenge["type"] == "dns-persist-01":
                    challenge["accounturi"] = account(fresh) if is_own else "https://localhost:14000/my-account/evil"
            return authorization
        ca.on("authorization").json(name_account)
        if is_own:
            make(dns, ask(fresh)[1])
            store.issue(fresh, NAME)
            return
        mark = fresh.cursor()
        assert fresh.start(UNIT).exit_status == 77
        assert trail(fresh, mark, "RECORD_WANTED") == []
        assert one(fresh, mark, "REFUSED", SYSLOG_IDENTIFIER="acme-signer")["ACME_UNIT"] == f"acme-dns@{NAME}.service"
        fresh.run(["systemctl", "stop", f"acme-retry@{NAME}.timer"])


def test_beside_another_type(fresh, dns):
    """Where the record is not there, and http-01 is first, nobody asks for it."""
    fresh.configure(Challenge=["http-01", "dns-persist-01"], Experimental="dns-persist-01")
    mark = fresh.cursor()
    store.issue(fresh, NAME)
    assert trail(fresh, mark, "RECORD_WANTED", "RECORD_SEEN") == []


@pytest.mark.parametrize("settings", [{}, {"Experimental": "dns-persist"}, {"Experimental": "http-01"}])
def test_only_for_who_knows(fresh, settings):
    """A mistyped Experimental= is none."""
    fresh.pebble.start()
    fresh.configure(Challenge="dns-persist-01", **settings)
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 78
    one(fresh, mark, "CONFIGURATION_INVALID", SYSLOG_IDENTIFIER="acme-client")
    assert trail(fresh, mark, "SIGNED") == []


def test_a_ca_without_it(fresh, release):
    if release not in ("bookworm", "trixie"):
        pytest.skip("this Pebble has dns-persist-01")
    fresh.pebble.start()
    fresh.configure(Challenge="dns-persist-01", Experimental="dns-persist-01")
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 77
    assert trail(fresh, mark, "RECORD_WANTED") == []
