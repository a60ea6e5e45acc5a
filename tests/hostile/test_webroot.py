# SPDX-License-Identifier: LGPL-2.1-or-later
"""Strangers at the web root's door: what they may send, what they may hold on to, and that nobody else notices."""

import contextlib
import os
import random
import re
import resource
import socket

import pytest

from webroot import (DESCRIPTORS, FOLDER, KEY_AUTHORIZATION, LAST, PATH, THUMBPRINT, TOKEN, Answer,
                     Webroot, program, request, wait_until)

# By the sources: VISITORS_MAX of visitors.h, MemoryMax= of the unit.
VISITORS_MAX = 2048
MEMORY_MAX = 64 * 1024 * 1024

# Stands in what strangers send, and has to stand in nothing that comes back or is logged.
MARK = "x-mark-y"

pytestmark = pytest.mark.skipif(program() is None, reason="acme-webroot is not built; set ACMEWARD_WEBROOT")


@pytest.fixture(scope="module", autouse=True)
def _many_descriptors():
    """A thousand visitors have a thousand ends here, too."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    if before[1] < 2 * DESCRIPTORS:
        pytest.skip(f"a hard limit of {before[1]} descriptors is too low here")
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def webroot(tmp_path):
    """One that has a token, over IPv4. It has to be the same process at the end."""
    with Webroot(tmp_path) as served:
        served.publish()
        yield served


def validators(webroot, n, which=0):
    """So many at once, each of which gets its answer; all requests are under way before the first answer is read."""
    visits = [webroot.visit(which) for _ in range(n)]
    for visit in visits:
        visit.send(LAST)
    for visit in visits:
        answer = Answer(visit.receive())
        assert (answer.status, answer.body, answer.rest) == (200, KEY_AUTHORIZATION.encode(), b"")
        visit.close()


# What a validator gets


def test_get__is_the_key_authorization_and_nothing_more(webroot):
    answer = webroot.ask()
    assert answer.status == 200
    assert answer.body == KEY_AUTHORIZATION.encode()
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["server"] == "acmeward"
    assert set(answer.headers) == {"content-type", "server", "content-length", "date", "connection"}


def test_head__has_the_headers_and_no_body(webroot):
    answer = webroot.ask(request(method="HEAD", headers=("Host: a", "Connection: close")), has_body=False)
    assert answer.status == 200
    assert answer.headers["content-length"] == str(len(KEY_AUTHORIZATION))
    assert answer.body == answer.rest == b""


@pytest.mark.parametrize("headers", [(), ("Host: a.example.test",), ("Connection: keep-alive",)])
def test_http_1_0(webroot, headers):
    answer = webroot.ask(request(version="HTTP/1.0", headers=headers))
    assert (answer.status, answer.body) == (200, KEY_AUTHORIZATION.encode())


def test_any_host(webroot):
    for host in ("a.example.test", "A.EXAMPLE.TEST:80", "192.0.2.1", "[fd00:ac::1]", "", "x" * 253):
        assert webroot.ask(request(headers=(f"Host: {host}", "Connection: close"))).status == 200


def test_pipelined__the_first_is_answered_and_then_it_is_over(webroot):
    """A validator has one question; RFC 9112 section 9.6 lets us close after the answer."""
    with webroot.visit() as visit:
        visit.send(request() + request("/other") * 20)
        answer = Answer(visit.receive())
    assert (answer.status, answer.body, answer.closes) == (200, KEY_AUTHORIZATION.encode(), True)
    assert answer.rest == b""


def test_byte_by_byte(webroot):
    with webroot.visit() as visit:
        visit.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in LAST:
            visit.send(bytes([byte]))
        assert Answer(visit.receive()).body == KEY_AUTHORIZATION.encode()


def test_expect_100_continue(webroot):
    with webroot.visit() as visit:
        visit.send(request(headers=("Host: a", "Expect: 100-continue", "Content-Length: 1", "Connection: close"),
                           body=b"x"))
        assert b"HTTP/1.1 200 OK" in visit.receive()


# Which names are tokens


@pytest.mark.parametrize("token, is_one", [
    ("a" * 21, False), ("a" * 22, True), ("a" * 128, True), ("a" * 129, False),
    ("-" * 22, True), ("_" * 22, True), ("." * 22, False), ("a" * 21 + ".", False), ("a" * 21 + "~", False),
])
def test_token__has_a_grammar(webroot, token, is_one):
    if "." * 22 != token:
        webroot.publish(token)
    answer = webroot.ask(request(FOLDER + token, headers=("Host: a", "Connection: close")))
    assert answer.status == (200 if is_one else 404)
    assert answer.body == (f"{token}.{THUMBPRINT}".encode() if is_one else b"")


def test_token__comes_and_goes(webroot):
    late = "B" * 22
    get = request(FOLDER + late, headers=("Host: a", "Connection: close"))
    assert webroot.ask(get).status == 404
    webroot.publish(late)
    assert webroot.ask(get).status == 200
    (webroot.tokens / late).unlink()
    assert webroot.ask(get).status == 404


@pytest.mark.parametrize("path", [
    "/", "//", "*", "/.well-known", "/.well-known/", "/.well-known/acme-challenge", FOLDER, FOLDER + "../" + TOKEN,
    FOLDER + "/" + TOKEN, "/" + PATH, PATH + "/", PATH + "//", PATH + "?", PATH + "?a=b", PATH + "#", PATH + ";a",
    PATH + "%00", PATH + "%20", PATH + ".txt", PATH + "\\", PATH.replace("/", "\\"), PATH.upper(), PATH.replace("/", "%2f"),
    FOLDER + "%" + "44" + TOKEN[1:], FOLDER.replace(".", "%2e") + TOKEN, "/%2e" + PATH[2:], "/.." + PATH, "/." + PATH,
    "/a/.." + PATH, FOLDER + "./" + TOKEN, FOLDER + TOKEN[:-1], FOLDER + TOKEN.lower(), "http://a.example.test" + PATH,
    "https://a.example.test" + PATH, "HTTP://A" + PATH, "//a.example.test" + PATH, FOLDER + "..%2f..%2fetc%2fpasswd",
    "/etc/passwd", "/../../etc/passwd", FOLDER + "../../../../etc/passwd", "/\xff\xfe", FOLDER + "\xe9" * 22, "a", ":", "?",
    "/" + "a" * 2000, "/%", "/%zz", "/%u0000", FOLDER + "\x7f" * 22, PATH + "\x80",
])
def test_path__there_is_one_way_to_write_it(webroot, path):
    with webroot.visit() as visit:
        visit.send(request(path))
        visit.end()
        data = visit.receive()
    # Some of these are not even a request line.
    assert data == b"" or Answer(data).status in (400, 404), data
    assert KEY_AUTHORIZATION.encode() not in data
    if data:
        answer = Answer(data)
        assert answer.closes
        assert answer.status == 400 or (answer.body, answer.rest) == (b"", b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "PROPFIND", "get",
                                    "GETT", "G", "x" * 500])
def test_method__get_and_head_alone(webroot, method):
    answer = webroot.ask(request(method=method))
    assert (answer.status, answer.headers["allow"], answer.closes) == (405, "GET, HEAD", True)
    assert answer.body == b""


def test_post__its_body_is_not_another_request(webroot):
    inner = request(headers=("Host: inner",))
    for framing in (f"Content-Length: {len(inner)}", "Transfer-Encoding: chunked"):
        body = inner if framing.startswith("C") else b"%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner)
        answer = webroot.ask(request(method="POST", headers=("Host: a", framing), body=body))
        assert (answer.status, answer.rest) == (405, b"")


# Files that are none


def foreign_files():
    """What may be in a token's place, and whether its name is in the way of nothing else: name, function(folder)."""
    def link(folder):
        (folder / "elsewhere").write_text(KEY_AUTHORIZATION)
        (folder / TOKEN).symlink_to("elsewhere")

    def link_out(folder):
        (folder / TOKEN).symlink_to("/etc/passwd")

    def link_in_circles(folder):
        (folder / TOKEN).symlink_to(TOKEN)

    def directory(folder):
        (folder / TOKEN).mkdir()

    def pipe(folder):
        os.mkfifo(folder / TOKEN)

    def door(folder):
        with socket.socket(socket.AF_UNIX) as listener:
            # A path in full may be longer than an address may be.
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(folder)
                listener.bind(TOKEN)

    def holding(text):
        return lambda folder: (folder / TOKEN).write_bytes(text)

    key_authorization = KEY_AUTHORIZATION.encode()
    return {
        "link": link, "link-out": link_out, "link-in-circles": link_in_circles, "directory": directory, "pipe": pipe,
        "socket": door, "empty": holding(b""), "newline": holding(key_authorization + b"\n"),
        "other-token": holding(b"E" + key_authorization[1:]), "token-alone": holding(TOKEN.encode()),
        "no-thumbprint": holding(TOKEN.encode() + b"."), "nul": holding(key_authorization + b"\0"),
        "page": holding(b"<html><script>" + MARK.encode() + b"</script></html>"),
        "header": holding(key_authorization[:-2] + b"\r\n"), "huge": holding(key_authorization + b"a" * 1_000_000),
        "key": holding(b"-----BEGIN PRIVATE KEY-----\n" + MARK.encode()),
    }


@pytest.mark.parametrize("name", foreign_files())
def test_file__that_is_no_token_is_not_found(webroot, name):
    (webroot.tokens / TOKEN).unlink()
    foreign_files()[name](webroot.tokens)
    answer = webroot.ask()
    assert (answer.status, answer.body) == (404, b"")
    log = webroot.log()
    assert MARK not in log and THUMBPRINT not in log


def test_file__sparse_and_endless(webroot):
    os.truncate(webroot.tokens / TOKEN, 1 << 40)
    assert webroot.ask().status == 404
    assert webroot.resident_bytes() < MEMORY_MAX or webroot.is_sanitized()


# What is no HTTP

GARBAGE = {
    "nothing": b"",
    "nuls": b"\0" * 5000,
    "word": b"garbage\r\n\r\n",
    "nul-in-path": request(PATH + "\0"),
    "nul-before-token": request(FOLDER + "\0" + TOKEN),
    "nul-in-method": request(method="GE\0T"),
    "nul-in-header": request(headers=("Host: a\0b", f"X: {MARK}")),
    "http-0.9-blank-line": f"GET {PATH}\r\n\r\n".encode(),
    "http-9.9": request(version="HTTP/9.9"),
    "http-x": request(version="HTTP/x"),
    "http-lower": request(version="http/1.1"),
    "http-2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    "tls": bytes.fromhex("16030100c8010000c40303") + bytes(range(190)),
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "proxy-protocol": b"PROXY TCP4 192.0.2.2 192.0.2.1 1 80\r\n" + request(),
    "bare-lf": request().replace(b"\r\n", b"\n"),
    "two-spaces": f"GET  {PATH}  HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
    "tabs": f"GET\t{PATH}\tHTTP/1.1\r\nHost: a\r\n\r\n".encode(),
    "leading-space": b" " + request(),
    "high": bytes(range(128, 256)) * 20,
    "folded-header": request(headers=("Host: a", f"X: {MARK}\r\n folded")),
    "no-colon": request(headers=("Host: a", MARK)),
    "no-name": request(headers=("Host: a", f": {MARK}")),
    "space-before-colon": request(headers=("Host : a", f"X : {MARK}")),
    "no-host": request(headers=(f"X: {MARK}",)),
    "two-hosts": request(headers=("Host: a", "Host: b")),
    "length-negative": request(headers=("Host: a", "Content-Length: -1")),
    "length-plus": request(headers=("Host: a", "Content-Length: +1"), body=b"x"),
    "length-word": request(headers=("Host: a", f"Content-Length: {MARK}")),
    "length-huge": request(headers=("Host: a", "Content-Length: 99999999999999999999999")),
    "length-64-bit": request(headers=("Host: a", "Content-Length: 18446744073709551615")),
    "length-two": request(headers=("Host: a", "Content-Length: 0", "Content-Length: 5"), body=b"GET /"),
    "length-and-chunks": request(method="POST", headers=("Host: a", "Content-Length: 4", "Transfer-Encoding: chunked"),
                                 body=b"0\r\n\r\n" + request()),
    "chunk-huge": request(method="POST", headers=("Host: a", "Transfer-Encoding: chunked"),
                          body=b"ffffffffffffffffff\r\n"),
    "chunk-word": request(method="POST", headers=("Host: a", "Transfer-Encoding: chunked"), body=b"zz\r\n"),
    "transfer-encoding-unknown": request(headers=("Host: a", f"Transfer-Encoding: {MARK}")),
    "upgrade": request(headers=("Host: a", "Upgrade: h2c, websocket", "Connection: Upgrade, close",
                                "HTTP2-Settings: AAAA")),
    "authorization": request(headers=("Host: a", "Authorization: Basic !!!!", "Connection: close")),
    "cookies": request(headers=("Host: a", "Cookie: ===;;;=\"\\", "Connection: close")),
    "ranges": request(headers=("Host: a", "Range: bytes=" + ",".join(["0-"] * 400), "Connection: close")),
    "form": request(method="POST", headers=("Host: a", "Content-Type: multipart/form-data; boundary=\"" + "-" * 200,
                                            "Content-Length: 5"), body=b"-----"),
    "long-path": request("/" + "a" * 10_000 + MARK),
    "long-query": request(PATH + "?" + "a" * 10_000 + MARK),
    "long-method": request(method="x" * 10_000),
    "long-header": request(headers=("Host: a", f"X: {MARK * 2000}")),
    "long-name": request(headers=("Host: a", f"{'X' * 10_000}: 1")),
    "many-headers": request(headers=("Host: a", *["a:b"] * 3000)),
    "many-arguments": request("/?" + "&".join(["a=b"] * 800)),
    "endless-line": b"GET /" + b"a" * 1_000_000,
    "endless-headers": request()[:-2] + b"X: y\r\n" * 100_000,
}


# What might become a request yet: it may wait for more, until its time is over.
INCOMPLETE = {
    "newline": b"\r\n",
    "newlines": b"\r\n" * 500,
    "nul": b"\0",
    "nul-line": b"\0\1\2\r\n\r\n",
    "one-line": request()[:-2],
    "bare-cr": request().replace(b"\r\n", b"\r"),
    "http-0.9": f"GET {PATH}\r\n".encode(),
    "half-a-line": b"GET /?" + b"a=b&" * 800,
}


def answer_by_now(webroot, data):
    """What is sent back for data, if anything, by the time that somebody who came later has been served."""
    with webroot.visit() as visit:
        with contextlib.suppress(OSError):  # it may not even want to hear the end
            visit.send(data)
        assert webroot.works()
        visit.socket.setblocking(False)
        with contextlib.suppress(OSError):
            return visit.socket.recv(65536)
    return b""


@pytest.mark.parametrize("name", [*GARBAGE, *INCOMPLETE])
def test_garbage__is_refused_and_disturbs_nobody(webroot, name):
    data = answer_by_now(webroot, {**GARBAGE, **INCOMPLETE}[name])
    if data:
        # libmicrohttpd's own 400 for a request without Host has its headers twice, in 0.9.75.
        answer = Answer(data)
        assert answer.closes
        assert answer.status in (200, 400, 404, 405, 411, 413, 414, 431, 501, 505)
        assert answer.status != 200 or answer.body == KEY_AUTHORIZATION.encode()
    assert MARK.encode() not in data
    assert MARK not in webroot.log()


def test_garbage__by_chance(webroot):
    """Requests with some bytes changed, doubled or left out; the seed makes them the same each time."""
    dice = random.Random(8555)
    seeds = [LAST, request(method="HEAD"), request(method="POST", headers=("Host: a", "Transfer-Encoding: chunked"),
                                                   body=b"5\r\nhello\r\n0\r\n\r\n"), *GARBAGE.values()]
    for _ in range(1000):
        data = bytearray(dice.choice(seeds)[:4096])
        for _ in range(dice.randint(1, 8)):
            where, how = dice.randint(0, len(data)), dice.randint(0, 3)
            if how == 0:
                data[where:where + 1] = bytes([dice.randint(0, 255)])
            elif how == 1:
                del data[where:where + dice.randint(1, 20)]
            elif how == 2:
                data[where:where] = dice.choice([b"\r\n", b"\0", b" ", b":", b"%", b"\r\n\r\n", b"\t", b"HTTP/1.1"])
            else:
                data[where:where] = data[max(0, where - 30):where]
        reply = answer_by_now(webroot, data)
        assert reply == b"" or re.match(rb"HTTP/1\.1 (200|4\d\d|50[15]) ", reply), (bytes(data), reply)
    assert webroot.works()


def test_log__has_nothing_of_strangers(webroot):
    for path in ("/\x1b[31mred", "/\r\nACME_CERTIFICATE=forged", "/%0aforged", FOLDER + "\x1b" * 22):
        with webroot.visit() as visit:
            visit.send(request(path, headers=("Host: a", "User-Agent: \x1b[31m forged")))
            visit.end()
            visit.receive()
    log = webroot.log()
    assert "forged" not in log and "\x1b" not in log


# Who stays, leaves early, or comes in crowds


def everybody_gone(webroot):
    """Soon, as a rule. libmicrohttpd overlooks an end that comes with a request's last bytes; the deadline does not."""
    wait_until(lambda: webroot.visitors() == 0, "everybody to be gone")


def test_descriptors__are_those_it_was_handed_and_its_own(webroot):
    assert webroot.works()
    everybody_gone(webroot)
    listener = os.readlink(f"/proc/self/fd/{webroot.sockets[0].fileno()}")
    found = webroot.descriptors()
    assert found[0] == found[1] == "/dev/null"
    assert found[2].endswith("/log")
    assert found[3] == listener
    assert sorted(link for fd, link in found.items() if fd > 3) == sorted(
        [str(webroot.tokens), "anon_inode:[eventpoll]", "anon_inode:[eventpoll]"])


def test_idle_crowd__six_validators_and_a_seventh_get_in(webroot):
    crowd = [webroot.visit() for _ in range(1000)]
    halfway = [webroot.visit() for _ in range(6)]
    for visit in halfway:
        visit.send(LAST[:30])
    assert webroot.works()
    for visit in halfway:
        visit.send(LAST[30:])
        assert Answer(visit.receive()).body == KEY_AUTHORIZATION.encode()
    validators(webroot, 7)
    # They have all been let in, and none of them has been sent away for it.
    wait_until(lambda: webroot.visitors() == 1000, "the crowd to be let in")
    assert not any(visit.is_closed() for visit in crowd)
    assert webroot.resident_bytes() < MEMORY_MAX or webroot.is_sanitized()
    for visit in crowd + halfway:
        visit.close()
    everybody_gone(webroot)


def test_idle_crowd__too_large_the_oldest_goes(webroot):
    crowd = [webroot.visit() for _ in range(VISITORS_MAX)]
    wait_until(lambda: webroot.visitors() == VISITORS_MAX, "the house to be full")
    validators(webroot, 7)
    wait_until(lambda: crowd[0].is_closed(), "the oldest to be sent away")
    assert sum(visit.is_closed() for visit in crowd) <= 8
    assert not crowd[-1].is_closed()
    assert webroot.visitors() <= VISITORS_MAX
    for visit in crowd:
        visit.close()
    everybody_gone(webroot)


def test_resets__in_the_middle_of_everything(webroot):
    for length in [0, 1, 3, 10, 30, len(LAST) - 2, len(LAST)] * 30:
        visit = webroot.visit()
        visit.send(LAST[:length])
        visit.reset()
    assert webroot.works()
    everybody_gone(webroot)


def test_flood__of_one_who_does_not_listen(webroot):
    """Requests without end, and nobody reads the answers."""
    visit = webroot.visit(receive_buffer=2048)
    visit.socket.setblocking(False)
    with contextlib.suppress(OSError):
        for _ in range(10_000):
            visit.socket.send(request() * 100)
    assert webroot.works()
    assert webroot.resident_bytes() < MEMORY_MAX or webroot.is_sanitized()
    visit.reset()
    everybody_gone(webroot)


def test_exhausted__waits_for_room_and_does_not_spin(tmp_path):
    """With less descriptors than the unit gives it: who comes has to wait, and nothing goes round in circles."""
    with Webroot(tmp_path, descriptors=32) as webroot:
        webroot.publish()
        assert webroot.works()
        crowd = [webroot.visit() for _ in range(100)]
        wait_until(lambda: len(webroot.descriptors()) == 32, "no descriptor to be left")
        before = webroot.sleeps()
        wait_until(lambda: webroot.sleeps() >= before + 10, "it to sleep, again and again")
        assert not crowd[-1].is_closed()
        for visit in crowd:
            visit.close()
        wait_until(webroot.works, "room")
        everybody_gone(webroot)


def test_slow_ones__have_a_deadline_that_nothing_prolongs(webroot):
    """The one test that takes as long as a visit may last. Who goes on talking is not there longer than one who came
    later and is silent; with a deadline that a byte prolongs, this would never end."""
    slow = webroot.visit()
    slow.send(request()[:-2])
    wait_until(lambda: webroot.visitors() == 1, "the slow one to be let in")
    crowd = []
    for data in [b"", LAST[:30], *INCOMPLETE.values()]:
        crowd.append(webroot.visit())
        crowd[-1].send(data)
    silent = webroot.visit()
    assert webroot.works()

    def silent_has_gone():
        with contextlib.suppress(OSError):
            slow.send(b"X: y\r\n")
        return silent.is_closed()

    wait_until(silent_has_gone, "the deadline of one who is silent", interval=0.2)
    assert slow.is_closed()
    wait_until(lambda: all(visit.is_closed() for visit in crowd), "everybody to be sent away")
    everybody_gone(webroot)
    assert webroot.works()


# How it is started


def test_two_sockets__both_are_served(tmp_path):
    try:
        webroot = Webroot(tmp_path, families=(socket.AF_INET, socket.AF_INET6))
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    with webroot:
        webroot.publish()
        crowd = [webroot.visit() for _ in range(500)]
        assert webroot.works(which=0) and webroot.works(which=1)
        validators(webroot, 7, which=1)
        for visit in crowd:
            visit.close()


def datagram():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    return made


def stream(listens=True):
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    if listens:
        made.listen()
    return made


@pytest.mark.parametrize("sockets, arguments, status", [
    (lambda: [], None, 70),
    (lambda: [stream(listens=False)], None, 70),
    (lambda: [datagram()], None, 70),
    (lambda: [stream(), datagram()], None, 70),
    (lambda: [stream() for _ in range(17)], None, 70),
    (lambda: [stream()], ["/nonexistent"], 70),
    (lambda: [stream()], ["/etc/passwd"], 70),
    (lambda: [stream()], [], 78),
    (lambda: [stream()], ["/tmp", "more"], 78),
])
def test_started_wrongly__says_so_and_ends(tmp_path, sockets, arguments, status):
    with Webroot(tmp_path, sockets=sockets(), arguments=arguments) as webroot:
        assert webroot.wait() == status
        assert webroot.log()
