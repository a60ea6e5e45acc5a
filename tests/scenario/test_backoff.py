# SPDX-License-Identifier: LGPL-2.1-or-later
"""After failures: 1, 10, 100 minutes, then daily, by the timer; at once by hand; later when the CA says so."""

import calendar
import json
import time

import pytest

from lib import store
from lib.trail import ca_requests, endings, one, started_units

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
RETRY = f"acme-retry@{NAME}.timer"
MINUTE = 60

# A CA that answers everything with the status and the head lines it was given.
GRUMPY = """
import http.server, ssl, sys
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = b'{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many"}'
        self.send_response(int(sys.argv[1]))
        self.send_header("Content-Type", "application/problem+json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Replay-Nonce", "AAAA")
        if len(sys.argv) > 2:
            self.send_header("Retry-After", sys.argv[2])
        self.end_headers()
        self.wfile.write(body)
    do_HEAD = do_POST = do_GET
server = http.server.ThreadingHTTPServer(("127.0.0.1", 14000), Answer)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/etc/pebble/cert.pem", "/etc/pebble/key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@pytest.fixture
def ca_down(fresh):
    """A configured machine whose CA refuses connections."""
    fresh.pebble.start()
    fresh.pebble.stop()
    fresh.configure()
    yield fresh
    fresh.systemctl("stop", RETRY, "grumpy.service", check=False)


def grumpy(machine, status, retry_after=None):
    machine.write("/usr/local/lib/acmeward-test/grumpy.py", GRUMPY)
    arguments = [str(status)] + ([retry_after] if retry_after else [])
    machine.systemctl("stop", "grumpy.service", check=False)
    machine.run(["systemd-run", "--quiet", "--unit=grumpy", "--collect", "/usr/bin/python3", "-I",
                 "/usr/local/lib/acmeward-test/grumpy.py", *arguments])
    machine.wait_until(lambda: machine.listening(14000), what="the grumpy CA to listen")


def by_timer(machine):
    """Let a timer of the machine start the renewal, and wait until it has ended: "success" or "failed"."""
    mark = machine.cursor()
    machine.write("/run/systemd/system/poke.timer",
                  f"[Timer]\nOnActiveSec=10ms\nAccuracySec=1ms\nUnit={UNIT}\nRemainAfterElapse=no\n")
    machine.systemctl("daemon-reload")
    machine.systemctl("start", "poke.timer")
    return machine.wait_until(lambda: endings(machine, mark, UNIT), what="the renewal that a timer started to end")[0]


def fails(machine, minutes):
    """A start by hand fails with 75, and the next attempt is promised in so many minutes. Returns the failure."""
    begin = time.time()
    mark = machine.cursor()
    started = machine.start(UNIT)
    assert started.exit_status == 75, started
    failure = store.failure(machine, NAME)
    promised = failure["nextAttemptUsec"] / 1e6
    assert begin + minutes * MINUTE - 1 <= promised <= time.time() + minutes * MINUTE + 1
    assert failure["outcome"] == 75
    said = one(machine, mark, "FAILED", ACME_CERTIFICATE=NAME)["ACME_RETRY_AT"]
    # Whole seconds, and never too early.
    assert 0 <= calendar.timegm(time.strptime(said, "%Y-%m-%dT%H:%M:%SZ")) - promised <= 1
    return failure


def test_ca_down__the_promised_schedule_then_up(ca_down):
    for count, minutes in enumerate((1, 10, 100, 24 * 60, 24 * 60), start=1):
        assert fails(ca_down, minutes)["count"] == count
    store.wait_gone(ca_down)
    ca_down.pebble.start(nonce_reject=5)
    # A day is promised to the timer; by hand it goes at once.
    store.issue(ca_down, NAME)
    assert store.failure(ca_down, NAME) == {}


def test_retry_timer_is_set_for_the_promised_moments(ca_down):
    failure = fails(ca_down, 1)
    timer = ca_down.unit(RETRY)
    assert timer["ActiveState"] == "active"
    # It elapses a little behind the moment that was noted, so that it is not turned away.
    elapses = ca_down.run(["systemctl", "list-timers", "--all", "--output=json", RETRY])
    moments = [timer["next"] / 1e6 for timer in json.loads(elapses.stdout)]
    promised = failure["nextAttemptUsec"] / 1e6
    assert len(moments) == 1 and promised <= moments[0] <= promised + 30, (moments, promised)


def test_timer_before_the_promised_moment_is_turned_away(ca_down):
    fails(ca_down, 1)
    ca_down.pebble.start()
    mark = ca_down.cursor()
    assert by_timer(ca_down) == "success"
    assert ca_requests(ca_down, mark) == []
    assert not {unit for unit in started_units(ca_down, mark) if unit.startswith("acme-signer") and
                unit.endswith(".service")}
    one(ca_down, mark, "NOT_DUE", ACME_CERTIFICATE=NAME)
    # The moment passes: the next run by a timer goes.
    state = store.state(ca_down, NAME)
    state["failure"]["nextAttemptUsec"] = int((time.time() - 1) * 1e6)
    write_state(ca_down, state)
    assert by_timer(ca_down) == "success"
    store.check_live(ca_down, NAME, [NAME])


def write_state(machine, state):
    machine.write(f"{store.CERTS}/{NAME}/state.json", json.dumps(state), owner="acme-signer:acme-signer")


def test_mended_configuration_need_not_wait(ca_down):
    fails(ca_down, 1)
    ca_down.pebble.start()
    # What failed was for other settings.
    ca_down.configure(NAME, Identifiers=[NAME, "b.example.test"])
    assert by_timer(ca_down) == "success"
    store.check_live(ca_down, NAME, [NAME, "b.example.test"])


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_is_respected(ca_down, status):
    grumpy(ca_down, status, "7200")
    fails(ca_down, 120)


def test_retry_after_as_a_date_is_respected(ca_down):
    grumpy(ca_down, 503, time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 7200)))
    fails(ca_down, 120)


def test_retry_after_shorter_than_the_schedule(ca_down):
    grumpy(ca_down, 503, "61")
    assert ca_down.start(UNIT).exit_status == 75
    assert ca_down.start(UNIT).exit_status == 75
    promised = store.failure(ca_down, NAME)["nextAttemptUsec"] / 1e6
    assert 540 <= promised - time.time() <= 601


@pytest.mark.parametrize("nonsense", ["99999999999999999999", "-5", "tomorrow", "12 parsecs"])
def test_retry_after_that_is_nonsense(ca_down, nonsense):
    grumpy(ca_down, 503, nonsense)
    assert ca_down.start(UNIT).exit_status == 75
    promised = store.failure(ca_down, NAME)["nextAttemptUsec"] / 1e6
    # A minute, or, where it is a number after all, a week at most: no CA decides that we never come back.
    assert 50 <= promised - time.time() <= 7 * 86400 + 1


def test_failure_leaves_the_live_certificate_alone(ca_down):
    ca_down.pebble.start()
    before = store.issue(ca_down, NAME)
    ca_down.pebble.stop()
    ca_down.run(["touch", f"{store.REQUESTS}/{NAME}"])
    fails(ca_down, 1)
    assert store.certificate(ca_down, NAME) == before
