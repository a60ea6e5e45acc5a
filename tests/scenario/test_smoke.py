# SPDX-License-Identifier: LGPL-2.1-or-later
"""One certificate, the plainest way, from a CA on the machine and from one outside."""

import pytest

NAME = "a.example.test"
LIVE = f"/var/lib/acme/live/{NAME}"


def test_there_is_a_place_for_the_administrators_files(fresh):
    for folder in ("acme.conf.d", "bridge", "bridge/.ssh", "ca.d", "certs"):
        found = fresh.stat(f"/etc/acme/{folder}")
        assert (found["type"], found["mode"], found["owner"]) == ("directory", "755", "root"), folder


@pytest.mark.parametrize("where", ["inside", "outside"])
def test_one_certificate(fresh, where):
    fresh.pebble.start(where=where, nonce_reject=5, authz_reuse=50)
    fresh.configure()
    mark = fresh.cursor()
    started = fresh.start(f"acme-renew@{NAME}.service")
    assert started.ok, started
    fresh.write("/root/root.pem", fresh.pebble.root())
    fresh.run(["openssl", "verify", "-CAfile", "/root/root.pem", "-untrusted", f"{LIVE}/chain.pem",
               "-verify_hostname", NAME, f"{LIVE}/cert.pem"])
    assert fresh.audit(since=mark, ACME_CERTIFICATE=NAME)
    fresh.settled()
    assert fresh.listening(80) == []
