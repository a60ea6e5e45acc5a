# SPDX-License-Identifier: LGPL-2.1-or-later
"""SIGKILL of every room at several moments: within five seconds no token, no listener, no rule, no process, no door;
and the next start succeeds.

The CA is held at the request that makes the moment, so that every run is killed at the same place.
"""

import pytest

from lib import store
from lib.moments import finish, held_request, pending
from lib.trail import endings, names, started_units, trail

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
ROOMS = {
    "client": UNIT, "signer": f"acme-signer@{NAME}.service", "challenge": f"acme-challenge@{NAME}.service",
    "webroot": "acme-webroot.service",
}
MOMENTS = [
    *[("client", moment) for moment in ("directory", "newAccount", "newOrder", "authorization", "challenge",
                                        "finalize", "certificate")],
    *[("signer", moment) for moment in ("directory", "newOrder", "challenge", "finalize", "certificate")],
    *[("challenge", moment) for moment in ("newOrder", "authorization", "challenge")],
    *[("webroot", moment) for moment in ("newOrder", "challenge")],
]

POLICY_DROP = ("table inet filter { chain input { type filter hook input priority 0; policy drop; iif lo accept; "
               "ct state established,related accept; }; }")


@pytest.fixture
def guarded(fresh):
    """A configured machine with a ruleset that has to be opened, and a certificate already live."""
    fresh.pebble.start()
    fresh.configure()
    fresh.nft(POLICY_DROP)
    fresh.before = fresh.run(["nft", "--stateless", "list", "ruleset"]).stdout
    return fresh


def check_clean(machine):
    store.wait_gone(machine)
    assert machine.run(["nft", "--stateless", "list", "ruleset"]).stdout == machine.before


def check_next_start(machine):
    """The next start succeeds, whatever the last one came to; nobody has to mend anything before."""
    machine.configure()
    if store.generation(machine, NAME):
        machine.run(["touch", f"{store.REQUESTS}/{NAME}"])
    store.issue(machine, NAME)
    check_clean(machine)


def pid_of(machine, unit):
    return [process["pid"] for process in machine.processes(unit=unit.replace(".", r"\."))]


def sigkill(machine, unit):
    """The main process alone, as `kill -9` does. To kill the whole control group at once by cgroup.kill has Linux
    kill what PID 1 puts into it later as well, cleaning up included (seen on 6.18 with systemd 257)."""
    machine.systemctl("kill", "--kill-whom=main", "--signal=KILL", unit)


@pytest.mark.parametrize("room, moment", MOMENTS)
def test_sigkill(guarded, room, moment):
    with guarded.mangler() as ca:
        guarded.configure(CA=ca.directory)
        with held_request(ca, moment) as arrived:
            start = guarded.popen(["systemctl", "start", UNIT])
            arrived()
            guarded.wait_until(lambda: pid_of(guarded, ROOMS[room]), what=f"{room} to run at {moment}")
            sigkill(guarded, ROOMS[room])
            if room == "client":
                # Nobody but PID 1 is there to clean up, and the CA is still silent.
                assert finish(start) != 0
                check_clean(guarded)
        status = finish(start)
        check_clean(guarded)
        if status != 0 and room != "client":
            # A room that died under the client is nobody's fault: the timer tries again.
            assert guarded.unit(UNIT)["ExecMainStatus"] == "75"
    assert not {"CHAIN_REFUSED", "STATE_SET_ASIDE"} & set(names(trail(guarded, None)))
    check_next_start(guarded)


@pytest.mark.parametrize("when", ["before", "after"])
def test_sigkill_of_the_listener(guarded, when):
    """Killed before it has asked PID 1 for the socket, and after; once, and then left alone."""
    program = guarded.unit("acme-listener.service")["ExecStart"].split("path=")[1].split()[0]
    kill = "ExecStart=/usr/bin/sh -c 'kill -KILL $$$$'\n"
    lines = kill if when == "before" else f"ExecStart={program}\n{kill}"
    folder = "/run/systemd/system/acme-listener.service.d"
    guarded.write(f"{folder}/99-kill.conf", f"[Service]\nExecStart=\n{lines}")
    guarded.systemctl("daemon-reload")
    mark = guarded.cursor()
    start = guarded.popen(["systemctl", "start", UNIT])
    try:
        guarded.wait_until(lambda: "failed" in endings(guarded, mark, "acme-listener.service"), 10, 0.05)
    finally:
        guarded.run(["rm", "-r", folder])
        guarded.systemctl("daemon-reload")
    # PID 1 may have tried again for the waiting client, or told it that the door is closed.
    finish(start)
    check_clean(guarded)
    check_next_start(guarded)


def test_client_killed_while_the_listener_is_still_starting(guarded):
    """The lease is asked for, PID 1 has the room's start in its queue, and nobody wants it any more."""
    folder = "/run/systemd/system/acme-listener.service.d"
    guarded.write(f"{folder}/99-slow.conf", "[Service]\nExecStartPre=/usr/bin/sleep 2\n")
    guarded.systemctl("daemon-reload")
    mark = guarded.cursor()
    try:
        start = guarded.popen(["systemctl", "start", UNIT])
        guarded.wait_until(lambda: "acme-listener.service" in started_units(guarded, mark), 10, 0.05)
        sigkill(guarded, UNIT)
        assert finish(start) != 0
        check_clean(guarded)
    finally:
        guarded.run(["rm", "-r", folder])
        guarded.systemctl("daemon-reload")
    check_next_start(guarded)


def test_everything_killed_at_once(guarded):
    with pending(guarded, NAME) as start:
        # What is to be cleaned up is there.
        assert guarded.run(["nft", "--stateless", "list", "ruleset"]).stdout != guarded.before
        assert {"tokens", "doors", "leases", "processes", "listeners", "rules"} == set(store.left_overs(guarded))
        processes = [str(process["pid"]) for process in guarded.processes(unit=r"acme-.*")]
        assert len(processes) >= 4
        guarded.run(["kill", "-KILL", *processes])
        assert finish(start) != 0
        check_clean(guarded)
    check_next_start(guarded)


def test_killed_between_finalize_and_download__the_order_is_gone_on_with(guarded):
    """The CA has issued, and we have not seen it: the next run fetches that certificate and orders no other."""
    with guarded.mangler() as ca:
        guarded.configure(CA=ca.directory)
        with held_request(ca, "certificate") as arrived:
            start = guarded.popen(["systemctl", "start", UNIT])
            arrived()
            sigkill(guarded, UNIT)
            assert finish(start) != 0
            check_clean(guarded)
        ca.forget()
        mark = guarded.cursor()
        store.issue(guarded, NAME)
        assert ca.seen("newOrder") == [] and ca.seen("finalize") == []
        assert "ORDER_RESUMED" in names(trail(guarded, mark))
