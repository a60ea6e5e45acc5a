# SPDX-License-Identifier: LGPL-2.1-or-later
"""SIGKILL of every room at several moments, of its main process as `kill -9` does and of the whole unit: within five
seconds no token, no listener, no rule, no process, no door; and the next start succeeds.

The CA is held at the request that makes the moment, so that every run is killed at the same place.
"""

import pytest

from lib import store
from lib.moments import finish, held_request, pending
from lib.trail import endings, names, started_units, trail

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
FIREWALL = "acme-firewall@webroot.service"
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

# What `systemctl kill` kills. "all" is its default; with systemd 257 that is cgroup.kill, after which Linux 6.18 kills
# what PID 1 puts into that control group, too.
WHOM = ["main", "all"]

# What strangers can see; a renewal that waits for its CA has its doors still.
PUBLIC = {"tokens", "listeners", "rules"}

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


def sigkill(machine, unit, whom="all"):
    machine.systemctl("kill", f"--kill-whom={whom}", "--signal=KILL", unit)


class Replaced:
    """While it lasts, the unit runs something else; put back when it is killed at the latest."""

    def __init__(self, machine, unit, commands):
        self.machine, self.unit = machine, unit
        self._folder = f"/run/systemd/system/{unit}.d"
        lines = "".join(f"ExecStart={command}\n" for command in commands)
        self._text = f"[Service]\nExecStart=\n{lines}"

    def __enter__(self):
        self.machine.write(f"{self._folder}/99-replaced.conf", self._text)
        self.machine.systemctl("daemon-reload")
        return self

    def __exit__(self, *_):
        if self.machine.exists(self._folder):
            self.machine.run(["rm", "-r", self._folder])
            self.machine.systemctl("daemon-reload")

    def sigkill_it(self, whom):
        """Wait for `sleep` in it, and kill that; what comes next is the real program again."""
        self.machine.wait_until(lambda: "sleep" in [p["comm"] for p in self.machine.processes(
            unit=self.unit.replace(".", r"\."))], 20, 0.02, what=f"{self.unit} to sleep")
        self.__exit__()
        sigkill(self.machine, self.unit, whom)


@pytest.mark.parametrize("whom", WHOM)
@pytest.mark.parametrize("room, moment", MOMENTS)
def test_sigkill(guarded, room, moment, whom):
    with guarded.mangler() as ca:
        guarded.configure(CA=ca.directory)
        with held_request(ca, moment) as arrived:
            start = guarded.popen(["systemctl", "start", UNIT])
            arrived()
            guarded.wait_until(lambda: pid_of(guarded, ROOMS[room]), what=f"{room} to run at {moment}")
            sigkill(guarded, ROOMS[room], whom)
            # The CA is still silent. What was not at work yet, and a web root, is started again, and the renewal goes on.
            if room == "client" or (room == "signer" and moment != "directory"):
                check_clean(guarded)
                assert finish(start) != 0
            elif room == "challenge":
                guarded.wait_until(lambda: not PUBLIC & set(store.left_overs(guarded)), 5, 0.1, what="nothing public")
        status = finish(start)
        check_clean(guarded)
        if room == "webroot":
            assert status == 0
        elif status != 0 and room != "client":
            # A room that died under the client is nobody's fault: the timer tries again.
            assert guarded.unit(UNIT)["ExecMainStatus"] == "75"
    assert not {"CHAIN_REFUSED", "STATE_SET_ASIDE"} & set(names(trail(guarded, None)))
    check_next_start(guarded)


@pytest.mark.parametrize("whom", WHOM)
@pytest.mark.parametrize("when", ["before", "after"])
def test_sigkill_of_the_firewall(guarded, when, whom):
    """Killed before it has opened anything, and after; once, and then left alone."""
    program, sleep = "/usr/lib/acmeward/acme-firewall open webroot $ACME_LISTEN", "/usr/bin/sleep 60"
    mark = guarded.cursor()
    with Replaced(guarded, FIREWALL, [sleep] if when == "before" else [program, sleep]) as firewall:
        start = guarded.popen(["systemctl", "start", UNIT])
        firewall.sigkill_it(whom)
    guarded.wait_until(lambda: "failed" in endings(guarded, mark, FIREWALL), 10, 0.05)
    # The challenge goes on without it.
    assert finish(start) == 0
    check_clean(guarded)
    check_next_start(guarded)


def test_sigkill_of_the_firewall__that_has_no_process_any_more(guarded):
    """Its control group is there, and what would be started in it could be killed."""
    with pending(guarded, NAME) as start:
        guarded.systemctl("kill", "--signal=KILL", FIREWALL, check=False)
    assert finish(start) == 0
    check_clean(guarded)
    check_next_start(guarded)


def test_stop_that_has_to_kill(guarded):
    """A challenge room that does not end when it is told to: TimeoutStopSec= is three seconds."""
    folder = f"/run/systemd/system/{ROOMS['challenge']}.d"
    guarded.write(f"{folder}/99-deaf.conf", "[Service]\nKillSignal=SIGCONT\n")
    guarded.systemctl("daemon-reload")
    mark = guarded.cursor()
    try:
        with guarded.mangler() as ca:
            guarded.configure(CA=ca.directory)
            with held_request(ca, "challenge") as arrived:
                start = guarded.popen(["systemctl", "start", UNIT])
                arrived()
                assert guarded.listdir("/run/acme/challenges")
                guarded.systemctl("stop", ROOMS["challenge"])
                assert endings(guarded, mark, ROOMS["challenge"]) == ["failed"]
                guarded.wait_until(lambda: guarded.listdir("/run/acme/challenges") == [], 5, 0.1)
            finish(start)
            check_clean(guarded)
    finally:
        guarded.run(["rm", "-r", folder])
        guarded.systemctl("daemon-reload")
    check_next_start(guarded)


CLEANERS = {"challenge": f"acme-challenge-clean@{NAME}.service", "firewall": "acme-firewall-close@webroot-stopped.service"}


@pytest.mark.parametrize("whom", WHOM)
@pytest.mark.parametrize("cleaner", CLEANERS)
def test_sigkill_of_who_cleans_up(guarded, cleaner, whom):
    """It is tried again."""
    unit = CLEANERS[cleaner]
    with Replaced(guarded, unit, ["/usr/bin/sleep 60"]) as replaced:
        with pending(guarded, NAME) as start:
            if cleaner == "challenge":
                sigkill(guarded, ROOMS["challenge"])
            else:
                guarded.systemctl("stop", "--no-block", UNIT)
            replaced.sigkill_it(whom)
        finish(start)
    check_clean(guarded)
    check_next_start(guarded)


@pytest.mark.parametrize("name", [NAME, "b.example.test"])
def test_leases_of_the_dead__whoever_comes_next_removes_them(guarded, name):
    cleaner = CLEANERS["challenge"]
    guarded.systemctl("mask", "--runtime", cleaner)
    try:
        with pending(guarded, NAME) as start:
            sigkill(guarded, ROOMS["challenge"])
        finish(start)
        guarded.settled()
        assert {"tokens", "leases"} == set(store.left_overs(guarded))
    finally:
        guarded.systemctl("unmask", "--runtime", cleaner)
    guarded.run(["touch", f"{store.REQUESTS}/{name}"])
    store.issue(guarded, name)
    check_clean(guarded)


def test_client_killed_while_the_firewall_is_still_opening(guarded):
    """The lease is asked for, PID 1 has the room's start in its queue, and nobody wants it any more."""
    folder = f"/run/systemd/system/{FIREWALL}.d"
    guarded.write(f"{folder}/99-slow.conf", "[Service]\nExecStartPre=/usr/bin/sleep 2\n")
    guarded.systemctl("daemon-reload")
    mark = guarded.cursor()
    try:
        start = guarded.popen(["systemctl", "start", UNIT])
        guarded.wait_until(lambda: FIREWALL in started_units(guarded, mark), 10, 0.05)
        sigkill(guarded, UNIT)
        assert finish(start) != 0
        check_clean(guarded)
    finally:
        guarded.run(["rm", "-r", folder])
        guarded.systemctl("daemon-reload")
    check_next_start(guarded)


def test_everything_killed_at_once(guarded):
    with guarded.mangler() as proxy:
        guarded.configure(CA=proxy.directory)
        with pending(guarded, NAME, ca=proxy) as start:
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
