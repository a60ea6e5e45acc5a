# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lines of docs/webserver are enough for the servers they are for, whatever their sites do; and without them the
CA is not bothered. The port of each family by itself is test_port_holders.py's, a directory of the
server's own test_webserver_directory.py's."""

import pytest

from lib import moments, store, webservers
from lib.trail import ca_requests, endings, one, trail

MACHINE = {"packages": webservers.PACKAGES}

NAME = "all"
UNIT = f"acme-renew@{NAME}.service"
BOTH = "0.0.0.0:80 [::]:80"


@pytest.fixture(scope="module", autouse=True)
def _quiet(machine):
    """None of them runs because its package is installed."""
    units = [server.unit for server in webservers.ALL]
    machine.systemctl("disable", "--now", *units)
    machine.systemctl("reset-failed")


@pytest.fixture(params=webservers.ALL, ids=str)
def server(request, fresh):
    """Each in turn, stopped; its sites are all names of one certificate of a CA that comes over IPv6."""
    fresh.pebble.start(where="outside", ipv6="default", nonce_reject=5, authz_reuse=50)
    fresh.configure()
    fresh.configure(NAME, Identifiers=webservers.NAMES)
    yield request.param
    fresh.systemctl("stop", request.param.unit)


def needs_port(server):
    """The addresses that a server needs us to listen on besides its own."""
    return "127.0.0.1:8402" if server.name == "haproxy" else None


def gone(machine):
    """Nothing of ours is left; the web server may stay."""
    machine.settled()
    assert machine.listdir("/run/acme/challenges") == []


def open_orders(machine, mark):
    return [path for method, path in ca_requests(machine, mark) if path.startswith("/order-plz")]


def test_lines__are_enough_for_every_site(fresh, server):
    server.set_up(fresh, with_lines=True)
    more = needs_port(server)
    if more:
        fresh.configure(Listen=[*BOTH.split(), more])
    mark = fresh.cursor()
    store.issue(fresh, NAME, webservers.NAMES)
    assert one(fresh, mark, "PORT_FOREIGN")["ACME_ADDRESS"] == BOTH
    assert [entry["ACME_ADDRESS"] for entry in trail(fresh, mark, "PORT_OPENED")] == ([more] if more else [])
    if not more:
        # It has nothing to answer for, and goes.
        fresh.wait_until(lambda: endings(fresh, mark, "acme-webroot.service") == ["success"])
    gone(fresh)
    # Nothing is to be seen afterwards, and never a list of what there is.
    for family in (4, 6):
        status, _ = fresh.outside.http("/.well-known/acme-challenge/", family=family)
        assert status in (403, 404, 503)


def test_lines__without_them_the_unit_is_named_and_the_ca_not_asked(fresh, server):
    server.set_up(fresh, with_lines=False)
    mark = fresh.cursor()
    refused = fresh.start(UNIT)
    assert refused.exit_status == 78, refused
    assert open_orders(fresh, mark) == []
    found, = [entry for entry in trail(fresh, mark, "PORT_FOREIGN", ACME_CERTIFICATE=NAME) if "ACME_UNIT" in entry]
    assert found["ACME_UNIT"] == server.unit
    assert found["ACME_IDENTIFIERS"] == webservers.NAMES[0]
    assert found["ACME_ADDRESS"] in ("127.0.0.1:80", "[::1]:80")
    # The lines are in the journal, for those who do not look further.
    shown = {str(entry.get("MESSAGE")).strip() for entry in fresh.journal(since=mark, _SYSTEMD_UNIT=UNIT)}
    text = fresh.read(server.lines)
    assert {line.strip() for line in text.splitlines() if line and not line.startswith("#")} <= shown
    gone(fresh)


SITE, LOG = "/etc/nginx/sites-enabled/default", "/var/log/nginx/access.log"


@pytest.fixture
def nginx(fresh):
    """The first names are answered for, the third is not."""
    fresh.pebble.start(where="outside")
    fresh.configure()
    fresh.configure(NAME, Identifiers=webservers.NAMES)
    server, = [each for each in webservers.ALL if each.name == "nginx"]
    server.set_up(fresh, with_lines=True)
    text = fresh.read(SITE)
    head, middle, tail = text.partition("server_name c.example.test;")
    fresh.write(SITE, head + middle + tail.replace("include snippets/acmeward.conf;", "", 1))
    fresh.run(["truncate", "--size=0", LOG])
    fresh.systemctl("reload", server.unit)

    def mend():
        fresh.write(SITE, text)
        fresh.systemctl("reload", server.unit)
    yield mend
    fresh.systemctl("stop", server.unit)


def test_one_site_without_the_lines__is_found(fresh, nginx):
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == 78
    assert open_orders(fresh, mark) == []
    found, = [entry for entry in trail(fresh, mark, "PORT_FOREIGN") if "ACME_UNIT" in entry]
    assert (found["ACME_UNIT"], found["ACME_IDENTIFIERS"]) == ("nginx.service", "c.example.test")
    # Mended, a start by hand does not have to wait.
    nginx()
    store.issue(fresh, NAME, webservers.NAMES)


def test_one_site_whose_lines_are_being_loaded__is_asked_again(fresh, nginx):
    """A server that has been told to load its configuration answers from the old one for a moment more."""
    mark = fresh.cursor()
    start = fresh.popen(["systemctl", "start", UNIT])
    # It has answered, and wrongly. The client stands still until that is mended.
    fresh.wait_until(lambda: " 403 " in fresh.read(LOG))
    fresh.systemctl("kill", "--signal=STOP", UNIT)
    nginx()
    fresh.systemctl("kill", "--signal=CONT", UNIT)
    assert moments.finish(start) == 0
    store.check_live(fresh, NAME, webservers.NAMES)
    assert [entry for entry in trail(fresh, mark, "PORT_FOREIGN") if "ACME_UNIT" in entry] == []
