# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hosts that answer for each other's tokens: our own web root with Stateless=, and the acme-thumbprint lines of
docs/webserver in servers of Debian."""

import pytest

from lib import moments, store, webservers
from lib.trail import trail

MACHINE = {"packages": webservers.PACKAGES}

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
STATELESS = "acme-stateless.service"
# A token of some other host, and ones that are none.
TOKEN = "fremdes-Token-eines-anderen-Rechners_01"
NO_TOKENS = ["kurz", "mit.Punkt-und-lang-genug-fuer-alles", "x" * 129, ".thumbprint", ""]
THUMBPRINT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
PATH = "/.well-known/acme-challenge/"

# Where webservers.py has put the lines that are replaced.
LINES = {
    "nginx": "/etc/nginx/snippets/acmeward.conf",
    "apache": "/etc/apache2/conf-available/acmeward.conf",
    "lighttpd": "/etc/lighttpd/conf-enabled/99-acmeward.conf",
    "caddy": "/etc/caddy/acmeward.conf",
}


@pytest.fixture(scope="module", autouse=True)
def _quiet(machine):
    """None of them runs because its package is installed."""
    machine.systemctl("disable", "--now", *[server.unit for server in webservers.ALL])
    machine.systemctl("reset-failed")


@pytest.fixture
def ca(fresh):
    fresh.pebble.start(where="outside", nonce_reject=5)
    fresh.configure()
    yield fresh
    fresh.systemctl("stop", STATELESS)


def asked(machine, token=TOKEN):
    """What the world gets for a token."""
    return machine.outside.http(PATH + token)


def text(answer):
    status, body = answer
    body = body.decode() if isinstance(body, bytes) else body
    return status, body.strip()


def test_off__nobody_elses_tokens(ca):
    with moments.pending(ca, NAME):
        assert text(asked(ca))[0] == 404
    store.wait_gone(ca)


def test_stateless__for_as_long_as_it_is_started(ca):
    ca.configure(Stateless=True, Thumbprint=THUMBPRINT)
    mark = ca.cursor()
    assert ca.start(STATELESS).ok
    ca.wait_until(lambda: ca.outside.reaches(80))
    assert text(asked(ca)) == (200, f"{TOKEN}.{THUMBPRINT}")
    assert [asked(ca, token)[0] for token in NO_TOKENS] == [404] * len(NO_TOKENS)
    # A renewal comes and goes, and with a name that is its own.
    store.issue(ca, NAME)
    ca.wait_until(lambda: ca.unit(UNIT)["ActiveState"] == "inactive")
    assert text(asked(ca)) == (200, f"{TOKEN}.{THUMBPRINT}")
    assert ca.listdir("/run/acme/challenges") != []
    # No process but the web root.
    assert {p["unit"] for p in ca.processes(unit=r"acme-(stateless|challenge@|firewall).*")} <= {
        f"acme-challenge@{NAME}.service"}
    ca.systemctl("stop", STATELESS)
    store.wait_gone(ca)
    ca.settled()
    assert len(trail(ca, mark, "PORT_OPENED")) == len(trail(ca, mark, "PORT_CLOSED")) == 1


@pytest.mark.parametrize("command", ["ExecStart", "ExecStop"])
def test_stateless__the_unit_that_stays_is_killed(ca, command):
    """Killed as a whole just after it has begun, or when it is to end."""
    ca.configure(Stateless=True, Thumbprint=THUMBPRINT)
    drop_in = f"/run/systemd/system/{STATELESS}.d/90-test.conf"
    reset = "ExecStop=\n" if command == "ExecStop" else ""
    ca.write(drop_in, f"[Service]\n{reset}{command}=/usr/bin/sleep 60\n")
    ca.systemctl("daemon-reload")
    try:
        start = ca.popen(["systemctl", "start", STATELESS])
        if command == "ExecStop":
            assert moments.finish(start) == 0
            ca.systemctl("stop", "--no-block", STATELESS)
        ca.wait_until(lambda: any(p["comm"] == "sleep" for p in ca.processes(unit=STATELESS)), 20, 0.02)
        assert ca.listdir("/run/acme/challenges") != []
        ca.systemctl("kill", "--signal=KILL", STATELESS)
        store.wait_gone(ca)
        if command == "ExecStart":
            assert moments.finish(start) != 0
    finally:
        ca.run(["rm", "-r", drop_in.rpartition("/")[0]])
        ca.systemctl("daemon-reload")
        ca.systemctl("reset-failed", STATELESS, check=False)


def test_stateless__needs_a_thumbprint(ca):
    for settings in ({"Stateless": True}, {"Thumbprint": THUMBPRINT}):
        ca.configure(**settings)
        refused = ca.start(STATELESS)
        assert refused.exit_status == 78, refused
        store.wait_gone(ca)


def test_stateless__the_accounts_own(ca):
    """Without Thumbprint=, that of the account whose order is under way."""
    ca.configure(Stateless=True)
    with moments.pending(ca, NAME):
        thumbprint = store.state(ca, NAME)["thumbprint"] if ca.exists(f"{store.CERTS}/{NAME}/state.json") else None
        status, body = text(asked(ca))
        assert status == 200
        token, _, answered = body.partition(".")
        assert token == TOKEN and len(answered) == 43
    store.wait_gone(ca)
    thumbprint = thumbprint or store.state(ca, NAME)["thumbprint"]
    assert answered == thumbprint


@pytest.mark.parametrize("whom", ["main", "all"])
def test_stateless__killed(ca, whom):
    """Whatever is killed, nothing is answered for any more."""
    ca.configure(Stateless=True)
    with moments.pending(ca, NAME):
        assert text(asked(ca))[0] == 200
        ca.systemctl("kill", "--signal=KILL", f"--kill-whom={whom}", f"acme-challenge@{NAME}.service",
                     "acme-webroot.service", UNIT)
        store.wait_gone(ca)


@pytest.mark.parametrize("server", webservers.ALL, ids=str)
def test_lines__thumbprint(ca, server):
    """A web server that sees no token of ours, and answers for all of them."""
    store.issue(ca, NAME)
    ca.settled()
    thumbprint = store.state(ca, NAME)["thumbprint"]
    ca.configure("all", Identifiers=webservers.NAMES)
    server.set_up(ca, with_lines=server.name != "haproxy")
    lines = ca.read(f"{webservers.DOCS}/{server.name}-thumbprint.conf").replace("THUMBPRINT", thumbprint)
    if server.name == "haproxy":
        config = ca.read("/etc/haproxy/haproxy.cfg")
        ours = lines.rpartition("frontend http\n")[2]
        bind = "        bind [::]:80 v6only\n"
        ca.write("/etc/haproxy/haproxy.cfg", config.replace(bind, bind + ours))
    else:
        ca.write(LINES[server.name], lines.replace("# proxy.server", "proxy.server"))
    if server.name == "lighttpd":
        ca.write("/etc/lighttpd/acme-thumbprint.shtml", f'<!--#echo var="QUERY_STRING"-->.{thumbprint}\n')
    ca.run(server.check)
    ca.systemctl("restart", server.unit)
    try:
        ca.wait_until(lambda: ca.outside.reaches(80))
        assert text(asked(ca)) == (200, f"{TOKEN}.{thumbprint}")
        store.issue(ca, "all", webservers.NAMES)
    finally:
        ca.systemctl("stop", server.unit)
    ca.settled()
    assert ca.listdir("/run/acme/challenges") == []
