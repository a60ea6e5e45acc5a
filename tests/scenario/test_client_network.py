# SPDX-License-Identifier: LGPL-2.1-or-later
"""The way to the CA: through a proxy, over IPv6 alone, with a certificate of its own, and when it stops answering."""

import json
import subprocess

import pytest

from lib import store
from lib.disk import small_disk
from lib.trail import one, trail
from lib.unhappy import NAME, UNIT, fails, misbehaving_ca, prompt, renews, requests

PROXY = """
import socket, sys, threading
status = sys.argv[1]
def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    b.close()
def serve(client):
    head = b""
    while b"\\r\\n\\r\\n" not in head:
        data = client.recv(65536)
        if not data:
            return
        head += data
    print(head.split(b"\\r\\n")[0].decode(), flush=True)
    if status != "200":
        client.sendall(f"HTTP/1.1 {status} No\\r\\nContent-Length: 0\\r\\n\\r\\n".encode())
        client.close()
        return
    host, _, port = head.split()[1].decode().rpartition(":")
    server = socket.create_connection((host.strip("[]"), int(port)))
    client.sendall(b"HTTP/1.1 200 Connected\\r\\n\\r\\n")
    threading.Thread(target=pump, args=(server, client), daemon=True).start()
    pump(client, server)
listener = socket.create_server(("127.0.0.1", 3128))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""
DROP_IN = "/run/systemd/system/acme-renew@.service.d"


def proxy(machine, status, **environment):
    """A proxy on port 3128, and the renewal's environment. Returns a function that tells what it was asked."""
    machine.write("/usr/local/lib/acmeward-test/proxy.py", PROXY)
    mark = machine.cursor()
    machine.run(["systemd-run", "--quiet", "--unit=proxy", "--collect", "/usr/bin/python3", "-I",
                 "/usr/local/lib/acmeward-test/proxy.py", str(status)])
    machine.at_end(lambda: machine.systemctl("stop", "proxy.service", check=False))
    machine.wait_until(lambda: machine.listening(3128), what="the proxy to listen")
    machine.write(f"{DROP_IN}/proxy.conf", "[Service]\n" + "".join(
        f"Environment={name}={value}\n" for name, value in environment.items()))

    def clean():
        machine.run(["rm", "-r", DROP_IN])
        machine.systemctl("daemon-reload")
    machine.at_end(clean)
    machine.systemctl("daemon-reload")
    return lambda: [entry["MESSAGE"] for entry in machine.journal(since=mark, _SYSTEMD_UNIT="proxy.service")]


def test_through_a_proxy(fresh):
    fresh.pebble.start(nonce_reject=5)
    fresh.configure()
    asked = proxy(fresh, 200, https_proxy="http://127.0.0.1:3128", http_proxy="http://127.0.0.1:3128")
    store.issue(fresh, NAME)
    # One tunnel, to the CA; our own port 80 is never asked for through it.
    assert asked() == ["CONNECT localhost:14000 HTTP/1.1"]


def test_past_the_proxy(fresh):
    fresh.pebble.start()
    fresh.configure()
    asked = proxy(fresh, 200, https_proxy="http://127.0.0.1:3128", no_proxy="localhost")
    store.issue(fresh, NAME)
    assert asked() == []


@pytest.mark.parametrize("status", [403, 407, 502])
def test_proxy_that_refuses(fresh, status):
    fresh.pebble.start()
    fresh.configure()
    asked = proxy(fresh, status, https_proxy="http://127.0.0.1:3128")
    fails(fresh, 75)
    assert 1 <= len(asked()) <= 3


def own_certificate(folder, names):
    """(certificate, key) on the host, self-signed."""
    certificate, key = folder / "own.pem", folder / "own.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "30", "-subj", "/CN=own", "-addext", f"subjectAltName={names}", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return certificate, key


@pytest.mark.parametrize("names, host, exit_status", [
    ("IP:::1", "[::1]", 0), ("DNS:localhost", "localhost", 0), ("DNS:elsewhere.example.test", "localhost", 78)])
def test_ca_with_a_certificate_of_its_own(fresh, tmp_path, names, host, exit_status):
    """Also one that is an address, and that of IPv6."""
    fresh.pebble.start()
    certificate, key = own_certificate(tmp_path, names)
    with fresh.mangler(port=14600, certificate=(certificate, key)) as ca:
        fresh.write("/etc/acme/own.pem", certificate.read_text())
        fresh.configure(CA=f"https://{host}:14600/dir", Trust="/etc/acme/own.pem")
        if exit_status == 0:
            renews(fresh, ca)
        else:
            fails(fresh, exit_status)
            assert not ca.seen()


@pytest.fixture
def ca(fresh):
    with misbehaving_ca(fresh) as mangler:
        yield mangler


def test_ca_stops_answering(fresh, ca):
    """A request is waited for once; then port 80 is closed, and the next run goes on with the order."""
    fault = ca.on("order").hang()
    started = fails(fresh, 75)
    assert 29 <= started.seconds < 59
    assert requests(ca)["order"] == 1
    fault.cancel()
    ca.forget()
    assert "newOrder" not in renews(fresh, ca)


@pytest.mark.parametrize("step", ["newOrder", "challenge", "finalize"])
@pytest.mark.parametrize("status", [502, 504])
@pytest.mark.parametrize("is_done", [False, True])
def test_gateway_without_an_answer(fresh, ca, step, status, is_done):
    """Nobody knows whether the CA has done it: it is looked at, and done again only if it was not."""
    prompt(ca)
    fault = ca.on(step, times=1)
    if is_done:
        fault.status(status).body(b"<html>")
    else:
        fault.answer(status, b"<html>", content_type="text/html")
    seen = renews(fresh, ca)
    # A CA that has begun to look may call the challenge pending still: then it is answered once more.
    expected = {1, 2} if is_done and step == "challenge" else {1} if is_done and step == "finalize" else {2}
    assert seen[step] in expected


@pytest.mark.parametrize("step", ["authorization", "order", "certificate"])
def test_ca_of_several_machines(fresh, ca, step):
    """One of them does not know yet what another one has just made."""
    ca.on(step, times=1).problem("malformed", status=404)
    assert renews(fresh, ca)[step] >= 2


@pytest.mark.parametrize("step", ["authorization", "order", "certificate"])
def test_ca_has_lost_it(fresh, ca, step):
    """No bug of ours, and nothing a person can do: later."""
    fault = ca.on(step).problem("malformed", status=404)
    fails(fresh, 75)
    assert requests(ca)[step] == 3
    fault.cancel()
    renews(fresh, ca)


@pytest.mark.parametrize("status, exit_status", [(404, 78), (410, 78), (500, 75)])
def test_directory_is_not_there(fresh, ca, status, exit_status):
    ca.on("directory").answer(status, b"<html>", content_type="text/html")
    fails(fresh, exit_status)


def test_terms_have_changed(fresh, ca):
    terms = ca.directory.replace("/dir", "/terms/7")
    ca.on("newOrder").problem("userActionRequired", status=403, headers={"Link": f'<{terms}>;rel="terms-of-service"'})
    mark = fresh.cursor()
    fails(fresh, 77)
    assert any(terms in entry["MESSAGE"] for entry in fresh.journal(since=mark, SYSLOG_IDENTIFIER="acme-client"))


def test_failure_names_order_and_identifiers(fresh, ca):
    ca.on("finalize").problem("badCSR", status=400)
    mark = fresh.cursor()
    fails(fresh, 77)
    failed = one(fresh, mark, "FAILED")
    assert failed["ACME_IDENTIFIERS"] == NAME
    assert failed["ACME_ORDER"] == one(fresh, mark, "ORDER_CREATED")["ACME_ORDER"]


def test_page_instead_of_the_certificate(fresh, ca):
    """The order has one: it is not thrown away."""
    fault = ca.on("certificate").body(b"<html>busy</html>")
    fails(fresh, 75)
    fault.cancel()
    ca.forget()
    assert set(renews(fresh, ca)) == {"directory", "newNonce", "order", "certificate"}


def test_store_without_room(fresh, ca):
    """Found out before an order is made."""
    with small_disk(fresh, store.CERTS, "512k"):
        fails(fresh, 75)
        assert set(requests(ca)) <= {"directory", "newNonce"}
    renews(fresh, ca)


def test_ca_finalizes_and_says_so_late(fresh, ca):
    prompt(ca)
    ca.on("finalize", times=1).json({"status": "ready"})
    ca.on("order", times=2).json({"status": "ready"})
    assert renews(fresh, ca)["finalize"] == 1


@pytest.mark.parametrize("day", ["Sun, 06 Nov 1994", "Sat, 01 Jan 2039"])
def test_wrong_clock_and_a_date_to_come_back(fresh, ca, day):
    """The date counts from the reply's own, however far that is from what this machine believes."""
    ca.on("newOrder").problem("rateLimited", status=429, headers={
        "Date": f"{day} 08:49:37 GMT", "Retry-After": f"{day} 10:49:37 GMT"})
    fails(fresh, 75)
    failure = store.failure(fresh, NAME)
    assert 7199 <= (failure["nextAttemptUsec"] - failure["lastUsec"]) / 1e6 <= 7201


def test_failure_of_a_clock_that_was_wrong(fresh, ca):
    """What was promised in the future does not hold a timer back once the clock is right."""
    fault = ca.on("newOrder").problem("serverInternal", status=500)
    fails(fresh, 75)
    fault.cancel()
    state = store.state(fresh, NAME)
    for key in ("lastUsec", "nextAttemptUsec"):
        state["failure"][key] += 10 * 365 * 86400 * 1000000
    fresh.write(f"{store.CERTS}/{NAME}/state.json", json.dumps(state), owner="acme-signer:acme-signer")
    fresh.write("/run/systemd/system/poke.timer",
                f"[Timer]\nOnActiveSec=10ms\nAccuracySec=1ms\nUnit={UNIT}\nRemainAfterElapse=no\n")
    fresh.systemctl("daemon-reload")
    mark = fresh.cursor()
    fresh.systemctl("start", "poke.timer")
    fresh.wait_until(lambda: trail(fresh, mark, "INSTALLED"), what="the renewal that a timer started")
    fresh.settled()
    store.check_live(fresh, NAME, [NAME])
