# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates that live for minutes, renewed by the real timer, from a CA that rejects half of all nonces."""

import calendar
import time

import pytest

from lib import store
from lib.trail import endings, one, trail

NAME = "a.example.test"
UNIT = f"acme-renew@{NAME}.service"
TIMER = f"acme-renew@{NAME}.timer"
DROP_IN = f"/run/systemd/system/{TIMER}.d"
RENEWALS = 20
# The certificate begins a minute ago, lives for this long, and is due at half of it: two seconds after it was
# issued, with more than a minute left for whatever may go wrong.
VALIDITY = 124


def moment(entry):
    return int(entry["__REALTIME_TIMESTAMP"]) / 1e6


def seconds(timestamp):
    return calendar.timegm(time.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ"))


@pytest.fixture
def often(fresh):
    """The timer comes each second."""
    fresh.write(f"{DROP_IN}/often.conf", "[Timer]\nOnCalendar=\nOnCalendar=*:*:*\nRandomizedDelaySec=0\nAccuracySec=10ms\n")
    fresh.systemctl("daemon-reload")
    yield fresh
    fresh.systemctl("stop", TIMER)
    fresh.run(["rm", "-r", DROP_IN])
    fresh.systemctl("daemon-reload")


def test_twenty_times_in_a_row__two_of_five_nonces_rejected(often):
    often.pebble.start(validity=VALIDITY, nonce_reject=40, authz_reuse=50)
    often.configure(Backdate="1min")
    mark = often.cursor()
    often.systemctl("start", TIMER)
    # The store says what is live, and each look at it is one of a consumer's: there is always something, and it is valid.
    seen = []

    def enough():
        serial = often.run(["openssl", "x509", "-in", f"{store.LIVE}/{NAME}/cert.pem", "-noout", "-serial", "-checkend", "0"],
                           check=False)
        assert serial.returncode == 0 or not seen, (serial, seen)
        if serial.returncode == 0 and serial.stdout not in seen:
            seen.append(serial.stdout)
        return len(seen) > RENEWALS

    often.wait_until(enough, 240, 0.1, what=f"{RENEWALS} renewals")
    often.systemctl("stop", TIMER)
    often.settled(30)
    store.check_live(often, NAME, [NAME])

    installed = trail(often, mark, "INSTALLED", ACME_CERTIFICATE=NAME)
    serials = [entry["ACME_SERIAL"] for entry in installed]
    assert len(installed) > RENEWALS and len(set(serials)) == len(serials)
    for before, after in zip(installed, installed[1:]):
        # Due at half of its life and not before, and replaced long before its end.
        begin, end = moment(before), seconds(before["ACME_NOT_AFTER"])
        assert end - VALIDITY / 2 <= moment(after) < end - 30, (before, after)
        assert end - begin > 60
    # Nothing failed, so that nothing was put off, and nobody was told of anything that is none.
    assert trail(often, mark, "FAILED", "CHAIN_REFUSED", "ORDER_ABANDONED", "AUTHORIZATION_FAILED", "REFUSED") == []
    assert set(endings(often, mark, UNIT)) == {"success"} and store.failure(often, NAME) == {}
    # Every order is one installation's; when there was nothing to do, no order was made.
    assert len(trail(often, mark, "ORDER_CREATED")) == len(installed)
    assert trail(often, mark, "NOT_DUE")
    assert one(often, mark, "ACCOUNT_REGISTERED")
    # It was a CA that rejects.
    signed = trail(often, mark, "SIGNED", ACME_CERTIFICATE=NAME)
    assert len([entry for entry in signed if entry["ACME_OPERATION"] == "NewOrder"]) > len(installed)
    # The place is kept for the live one and what is allowed behind it.
    assert len([name for name in often.listdir(f"{store.CERTS}/{NAME}")
                if often.exists(f"{store.CERTS}/{NAME}/{name}/cert.pem")]) <= 4
    store.wait_gone(often)
