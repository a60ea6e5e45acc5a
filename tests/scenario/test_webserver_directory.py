# SPDX-License-Identifier: LGPL-2.1-or-later
"""[WebRoot] Directory= in a place that another web server serves already: made by us, removed by us, refused when it is
there, and nothing that an administrator has to write for it."""

import pytest

from lib import moments, store, webservers
from lib.trail import ca_requests, one, trail

MACHINE = {"packages": webservers.PACKAGES}

DIRECTORY = "/var/www/acme-challenge"
UNIT, REMOVER = "acme-directory.service", "acme-directory-remove@stopped.service"
RECORDS = "/var/lib/acme/directory"
NAME = "a.example.test"
SITE = "server { listen 80; listen [::]:80; location /.well-known/acme-challenge/ { alias %s/; } }\n"


@pytest.fixture(scope="module", autouse=True)
def _quiet(machine):
    machine.systemctl("disable", "--now", *[server.unit for server in webservers.ALL])
    machine.systemctl("reset-failed")


@pytest.fixture
def ca(fresh):
    fresh.pebble.start(where="outside")
    fresh.configure(Directory=DIRECTORY)
    fresh.run(["mkdir", "-p", "/var/www"])
    yield fresh
    fresh.systemctl("stop", "nginx.service")
    fresh.run(["rm", "-rf", DIRECTORY])


@pytest.fixture
def nginx(ca):
    ca.write("/etc/nginx/sites-enabled/default", SITE % DIRECTORY)
    ca.systemctl("start", "nginx.service")
    ca.wait_until(lambda: ca.listening(80))
    return ca


def gone(machine, timeout=5):
    """Directory, record and unit; also a name that it had before it had its own."""
    def look():
        left = [name for name in machine.listdir("/var/www") if "acme" in name]
        return not left and machine.listdir(RECORDS) == [] and machine.listdir("/run/acme/challenges") == [] \
            and machine.unit(UNIT)["ActiveState"] in ("inactive", "failed")
    machine.wait_until(look, timeout, 0.1, what="the directory to be gone")


def refused(machine, mark):
    """A renewal that ends before anything is ordered; returns the reason."""
    started = machine.start(f"acme-renew@{NAME}.service")
    assert started.exit_status == 78 and started.seconds < 10, started
    assert [path for _, path in ca_requests(machine, mark) if path.startswith("/order-plz")] == []
    failed = one(machine, mark, "FAILED")
    assert DIRECTORY in failed["MESSAGE"]
    # The room came once, and not again and again.
    assert len(trail(machine, mark, "REFUSED")) == 1
    return failed["MESSAGE"]


def test_directory__made_and_removed(nginx):
    mark = nginx.cursor()
    store.issue(nginx)
    assert one(nginx, mark, "PORT_FOREIGN")
    gone(nginx)
    # Nothing is written where the rooms' roots are.
    assert not nginx.exists(f"/run/acme/root{DIRECTORY}")


def test_directory__what_it_is_meanwhile(nginx):
    with moments.pending(nginx, NAME) as start:
        found = nginx.stat(DIRECTORY)
        assert (found["owner"], found["group"], found["mode"]) == ("root", "acme-challenge", "775")
        tokens = nginx.listdir(DIRECTORY)
        assert tokens and set(tokens) == set(nginx.listdir("/run/acme/challenges"))
    assert moments.finish(start) == 0
    gone(nginx)


def test_directory__ours_needs_no_other_server(ca):
    store.issue(ca)
    gone(ca)


def test_directory__that_is_there_is_refused(nginx):
    nginx.run(["install", "--directory", "--owner=acme-challenge", DIRECTORY])
    nginx.write(f"{DIRECTORY}/index.html", "mine")
    refused(nginx, nginx.cursor())
    nginx.wait_until(lambda: nginx.listdir(RECORDS) == [], 5)
    assert nginx.read(f"{DIRECTORY}/index.html") == "mine"
    # Mended, a start by hand does not have to wait.
    nginx.run(["rm", "-r", DIRECTORY])
    store.issue(nginx)
    gone(nginx)


@pytest.mark.parametrize("where", ["symlink", "no-parent", "open-parent"])
def test_directory__that_cannot_be_made_is_refused(ca, where):
    if where == "symlink":
        ca.run(["ln", "-s", "/etc", DIRECTORY])
    elif where == "no-parent":
        ca.configure(Directory=f"/var/www/missing{DIRECTORY}")
    else:
        ca.run(["install", "--directory", "--owner=www-data", f"/srv{DIRECTORY}"])
        ca.configure(Directory=f"/srv{DIRECTORY}/below")
    refused(ca, ca.cursor())
    assert ca.listdir("/etc/acme") != []
    ca.run(["rm", "-f", DIRECTORY], check=False)
    gone(ca)


def test_directory__several_leases(nginx):
    """The last one takes it away."""
    with moments.validation_held(nginx):
        first = nginx.popen(["systemctl", "start", f"acme-renew@{NAME}.service"])
        second = nginx.popen(["systemctl", "start", "acme-renew@b.example.test.service"])
        nginx.wait_until(lambda: nginx.exists(DIRECTORY) and len(nginx.listdir(DIRECTORY)) == 4, 20)
        nginx.systemctl("stop", f"acme-renew@{NAME}.service")
        nginx.wait_until(lambda: len(nginx.listdir(DIRECTORY)) == 2)
    moments.finish(first)
    assert moments.finish(second) == 0
    gone(nginx)


@pytest.mark.parametrize("whom", ["main", "all"])
@pytest.mark.parametrize("what", ["challenge", "renew", "everything"])
def test_directory__killed(nginx, what, whom):
    units = {"challenge": [f"acme-challenge@{NAME}.service"], "renew": [f"acme-renew@{NAME}.service"]}
    with moments.pending(nginx, NAME):
        assert nginx.listdir(DIRECTORY) != []
        nginx.systemctl("kill", "--signal=KILL", f"--kill-whom={whom}", *units.get(what, sum(units.values(), [])))
        if what == "everything":
            nginx.run("pkill -KILL --exact 'acme-.*'", check=False)
        gone(nginx)
    nginx.run(["touch", f"{store.REQUESTS}/{NAME}"])
    assert nginx.start(f"acme-renew@{NAME}.service").ok
    gone(nginx)


@pytest.fixture
def sleeper(nginx):
    """Puts a drop-in there that has a unit sleep; what comes after it was killed is the real program."""
    def drop_in(unit):
        return f"/run/systemd/system/{unit}.d/90-test.conf"

    def put(unit):
        nginx.write(drop_in(unit), "[Service]\nExecStart=\nExecStart=/usr/bin/sleep 60\n")
        nginx.systemctl("daemon-reload")

    def kill(unit, whom):
        nginx.wait_until(lambda: "sleep" in [p["comm"] for p in nginx.processes(unit=unit)], 20, 0.02)
        take_away(unit)
        nginx.systemctl("kill", "--signal=KILL", f"--kill-whom={whom}", unit)

    def take_away(unit):
        if nginx.exists(drop_in(unit)):
            nginx.run(["rm", "-r", drop_in(unit).rpartition("/")[0]])
            nginx.systemctl("daemon-reload")
    yield put, kill
    take_away(UNIT)
    take_away(REMOVER)


@pytest.mark.parametrize("whom", ["main", "all"])
def test_directory__killed_while_it_is_made(nginx, sleeper, whom):
    """That renewal cannot be, and says why; the next one can."""
    put, kill = sleeper
    put(UNIT)
    mark = nginx.cursor()
    start = nginx.popen(["systemctl", "start", f"acme-renew@{NAME}.service"])
    kill(UNIT, whom)
    assert moments.finish(start) != 0
    assert UNIT in one(nginx, mark, "FAILED")["MESSAGE"]
    gone(nginx)
    nginx.run(["touch", f"{store.REQUESTS}/{NAME}"])
    store.issue(nginx)
    gone(nginx)


@pytest.mark.parametrize("whom", ["main", "all"])
def test_directory__killed_while_it_is_removed(nginx, sleeper, whom):
    """It is tried again."""
    put, kill = sleeper
    with moments.pending(nginx, NAME) as start:
        put(REMOVER)
    kill(REMOVER, whom)
    assert moments.finish(start) == 0
    gone(nginx)


def test_directory__of_one_that_could_not_clean_up__is_removed_by_the_next(nginx):
    closer = [f"acme-directory-remove@{how}.service" for how in ("stopped", "failed")]
    nginx.systemctl("mask", "--runtime", *closer)
    try:
        store.issue(nginx)
        nginx.wait_until(lambda: not nginx.active(UNIT))
        assert nginx.exists(DIRECTORY)
    finally:
        nginx.systemctl("unmask", "--runtime", *closer)
    nginx.run(["touch", f"{store.REQUESTS}/{NAME}"])
    store.issue(nginx)
    gone(nginx)


def test_directory__another_name_meanwhile(nginx):
    """The record says what was made, and opens nothing: what is done is done where the configuration says."""
    with moments.pending(nginx, NAME) as start:
        nginx.configure(Directory="/srv/acme-challenge")
    assert moments.finish(start) == 0
    nginx.wait_until(lambda: nginx.listdir(RECORDS) == [], 5)
    assert nginx.listdir(DIRECTORY) == []


def test_directory__after_a_power_cut(nginx):
    """All of /run has gone and nobody was there to remove it; the next lease knows what it is."""
    closer = [f"acme-directory-remove@{how}.service" for how in ("stopped", "failed")]
    nginx.systemctl("mask", "--runtime", *closer)
    try:
        with moments.pending(nginx, NAME):
            nginx.run("pkill -KILL --exact 'acme-.*'", check=False)
            nginx.systemctl("stop", "acme-*", check=False)
            nginx.write(f"{DIRECTORY}/leftbyapowercutleftbyapowercut", "")
    finally:
        nginx.systemctl("unmask", "--runtime", *closer)
    nginx.run("rm -rf /run/acme; systemd-tmpfiles --create")
    assert nginx.listdir(DIRECTORY) != []
    nginx.run(["touch", f"{store.REQUESTS}/{NAME}"])
    store.issue(nginx)
    gone(nginx)
