# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the ancestor did with port 80 and the firewall, each reproduced with lacme 0.8.4; ours must be seen not to.

The CA is outside: its validations cross the machine's input hook.
"""

import json
import re

import pytest

from lib import store
from lib.moments import finish, pending
from lib.trail import one, trail

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"

POLICY_DROP = """
table inet filter {
        set banned { type ipv4_addr; elements = { 198.51.100.7 } }
        chain input {
                type filter hook input priority filter; policy drop;
                iif lo accept
                ct state established,related accept
                meta l4proto ipv6-icmp accept
                ip saddr @banned drop
        }
}
"""


@pytest.fixture
def outside(fresh):
    fresh.pebble.start(where="outside", nonce_reject=5)
    fresh.configure()
    return fresh


def ruleset(machine):
    """The ruleset without handles and counters: what must be the same again."""
    return machine.run(["nft", "--stateless", "list", "ruleset"]).stdout


def test_port_80_left_open_for_ever_when_no_ruleset_existed_before(outside):
    assert ruleset(outside) == ""
    with pending(outside, NAME) as start:
        assert outside.outside.reaches(80)
    assert finish(start) == 0
    store.wait_gone(outside)
    assert not outside.outside.reaches(80)
    # Not even an empty table that filters nothing.
    assert ruleset(outside) == ""


def test_nothing_opened_behind_a_native_nft_policy_drop(outside):
    outside.nft(POLICY_DROP)
    before = ruleset(outside)
    assert not outside.outside.reaches(80)
    with pending(outside, NAME) as start:
        assert outside.outside.reaches(80)
        assert ruleset(outside) != before
    assert finish(start) == 0
    store.check_live(outside, NAME, [NAME])
    store.wait_gone(outside)
    assert ruleset(outside) == before and not outside.outside.reaches(80)


def test_changes_that_other_programs_made_meanwhile_are_undone(outside):
    """A ban and a DNAT rule come while the port is open, and stay when it is closed."""
    outside.nft(POLICY_DROP)
    with pending(outside, NAME) as start:
        outside.nft("add element inet filter banned { 203.0.113.9 }\n"
                    "table ip nat { chain prerouting { type nat hook prerouting priority dstnat; "
                    "tcp dport 2222 dnat to 192.0.2.1:22; }; }")
        outside.nft('insert rule inet filter input tcp dport 2222 accept comment "by an administrator"')
    assert finish(start) == 0
    store.wait_gone(outside)
    after = ruleset(outside)
    assert "203.0.113.9" in after and "198.51.100.7" in after
    assert re.search(r"tcp dport 2222 dnat to 192\.0\.2\.1:22", after)
    assert len(outside.nft_rules(comment="by an administrator")) == 1
    assert not outside.outside.reaches(80)


def test_ruleset_flushed_meanwhile_is_no_error(outside):
    outside.nft(POLICY_DROP)
    with pending(outside, NAME) as start:
        outside.nft("flush ruleset")
    assert finish(start) == 0
    store.wait_gone(outside)
    assert ruleset(outside) == ""
    assert not [unit for unit in outside.units("acme-*") if unit["ActiveState"] == "failed"]


IDLE = """
import socket, sys, time
held = []
for _ in range(int(sys.argv[1])):
    stream = socket.socket()
    stream.settimeout(2)
    try:
        stream.connect(("192.0.2.1", 80))
    except OSError:
        pass
    held.append(stream)
print(len(held), flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("connections", [1, 1000])
def test_idle_tcp_connections_making_issuance_fail(outside, connections):
    outside.write("/usr/local/lib/acmeward-test/idle.py", IDLE)
    with pending(outside, NAME) as start:
        idle = outside.popen(["nsenter", "--net=/run/netns/outside", "prlimit", "--nofile=4096", "python3", "-I",
                              "/usr/local/lib/acmeward-test/idle.py", str(connections)])
        try:
            assert idle.stdout.readline().strip() == str(connections)
            token, = outside.listdir("/run/acme/challenges")[:1]
            # Beside them, somebody asks for a token and gets it.
            assert outside.outside.http(f"/.well-known/acme-challenge/{token}")[0] == 200
        except BaseException:
            idle.kill()
            raise
    try:
        assert finish(start) == 0
        store.check_live(outside, NAME, [NAME])
    finally:
        idle.kill()
        idle.wait()
    store.wait_gone(outside)


def test_file_descriptors_of_the_caller_visible_in_the_web_server(outside):
    """A terminal, a pipe and a secret file are open in whoever says `systemctl start`; no room may have them."""
    outside.write("/root/secret-of-the-caller", "secret")
    mark = outside.cursor()
    outside.systemctl("kill", "--signal=STOP", "pebble-challtestsrv.service")
    try:
        start = outside.popen(["bash", "-c", f"exec 7</root/secret-of-the-caller 8>/root/log-of-the-caller; "
                                             f"exec systemctl start {UNIT}"])
        outside.wait_until(lambda: trail(outside, mark, "SIGNED", ACME_OPERATION="AnswerChallenge"), 10)
        token, = outside.listdir("/run/acme/challenges")[:1]
        assert outside.outside.http(f"/.well-known/acme-challenge/{token}")[0] == 200
        processes = outside.processes(unit=r"acme-.*")
        found = {process["comm"]: outside.run(
            f"for f in /proc/{process['pid']}/fd/*; do readlink $f; done", check=False).stdout.split("\n")
            for process in processes}
    finally:
        outside.systemctl("kill", "--signal=CONT", "pebble-challtestsrv.service")
    assert finish(start) == 0
    assert {"acme-webroot", "acme-client", "acme-signer"} <= set(found), found
    assert not [path for paths in found.values() for path in paths if "caller" in path or "/dev/pts" in path], found
    # The web root has its listening sockets, the tokens, and what a process needs to wait and to log.
    strange = [path for path in found["acme-webroot"] if path and not re.match(
        r"socket:|/dev/null|anon_inode:|/run/acme/challenges", path)]
    assert strange == [], strange


SILENCE = """
table inet silence {
        chain input { type filter hook input priority 0; policy drop; }
        chain output { type filter hook output priority 0; policy drop; }
}
"""


@pytest.mark.slow
def test_ca_that_drops_packets_holding_the_port_open_for_134_seconds(outside):
    """From the moment the port is open, nothing comes from the CA any more."""
    mark = outside.cursor()
    outside.systemctl("kill", "--signal=STOP", "pebble-challtestsrv.service")
    start = outside.popen(["systemctl", "start", UNIT])
    outside.wait_until(lambda: trail(outside, mark, "SIGNED", ACME_OPERATION="AnswerChallenge"), 10)
    outside.outside.run(["nft", "--file", "-"], input=SILENCE)
    try:
        assert finish(start, 90) != 0
        store.wait_gone(outside)
        outside.settled()
    finally:
        outside.outside.run(["nft", "flush", "ruleset"])
        outside.systemctl("kill", "--signal=CONT", "pebble-challtestsrv.service")
    opened = one(outside, mark, "PORT_OPENED")
    closed = one(outside, mark, "PORT_CLOSED")
    seconds = (int(closed["__REALTIME_TIMESTAMP"]) - int(opened["__REALTIME_TIMESTAMP"])) / 1e6
    assert seconds < 90, seconds
    assert outside.unit(UNIT)["ExecMainStatus"] == "75"
    assert json.dumps(store.failure(outside, NAME)) != "{}"
