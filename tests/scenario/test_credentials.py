# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates and keys as credentials of units, from /run/acme/credentials: who gets what, and who nothing."""

import pytest

from lib import credentials, store, trail
from lib.credentials import SOCKET, live, write_unit

NAME, OTHER = "a.example.test", "b.example.test"
UNIT, SECOND, TLS = "web.service", "mail.service", "tls.service"
PORT = 4443
UNITS = [UNIT, SECOND, TLS, "web@one.service", "web@two.service", "web@.service"]

# What systemd exits with when a credential could not be had (systemd.exec(5)).
STATUS_CREDENTIALS = 243

FILES = {"tls.key": ["privkey.pem"], "tls.crt": ["cert.pem"], "tls.chain": ["chain.pem"],
         "tls.fullchain": ["fullchain.pem"], "tls.bundle": ["privkey.pem", "fullchain.pem"]}

# A peer that is none of PID 1's: binds ADDRESS and connects.
PEER = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
address = sys.argv[1].encode()
if address:
    s.bind(b"\\0" + address)
s.connect("/run/acme/credentials")
data = b"".join(iter(lambda: s.recv(65536), b""))
sys.stdout.write(data.decode(errors="replace").strip("\\0"))
"""


@pytest.fixture(scope="module")
def target(machine):
    """Two certificates that nobody may have yet."""
    machine.reset()
    machine.pebble.start()
    machine.configure()
    for name in (NAME, OTHER):
        store.issue(machine, name)
    machine.write("/usr/local/lib/acmeward-test/peer.py", PEER)
    machine.settled()
    yield machine
    credentials.reset_units(machine, *UNITS)


@pytest.fixture
def bed(target):
    """The same without a consumer, listening."""
    credentials.reset_units(target, *UNITS)
    target.run("rm -rf /etc/acme/certs/*")
    target.systemctl("start", "acme-credentials.socket")
    target.mark = target.cursor()
    return target


def allow(machine, name, *units):
    machine.configure(name, Identifiers=[name], Consumers=list(units), Placeholder=False)


def write_reader(machine, unit, *ids, lines=()):
    """A unit that keeps a copy of its credentials."""
    write_unit(machine, unit, "Type=oneshot", "RemainAfterExit=yes", "RuntimeDirectory=said-%p",
               "ExecStart=/bin/sh -c 'cat $CREDENTIALS_DIRECTORY/* >$RUNTIME_DIRECTORY/said'",
               *[f"LoadCredential={name}:{SOCKET}" for name in ids], *lines)


def ask(machine, unit=UNIT, *ids, lines=()):
    """Start it; returns Started."""
    write_reader(machine, unit, *ids, lines=lines)
    return machine.start(unit)


def said(machine, unit=UNIT):
    """What the unit has read, in the order of the credentials' names."""
    return machine.read(f"/run/said-{unit.partition('.')[0]}/said")


def refused(machine, **fields):
    """The one refusal; and no start went on without its credential."""
    entry = trail.one(machine, machine.mark, "CREDENTIAL_REFUSED", **fields)
    assert trail.trail(machine, machine.mark, "CREDENTIAL_GIVEN") == []
    return entry


def failed(started):
    return not started.ok and started.exit_status == STATUS_CREDENTIALS


@pytest.mark.parametrize("user", [(), ("DynamicUser=yes",)], ids=["root", "dynamic"])
@pytest.mark.parametrize("credential", FILES)
def test_gives(bed, credential, user):
    allow(bed, NAME, UNIT)
    started = ask(bed, UNIT, credential, lines=user)
    assert started.ok, started
    assert said(bed) == "".join(live(bed, NAME, file) for file in FILES[credential])
    entry = trail.one(bed, bed.mark, "CREDENTIAL_GIVEN")
    assert entry["ACME_CONSUMER"] == UNIT and entry["ACME_CERTIFICATE"] == NAME
    assert entry["ACME_CREDENTIAL"] == credential
    assert entry["ACME_SERIAL"].lstrip("0") == store.certificate(bed, NAME)["serial"].lstrip("0")
    # What is given stays out of the journal of those who give it.
    assert "PRIVATE" not in "".join(str(e.get("MESSAGE")) for e in bed.journal(
        since=bed.mark, _SYSTEMD_UNIT="acme-credentials.service"))


def test_not_listed(bed):
    """The start fails, and the entry has the line and the file: with that it works."""
    allow(bed, NAME, SECOND)
    assert failed(ask(bed, UNIT, "tls.key"))
    entry = refused(bed, ACME_CONSUMER=UNIT, ACME_CREDENTIAL="tls.key")
    assert entry["ACME_REASON"] == "notListed"
    line, path = f"Consumers={UNIT}", f"/etc/acme/certs/{NAME}.conf"
    assert line in entry["MESSAGE"] and path in entry["MESSAGE"]
    bed.run(["sh", "-c", 'sed -i "s/^Consumers=.*/&\\n$1/" "$2"', "sh", line, path])
    assert bed.start(UNIT).ok


def test_not_listed__by_name(bed):
    """Naming the certificate does not replace being listed there."""
    allow(bed, NAME, UNIT)
    allow(bed, OTHER, SECOND)
    assert failed(ask(bed, UNIT, f"{OTHER}.tls.key"))
    entry = refused(bed)
    assert entry["ACME_REASON"] == "notListed" and f"/etc/acme/certs/{OTHER}.conf" in entry["MESSAGE"]


def test_several_in_one_unit(bed):
    allow(bed, NAME, UNIT, SECOND)
    allow(bed, OTHER, UNIT)
    assert ask(bed, UNIT, f"{NAME}.tls.key", f"{OTHER}.tls.key").ok
    assert said(bed) == live(bed, NAME, "privkey.pem") + live(bed, OTHER, "privkey.pem")
    given = trail.trail(bed, bed.mark, "CREDENTIAL_GIVEN")
    assert {entry["ACME_CERTIFICATE"] for entry in given} == {NAME, OTHER}


def test_several_in_one_unit__without_a_name(bed):
    allow(bed, NAME, UNIT)
    allow(bed, OTHER, UNIT)
    assert failed(ask(bed, UNIT, "tls.key"))
    entry = refused(bed)
    assert entry["ACME_REASON"] == "ambiguous" and f"{NAME}.tls.key:{SOCKET}" in entry["MESSAGE"]


@pytest.mark.parametrize("listed, other", [("web@one.service", False), ("web@.service", True)])
def test_instance(bed, listed, other):
    allow(bed, NAME, listed)
    write_unit(bed, "web@.service", "Type=oneshot", "ExecStart=/bin/true", f"LoadCredential=tls.key:{SOCKET}")
    assert bed.start("web@one.service").ok
    assert trail.one(bed, bed.mark, "CREDENTIAL_GIVEN")["ACME_CONSUMER"] == "web@one.service"
    assert bed.start("web@two.service").ok == other


def test_broken_configuration_of_another_name(bed):
    allow(bed, NAME, UNIT)
    bed.write("/etc/acme/certs/broken.conf", "[Certificate]\nKeyType=dsa\n")
    assert ask(bed, UNIT, "tls.key").ok
    # Who may have been meant there is told what is wrong.
    assert failed(ask(bed, SECOND, "tls.key"))
    entry = trail.one(bed, bed.mark, "CREDENTIAL_REFUSED")
    assert "/etc/acme/certs/broken.conf:2" in entry["MESSAGE"]


def test_no_certificate_yet(bed):
    bed.configure("none.example.test", Consumers=[UNIT], Placeholder=False)
    assert failed(ask(bed, UNIT, "tls.key"))
    assert refused(bed, ACME_CERTIFICATE="none.example.test")["ACME_REASON"] == "nothingLive"


@pytest.mark.parametrize("credential", ["key", "tls.pem", "privkey.pem", f"{NAME}tls.key", "..tls.key"])
def test_no_such_credential(bed, credential):
    allow(bed, NAME, UNIT)
    assert failed(ask(bed, UNIT, credential))
    assert refused(bed, ACME_CONSUMER=UNIT)["ACME_REASON"] == "notOurs"


def test_name_too_long_for_an_address(bed):
    """A unit and an ID that do not fit into an address: systemd does not even come."""
    unit = f"{'x' * 100}.service"
    allow(bed, NAME, unit)
    assert failed(ask(bed, unit, "tls.key"))
    assert trail.trail(bed, bed.mark) == []
    credentials.reset_units(bed, unit)


# Who asks

def peer(machine, address, *prefix):
    """Bytes that somebody got who says to be PID 1, without NUL; None when he could not connect."""
    done = machine.run([*prefix, "/usr/bin/python3", "-I", "/usr/local/lib/acmeward-test/peer.py", address], check=False)
    return done.stdout if done.returncode == 0 else None


ADDRESS = f"123456789abcdef/unit/{UNIT}/tls.key"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def test_root_gets_what_pid_1_gets(bed):
    """The way the next ones can fail: uid 0 with that address is served."""
    allow(bed, NAME, UNIT)
    assert peer(bed, ADDRESS) == live(bed, NAME, "privkey.pem")


def test_other_user__cannot_connect(bed):
    allow(bed, NAME, UNIT)
    assert peer(bed, ADDRESS, *NOBODY) is None
    assert trail.trail(bed, bed.mark) == []


@pytest.mark.parametrize("who", [NOBODY, [*NOBODY, "unshare", "--user", "--map-root-user"]],
                         ids=["user", "root-of-a-user-namespace"])
def test_other_user__gets_nothing(bed, who):
    """With a socket that lets him in: the mode is one guard, the uid another."""
    allow(bed, NAME, UNIT)
    bed.run(["chmod", "0666", SOCKET])
    try:
        assert peer(bed, ADDRESS, *who) == ""
    finally:
        bed.run(["chmod", "0600", SOCKET])
    entry = refused(bed)
    assert entry["ACME_REASON"] == "otherUser" and "ACME_CONSUMER" not in entry


@pytest.mark.parametrize("address", ["", "x", f"/unit/{UNIT}/tls.key", f"1/unit/../{UNIT}/tls.key", "1/unit/web/tls.key",
                                     f"1/user/{UNIT}/tls.key", "1/unit/web@.service/tls.key", f"1/unit/{UNIT}"])
def test_address_that_is_not_pid_1s(bed, address):
    allow(bed, NAME, UNIT, "web@.service")
    assert peer(bed, address) == ""
    assert refused(bed)["ACME_REASON"] == "notPid1"


# Never an empty key

def test_socket_that_is_not_there(bed):
    allow(bed, NAME, UNIT)
    bed.systemctl("stop", "acme-credentials.socket")
    assert failed(ask(bed, UNIT, "tls.key"))


@pytest.mark.parametrize("line", ["ExecStart=/bin/false", "ExecStart=/nonexistent", "User=nobody-like-this",
                                  "ExecStart=/bin/sh -c 'kill -9 $$$$'"])
def test_service_that_cannot_start(bed, line):
    """PID 1 gives it up after a few tries, and whoever waits fails."""
    allow(bed, NAME, UNIT)
    override = "/run/systemd/system/acme-credentials.service.d/99-broken.conf"
    bed.write(override, f"[Service]\nExecStart=\n{line}\n" if line.startswith("Exec") else f"[Service]\n{line}\n")
    bed.systemctl("daemon-reload")
    bed.systemctl("stop", "acme-credentials.service")
    try:
        assert failed(ask(bed, UNIT, "tls.key"))
    finally:
        bed.run(["rm", "-r", override.rpartition("/")[0]])
        bed.systemctl("daemon-reload")
        bed.systemctl("reset-failed", "acme-credentials.socket", "acme-credentials.service", check=False)
    bed.systemctl("start", "acme-credentials.socket")
    assert bed.start(UNIT).ok


def test_service_that_is_stopped(bed):
    """Told to stop while one unit after the other asks: each gets its key or fails, none starts without."""
    allow(bed, NAME, UNIT)
    # So many starts would have PID 1 give the socket up, also in the test after this one.
    bed.write("/run/systemd/system/acme-credentials.socket.d/99-patient.conf", "[Socket]\nTriggerLimitIntervalSec=0\n")
    bed.systemctl("daemon-reload")
    bed.systemctl("restart", "acme-credentials.socket")
    write_reader(bed, UNIT, "tls.key", "tls.crt")
    # With no end to the stops nobody would be served: one can take less time than the room's sandbox. That it fails when
    # a start that the socket asks for takes its place in the queue is no reason to give up.
    stopper = ["systemd-run", "--quiet", "--collect", "--unit=stopper", "sh", "-c",
               "for stop in 1 2 3 4 5 6; do systemctl stop acme-credentials.service; done"]
    try:
        for _ in range(12):
            bed.run(stopper)
            started = bed.start(UNIT)
            assert failed(started) or (started.ok and said(bed) == live(bed, NAME) + live(bed, NAME, "privkey.pem"))
            bed.systemctl("stop", "stopper.service", UNIT, check=False)
            bed.systemctl("reset-failed", UNIT, check=False)
    finally:
        bed.systemctl("stop", "stopper.service", check=False)
        bed.run("rm -r /run/systemd/system/acme-credentials.socket.d; systemctl daemon-reload")
        bed.systemctl("restart", "acme-credentials.socket")


def test_many_at_once(bed):
    """Eighty units of three credentials each, as at a boot."""
    units = [f"many@{i}.service" for i in range(80)]
    allow(bed, NAME, "many@.service")
    write_unit(bed, "many@.service", "Type=oneshot", "RemainAfterExit=yes",
               "ExecStart=/bin/sh -c 'test -s $CREDENTIALS_DIRECTORY/tls.key'",
               *[f"LoadCredential={name}:{SOCKET}" for name in ("tls.key", "tls.crt", "tls.chain")])
    bed.systemctl("start", *units)
    assert {unit["ActiveState"] for unit in bed.units(*units)} == {"active"}
    assert len(trail.trail(bed, bed.mark, "CREDENTIAL_GIVEN")) == 3 * len(units)
    credentials.reset_units(bed, *units, "many@.service")


def test_nothing_stays(bed):
    allow(bed, NAME, UNIT)
    assert ask(bed, UNIT, "tls.key").ok
    bed.wait_until(lambda: not bed.processes(unit=r"acme-credentials\.service"), 5, what="the room to be empty")
    assert bed.unit("acme-credentials.service")["Result"] == "success"
    assert bed.active("acme-credentials.socket")


# One generation

SWITCH = """
import socket, subprocess
def fetch(id):
    s = socket.socket(socket.AF_UNIX)
    s.bind(b"\\0abc/unit/web.service/" + id)
    s.connect("/run/acme/credentials")
    return b"".join(iter(lambda: s.recv(65536), b""))
key = fetch(b"tls.key")
subprocess.run(["cp", "-a", "/var/lib/acme/certs/%(name)s/" + "%(old)s", "/var/lib/acme/certs/%(name)s/999"], check=True)
open("/var/lib/acme/certs/%(name)s/999/cert.pem", "w").write(open("/var/lib/acme/live/%(other)s/cert.pem").read())
subprocess.run(["ln", "-sfnT", "../certs/%(name)s/999", "/var/lib/acme/live/%(name)s"], check=True)
print(fetch(b"tls.crt").decode(), end="")
"""


def test_one_start_one_generation(bed):
    """A renewal between two credentials of one start: both are of the earlier generation; the next start has the new."""
    allow(bed, NAME, UNIT)
    old, certificate = store.generation(bed, NAME), live(bed, NAME)
    try:
        script = SWITCH % {"name": NAME, "other": OTHER, "old": old}
        assert bed.run(["python3", "-I", "-"], input=script).stdout == certificate
        assert live(bed, NAME) != certificate
        assert peer(bed, ADDRESS.replace("tls.key", "tls.crt")) == live(bed, NAME)
    finally:
        bed.run(["ln", "-sfnT", f"../certs/{NAME}/{old}", f"{store.LIVE}/{NAME}"])
        bed.run(["rm", "-rf", f"{store.CERTS}/{NAME}/999"])


# A server over a renewal

def deliver(machine, unit, how):
    """What acme-deploy@NAME.service does with a consumer."""
    if not machine.exists("/usr/lib/systemd/system/acme-deploy@.service"):
        machine.systemctl(how, unit)
    machine.settled(30)


def test_server_of_a_dynamic_user__restarted(bed):
    allow(bed, NAME, TLS)
    credentials.tls_server(bed, TLS, PORT)
    assert bed.start(TLS).ok
    old, pid = live(bed, NAME), bed.unit(TLS)["MainPID"]
    assert credentials.served(bed, PORT) == old
    new = credentials.renew(bed, NAME)
    deliver(bed, TLS, "restart")
    bed.wait_until(lambda: bed.active(TLS) and credentials.served(bed, PORT) == new, 30, 0.1, what="the new certificate")
    assert bed.unit(TLS)["MainPID"] != pid
    assert [entry["ACME_CREDENTIAL"] for entry in trail.trail(bed, bed.mark, "CREDENTIAL_GIVEN", ACME_CONSUMER=TLS)].count(
        "tls.key") == 2


def test_server_of_a_dynamic_user__reloaded(bed):
    """From systemd 260 on a reload brings the new key."""
    if bed.systemd < 260:
        pytest.skip("RefreshOnReload= comes with systemd 260")
    allow(bed, NAME, TLS)
    credentials.tls_server(bed, TLS, PORT, "Type=notify-reload", "RefreshOnReload=credentials")
    assert bed.start(TLS).ok
    pid = bed.unit(TLS)["MainPID"]
    new = credentials.renew(bed, NAME)
    deliver(bed, TLS, "reload")
    bed.wait_until(lambda: credentials.served(bed, PORT) == new, 30, 0.1, what="the new certificate")
    assert bed.unit(TLS)["MainPID"] == pid
