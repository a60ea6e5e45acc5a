# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates for IP addresses (RFC 8738): with a file and without, both families, beside names, renewed, served."""

import ipaddress
import re

import pytest

from lib import moments, store
from lib.outside import INSIDE_V4, INSIDE_V6
from lib.trail import one, trail

MIXED = "mixed"


@pytest.fixture
def ca(fresh):
    """A CA that comes over the wire, to the addresses themselves."""
    fresh.pebble.start(where="outside", nonce_reject=5)
    fresh.configure()
    return fresh.pebble


def test_the_name_is_the_address(fresh, ca):
    mark = fresh.cursor()
    store.issue(fresh, INSIDE_V4)
    assert one(fresh, mark, "INSTALLED")["ACME_IDENTIFIERS"] == INSIDE_V4
    # Nothing is due, and nothing is made of the address that would be.
    mark = fresh.cursor()
    assert fresh.start(f"acme-renew@{INSIDE_V4}.service").ok
    one(fresh, mark, "NOT_DUE")


def test_both_families_and_a_name(fresh, ca):
    names = ["a.example.test", INSIDE_V4, INSIDE_V6]
    fresh.configure(MIXED, Identifiers=["a.example.test", f"[{INSIDE_V6.upper()}]", INSIDE_V4])
    store.issue(fresh, MIXED, names)
    fresh.settled()
    # Another set of them is another certificate.
    fresh.configure(MIXED, Identifiers=[INSIDE_V6])
    mark = fresh.cursor()
    store.issue(fresh, MIXED, [INSIDE_V6])
    assert one(fresh, mark, "INSTALLED")["ACME_IDENTIFIERS"] == INSIDE_V6


def test_a_server_that_has_it(fresh, ca):
    """Who has no name is told none (RFC 6066 section 3), and is looked at all the same."""
    endpoints = [f"[{INSIDE_V6}]:8443"]
    fresh.configure(MIXED, Identifiers=[INSIDE_V4, INSIDE_V6])
    store.issue(fresh, MIXED, [INSIDE_V4, INSIDE_V6])
    fresh.settled()
    fresh.configure(MIXED, Identifiers=[INSIDE_V4, INSIDE_V6], Deploy={"web": {"Verify": endpoints}})
    live = f"{store.LIVE}/{MIXED}"
    # s_server would end a connection with a name that is not this one.
    fresh.run(["systemd-run", "--quiet", "--unit=test-server.service", "openssl", "s_server", "-www", "-accept",
               "[::]:8443", "-cert", f"{live}/cert.pem", "-key", f"{live}/privkey.pem", "-cert_chain", f"{live}/chain.pem",
               "-servername", "name.example.test", "-servername_fatal", "-cert2", f"{live}/cert.pem",
               "-key2", f"{live}/privkey.pem"])
    try:
        fresh.wait_until(lambda: fresh.listening(8443))
        mark = fresh.cursor()
        assert fresh.start(f"acme-verify@{MIXED}.service").ok
        assert [e["ACME_ENDPOINT"] for e in trail(fresh, mark, "VERIFIED")] == endpoints
    finally:
        fresh.systemctl("stop", "test-server.service", check=False)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "224.0.0.1", "::ffff:192.0.2.1", "192.0.2.1/24", "fe80::1%uplink0"])
def test_no_address_of_a_host(fresh, ca, address):
    fresh.configure(MIXED, Identifiers=[address])
    mark = fresh.cursor()
    assert fresh.start(f"acme-renew@{MIXED}.service").exit_status == 78
    one(fresh, mark, "CONFIGURATION_INVALID")


def test_tls_alpn__says_the_reverse_name(fresh, ca):
    """RFC 8738 section 6: SNI has no addresses, so that a validator says in-addr.arpa and ip6.arpa."""
    fresh.configure(Challenge="tls-alpn-01")
    names = [ipaddress.ip_address(address).reverse_pointer for address in (INSIDE_V4, INSIDE_V6)]
    fresh.configure(MIXED, Identifiers=[INSIDE_V4, INSIDE_V6, "a.example.test"])
    mark = fresh.cursor()
    with fresh.mangler() as proxy:
        fresh.configure(CA=proxy.directory, Challenge="tls-alpn-01")
        # While the CA stands still, there is time for a validator of our own.
        with moments.held_request(proxy, "challenge") as wait:
            start = fresh.popen(["systemctl", "start", f"acme-renew@{MIXED}.service"])
            wait()
            for address, name in zip((INSIDE_V4, f"[{INSIDE_V6}]"), names):
                shown = fresh.outside.run(f"openssl s_client -connect {address}:443 -servername {name} -alpn acme-tls/1 "
                                          "</dev/null 2>&1", check=False).stdout
                text = fresh.run(["openssl", "x509", "-noout", "-text"], input=shown).stdout
                assert "1.3.6.1.5.5.7.1.31: critical" in text
                found = re.findall(r"(DNS|IP Address):(\S+)", text)
                assert [(kind, ipaddress.ip_address(value)) for kind, value in found] == [
                    ("IP Address", ipaddress.ip_address(address.strip("[]")))]
        assert moments.finish(start) == 0
    store.check_live(fresh, MIXED, ["a.example.test", INSIDE_V4, INSIDE_V6])
    assert {entry["ACME_ADDRESS"] for entry in trail(fresh, mark, "PORT_OPENED")} == {"0.0.0.0:443 [::]:443"}
    assert trail(fresh, mark, "FAILED") == []
    store.wait_gone(fresh)


@pytest.mark.parametrize("address", [INSIDE_V4, INSIDE_V6], ids=["v4", "v6"])
def test_tls_alpn__one_address(fresh, ca, address):
    fresh.configure(MIXED, Identifiers=[address], Challenge="tls-alpn-01")
    mark = fresh.cursor()
    store.issue(fresh, MIXED, [address])
    assert one(fresh, mark, "INSTALLED")["ACME_IDENTIFIERS"] == address
    assert [entry["ACME_ADDRESS"] for entry in trail(fresh, mark, "PORT_OPENED")] == ["0.0.0.0:443 [::]:443"]
    store.wait_gone(fresh)
