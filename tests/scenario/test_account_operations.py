# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is done with an account itself: by root's word, through acmectl, a client without the key and a signer without a net."""

import json

import pytest
from lib import store
from lib.trail import names, one, trail

NAME = "a.example.test"
CA = "pebble"
FOLDER = f"{store.ACCOUNTS}/{CA}"


@pytest.fixture
def m(fresh):
    fresh.pebble.start()
    configure(fresh, fresh.pebble.directory)
    yield fresh
    fresh.run("rm -rf /run/acme/account-request/*")


def configure(machine, directory, **settings):
    machine.write(f"/etc/acme/ca.d/{CA}.conf", f"[CA]\nDirectory={directory}\n")
    machine.configure(CA=CA, **settings)


def acmectl(machine, *arguments, check=True):
    return machine.run(["acmectl", "account", *arguments], check=check)


def about(machine):
    return json.loads(machine.read(f"{FOLDER}/about.json"))


def key(machine):
    return store.public_key(machine, f"{FOLDER}/key.pem")


def test_from_first_to_last(m):
    # There is none, and looking makes none.
    assert acmectl(m, "show", CA, check=False).returncode == 77
    assert not m.exists(f"{FOLDER}/key.pem")

    mark = m.cursor()
    shown = acmectl(m, "register", CA).stdout
    url = about(m)["account"]
    assert url in shown and about(m)["status"] == "valid"
    assert about(m)["contact"] == ["mailto:admin@example.test"]
    assert m.stat(f"{FOLDER}/about.json")["mode"] == "600"
    assert one(m, mark, "ACCOUNT_REGISTERED")["ACME_ACCOUNT"] == url
    assert [e["ACME_OPERATION"] for e in trail(m, mark, "SIGNED")] == ["NewAccount"]
    assert one(m, mark, "SIGNED")["ACME_UNIT"] == f"acme-account@{CA}.service"

    # Renewals use it, and what is started without a request only looks.
    store.issue(m, NAME)
    mark = m.cursor()
    assert m.start(f"acme-account@{CA}.service").ok
    assert about(m)["account"] == url

    m.configure(CA=CA, Contact="mailto:other@example.test")
    mark = m.cursor()
    acmectl(m, "update", CA)
    assert one(m, mark, "ACCOUNT_UPDATED")["ACME_ACCOUNT"] == url
    acmectl(m, "show", CA)
    assert about(m)["contact"] == ["mailto:other@example.test"]
    acmectl(m, "agree", CA)

    # A request is done once, also when it is left behind.
    m.write(f"/run/acme/account-request/{CA}", '{"operation": "agree"}')
    for expected in (1, 0):
        mark = m.cursor()
        assert m.start(f"acme-account@{CA}.service").ok
        assert len(trail(m, mark, "ACCOUNT_UPDATED")) == expected
    for nonsense in ("{}", "[]", "agree", '{"operation": "sign"}', '{"operation": "show", "url": "x"}', ""):
        m.write(f"/run/acme/account-request/{CA}", nonsense)
        assert m.start(f"acme-account@{CA}.service").exit_status == 78, nonsense
    m.run(["rm", f"/run/acme/account-request/{CA}"])

    # Gone for good: no renewal makes another one by itself.
    mark = m.cursor()
    assert "deactivated" in acmectl(m, "deactivate", CA).stdout
    assert one(m, mark, "ACCOUNT_DEACTIVATED")["ACME_ACCOUNT"] == url
    mark = m.cursor()
    assert m.start("acme-renew@b.example.test.service").exit_status == 77
    assert trail(m, mark, "SIGNED") == [] and trail(m, mark, "REFUSED")
    for verb in ("show", "rollover", "update", "deactivate"):
        assert acmectl(m, verb, CA, check=False).returncode == 77
    old = key(m)

    # Until root says so; the old key is kept.
    acmectl(m, "register", CA)
    assert about(m)["account"] != url and key(m) != old
    kept = [name for name in m.listdir(FOLDER) if name.startswith("old-")]
    assert [store.public_key(m, f"{FOLDER}/{name}") for name in kept] == [old]
    store.issue(m, "b.example.test")


def test_the_public_key_alone_leaves(m):
    acmectl(m, "register", CA)
    m.pebble.stop()
    assert acmectl(m, "export-key", CA).stdout == key(m)
    jwk = json.loads(acmectl(m, "export-key", "--format=jwk", CA).stdout)
    assert set(jwk) == {"crv", "kty", "x", "y"}
    thumbprint = acmectl(m, "export-key", CA, "--format=thumbprint").stdout.strip()
    assert thumbprint == json.loads(m.read(f"{FOLDER}/account.json"))["thumbprint"]
    assert "PRIVATE" not in m.read(f"{FOLDER}/about.json") and '"d"' not in m.read(f"{FOLDER}/about.json")


def test_another_account_and_one_by_url(m):
    acmectl(m, "register", CA)
    acmectl(m, "register", f"{CA}@shop")
    both = [json.loads(m.read(f"{store.ACCOUNTS}/{name}/about.json")) for name in (CA, f"{CA}@shop")]
    assert len({each["account"] for each in both}) == len({each["thumbprint"] for each in both}) == 2
    m.configure()
    store.issue(m, NAME)
    name, = set(m.listdir(store.ACCOUNTS)) - {CA, f"{CA}@shop"}
    mark = m.cursor()
    acmectl(m, "show", name)
    assert names(trail(m, mark, "ACCOUNT_REGISTERED")) == ["ACCOUNT_REGISTERED"]
    for wrong in ("elsewhere", "@shop", "a@b@c", "..", "UP"):
        assert acmectl(m, "show", wrong, check=False).returncode == 78


def test_the_record_that_pins_it(m):
    with m.mangler() as ca:
        configure(m, ca.directory)
        ca.on("directory").json(lambda d: d["meta"].update(caaIdentities=["ca.example", 7, "x\x1b[2J", "a b"]))
        shown = acmectl(m, "register", CA).stdout
        assert f'0 issue "ca.example; accounturi={about(m)["account"]}; validationmethods=http-01"' in shown
        assert shown.count("accounturi=") == 1 and "\x1b" not in shown
        configure(m, ca.directory, Challenge=["tls-alpn-01", "http-01"])
        assert '; validationmethods=tls-alpn-01,http-01"' in acmectl(m, "show", CA).stdout


def test_the_ca_refuses(m):
    with m.mangler() as ca:
        configure(m, ca.directory)
        acmectl(m, "register", CA)
        ca.on("account").problem("invalidContact", status=400)
        done = acmectl(m, "update", CA, check=False)
        assert done.returncode == 78 and "invalidContact" in done.stderr
        ca.heal()
        ca.on("keyChange").problem("unauthorized", status=403)
        before = key(m)
        done = acmectl(m, "rollover", CA, check=False)
        assert done.returncode == 77
        ca.heal()
        acmectl(m, "show", CA)
        assert key(m) == before and not m.exists(f"{FOLDER}/next.pem")
        ca.on("directory").json(lambda d: d.update(keyChange=None))
        assert acmectl(m, "rollover", CA, check=False).returncode == 77
