# SPDX-License-Identifier: LGPL-2.1-or-later
"""HTTP/2 (RFC 9113): nginx before Pebble, as many a CA has a proxy that offers it."""

import json

import pytest

from lib import store
from lib.http_exchange import kind_pattern

PORT = 14500
LOG = "/run/acmeward-test/streams.log"
SITE = "/etc/nginx/sites-enabled/default"
CONFIGURATION = """
log_format streams escape=json '{"path":"$request_uri","protocol":"$server_protocol","connection":$connection,'
                               '"end":$msec,"seconds":$request_time}';
server {
    listen %d ssl http2;
    ssl_certificate /etc/pebble/cert.pem;
    ssl_certificate_key /etc/pebble/key.pem;
    access_log %s streams;
    location / { proxy_pass https://127.0.0.1:14000; proxy_set_header Host $http_host; }
}
""" % (PORT, LOG)


@pytest.fixture
def streams(fresh):
    """A configured machine whose CA is behind nginx."""
    saved = fresh.read(SITE)
    fresh.pebble.start()
    fresh.configure(CA=f"https://{fresh.pebble.host}:{PORT}/dir")
    fresh.run(["mkdir", "-p", LOG.rpartition("/")[0]])
    fresh.write(LOG, "")
    fresh.write(SITE, CONFIGURATION)
    fresh.systemctl("restart", "nginx.service")
    yield fresh
    fresh.systemctl("stop", "nginx.service")
    fresh.write(SITE, saved)


def under_way(requests):
    """How many there were at the same moment, at most."""
    moments = sorted([(request["end"] - request["seconds"], 1) for request in requests]
                     + [(request["end"], -1) for request in requests])
    most = now = 0
    for _, change in moments:
        now += change
        most = max(most, now)
    return most


def test_a_hundred_names_over_one_connection__side_by_side(streams):
    names = [f"n{number}.example.test" for number in range(100)]
    streams.configure("hundred", Identifiers=names)
    store.issue(streams, "hundred", names)
    requests = [json.loads(line) for line in streams.read(LOG).splitlines()]
    assert {request["protocol"] for request in requests} == {"HTTP/2.0"}
    assert len({request["connection"] for request in requests}) == 1
    for kind in ("authorization", "challenge"):
        some = [request for request in requests if kind_pattern(kind).search(request["path"])]
        assert len(some) == 100 and under_way(some) >= 8, kind
