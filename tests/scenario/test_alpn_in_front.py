# SPDX-License-Identifier: LGPL-2.1-or-later
"""Servers in front on port 443 that hand acme-tls/1 on to the responder, as docs/challenges/tls-alpn-01.md has them."""

import re

import pytest

from lib import image, moments, store, using
from lib.outside import INSIDE_V4, INSIDE_V6
from lib.trail import one, trail

MACHINE = {"packages": image.SERVERS}

A = "a.example.test"
PAGE = "challenges/tls-alpn-01"
# What a page says: the file of the server in front.
SERVERS = {"HAProxy": ("haproxy.service", "/etc/haproxy/haproxy.cfg"),
           "nginx": ("nginx.service", "/etc/nginx/modules-enabled/90-acmeward.conf")}
WEB = "test-web.service"
RENEW = f"acme-renew@{A}.service"


@pytest.fixture(params=SERVERS)
def front(fresh, request):
    """The page, done; a web server behind it that has moved to port 8443, and the CA outside."""
    unit, path = SERVERS[request.param]
    saved = fresh.read(path) if fresh.exists(path) else None
    fresh.pebble.start(where="outside", nonce_reject=5)
    fresh.configure()
    fresh.write_files(using.page(fresh, PAGE, "A server in front").files())
    fresh.run(["systemd-run", "--quiet", f"--unit={WEB}", "openssl", "s_server", "-quiet", "-accept", "127.0.0.1:8443",
               "-cert", "/etc/pebble/cert.pem", "-key", "/etc/pebble/key.pem"])
    using.follow(fresh, PAGE, section=request.param)
    fresh.wait_until(lambda: len(fresh.listening(443)) >= 2 and fresh.listening(8443), what=f"{unit} to listen")
    fresh.server, fresh.path = unit, path
    yield fresh
    fresh.systemctl("stop", unit, WEB, check=False)
    fresh.run(["rm", "-f", path])
    if saved is not None:
        fresh.write(path, saved)


def shown(machine, address, alpn):
    """The serial number of the certificate that a visitor is shown; None without one."""
    text = machine.outside.run(f"openssl s_client -connect {address}:443 -servername {A} {alpn} </dev/null 2>&1",
                               check=False).stdout
    found = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", text, re.DOTALL)
    return machine.run(["openssl", "x509", "-noout", "-serial"], input=found[0]).stdout.strip() if found else None


def test_the_ca_gets_through_and_visitors_notice_nothing(front):
    site = front.run(["openssl", "x509", "-in", "/etc/pebble/cert.pem", "-noout", "-serial"]).stdout.strip()
    mark = front.cursor()
    with front.mangler() as ca:
        front.configure(CA=ca.directory)
        with moments.held_request(ca, "challenge") as wait:
            start = front.popen(["systemctl", "start", RENEW])
            wait()
            assert shown(front, INSIDE_V4, "-alpn acme-tls/1") not in (None, site)
            for address in (INSIDE_V4, f"[{INSIDE_V6}]"):
                assert {shown(front, address, alpn) for alpn in ("-alpn h2,http/1.1", "")} == {site}
        assert moments.finish(start) == 0
    store.check_live(front, A, [A])
    assert one(front, mark, "PORT_OPENED")["ACME_ADDRESS"] == "127.0.0.1:10443"
    assert trail(front, mark, "PORT_FOREIGN", "FAILED") == []
    front.wait_until(lambda: not front.listening(10443), 5, what="the responder's port to be closed")
    front.settled()
    assert front.listdir("/run/acme/alpn") == []
    # Nobody answers for that protocol now; for everybody else, all is as before.
    assert shown(front, INSIDE_V4, "-alpn acme-tls/1") is None
    assert shown(front, INSIDE_V4, "-alpn http/1.1") == site


def test_over_ipv6(front):
    front.pebble.start(where="outside", ipv6="default")
    front.configure()
    store.issue(front, A)


def test_who_does_not_hand_on(front):
    """Only the CA can see that: it is what the failure says, and no restart of ours hides it."""
    text = front.read(front.path)
    front.write(front.path, text.replace("acme-tls/1", "acme-tls/2"))
    front.systemctl("restart", front.server)
    mark = front.cursor()
    assert not front.start(RENEW).ok
    assert one(front, mark, "AUTHORIZATION_FAILED", ACME_CERTIFICATE=A)
    assert not front.exists(f"{store.LIVE}/{A}")
    front.settled()
    front.write(front.path, text)
    front.systemctl("restart", front.server)
    store.issue(front, A)
