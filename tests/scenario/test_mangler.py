# SPDX-License-Identifier: LGPL-2.1-or-later
"""The misbehaving CA: each fault does to a client what its name says."""

import base64
import json

import pytest

MACHINE = {"bare": True}


@pytest.fixture(params=["inside", "outside"])
def ca(fresh, request):
    fresh.pebble.start(where=request.param)
    with fresh.mangler() as mangler:
        yield mangler


def ask(machine, url, *arguments):
    """curl's exit status, the HTTP status and the body."""
    done = machine.run(["curl", "--silent", "--cacert", "/etc/acme/pebble-ca.pem", "--max-time", "2",
                        "--write-out", "\n%{http_code}", *arguments, url], check=False)
    body, _, status = done.stdout.rpartition("\n")
    return done.returncode, int(status), body


def test_passes_through(fresh, ca):
    code, status, body = ask(fresh, ca.directory)
    assert (code, status) == (0, 200)
    assert json.loads(body)["newNonce"] == ca.directory.replace("/dir", "/nonce-plz")
    assert [(seen.method, seen.kind, seen.status) for seen in ca.seen()] == [("GET", "directory", 200)]
    json.dumps(ca.record())


def test_counts_connections(fresh, ca):
    ask(fresh, ca.directory, ca.directory)
    ask(fresh, ca.directory)
    assert ca.connections == 2
    assert [seen.connection for seen in ca.seen()] == [1, 1, 2]


def test_decodes_jws(fresh, ca):
    def encode(text):
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    jws = {"protected": encode('{"alg":"ES256"}'), "payload": encode('{"a":1}'), "signature": "x"}
    url = ca.directory.replace("/dir", "/order-plz")
    _, status, _ = ask(fresh, url, "--data", json.dumps(jws), "--header", "Content-Type: application/jose+json")
    seen = ca.seen("newOrder", method="POST")
    assert [(s.protected, s.payload, s.status) for s in seen] == [({"alg": "ES256"}, {"a": 1}, status)]


def test_problem__as_often_as_told(fresh, ca):
    fault = ca.on("directory", times=1, skip=1).problem("rateLimited", status=429, headers={"Retry-After": "7"})
    answers = [ask(fresh, ca.directory) for _ in range(3)]
    assert [status for _, status, _ in answers] == [200, 429, 200]
    assert json.loads(answers[1][2])["type"] == "urn:ietf:params:acme:error:rateLimited"
    assert fault.applied == 1 and not ca.seen()[1].forwarded


def test_headers_body_status(fresh, ca):
    nonce = ca.directory.replace("/dir", "/nonce-plz")
    assert "replay-nonce" in ask(fresh, nonce, "--head")[2].lower()
    ca.on("newNonce").header("Replay-Nonce", None).header("Retry-After", "5")
    head = ask(fresh, nonce, "--head")[2].lower()
    assert "replay-nonce" not in head and "retry-after: 5" in head
    ca.on("directory").json({"newNonce": "https://elsewhere.example.test/"}).status(203)
    _, status, body = ask(fresh, ca.directory)
    assert status == 203 and json.loads(body)["newNonce"] == "https://elsewhere.example.test/"
    ca.heal()
    ca.on("directory").body("{")
    assert ask(fresh, ca.directory)[2] == "{"


@pytest.mark.parametrize("method, curl_code", [
    ("refuse", 52), ("hang", 28), ("lose", 52), ("cut_in_headers", None), ("cut_in_body", 18)])
def test_connection_faults(fresh, ca, method, curl_code):
    getattr(ca.on("directory", times=1), method)()
    code, _, body = ask(fresh, ca.directory)
    # curl 7.88 takes a header that ends early for a whole one, without a body.
    assert code in (curl_code, 56) or (curl_code is None and body == "")
    assert ask(fresh, ca.directory)[0] == 0
    assert ca.seen()[0].forwarded == (method not in ("refuse", "hang"))


def test_bodies_without_length(fresh, ca):
    ca.on("directory", times=1).until_close(keep=0.5)
    code, status, body = ask(fresh, ca.directory)
    assert (code, status) == (0, 200) and not body.rstrip().endswith("}")
    ca.on("directory", times=1).flood(200_000)
    assert len(ask(fresh, ca.directory)[2]) > 200_000
    ca.on("directory", times=1).trickle(0.2)
    assert ask(fresh, ca.directory)[0] == 0
