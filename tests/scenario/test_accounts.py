# SPDX-License-Identifier: LGPL-2.1-or-later
"""Accounts: with an external account binding where the CA has customers, and several at one CA."""

import json

import pytest
from lib.store import issue
from lib.trail import one, trail

NAME = "a.example.test"
CREDENTIAL = "/etc/credstore/acme.external-accounts"
# The second is as long as HS512 has it (RFC 7518 section 3.2).
KEYS = {"customer-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W",
        "customer-2": "H3E1uQrAx8DLpT5__HRm39ui2qrQGd_WDAKhJ0FvkiQli4lqVHkWr87EWPyvBVswAeiqh8gX6ouPM8aexb-HRQ"}


@pytest.fixture
def customers_only(fresh):
    """A CA that registers its customers only, and nothing that says who we are."""
    fresh.pebble.start(config={"externalAccountBindingRequired": True, "externalAccountMACKeys": KEYS})
    fresh.configure(CA="customers")
    fresh.write("/etc/acme/ca.d/customers.conf", f"[CA]\nDirectory={fresh.pebble.directory}\n")
    yield fresh
    fresh.run(["rm", "-rf", "/etc/credstore/acme.external-accounts", "/etc/credstore.encrypted"])


def bind(machine, text, path=CREDENTIAL):
    machine.write(path, text, 0o600)


def account(machine, name):
    return json.loads(machine.read(f"/var/lib/acme/accounts/{name}/account.json"))


def test_a_ca_that_has_customers(customers_only):
    m = customers_only
    mark = m.cursor()
    started = m.start(f"acme-renew@{NAME}.service")
    assert started.exit_status == 77, started
    assert "customers KEY-ID MAC-KEY" in one(m, mark, "FAILED")["ACME_REASON"]
    assert trail(m, mark, "SIGNED") == []

    # By now there is a key: it could be one that the CA knows, so that the CA is asked.
    mark = m.cursor()
    assert m.start(f"acme-renew@{NAME}.service").exit_status == 77
    assert one(m, mark, "FAILED")["ACME_PROBLEM"].endswith(":externalAccountRequired")

    # A line that is wrong is said to be, and nothing is sent.
    bind(m, f"# what the CA gave us\n\ncustomers customer-1 {KEYS['customer-1']} HS1\n")
    mark = m.cursor()
    assert m.start(f"acme-renew@{NAME}.service").exit_status == 78
    assert "line 3" in one(m, mark, "FAILED")["ACME_REASON"]
    assert trail(m, mark, "SIGNED") == []

    # The CA does not know the customer.
    bind(m, f"customers customer-9 {KEYS['customer-1']}\n")
    assert m.start(f"acme-renew@{NAME}.service").exit_status == 77

    bind(m, f"elsewhere x nonsense\ncustomers customer-1 {KEYS['customer-1']}\n")
    issue(m, NAME)
    # It has entered no file of ours, and no message.
    assert m.run(["grep", "-r", "--files-with-matches", KEYS["customer-1"], "/var/lib/acme", "/run/acme"],
                 check=False).stdout == ""
    assert KEYS["customer-1"] not in m.run(["journalctl", "--output=export"]).stdout


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_other_algorithms(customers_only, algorithm):
    bind(customers_only, f"customers customer-2 {KEYS['customer-2']}== {algorithm}\n")
    issue(customers_only, NAME)


def test_the_key_at_rest_is_encrypted(customers_only):
    m = customers_only
    m.run(["mkdir", "-p", "-m", "700", "/etc/credstore.encrypted"])
    m.run(["systemd-creds", "encrypt", "--with-key=host", "-", "/etc/credstore.encrypted/acme.external-accounts.encrypted"],
          input=f"customers customer-1 {KEYS['customer-1']}\n")
    issue(m, NAME)


def test_several_accounts_at_one_ca(customers_only):
    """Each with a key, a URL and a customer of its own."""
    m = customers_only
    bind(m, f"customers customer-1 {KEYS['customer-1']}\ncustomers@shop customer-2 {KEYS['customer-2']} HS512\n")
    m.configure("b.example.test", Account="shop")
    issue(m, NAME)
    issue(m, "b.example.test")
    first, second = account(m, "customers"), account(m, "customers@shop")
    assert m.listdir("/var/lib/acme/accounts") == ["customers", "customers@shop"]
    assert first["url"] != second["url"] and first["thumbprint"] != second["thumbprint"]
    assert m.stat("/var/lib/acme/accounts/customers@shop/key.pem")["mode"] == "600"

    m.configure("c.example.test", Account="sh/op")
    assert m.start("acme-renew@c.example.test.service").exit_status == 78
