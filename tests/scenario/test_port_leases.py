# SPDX-License-Identifier: LGPL-2.1-or-later
"""Leases: what is shared, what ends with the last one, and what is left when something of it is killed: nothing."""

import pytest

from lib import moments, store
from lib.trail import endings, names, one, trail, wait_for

A, B, C = "a.example.test", "b.example.test", "c.example.test"
DROPS = ("table inet filter {\nchain input {\ntype filter hook input priority 0; policy drop;\niif lo accept\n"
         "ct state established,related accept\n}\n}")
SOCKET, FIREWALL = "acme-webroot@0.0.0.0:80.socket", "acme-firewall@webroot.service"
SLEEP = "[Service]\nExecStart=\nExecStart=/usr/bin/sleep 60\n"


@pytest.fixture
def ca(fresh):
    fresh.pebble.start(where="outside", nonce_reject=5, authz_reuse=50)
    fresh.configure()
    fresh.nft(DROPS)
    return fresh


def kill(machine, unit):
    machine.systemctl("kill", "--kill-whom=main", "--signal=KILL", unit, check=False)


def runs(machine, unit, program):
    return any(process["comm"] == program for process in machine.processes(unit=unit))


def tokens(machine):
    return machine.listdir("/run/acme/challenges")


def test_two_leases_share_one_port(ca):
    mark = ca.cursor()
    with ca.mangler() as proxy:
        ca.configure(CA=proxy.directory)
        with moments.pending(ca, A, ca=proxy) as first:
            pid = ca.unit("acme-webroot.service")["MainPID"]
            with moments.pending(ca, B, ca=proxy) as second:
                assert len({t for t in tokens(ca)}) >= 2
                # One ends while the other goes on.
                ca.systemctl("stop", f"acme-renew@{A}.service")
                moments.finish(first)
                ca.wait_until(lambda: ca.listdir("/run/acme/lease") == [B])
                assert ca.outside.reaches(80)
                assert ca.unit("acme-webroot.service")["MainPID"] == pid
                assert len(ca.nft_rules(comment="acmeward")) == 1
        assert moments.finish(second) == 0
    store.wait_gone(ca)
    one(ca, mark, "PORT_OPENED")
    one(ca, mark, "FIREWALL_OPENED")
    wait_for(ca, mark, "PORT_CLOSED")
    assert len(trail(ca, mark, "LEASE_OPENED")) == len(trail(ca, mark, "LEASE_CLOSED")) == 2


STOP_AT = {
    # A program that stands still in place of ours, in its sandbox: the moment lasts until it is killed.
    "firewall": FIREWALL,
    "web-root": "acme-webroot.service",
}


@pytest.mark.parametrize("moment", STOP_AT)
def test_killed_on_its_way__nothing_is_left(ca, moment):
    victim = STOP_AT[moment]
    with moments.drop_in(ca, victim, SLEEP):
        start = ca.popen(["systemctl", "start", f"acme-renew@{A}.service"])
        ca.wait_until(lambda: runs(ca, victim, "sleep"))
    # What comes next is the real program again.
    kill(ca, victim)
    moments.finish(start)
    store.wait_gone(ca)
    ca.run(["touch", f"{store.REQUESTS}/{A}"])
    store.issue(ca, A)
    store.wait_gone(ca)


def test_client_goes_while_the_firewall_is_busy__nothing_is_left(ca):
    with moments.drop_in(ca, FIREWALL, "[Service]\nExecStart=\nExecStart=/usr/bin/sleep 2\n"):
        start = ca.popen(["systemctl", "start", f"acme-renew@{A}.service"])
        ca.wait_until(lambda: runs(ca, FIREWALL, "sleep"))
        ca.systemctl("stop", f"acme-renew@{A}.service")
        moments.finish(start)
        store.wait_gone(ca)
    store.issue(ca, A)


FIREWALL_IS = {
    # A large ruleset, say, until it is let go on; and one that does not come to an end, which is not waited for any
    # longer then.
    "slow": ("ExecStartPre=-/usr/bin/sleep 60", ["PORT_OPENED", "LEASE_OPENED"],
             "acme-firewall-close@webroot-stopped.service"),
    "stuck": ("ExecStart=\nExecStart=/usr/bin/sleep 60", ["LEASE_OPENED"],
              "acme-firewall-close@webroot-failed.service"),
}


@pytest.mark.parametrize("how", FIREWALL_IS)
def test_nothing_is_public_before_the_port_is_open(ca, how):
    lines, expected, closer = FIREWALL_IS[how]
    room = f"acme-challenge@{A}.service"
    mark = ca.cursor()
    with moments.drop_in(ca, FIREWALL, f"[Service]\n{lines}\n"):
        start = ca.popen(["systemctl", "start", f"acme-renew@{A}.service"])
        ca.wait_until(lambda: runs(ca, room, "acme-challenge") and runs(ca, FIREWALL, "sleep"))
        assert tokens(ca) == [] and trail(ca, mark, "PORT_OPENED", "LEASE_OPENED") == []
        if how == "slow":
            ca.run(["kill", *[str(p["pid"]) for p in ca.processes(unit=FIREWALL) if p["comm"] == "sleep"]])
        wait_for(ca, mark, "LEASE_OPENED")
        assert names(trail(ca, mark, "PORT_OPENED", "LEASE_OPENED")) == expected
        ca.systemctl("stop", f"acme-renew@{A}.service")
        moments.finish(start)
        # The firewall's own TimeoutSec= is ten seconds.
        store.wait_gone(ca, timeout=15)
        ca.settled()
    # What was said is not true any more.
    assert ca.read("/run/acme/port/webroot") == ""
    assert endings(ca, mark, closer) == ["success"]
    store.issue(ca, A)


def test_renewals_that_follow_each_other_quickly(ca):
    """More starts of every unit in ten seconds than systemd allows without being told otherwise."""
    mark = ca.cursor()
    for i in range(12):
        store.issue(ca, f"n{i}.example.test")
    store.wait_gone(ca, timeout=12)
    for unit in (FIREWALL, SOCKET, "acme-webroot.service"):
        assert "failed" not in endings(ca, mark, unit)


def test_renewals_at_the_same_time(ca):
    many = [f"n{i}.example.test" for i in range(6)]
    mark = ca.cursor()
    starts = [ca.popen(["systemctl", "start", f"acme-renew@{name}.service"]) for name in many]
    assert [moments.finish(start) for start in starts] == [0] * len(many)
    for name in many:
        store.check_live(ca, name, [name])
    store.wait_gone(ca)
    assert len(trail(ca, mark, "PORT_OPENED")) < len(many)


def test_two_certificates_with_one_name__share_the_token_of_a_reused_authorization(ca):
    """The CA may name one pending authorization, and so one token, to both orders."""
    ca.pebble.start(where="outside", authz_reuse=100)
    ca.configure()
    for name in (B, C):
        ca.configure(name, Identifiers=[name, "shared.example.test"])
    with moments.pending(ca, B) as first:
        with moments.pending(ca, C) as second:
            pass
    assert (moments.finish(first), moments.finish(second)) == (0, 0)
    for name in (B, C):
        store.check_live(ca, name, sorted([name, "shared.example.test"]))
    store.wait_gone(ca)


def test_web_root_dies__another_answers(ca):
    with ca.mangler() as proxy:
        ca.configure(CA=proxy.directory)
        with moments.pending(ca, A, ca=proxy) as start:
            paths = [f"/.well-known/acme-challenge/{token}" for token in tokens(ca)]
            pid = ca.unit("acme-webroot.service")["MainPID"]
            kill(ca, "acme-webroot.service")
            assert {ca.outside.http(path)[0] for path in paths} == {200}
            assert ca.unit("acme-webroot.service")["MainPID"] not in ("0", pid)
        assert moments.finish(start) == 0
    store.wait_gone(ca)


def test_web_root_dies_and_dies__nothing_is_left(ca):
    with ca.mangler() as proxy:
        ca.configure(CA=proxy.directory)
        with moments.pending(ca, A, ca=proxy) as start:
            with moments.drop_in(ca, "acme-webroot.service", "[Service]\nExecStart=\nExecStart=/usr/bin/false\n"):
                kill(ca, "acme-webroot.service")
                ca.wait_until(lambda: int(ca.unit("acme-webroot.service")["NRestarts"]) > 3)
                ca.systemctl("stop", f"acme-renew@{A}.service")
                assert moments.finish(start) != 0
                store.wait_gone(ca)
    ca.configure()
    store.issue(ca, A)


@pytest.mark.parametrize("way", ["killed", "cannot-be-started"])
def test_closing_the_packet_filter_fails__it_is_tried_again(ca, way):
    """Seen on systemd 262: a command that was to close could not be started, and the rule stayed."""
    unit = "acme-firewall-close@webroot-stopped.service"
    program = "/usr/bin/sleep 60" if way == "killed" else "/usr/lib/acmeward/nothing-here"
    drop_in = f"/run/systemd/system/{unit}.d/90-test.conf"
    ca.write(drop_in, f"[Service]\nExecStart=\nExecStart={program}\n")
    ca.systemctl("daemon-reload")
    try:
        with moments.pending(ca, A) as start:
            pass
        assert moments.finish(start) == 0
        ca.wait_until(lambda: ca.unit(unit)["ActiveState"] == "activating", interval=0.005)
    finally:
        ca.run(["rm", "-r", drop_in.rpartition("/")[0]])
        ca.systemctl("daemon-reload")
    kill(ca, unit)
    store.wait_gone(ca)
