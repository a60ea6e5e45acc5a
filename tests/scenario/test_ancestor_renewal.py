# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the ancestor did when it renewed, and when it was interrupted; ours must be seen not to do it."""

import os
import pty
import subprocess

import pytest

from lib import store
from lib.container import ENVIRONMENT
from lib.moments import finish, held_request, pending
from lib.trail import trail, wait_for

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"


@pytest.fixture
def ready(fresh):
    fresh.pebble.start(nonce_reject=5)
    fresh.configure()
    return fresh


def test_twenty_of_forty_issuances_failing_at_five_percent_rejected_nonces(ready):
    found = [f"n{number}.example.test" for number in range(40)]
    for first in range(0, 40, 5):
        ready.systemctl("start", *[f"acme-renew@{name}.service" for name in found[first:first + 5]])
    assert ready.listdir(store.LIVE) == sorted(found)


def test_a_changed_name_still_valid_skipping(ready):
    store.issue(ready, NAME)
    ready.configure(NAME, Identifiers=["other.example.test"])
    store.issue(ready, NAME, ["other.example.test"])


def test_a_replaced_key_still_valid_skipping(ready):
    first = store.issue(ready, NAME)
    ready.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-out", f"{store.LIVE}/{NAME}/privkey.pem"])
    # Without state.json, which is only a cache, the signer looks at once.
    ready.run(["rm", f"{store.CERTS}/{NAME}/state.json"])
    assert store.issue(ready, NAME)["serial"] != first["serial"]


def test_a_revoked_certificate_still_valid_skipping(ready):
    """The next start renews it, and nobody has to ask for that. Of one that the CA, or whoever has the key, has revoked,
    the CA's renewal information tells (test_renewal_info.py)."""
    first = store.issue(ready, NAME)
    ready.run(["acmectl", "revoke", NAME])
    second = store.issue(ready, NAME)
    assert second["serial"] != first["serial"] and second["public_key"] != first["public_key"]


def test_six_day_certificates_issued_anew_at_every_run(ready):
    ready.pebble.start(validity=6 * 86400, nonce_reject=5)
    first = store.issue(ready, NAME)
    for _ in range(3):
        ready.settled()
        assert ready.start(UNIT).ok
        assert store.certificate(ready, NAME) == first
    assert len(trail(ready, None, "INSTALLED", ACME_SERIAL=store.state(ready, NAME)["certificate"]["serial"])) == 1


def test_bad_configuration_discarding_an_issued_certificate_and_stopping_the_others(ready):
    first = store.issue(ready, NAME)
    ready.write(f"/etc/acme/certs/{NAME}.conf", "[Certificate]\nKeyType=none-such\n")
    others = ["b.example.test", "c.example.test"]
    ready.systemctl("start", f"acme-renew@{others[0]}.service", UNIT, f"acme-renew@{others[1]}.service", check=False)
    assert ready.unit(UNIT)["ExecMainStatus"] == "78"
    for name in others:
        store.check_live(ready, name, [name])
    assert store.certificate(ready, NAME) == first


def kill_nine(machine, start):
    """`systemctl start`, the only process that a user sees."""
    inside = machine.run(["pgrep", "--full", f"^systemctl start {UNIT}"]).stdout.split()
    machine.run(["kill", "-KILL", *inside])
    start.wait(10)


def lose_terminal(machine, start):
    os.close(start.terminal)
    start.wait(10)


def close_pipe(machine, start):
    start.stdout.close()


@pytest.mark.parametrize("how", [kill_nine, lose_terminal, close_pipe])
def test_interrupted_starter_leaving_web_server_rules_and_lock(ready, how):
    """kill -9, a lost terminal, a closed pipe: nothing stays, and the next renewal is not blocked."""
    ready.nft("table inet filter { chain input { type filter hook input priority 0; policy drop; iif lo accept; "
              "ct state established accept; }; }")
    before = ready.run(["nft", "--stateless", "list", "ruleset"]).stdout
    mark = ready.cursor()
    with ready.mangler() as proxy:
        ready.configure(CA=proxy.directory)
        with held_request(proxy, "challenge") as arrived:
            start = _start_on_terminal(ready) if how is lose_terminal else ready.popen(["systemctl", "start", UNIT])
            arrived()
            how(ready, start)
        # The renewal is PID 1's and not the terminal's: it goes on to its end.
        wait_for(ready, mark, "INSTALLED", timeout=20, ACME_CERTIFICATE=NAME)
    ready.configure()
    store.wait_gone(ready)
    start.wait(10)
    assert ready.run(["nft", "--stateless", "list", "ruleset"]).stdout == before
    ready.run(["touch", f"{store.REQUESTS}/{NAME}"])
    store.issue(ready, NAME)


def _start_on_terminal(machine):
    """`systemctl start` as the leader of a session whose terminal is ours to hang up, also when nohup has run us."""
    ours, theirs = pty.openpty()
    start = subprocess.Popen(machine.container.inside(["env", "--default-signal=HUP", "setsid", "--ctty", "--wait",
                                                       "systemctl", "start", UNIT]),
                             stdin=theirs, stdout=theirs, stderr=theirs, env=ENVIRONMENT)
    os.close(theirs)
    start.terminal = ours
    return start


def test_stopping_a_renewal_leaves_nothing(ready):
    with pending(ready, NAME) as start:
        mark = ready.cursor()
        ready.systemctl("stop", UNIT)
        store.wait_gone(ready)
    finish(start)
    # The CA has looked in vain: what it is asked next is not about that order.
    ready.wait_until(lambda: [entry for entry in ready.journal(since=mark, _SYSTEMD_UNIT="pebble.service")
                              if "set INVALID by completed challenge" in str(entry["MESSAGE"])])
    store.issue(ready, NAME)
