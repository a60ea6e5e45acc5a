# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another web server has the port: both families, one of them, with and without the lines for the tokens."""

import pytest

from lib import moments, store
from lib.trail import endings, one, trail

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
SNIPPET = "/usr/share/doc/acmeward/webserver/nginx.conf"
SITE = "/etc/nginx/sites-enabled/default"
BOTH = ("0.0.0.0:80", "[::]:80")


@pytest.fixture
def nginx(fresh):
    """A function that starts nginx on these addresses, with or without our snippet."""
    saved = fresh.read(SITE)
    snippets = "/etc/nginx/snippets/acmeward.conf"

    def start(*addresses, snippet=True):
        listen = "".join(f"listen {a}{' ipv6only=on' if a.startswith('[') else ''};\n" for a in addresses)
        fresh.run(["cp", SNIPPET, snippets])
        fresh.write(SITE, f"server {{\n{listen}server_name _;\nroot /var/www/html;\n"
                          f"{'include snippets/acmeward.conf;' if snippet else ''}\n"
                          "location / { return 301 https://$host$request_uri; }\n}\n")
        fresh.systemctl("reload-or-restart", "nginx.service")

    yield start
    fresh.systemctl("stop", "nginx.service")
    fresh.run(["rm", "-f", snippets])
    fresh.write(SITE, saved)


@pytest.fixture
def ca(fresh):
    fresh.pebble.start(where="outside", nonce_reject=5, authz_reuse=50)
    fresh.configure()
    return fresh


def holders(machine):
    """Address of port 80 to the program that listens there."""
    return {entry["address"]: {name for name, _ in entry["users"]} - {"systemd"} for entry in machine.listening(80)}


def test_nginx_with_our_lines__no_socket_and_no_rule(ca, nginx):
    nginx(*BOTH)
    ca.nft("table inet filter {\nchain input {\ntype filter hook input priority 0; policy accept;\n"
           "tcp dport 23 drop\n}\n}")
    before = ca.run("nft list ruleset").stdout
    mark = ca.cursor()
    with moments.pending(ca, NAME) as start:
        assert holders(ca) == {"0.0.0.0": {"nginx"}, "[::]": {"nginx"}}
        assert not ca.active("acme-webroot@0.0.0.0:80.socket") and not ca.active("acme-webroot.service")
        assert ca.run("nft list ruleset").stdout == before
    assert moments.finish(start) == 0
    store.check_live(ca, NAME, [NAME])
    assert one(ca, mark, "PORT_FOREIGN")["ACME_ADDRESS"] == " ".join(BOTH)
    assert trail(ca, mark, "PORT_OPENED", "PORT_CLOSED", "FIREWALL_OPENED", "FIREWALL_CLOSED") == []
    ca.settled()
    assert ca.listdir("/run/acme/challenges") == []


def test_nginx_that_redirects_everything__says_which_lines(ca, nginx):
    nginx(*BOTH, snippet=False)
    mark = ca.cursor()
    refused = ca.start(UNIT)
    assert refused.exit_status == 78, refused
    assert "nginx.service" in str(one(ca, mark, "FAILED", ACME_CERTIFICATE=NAME))
    assert any("/usr/share/doc/acmeward/webserver/nginx.conf" in str(entry["MESSAGE"])
               for entry in ca.journal(since=mark, ACME_CERTIFICATE=NAME))
    # The CA's patience is not used up: it has seen no order.
    assert trail(ca, mark, "ORDER_CREATED") == []


@pytest.mark.parametrize("theirs, ours", [BOTH, BOTH[::-1]], ids=["ipv4-taken", "ipv6-taken"])
def test_one_family_taken__the_other_is_ours(ca, nginx, theirs, ours):
    # The CA knows both addresses of the name, and looks at IPv6 first.
    ca.pebble.start(where="outside", ipv6="default")
    ca.configure()
    nginx(theirs)
    family = 4 if ours == BOTH[0] else 6
    ca.nft("table inet filter {\nchain input {\ntype filter hook input priority 0; policy drop;\niif lo accept\n"
           "ct state established,related accept\nicmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n"
           f"meta nfproto {'ipv4' if theirs == BOTH[0] else 'ipv6'} tcp dport 80 accept\n}}\n}}")
    mark = ca.cursor()
    with moments.pending(ca, NAME) as start:
        found = holders(ca)
        assert found[theirs.removesuffix(":80")] == {"nginx"} and found[ours.removesuffix(":80")] == {"acme-webroot"}
        assert ca.outside.http("/")[0] == (404 if family == 4 else 301)
        assert ca.outside.http("/", family=6)[0] == (404 if family == 6 else 301)
        rule, = ca.nft_rules(comment="acmeward")
        assert {"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": f"ipv{family}"}} in rule["expr"]
    assert moments.finish(start) == 0
    store.check_live(ca, NAME, [NAME])
    assert one(ca, mark, "PORT_OPENED")["ACME_ADDRESS"] == ours
    assert one(ca, mark, "PORT_FOREIGN")["ACME_ADDRESS"] == theirs
    ca.settled()
    assert holders(ca) == {theirs.removesuffix(":80"): {"nginx"}}
    assert ca.nft_rules(comment="acmeward") == []


def test_server_that_comes_and_goes(ca, nginx):
    nginx(*BOTH)
    store.issue(ca, NAME)
    ca.settled()
    ca.systemctl("stop", "nginx.service")
    mark = ca.cursor()
    ca.run(["touch", f"{store.REQUESTS}/{NAME}"])
    store.issue(ca, NAME)
    assert one(ca, mark, "PORT_OPENED")["ACME_ADDRESS"] == " ".join(BOTH)
    store.wait_gone(ca)
    assert "failed" not in endings(ca, mark, "acme-webroot@0.0.0.0:80.socket")


def test_address_of_no_interface__is_told(ca):
    ca.configure(Listen=["0.0.0.0:80", "[2001:db8::1]:80"])
    mark = ca.cursor()
    store.issue(ca, NAME)
    assert one(ca, mark, "PORT_OPENED")["ACME_ADDRESS"] == "0.0.0.0:80"
    assert one(ca, mark, "PORT_FOREIGN")["ACME_ADDRESS"] == "[2001:db8::1]:80"
    store.wait_gone(ca)


def test_three_addresses__what_can_be_had_is_taken(ca, nginx):
    nginx("192.0.2.1:80")
    addresses = ["127.0.0.1:80", "192.0.2.1:80", "[::]:80"]
    ca.configure(Listen=addresses)
    mark = ca.cursor()
    store.issue(ca, NAME)
    assert one(ca, mark, "PORT_OPENED")["ACME_ADDRESS"] == f"{addresses[0]} {addresses[2]}"
    assert one(ca, mark, "PORT_FOREIGN")["ACME_ADDRESS"] == addresses[1]


def test_listen_changed_and_systemd_not_told__says_so(ca):
    """What PID 1 listens on is of the last daemon-reload; the client sees that nobody is where it should be."""
    ca.write("/etc/acme/acme.conf.d/60-listen.conf", "[WebRoot]\nListen=192.0.2.1:8080\n")
    mark = ca.cursor()
    assert ca.start(UNIT).exit_status == 75
    assert "daemon-reload" in one(ca, mark, "FAILED")["MESSAGE"]
    assert trail(ca, mark, "ORDER_CREATED") == []
    ca.settled()
    ca.systemctl("daemon-reload")
    try:
        mark = ca.cursor()
        with moments.pending(ca, NAME):
            assert [entry["address"] for entry in ca.listening(8080)] == ["192.0.2.1"] and ca.listening(80) == []
        assert one(ca, mark, "PORT_OPENED")["ACME_ADDRESS"] == "192.0.2.1:8080"
        store.wait_gone(ca)
    finally:
        ca.run(["rm", "/etc/acme/acme.conf.d/60-listen.conf"])
        ca.systemctl("daemon-reload")


def test_invalid_configuration__the_generator_says_so_and_the_rest_of_systemd_goes_on(ca):
    ca.write("/etc/acme/acme.conf.d/60-bad.conf", "[WebRoot]\nListen=0.0.0.0:99999\n")
    mark = ca.cursor()
    try:
        ca.systemctl("daemon-reload")
        said = ca.wait_until(lambda: ca.journal(since=mark, SYSLOG_IDENTIFIER="acmeward-generator"))
        assert "60-bad.conf" in said[-1]["MESSAGE"]
    finally:
        ca.run(["rm", "/etc/acme/acme.conf.d/60-bad.conf"])
        ca.systemctl("daemon-reload")
    store.issue(ca, NAME)
