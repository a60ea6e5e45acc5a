# SPDX-License-Identifier: LGPL-2.1-or-later
"""The room that looks at what is served: nginx in every condition, every protocol that begins TLS later, discovery."""

import pytest

from lib import served, store
from lib.served import NAME, OTHER, UNIT, go_live, make_certificate, nginx, starttls, verify
from lib.trail import endings, trail

NOT_SERVED = 69
PROTOCOLS = {"smtp": 2525, "imap": 2143, "pop3": 2110, "ftp": 2121, "ldap": 2389, "postgres": 2432, "mysql": 2306,
             "xmpp": 2522}


@pytest.fixture
def live(fresh):
    """The folder of a live certificate; nginx is stopped afterwards, and its site is as before."""
    saved = fresh.read("/etc/nginx/sites-enabled/default")
    make_certificate(fresh, OTHER)
    fresh.configure(CA="https://localhost:14000/dir", Trust=None)
    yield go_live(fresh)
    fresh.systemctl("stop", "nginx.service")
    fresh.systemctl("reset-failed", check=False)
    fresh.write("/etc/nginx/sites-enabled/default", saved)


@pytest.fixture
def certificate(fresh, live):
    """What openssl says of it."""
    return store.certificate(fresh, NAME)


def test_it_is_served(fresh, live, certificate):
    nginx(fresh, (("443", "[::]:443"), live))
    run = verify(fresh, "localhost:443", "127.0.0.1:443", "[::1]:443", "192.0.2.1:443 sni=b.example.test")
    assert run.started.ok and run.started.exit_status == 0
    assert set(run.events.values()) == {"VERIFIED"} and len(run.entries) == 4
    for entry in run.entries:
        assert entry["ACME_SERIAL"] == certificate["serial"]
        assert entry["ACME_FINGERPRINT"] == certificate["fingerprint"]
        assert entry["ACME_UNIT"] == "nginx.service" and entry["ACME_TARGET"] == "web"
        assert "ACME_SERIAL_SERVED" not in entry and "ACME_PLACEHOLDER" not in entry
    assert run.started.seconds < 5


def test_it_is_not_served__whatever_the_reason(fresh, live, certificate):
    """All at once, since each is tried for as long as there is hope."""
    nginx(fresh, (("8441",), OTHER), (("8480",), None))
    with starttls(fresh, live, "hang:8442"):
        run = verify(fresh, "localhost:8441", "localhost:8480", "localhost:8442", "localhost:8499",
                     "nobody.invalid:443", "localhost:8480 starttls=smtp")
    assert run.started.exit_status == NOT_SERVED and not run.started.ok
    assert run.reasons == {
        "localhost:8441": "otherCertificate", "localhost:8480": "noTls", "localhost:8442": "timedOut",
        "localhost:8499": "noConnection", "nobody.invalid:443": "unknownHost",
        "localhost:8480 starttls=smtp": run.reasons["localhost:8480 starttls=smtp"],
    }
    assert run.reasons["localhost:8480 starttls=smtp"] in ("otherProtocol", "timedOut")
    assert set(run.events.values()) == {"VERIFY_FAILED"}
    entry = run.entry("localhost:8441")
    other = store.certificate(fresh, NAME, f"{OTHER}/cert.pem")
    assert entry["ACME_SERIAL"] == certificate["serial"] and entry["ACME_SERIAL_SERVED"] == other["serial"]
    assert entry["ACME_UNIT"] == "nginx.service" and entry["ACME_FINGERPRINT"] == certificate["fingerprint"]
    assert certificate["serial"] in entry["MESSAGE"] and other["serial"] in entry["MESSAGE"]
    assert "ACME_SERIAL_SERVED" not in run.entry("localhost:8499")
    # In a bounded time, and by the program's own limits.
    assert run.started.seconds < 60 and fresh.unit(UNIT)["Result"] == "exit-code"


def test_server_that_comes_late(fresh, live):
    nginx(fresh, (("443",), OTHER))
    fresh.systemctl("stop", "nginx.service")
    fresh.configure(NAME, Deploy={"web": {"Verify": "localhost:443"}})
    mark = fresh.cursor()
    fresh.systemctl("start", "--no-block", UNIT)
    fresh.wait_until(lambda: fresh.unit(UNIT)["ActiveState"] == "activating")
    # First nobody, then the old certificate, then the new one.
    fresh.systemctl("start", "nginx.service")
    nginx(fresh, (("443",), live), how="reload")
    fresh.wait_until(lambda: fresh.unit(UNIT)["ActiveState"] in ("inactive", "failed"), 40)
    assert [e["EVENT"] for e in trail(fresh, mark, "VERIFIED", "VERIFY_FAILED")] == ["VERIFIED"]
    assert endings(fresh, mark, UNIT) == ["success"]


def test_name_chooses_the_certificate(fresh, live):
    """One address, two sites: without sni= it is asked for by the first identifier."""
    nginx(fresh, (("443 default_server",), OTHER, "b.example.test"), (("443",), live, NAME))
    run = verify(fresh, "localhost:443", f"127.0.0.1:443 sni={NAME}")
    assert run.started.ok and set(run.events.values()) == {"VERIFIED"}
    nginx(fresh, (("443 default_server",), live, NAME), (("443",), OTHER, "b.example.test"))
    run = verify(fresh, "localhost:443", "localhost:443 sni=b.example.test")
    assert run.reasons == {"localhost:443": None, "localhost:443 sni=b.example.test": "otherCertificate"}


def test_server_with_two_keys(fresh, live):
    """An RSA and an EC certificate at once: ours is served to those who ask for its kind."""
    make_certificate(fresh, OTHER, key="rsa:2048")
    extra = f"ssl_certificate {OTHER}/fullchain.pem; ssl_certificate_key {OTHER}/privkey.pem;"
    nginx(fresh, (("443",), live), extra=extra)
    assert verify(fresh, "localhost:443").started.ok
    go_live(fresh, 2, key="rsa:2048")
    make_certificate(fresh, OTHER)
    nginx(fresh, (("443",), live), extra=extra)
    assert verify(fresh, "localhost:443").started.ok


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_starttls(fresh, live, protocol):
    port = PROTOCOLS[protocol]
    where = f"localhost:{port} starttls={protocol}"
    with starttls(fresh, live, f"{protocol}:{port}"):
        run = verify(fresh, where)
    assert run.started.ok and run.events == {where: "VERIFIED"}


def test_starttls__refused_or_of_another_certificate(fresh, live):
    services = [f"{protocol}-refused:{port}" for protocol, port in PROTOCOLS.items()]
    others = [f"{protocol}:{port + 1000}" for protocol, port in PROTOCOLS.items()]
    with starttls(fresh, OTHER, *services, *others):
        run = verify(fresh, *(f"127.0.0.1:{port} starttls={protocol}" for protocol, port in PROTOCOLS.items()),
                     *(f"127.0.0.1:{port + 1000} starttls={protocol}" for protocol, port in PROTOCOLS.items()))
    assert run.started.exit_status == NOT_SERVED
    for protocol, port in PROTOCOLS.items():
        assert run.reasons[f"127.0.0.1:{port} starttls={protocol}"] == "noStartTls"
        assert run.reasons[f"127.0.0.1:{port + 1000} starttls={protocol}"] == "otherCertificate"
        assert run.entry(f"127.0.0.1:{port + 1000} starttls={protocol}")["ACME_UNIT"] == "test-starttls.service"


def test_discovery__one_port_of_a_unit(fresh, live):
    nginx(fresh, (("80",), None), (("443", "[::]:443"), live))
    run = verify(fresh, Reload="nginx.service")
    assert run.started.ok
    assert run.events == {"127.0.0.1:443": "VERIFIED", "[::1]:443": "VERIFIED"}
    assert {entry["ACME_UNIT"] for entry in run.entries} == {"nginx.service"}
    nginx(fresh, (("80",), None), (("443", "[::]:443"), OTHER))
    run = verify(fresh, TryReload="nginx.service")
    assert run.reasons == {"127.0.0.1:443": "otherCertificate", "[::1]:443": "otherCertificate"}


def test_discovery__a_consumer(fresh, live):
    nginx(fresh, (("192.0.2.1:8443",), live))
    fresh.configure(NAME, Consumers="nginx.service")
    mark = fresh.cursor()
    assert fresh.start(UNIT).ok
    assert [e["ACME_ENDPOINT"] for e in trail(fresh, mark, "VERIFIED")] == ["192.0.2.1:8443"]


@pytest.mark.parametrize("sites, reason", [
    ([(("80",), False)], "nothingFound"), ([(("443", "8443"), True)], "severalFound"),
    ([(("192.0.2.1:443", "127.0.0.1:443"), True)], None), ([(("127.0.0.1:443", "127.0.0.2:443"), True)], "severalFound"),
], ids=["none", "ports", "loopback-beside", "addresses"])
def test_discovery__only_what_is_certain(fresh, live, sites, reason):
    nginx(fresh, *((listen, live if tls else None) for listen, tls in sites))
    run = verify(fresh, Restart="nginx.service")
    assert run.started.ok and run.started.exit_status == 0
    if reason:
        assert run.events == {"nginx.service": "VERIFY_SKIPPED"} and run.reasons == {"nginx.service": reason}
        assert run.entries[0]["ACME_TARGET"] == "web"
    else:
        assert run.events == {"192.0.2.1:443": "VERIFIED"}


def test_nothing_to_do_is_success(fresh, live):
    run = verify(fresh)
    assert run.started.ok and [e["ACME_REASON"] for e in run.entries] == ["noTargets"]
    run = verify(fresh, FullChain="/etc/ssl/a.pem")
    assert run.started.ok and [e["ACME_REASON"] for e in run.entries] == ["noUnits"]
    fresh.run(["rm", f"{store.LIVE}/{NAME}"])
    run = verify(fresh, "localhost:443")
    assert run.started.ok and [e["ACME_REASON"] for e in run.entries] == ["nothingLive"]
    fresh.run(["rm", f"/etc/acme/certs/{NAME}.conf"])
    assert fresh.start(UNIT).ok


def test_wrong_configuration(fresh, live):
    run = verify(fresh, "localhost")
    assert run.started.exit_status == 78 and run.entries == []


def test_placeholder(fresh, live):
    go_live(fresh, 2, subject="acmeward placeholder")
    nginx(fresh, (("443",), live))
    run = verify(fresh, "localhost:443")
    assert run.started.ok and run.entry("localhost:443")["ACME_PLACEHOLDER"] == "yes"
    assert run.events == {"localhost:443": "VERIFIED"}


def test_another_certificate_goes_live_meanwhile(fresh, live):
    """The server has the newer one already: what was live in the beginning is not what counts."""
    nginx(fresh, (("443",), OTHER))
    fresh.configure(NAME, Deploy={"web": {"Verify": "localhost:443"}})
    mark = fresh.cursor()
    fresh.systemctl("start", "--no-block", UNIT)
    fresh.wait_until(lambda: fresh.processes(unit=r"acme-verify.*"))
    go_live(fresh, 2)
    nginx(fresh, (("443",), live), how="reload")
    found = fresh.wait_until(lambda: trail(fresh, mark, "VERIFIED", "VERIFY_FAILED"), 40)
    assert [e["EVENT"] for e in found] == ["VERIFIED"]
    assert found[0]["ACME_SERIAL"] == store.certificate(fresh, NAME)["serial"]
    fresh.settled()
    assert fresh.unit(UNIT)["Result"] == "success"


def test_by_hand_it_is_harmless(fresh, live):
    """As often as one likes, and nothing is different afterwards."""
    nginx(fresh, (("443",), live))
    before = fresh.run("find /var/lib/acme /etc/acme /run/acme -printf '%p %m %U %T@ %l\\n' | sort").stdout
    for _ in range(8):
        assert verify(fresh, "localhost:443").started.ok
    fresh.run(["touch", "-d", "@0", f"/etc/acme/certs/{NAME}.conf"])
    after = fresh.run("find /var/lib/acme /run/acme -printf '%p %m %U %T@ %l\\n' | sort").stdout
    assert set(after.splitlines()) <= set(before.splitlines())
    assert served.UNIT == UNIT and not fresh.processes(unit=r"acme-verify.*")
