# SPDX-License-Identifier: LGPL-2.1-or-later
"""tls-alpn-01: port 443 and a throw-away certificate while a CA looks, and nothing of either before and afterwards."""

import pytest

from lib import moments, store
from lib.trail import endings, one, trail, wait_for

A, B, C = "a.example.test", "b.example.test", "c.example.test"
SOCKET, RESPONDER = "acme-alpn@0.0.0.0:443.socket", "acme-alpn.service"
SITE = "/etc/nginx/sites-enabled/default"
POLICY_DROP = ("table inet filter {\nchain input {\ntype filter hook input priority 0; policy drop;\niif lo accept\n"
               "ct state established,related accept\n}\n}")


@pytest.fixture
def ca(fresh):
    """The CA outside, behind a packet filter; every certificate by tls-alpn-01."""
    fresh.pebble.start(where="outside", nonce_reject=5)
    fresh.configure(Challenge="tls-alpn-01")
    fresh.nft(POLICY_DROP)
    fresh.before = fresh.run(["nft", "--stateless", "list", "ruleset"]).stdout
    return fresh


def check_clean(machine):
    store.wait_gone(machine)
    machine.wait_until(lambda: not machine.listening(443), 5, what="port 443 to be closed")
    assert machine.run(["nft", "--stateless", "list", "ruleset"]).stdout == machine.before


def handshake(machine, name, alpn="acme-tls/1"):
    """What a validator outside sees: the text of openssl, which says the protocol and shows the certificate."""
    return machine.outside.run(
        f"openssl s_client -connect 192.0.2.1:443 {f'-servername {name}' if name else '-noservername'} "
        f"{f'-alpn {alpn}' if alpn else ''} </dev/null 2>&1", check=False).stdout


def test_issue__open_only_meanwhile(ca):
    assert not ca.outside.reaches(443)
    mark = ca.cursor()
    with ca.mangler() as proxy:
        ca.configure(CA=proxy.directory, Challenge="tls-alpn-01")
        with moments.pending(ca, A, ca=proxy) as start:
            ca.wait_until(lambda: ca.listdir("/run/acme/alpn") == [A])
            # The port of the other type is not touched.
            assert not ca.listening(80) and not ca.active("acme-webroot@0.0.0.0:80.socket") and ca.listdir("/run/acme/challenges") == []
            assert ca.outside.reaches(443)
            rule, = ca.nft_rules(comment="acmeward")
            assert rule["comment"] == "acmeward tls-alpn-01"
            shown = handshake(ca, A)
            assert "ALPN protocol: acme-tls/1" in shown
            text = ca.run(["openssl", "x509", "-noout", "-text"], input=shown).stdout
            assert "1.3.6.1.5.5.7.1.31: critical" in text and text.count("DNS:") == 1 and f"DNS:{A}" in text
            for other in (handshake(ca, "x.example.test"), handshake(ca, None), handshake(ca, A, "h2"), handshake(ca, A, None)):
                assert "BEGIN CERTIFICATE" not in other
            # The responder alone can read it, by its group.
            status = ca.stat(f"/run/acme/alpn/{A}")
            assert (status["mode"], status["owner"]) == ("640", "acme-challenge")
        assert moments.finish(start) == 0
    store.check_live(ca, A, [A])
    check_clean(ca)
    assert not ca.outside.reaches(443)
    assert one(ca, mark, "PORT_OPENED")["ACME_ADDRESS"] == "0.0.0.0:443 [::]:443"
    assert one(ca, mark, "FIREWALL_OPENED")["ACME_ADDRESS"] == "0.0.0.0:443 [::]:443"
    wait_for(ca, mark, "PORT_CLOSED")
    assert "failed" not in endings(ca, mark, SOCKET) + endings(ca, mark, RESPONDER)
    # The key was nowhere else.
    assert ca.run("grep -rl 'acmeward validation' /run/acme /var/lib/acme /tmp", check=False).stdout == ""


ROOMS = {"client": f"acme-renew@{A}.service", "challenge": f"acme-challenge-alpn@{A}.service", "responder": RESPONDER,
         "firewall": "acme-firewall@alpn.service"}


@pytest.mark.parametrize("whom", ["main", "all"])
@pytest.mark.parametrize("room", ROOMS)
def test_sigkill(ca, room, whom):
    with moments.pending(ca, A) as start:
        ca.wait_until(lambda: ca.listdir("/run/acme/alpn") == [A] and ca.active(RESPONDER))
        ca.systemctl("kill", f"--kill-whom={whom}", "--signal=KILL", ROOMS[room], check=False)
        if room == "client":
            assert moments.finish(start) != 0
            check_clean(ca)
    status = moments.finish(start)
    check_clean(ca)
    if room == "responder":
        assert status == 0
    if store.generation(ca, A):
        ca.run(["touch", f"{store.REQUESTS}/{A}"])
    ca.configure(Challenge="tls-alpn-01")
    store.issue(ca, A)
    check_clean(ca)


def test_two_certificates__share_the_port_and_wait_for_a_name_that_both_have(ca):
    ca.configure(B, Identifiers=[B, "shared.example.test"])
    ca.configure(C, Identifiers=[C, "shared.example.test"])
    mark = ca.cursor()
    starts = [ca.popen(["systemctl", "start", f"acme-renew@{name}.service"]) for name in (A, B, C)]
    assert [moments.finish(start) for start in starts] == [0, 0, 0]
    for name in (B, C):
        store.check_live(ca, name, sorted([name, "shared.example.test"]))
    store.check_live(ca, A, [A])
    check_clean(ca)
    assert len(trail(ca, mark, "PORT_OPENED")) < 3


def test_both_types_at_once__one_ends_and_the_other_stays(ca):
    ca.configure(B, Challenge="http-01")
    with ca.mangler() as proxy:
        ca.configure(CA=proxy.directory, Challenge="tls-alpn-01")
        with moments.pending(ca, A, ca=proxy) as first:
            with moments.pending(ca, B, ca=proxy) as second:
                comments = sorted(rule["comment"] for rule in ca.nft_rules(comment="acmeward"))
                assert comments == ["acmeward http-01", "acmeward tls-alpn-01"]
                ca.systemctl("stop", f"acme-renew@{A}.service")
                moments.finish(first)
                ca.wait_until(lambda: [rule["comment"] for rule in ca.nft_rules(comment="acmeward")] == ["acmeward http-01"])
                assert not ca.outside.reaches(443) and ca.outside.reaches(80)
        assert moments.finish(second) == 0
    check_clean(ca)


def test_mixed_order__each_name_by_what_it_is_offered(ca):
    """The CA offers this name no tls-alpn-01: for it http-01 is the next."""
    def without(document):
        if document["identifier"]["value"] == B:
            document["challenges"] = [c for c in document["challenges"] if c["type"] != "tls-alpn-01"]
    ca.pebble.start()
    ca.configure(A, Identifiers=[A, B], Challenge="tls-alpn-01 http-01")
    with ca.mangler() as proxy:
        ca.configure(CA=proxy.directory)
        proxy.on("authorization").json(without)
        mark = ca.cursor()
        store.issue(ca, A, [A, B])
    addresses = {entry["ACME_ADDRESS"] for entry in trail(ca, mark, "PORT_OPENED")}
    assert addresses == {"0.0.0.0:443 [::]:443", "0.0.0.0:80 [::]:80"}
    check_clean(ca)


@pytest.fixture
def nginx(ca):
    """A function that has nginx take port 443."""
    saved = ca.read(SITE)
    ca.run("openssl req -x509 -newkey rsa:2048 -nodes -keyout /etc/nginx/test.key -out /etc/nginx/test.pem -days 2 "
           f"-subj /CN={A} 2>/dev/null")

    def start(listen="listen 443 ssl;\nlisten [::]:443 ssl;"):
        ca.write(SITE, f"server {{\n{listen}\nssl_certificate /etc/nginx/test.pem;\nssl_certificate_key "
                       "/etc/nginx/test.key;\n}\n")
        ca.systemctl("reload-or-restart", "nginx.service")

    yield start
    ca.systemctl("stop", "nginx.service")
    ca.run("rm -f /etc/nginx/test.key /etc/nginx/test.pem")
    ca.write(SITE, saved)


def test_nginx_has_the_port__says_so_before_an_order(ca, nginx):
    nginx()
    mark = ca.cursor()
    refused = ca.start(f"acme-renew@{A}.service")
    assert refused.exit_status == 78, refused
    assert "nginx.service" in one(ca, mark, "FAILED", ACME_CERTIFICATE=A)["ACME_REASON"]
    assert trail(ca, mark, "PORT_FOREIGN")[-1]["ACME_UNIT"] == "nginx.service"
    # The CA's patience is not used up: it has seen no order, and nothing was opened.
    assert trail(ca, mark, "ORDER_CREATED", "PORT_OPENED", "FIREWALL_OPENED") == []
    ca.settled()
    ca.systemctl("stop", "nginx.service")
    ca.run(["touch", f"{store.REQUESTS}/{A}"])
    store.issue(ca, A)


def test_nginx_has_the_port__another_type_stands_in_and_is_remembered(ca, nginx):
    nginx()
    ca.configure(A, Challenge="tls-alpn-01 http-01")
    mark = ca.cursor()
    store.issue(ca, A)
    assert {entry["ACME_ADDRESS"] for entry in trail(ca, mark, "PORT_OPENED")} == {"0.0.0.0:80 [::]:80"}
    assert store.state(ca, A)["challenges"] == [f"http-01 {A}"]
    ca.systemctl("stop", "nginx.service")
    ca.settled()
    # What worked is tried first, though the other one would work by now.
    mark = ca.cursor()
    ca.run(["touch", f"{store.REQUESTS}/{A}"])
    store.issue(ca, A)
    assert {entry["ACME_ADDRESS"] for entry in trail(ca, mark, "PORT_OPENED")} == {"0.0.0.0:80 [::]:80"}
    store.wait_gone(ca)


def test_ca_says_no__the_next_attempt_goes_another_way(ca):
    """From outside, port 443 is not let through, which nothing here can see."""
    ca.nft("table inet filter {\nchain outer {\ntype filter hook prerouting priority 0; policy accept;\niif lo accept\n"
           "tcp dport 443 drop\n}\n}")
    ca.configure(A, Challenge="tls-alpn-01 http-01")
    mark = ca.cursor()
    assert not ca.start(f"acme-renew@{A}.service").ok
    assert len(trail(ca, mark, "AUTHORIZATION_FAILED")) == 1
    assert store.state(ca, A)["challenges"] == [f"http-01 {A}"]
    ca.settled()
    ca.run(["touch", f"{store.REQUESTS}/{A}"])
    store.issue(ca, A)


def test_listen__is_a_setting(ca):
    """A port that the real one is forwarded to."""
    ca.pebble.start(where="outside", config={"tlsPort": 8443})
    ca.configure(Challenge="tls-alpn-01", AlpnListen="192.0.2.1:8443")
    mark = ca.cursor()
    store.issue(ca, A)
    assert one(ca, mark, "PORT_OPENED")["ACME_ADDRESS"] == "192.0.2.1:8443"
    check_clean(ca)
