# SPDX-License-Identifier: LGPL-2.1-or-later
"""The test bed itself: what every other scenario relies on, shown on a machine without acmeward."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest

from lib.host import BUILD, LIB, BedError, wait_until
from lib.machine import Failed

MACHINE = {"bare": True}

DROP_ALL = """
table inet filter {
        chain input {
                type filter hook input priority filter; policy drop;
                ct state established,related accept
                meta l4proto ipv6-icmp accept
        }
}
"""


def test_boots_without_a_failed_unit(machine):
    assert machine.systemctl("is-system-running").stdout.strip() == "running"
    version = machine.run(["systemctl", "--version"]).stdout.split()[1]
    assert int(version) == machine.systemd


def test_run__raises_with_the_output(machine):
    with pytest.raises(Failed, match="on stderr"):
        machine.run("echo on stderr >&2; exit 3")
    assert machine.run("exit 3", check=False).returncode == 3
    assert machine.run(["cat"], input="given").stdout == "given"


def test_write__sets_the_mode(machine):
    machine.write("/etc/bed/file", "text\n", 0o640)
    assert machine.read("/etc/bed/file") == "text\n"
    assert machine.stat("/etc/bed/file")["mode"] == "640"
    assert machine.listdir("/etc/bed") == ["file"]
    assert machine.exists("/etc/bed/file") and not machine.exists("/etc/bed/other")


def test_start__tells_status_and_exit_code(machine):
    machine.write("/etc/systemd/system/bed@.service", "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'exit %i'\n")
    machine.systemctl("daemon-reload")
    assert machine.start("bed@0.service").ok
    failed = machine.start("bed@77.service")
    assert (failed.ok, failed.exit_status, failed.result) == (False, 77, "exit-code")
    machine.systemctl("reset-failed")


def test_journal__fields_since_a_mark(machine):
    mark = machine.cursor()
    machine.run(["logger", "--journald"], input="MESSAGE=one\nBED_FIELD=first line\nPRIORITY=5\n")
    assert [entry["MESSAGE"] for entry in machine.journal(since=mark, BED_FIELD="first line")] == ["one"]
    assert machine.journal(since=machine.cursor(), BED_FIELD="first line") == []


def test_wait_until__gives_up(machine):
    with pytest.raises(BedError, match="a miracle"):
        machine.wait_until(lambda: False, timeout=0.05, what="a miracle")


@pytest.mark.parametrize("where", ["inside", "outside"])
def test_pebble_answers(fresh, where):
    fresh.pebble.start(where=where, nonce_reject=5, authz_reuse=50, validity=60)
    assert "newOrder" in json.loads(fresh.pebble.get("/dir"))
    assert fresh.pebble.root().startswith("-----BEGIN CERTIFICATE-----")
    done = fresh.run(["curl", "--silent", "--fail", "--cacert", "/etc/acme/pebble-ca.pem", fresh.pebble.directory])
    assert json.loads(done.stdout)["newOrder"].startswith(fresh.pebble.directory.removesuffix("dir"))


@pytest.mark.parametrize("where, v4, v6", [("inside", "127.0.0.1", "::1"), ("outside", "192.0.2.1", "fd00:ac::1")])
def test_dns_answers(fresh, where, v4, v6):
    fresh.pebble.start(where=where)
    assert fresh.run(["getent", "ahosts", "a.example.test"]).stdout.split()[0] == v4
    assert v6 not in fresh.run(["getent", "ahosts", "a.example.test"]).stdout
    fresh.pebble.dns("add-aaaa", host="six.example.test", addresses=[v6])
    assert v6 in fresh.run(["getent", "ahosts", "six.example.test"]).stdout


def test_outside__crosses_the_input_chain(fresh):
    fresh.systemctl("start", "nginx.service")
    assert fresh.outside.reaches(80) and fresh.outside.reaches(80, family=6)
    assert fresh.outside.http("/nothing-here")[0] == 404
    fresh.nft(DROP_ALL)
    assert not fresh.outside.reaches(80) and not fresh.outside.reaches(80, family=6)
    fresh.run(["nft", "insert", "rule", "inet", "filter", "input", "tcp", "dport", "80", "accept",
               "comment", '"by a test"'])
    assert fresh.outside.reaches(80)
    assert len(fresh.nft_rules(comment="by a test")) == 1
    assert fresh.outside.http("/nothing-here", family=6)[0] == 404


def test_listening_and_processes(fresh):
    assert fresh.listening(80) == []
    fresh.systemctl("start", "nginx.service")
    assert {entry["address"] for entry in fresh.listening(80)} == {"0.0.0.0", "[::]"}
    assert {process["comm"] for process in fresh.processes(unit=r"nginx\.service")} == {"nginx"}


def test_reset__leaves_nothing(fresh):
    fresh.pebble.start()
    fresh.configure("a.example.test", KeyType="rsa-2048", Listen=["0.0.0.0:80"])
    assert fresh.read("/etc/acme/certs/a.example.test.conf") == (
        "[Certificate]\nKeyType=rsa-2048\n\n[WebRoot]\nListen=0.0.0.0:80\n\n")
    fresh.configure()
    assert "TermsOfServiceAgreed=yes\n" in fresh.read("/etc/acme/acme.conf.d/50-test-bed.conf")
    fresh.reset()
    assert fresh.listening() == []
    assert fresh.listdir("/etc/acme/acme.conf.d") == fresh.listdir("/etc/acme/certs") == []


_BOOTS_AND_WAITS = """
import signal
from lib.machine import Machine
from lib.shell import exit_on_signals
exit_on_signals()
with Machine(%r, bare=True) as machine:
    machine.pebble.start(where="outside")
    print(machine.container.leader, flush=True)
    signal.pause()
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_killed_run__leaves_no_machine(release, name):
    process = subprocess.Popen([sys.executable, "-c", _BOOTS_AND_WAITS % release], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True,
                               env={**os.environ, "PYTHONPATH": str(LIB.parent)})
    leader = pathlib.Path("/proc", process.stdout.readline().strip())
    assert leader.exists()
    process.send_signal(signal.Signals[name])
    wait_until(lambda: not leader.exists(), timeout=5, what="the machine's init to be gone")
    process.wait(5)
    if name != "SIGKILL":
        assert not list((BUILD / "run").glob(f"bed-{process.pid}-*"))
