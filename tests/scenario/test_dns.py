# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names that are proved by DNS (dns-01), by dynamic updates to real name servers."""

import pytest

from lib import store
from lib.nameservers import KEY, PACKAGES, PRIMARY, SECONDARY, WRONG_KEY, NameServers
from lib.trail import one, trail

MACHINE = {"packages": PACKAGES}

NAME = "dns.example.test"
UNIT = f"acme-renew@{NAME}.service"
RECORD = f"_acme-challenge.{NAME}"
CNAME = "cname.example.test"


@pytest.fixture
def dns(fresh):
    servers = NameServers(fresh).start()
    fresh.configure(DNSPublisher="bind")
    servers.publisher(Server=PRIMARY, Key=KEY)
    yield servers
    fresh.systemctl("stop", "dns-1.service", "dns-2.service", check=False)


def begin(machine, unit=UNIT):
    machine.systemctl("start", "--no-block", unit)


def waiting(machine):
    machine.wait_until(lambda: any(" wait " in p["args"] for p in
                                   machine.processes(unit=rf"acme-dns-publish@{NAME}.service")), timeout=20)


def gone(machine, dns, name=RECORD):
    """Nothing is left of it: in DNS, as a mark, as a unit."""
    machine.settled()
    machine.wait_until(lambda: not dns.values(name), timeout=20)
    assert not machine.run("find /var/lib/acme/dns -type f").stdout


def test_wildcard_and_base_while_a_server_lags(fresh, dns):
    """Two values of one name at once; the CA is not told to look before the last server has both."""
    fresh.configure(NAME, Identifiers=[NAME, f"*.{NAME}"], Challenge="dns-01")
    dns.add(RECORD, "somebody-else's", server=PRIMARY)
    mark = fresh.cursor()
    begin(fresh)
    fresh.wait_until(lambda: len(dns.values(RECORD)) == 3, timeout=30)
    waiting(fresh)
    assert not dns.values(RECORD, SECONDARY)
    # Port 80 is nobody's business.
    assert not fresh.listening(80)
    dns.copy(RECORD)
    fresh.wait_until(lambda: fresh.exists(f"{store.LIVE}/{NAME}"), timeout=30)
    assert store.certificate(fresh, NAME)["names"] == sorted([NAME, f"*.{NAME}"])
    fresh.settled()
    assert dns.values(RECORD) == ["somebody-else's"]
    assert len(trail(fresh, mark, "RECORD_PUBLISHED")) == 2 == len(trail(fresh, mark, "RECORD_REMOVED"))


def test_the_record_is_in_another_zone(fresh, dns):
    """A CNAME from _acme-challenge into a zone of its own is followed, and the update goes there."""
    fresh.configure(CNAME, Challenge="dns-01")
    dns.publisher(Key=KEY)
    mark = fresh.cursor()
    started = fresh.start(f"acme-renew@{CNAME}.service")
    assert started.ok, started
    gone(fresh, dns, "cname.delegated.test")
    one(fresh, mark, "RECORD_REMOVED")
    assert dns.values("cname.delegated.test") == []


def test_a_server_that_lags_for_too_long(fresh, dns):
    dns.publisher(Server=PRIMARY, Key=KEY, PropagationSec=3)
    fresh.configure(NAME, Challenge="dns-01")
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 75
    assert f"ns2.example.test ({SECONDARY})" in one(fresh, mark, "FAILED")["ACME_REASON"]
    gone(fresh, dns)


def test_a_server_that_is_away_is_passed_over(fresh, dns):
    fresh.systemctl("stop", "dns-2.service")
    fresh.configure(NAME, Challenge="dns-01")
    started = fresh.start(UNIT)
    assert started.ok, started
    gone(fresh, dns)


@pytest.mark.parametrize("settings, status", [
    ({"Server": PRIMARY, "Key": WRONG_KEY}, 78),
    ({"Server": PRIMARY, "Key": "/etc/dns-keys/nowhere.key"}, 78),
    ({"Server": "127.0.0.9", "Key": KEY}, 75),
])
def test_what_is_seen_before_an_order_is_made(fresh, dns, settings, status):
    dns.publisher(**settings)
    fresh.configure(NAME, Challenge="dns-01")
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == status
    one(fresh, mark, "FAILED")
    assert not trail(fresh, mark, "ORDER_CREATED")
    assert not trail(fresh, mark, "RECORD_PUBLISHED")
    fresh.settled()


def test_cnames_in_a_circle(fresh, dns):
    fresh.configure("circle.example.test", Challenge="dns-01")
    mark = fresh.cursor()
    assert fresh.start("acme-renew@circle.example.test.service").exit_status in (75, 78)
    assert not trail(fresh, mark, "ORDER_CREATED")


@pytest.mark.parametrize("certificate, publisher", [
    ({"Identifiers": [f"*.{NAME}"]}, {"Key": KEY}),
    ({"Challenge": "dns-01", "DNSPublisher": "other"}, {"Key": KEY}),
    ({"Challenge": "dns-01"}, {}),
    ({"Challenge": "dns-01"}, {"Key": "/etc/acme/dns.d/key"}),
    ({"Challenge": "dns-01"}, {"Key": KEY, "Program": "/bin/true"}),
    ({"Challenge": "dns-01", "Identifiers": ["www.*.example.test"]}, {"Key": KEY}),
])
def test_configuration_that_is_refused(fresh, dns, certificate, publisher):
    dns.publisher(**publisher)
    fresh.configure(NAME, **certificate)
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 78
    one(fresh, mark, "CONFIGURATION_INVALID")
    assert not trail(fresh, mark, "SIGNED")


def test_no_publisher(fresh, dns):
    fresh.configure()
    fresh.configure(NAME, Challenge="dns-01")
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 78
    one(fresh, mark, "CONFIGURATION_INVALID")


@pytest.mark.parametrize("victim", [UNIT, f"acme-dns@{NAME}.service", f"acme-dns-publish@{NAME}.service"])
def test_removed_after_a_kill(fresh, dns, victim):
    """However a process of the renewal ends, the record goes."""
    fresh.configure(NAME, Challenge="dns-01")
    begin(fresh)
    fresh.wait_until(lambda: dns.values(RECORD), timeout=30)
    # The second server has nothing: everybody waits.
    waiting(fresh)
    fresh.systemctl("kill", "--signal=SIGKILL", victim)
    gone(fresh, dns)
    assert not fresh.exists(f"{store.LIVE}/{NAME}")


def test_removed_when_the_server_is_back(fresh, dns):
    fresh.configure(NAME, Challenge="dns-01")
    begin(fresh)
    fresh.wait_until(lambda: dns.values(RECORD), timeout=30)
    fresh.systemctl("kill", "--signal=SIGSTOP", "dns-1.service")
    fresh.systemctl("kill", "--signal=SIGKILL", UNIT)
    mark = fresh.cursor()
    fresh.wait_until(lambda: fresh.unit(f"acme-dns-clean@{NAME}.service")["ActiveState"] == "activating", timeout=20)
    assert fresh.run("find /var/lib/acme/dns -type f").stdout
    fresh.systemctl("kill", "--signal=SIGCONT", "dns-1.service")
    fresh.wait_until(lambda: trail(fresh, mark, "RECORD_REMOVED"), timeout=90)
    gone(fresh, dns)


def test_removed_after_a_power_cut(fresh, dns):
    """What was marked before it is removed when the timer comes at boot, though nothing is due."""
    fresh.configure(NAME)
    store.issue(fresh, NAME)
    value = "powercut" + "0" * 35
    dns.add(RECORD, value, server=PRIMARY)
    fresh.write(f"/var/lib/acme/dns/{NAME}/{value}", NAME, mode=0o600)
    fresh.configure(NAME, Challenge="dns-01")
    mark = fresh.cursor()
    assert fresh.start(UNIT).ok
    gone(fresh, dns)
    one(fresh, mark, "RECORD_REMOVED")
    assert not trail(fresh, mark, "ORDER_CREATED")
