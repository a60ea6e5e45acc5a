# SPDX-License-Identifier: LGPL-2.1-or-later
"""A CA that is not Pebble: Caddy's acme_server, of step-ca's making. Everything that it can do, and, clearly said, what not."""

import json
import time

import pytest

from lib import caddy_ca, image, store
from lib.nameservers import KEY, PRIMARY, NameServers
from lib.trail import one, trail

MACHINE = {"packages": image.SERVERS}

CA = "caddy"
NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
TEN = [NAME] + [f"n{number}.example.test" for number in range(9)]
FOLDER = f"{store.ACCOUNTS}/{CA}"
HOUR = 3600


@pytest.fixture
def ca(fresh):
    """Caddy, and nobody else, on the machine itself; its names are in /etc/hosts."""
    fresh.pebble.start()
    found = begin(fresh)
    yield found
    fresh.run("rm -f /etc/credstore/acme.external-accounts; rm -rf /run/acme/account-request/*")


def begin(machine, names=tuple(TEN)):
    found = caddy_ca.start(machine, names)
    machine.write(f"/etc/acme/ca.d/{CA}.conf", found.ca_file())
    machine.configure(CA=CA)
    return found


def issue(machine, ca, name=NAME, identifiers=None):
    """A renewal, due or not; what openssl reads in the certificate, which is Caddy's."""
    machine.run(["touch", f"{store.REQUESTS}/{name}"])
    mark = machine.cursor()
    started = machine.start(f"acme-renew@{name}.service")
    assert started.ok and started.result == "success", started
    assert one(machine, mark, "INSTALLED", ACME_CERTIFICATE=name)["ACME_CA"] == CA
    assert trail(machine, mark, "FAILED") == [] and store.failure(machine, name) == {}
    machine.settled()
    return ca.check_live(name, identifiers or [name])


def acmectl(machine, *arguments):
    return machine.run(["acmectl", *arguments], check=False)


def account(machine):
    return json.loads(machine.read(f"{FOLDER}/about.json"))


def test_issue_and_renew(fresh, ca):
    mark = fresh.cursor()
    serials = [issue(fresh, ca)["serial"] for _ in range(3)]
    assert len(set(serials)) == 3
    registered = one(fresh, mark, "ACCOUNT_REGISTERED")
    assert registered["ACME_ACCOUNT"].startswith(f"https://localhost:{caddy_ca.PORT}/acme/local/account/")
    # Nothing is due then, and nobody knocks.
    mark = fresh.cursor()
    assert fresh.start(UNIT).ok
    one(fresh, mark, "NOT_DUE")
    assert trail(fresh, mark, "SIGNED") == []
    store.wait_gone(fresh)


def test_ten_names(fresh, ca):
    fresh.configure(NAME, Identifiers=TEN)
    mark = fresh.cursor()
    issue(fresh, ca, identifiers=TEN)
    assert sorted(one(fresh, mark, "AUTHORIZATION_VALID")["ACME_IDENTIFIERS"].split()) == sorted(TEN)
    # Other names are another order, for which the CA wants all of them proved again.
    fresh.configure(NAME, Identifiers=TEN[:4])
    issue(fresh, ca, identifiers=TEN[:4])


def test_tls_alpn(fresh, ca):
    fresh.configure(NAME, Identifiers=TEN[:3], Challenge="tls-alpn-01")
    mark = fresh.cursor()
    issue(fresh, ca, identifiers=TEN[:3])
    assert [entry["ACME_ADDRESS"] for entry in trail(fresh, mark, "PORT_OPENED")] == ["0.0.0.0:443 [::]:443"]
    store.wait_gone(fresh)


@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01"])
def test_addresses(fresh, ca, challenge):
    identifiers = ["127.0.0.1", "::1", NAME]
    fresh.configure("mixed", Identifiers=identifiers, Challenge=challenge)
    issue(fresh, ca, "mixed", identifiers)


@pytest.mark.parametrize("key_type, seen", [("rsa-2048", "2048 bit"), ("rsa-3072", "3072 bit"), ("ec-p384", "384 bit")])
def test_keys_of_certificates(fresh, ca, key_type, seen):
    fresh.configure(NAME, KeyType=key_type)
    issue(fresh, ca)
    assert seen in store.key_bits(fresh, f"{store.LIVE}/{NAME}/privkey.pem")


@pytest.mark.parametrize("key_type", ["rsa-2048", "ec-p384", "ed25519"])
def test_keys_of_accounts(fresh, ca, key_type):
    fresh.configure(CA=CA, AccountKeyType=key_type)
    issue(fresh, ca)
    issue(fresh, ca)


def test_account__from_first_to_last(fresh, ca):
    assert acmectl(fresh, "account", "register", CA).returncode == 0
    url = account(fresh)["account"]
    assert account(fresh)["status"] == "valid" and account(fresh)["contact"] == ["mailto:admin@example.test"]
    fresh.configure(CA=CA, Contact="mailto:other@example.test")
    for operation in ("update", "show", "agree"):
        assert acmectl(fresh, "account", operation, CA).returncode == 0, operation
    assert account(fresh)["contact"] == ["mailto:other@example.test"]
    # What is left of it is its key: the CA knows whose that is.
    fresh.run(f"cp {FOLDER}/key.pem /root/account.pem && rm -rf {FOLDER}")
    assert acmectl(fresh, "account", "import-key", CA, "/root/account.pem").returncode == 0
    assert account(fresh)["account"] == url
    issue(fresh, ca)
    assert acmectl(fresh, "account", "deactivate", CA).returncode == 0
    assert account(fresh)["status"] == "deactivated"
    fresh.run(["touch", f"{store.REQUESTS}/{NAME}"])
    assert fresh.start(UNIT).exit_status == 77
    # Another one, with another key.
    assert acmectl(fresh, "account", "register", CA).returncode == 0
    assert account(fresh)["account"] != url
    issue(fresh, ca)


def test_rollover__is_beyond_it_and_the_account_goes_on(fresh, ca):
    """Its directory offers keyChange (RFC 8555 section 7.3.5), behind which there is nothing."""
    issue(fresh, ca)
    url, key = account_of_state(fresh), store.public_key(fresh, f"{FOLDER}/key.pem")
    mark = fresh.cursor()
    done = acmectl(fresh, "account", "rollover", CA)
    assert done.returncode == 77, done
    reason = one(fresh, mark, "FAILED")["ACME_REASON"]
    # That the CA cannot, and not what its type of the error would have one do.
    assert "501" in reason and "Identifiers=" not in reason
    assert trail(fresh, mark, "ACCOUNT_KEY_CHANGED") == []
    issue(fresh, ca)
    assert store.public_key(fresh, f"{FOLDER}/key.pem") == key and account_of_state(fresh) == url
    assert not fresh.exists(f"{FOLDER}/next.pem")


def account_of_state(machine):
    return json.loads(machine.read(f"{FOLDER}/account.json"))["url"]


@pytest.mark.parametrize("key", ["account", "certificate"])
def test_revocation(fresh, ca, key):
    old = issue(fresh, ca)["serial"]
    live = issue(fresh, ca)["serial"]
    mark = fresh.cursor()
    for arguments, serial in (["--generation=1"], old), (["--reason=superseded"], live):
        assert acmectl(fresh, "revoke", NAME, f"--key={key}", *arguments).returncode == 0
        revoked = trail(fresh, mark, "REVOKED")[-1]
        assert revoked["ACME_CA"] == CA and int(revoked["ACME_SERIAL"], 16) == int(serial, 16)
    # Once more is no failure: it is revoked.
    assert acmectl(fresh, "revoke", NAME, f"--key={key}", "--generation=1").returncode == 0
    # What is live is replaced, by itself.
    assert fresh.start(UNIT).ok
    assert ca.check_live(NAME, [NAME])["serial"] != live


def test_lifetime(fresh, ca):
    fresh.configure(NAME, Lifetime="2h", Backdate="1h")
    issue(fresh, ca)
    certificate = store.state(fresh, NAME)["certificate"]
    assert abs(certificate["notAfterUsec"] / 1e6 - time.time() - 2 * HOUR) < 60
    assert abs(time.time() - certificate["notBeforeUsec"] / 1e6 - HOUR) < 60


def test_profiles__it_has_none(fresh, ca):
    fresh.configure(NAME, Profile="shortlived")
    issue(fresh, ca)
    fresh.configure(NAME, Profile="shortlived", ProfileRequired=True)
    fresh.run(["touch", f"{store.REQUESTS}/{NAME}"])
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 78
    assert "shortlived" in one(fresh, mark, "FAILED")["ACME_REASON"] and trail(fresh, mark, "ORDER_CREATED") == []


def test_other_chains__it_has_none(fresh, ca):
    fresh.configure(NAME, PreferredChain="ISRG Root X1")
    mark = fresh.cursor()
    issue(fresh, ca)
    assert one(fresh, mark, "CHAIN_NOT_PREFERRED", ACME_CERTIFICATE=NAME)


def test_renewal_info__it_has_none(fresh, ca):
    """Half of twelve hours, then: the rule by age."""
    issue(fresh, ca)
    certificate = store.state(fresh, NAME)["certificate"]
    assert "momentUsec" not in certificate.get("renewalInfo", {})
    listed = json.loads(fresh.run(["acmectl", "status", "--json", NAME]).stdout)[0]
    assert abs(listed["renewUsec"] - (certificate["notBeforeUsec"] + certificate["notAfterUsec"]) / 2) < 2e6


def test_external_account__it_has_no_customers(fresh, ca):
    """A binding for a CA that asks for none is sent, since root says so (RFC 8555 section 7.3.4 lets a CA ignore it)."""
    fresh.write("/etc/credstore/acme.external-accounts",
                f"{CA} customer-1 zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W\n", 0o600)
    issue(fresh, ca)


def test_a_name_that_leads_elsewhere(fresh, ca):
    """It leaves the challenge pending, with an error inside (section 8.2 lets it try again); a run has an end all the same."""
    fresh.write("/etc/hosts", fresh.read("/etc/hosts").replace(f"127.0.0.1 {NAME}\n", f"192.0.2.2 {NAME}\n"))
    mark = fresh.cursor()
    started = fresh.start(UNIT)
    assert started.exit_status == 75 and started.seconds < 100, started
    assert one(fresh, mark, "FAILED", ACME_CERTIFICATE=NAME)
    assert not fresh.exists(f"{store.LIVE}/{NAME}")
    store.wait_gone(fresh)
    fresh.write("/etc/hosts", fresh.read("/etc/hosts").replace(f"192.0.2.2 {NAME}\n", f"127.0.0.1 {NAME}\n"))
    issue(fresh, ca)


@pytest.fixture
def dns(fresh):
    """BIND, which Caddy asks, as the machine does."""
    servers = NameServers(fresh).start()
    servers.ca = begin(fresh, names=())
    fresh.configure(CA=CA, Challenge="dns-01", DNSPublisher="bind")
    servers.publisher(Server=PRIMARY, Key=KEY)
    fresh.systemctl("stop", "dns-2.service")
    yield servers
    fresh.systemctl("stop", "dns-1.service", "dns-2.service", check=False)


@pytest.mark.parametrize("identifiers", [[NAME], [f"*.{NAME}"], [NAME, f"*.{NAME}", "b.example.test"]],
                         ids=["name", "wildcard", "both"])
def test_dns(fresh, dns, identifiers):
    fresh.configure(NAME, Identifiers=identifiers)
    mark = fresh.cursor()
    issue(fresh, dns.ca, identifiers=identifiers)
    assert trail(fresh, mark, "PORT_OPENED") == []
    fresh.wait_until(lambda: len(trail(fresh, mark, "RECORD_REMOVED")) == len(identifiers))
    assert dns.values(f"_acme-challenge.{NAME}") == []


def test_wildcard__not_by_port_80(fresh, ca):
    fresh.configure(NAME, Identifiers=[f"*.{NAME}"], Challenge="http-01")
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 78
    assert trail(fresh, mark, "ORDER_CREATED") == []
