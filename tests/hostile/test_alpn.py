# SPDX-License-Identifier: LGPL-2.1-or-later
"""Strangers at the door of tls-alpn-01: who gets a certificate, what they may hold on to, and that nobody else notices."""

import os
import random
import resource
import socket
import ssl

import pytest

from alpn import NAME, PROTOCOL, Responder, context, make_certificate, program
from webroot import wait_until

# By the sources: VISITORS_MAX of responder.c, MemoryMax= and LimitNOFILE= of the unit.
VISITORS_MAX = 1024
MEMORY_MAX = 96 * 1024 * 1024
DESCRIPTORS = 2048

pytestmark = pytest.mark.skipif(program() is None, reason="acme-alpn is not built; set ACMEWARD_ALPN")


@pytest.fixture(scope="module", autouse=True)
def _many_descriptors():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    if before[1] < 2 * DESCRIPTORS:
        pytest.skip(f"a hard limit of {before[1]} descriptors is too low here")
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def responder(tmp_path, pem):
    """One that has a certificate, over IPv4. It has to be the same process at the end."""
    with Responder(tmp_path, descriptors=DESCRIPTORS) as served:
        served.publish(pem)
        yield served


def works(responder, pem):
    """Whether a validator that comes now gets what it wants."""
    protocol, certificate, rest = responder.shake()
    return protocol == PROTOCOL and ssl.DER_cert_to_PEM_cert(certificate) in pem and rest == b""


def test_validator__gets_the_certificate_and_the_end(responder, pem):
    assert works(responder, pem)
    # Whatever case the name is in, and with TLS 1.2.
    assert responder.shake("A.Example.TEST")[0] == PROTOCOL
    assert responder.shake(tls=context(maximum=ssl.TLSVersion.TLSv1_2))[0] == PROTOCOL


def test_application_data__is_never_answered(responder, pem):
    assert responder.shake(send=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")[2] == b""
    assert works(responder, pem)


@pytest.mark.parametrize("name, protocols", [
    (NAME, None), (NAME, ["h2"]), (NAME, ["http/1.1"]), (NAME, ["acme-tls/2"]), (NAME, ["h2", PROTOCOL]),
    (NAME, [PROTOCOL, "h2"]), ("b.example.test", [PROTOCOL]), (None, [PROTOCOL]), ("sub." + NAME, [PROTOCOL]),
    (NAME + "x", [PROTOCOL]), ("example.test", [PROTOCOL]), ("x" * 60 + "." + NAME, [PROTOCOL]),
])
def test_others__get_an_alert(responder, pem, name, protocols):
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        responder.shake(name, context(protocols or ()))
    assert works(responder, pem)


def client_hello(name, extra=b""):
    """The bytes of a ClientHello whose server name is anything at all."""
    def block(data, size):
        return len(data).to_bytes(size, "big") + data
    sni = b"\0\0" + block(block(b"\0" + block(name, 2), 2), 2)
    alpn = b"\0\x10" + block(block(block(b"acme-tls/1", 1), 2), 2)
    groups = b"\0\x0a" + block(block(b"\0\x17", 2), 2)
    algorithms = b"\0\x0d" + block(block(b"\x04\x03", 2), 2)
    body = (b"\x03\x03" + b"r" * 32 + b"\0" + block(b"\xc0\x2b", 2) + b"\x01\0"
            + block(sni + alpn + groups + algorithms + extra, 2))
    return b"\x16\x03\x01" + block(b"\x01" + block(body, 3), 2)


def test_client_hello__of_ours_is_one(responder):
    """So that the refusals below are for what they say."""
    with responder.visit() as visit:
        visit.send(client_hello(NAME.encode()))
        assert visit.socket.recv(3) == b"\x16\x03\x03"


@pytest.mark.parametrize("name", [
    b"../a", b"/etc/passwd", b"..", b".", b".hidden", b"a/../" + NAME.encode(), NAME.encode() + b".", b"\xff" * 20, b"%s%n",
    b"a" * 300, b"a" * 60000, b"", b"-" * 253, b"*." + NAME.encode(), b"fifo", b"folder", b"link", b"junk", b"large",
])
def test_server_name__leads_to_its_own_file_or_nowhere(responder, pem, name):
    os.mkfifo(responder.tokens / "fifo")
    (responder.tokens / "folder").mkdir()
    (responder.tokens / "link").symlink_to(responder.tokens / NAME)
    (responder.tokens / "junk").write_text("junk")
    (responder.tokens / "large").write_text(pem * 20)
    with responder.visit() as visit:
        visit.send(client_hello(name))
        visit.end()
        answer = visit.receive()
    # An alert, or nothing.
    assert answer[:1] in (b"", b"\x15"), answer
    assert works(responder, pem)


def test_noise__ends_at_once(responder, pem):
    source = random.Random(20261128)
    hello = client_hello(NAME.encode())
    for _ in range(200):
        noise = bytearray(hello)
        for _ in range(source.randrange(1, 8)):
            noise[source.randrange(len(noise))] = source.randrange(256)
        with responder.visit() as visit:
            visit.send(bytes(noise))
            visit.end()
            visit.receive()
    for data in (b"GET / HTTP/1.1\r\n\r\n", b"\0" * 65536, source.randbytes(65536), b"\x16\x03\x01\xff\xff" + b"x" * 20000):
        with responder.visit() as visit:
            try:
                visit.send(data)
                visit.end()
            except OSError:
                pass
            visit.receive()
    assert works(responder, pem)
    wait_until(lambda: responder.visitors() == 0, "everybody to be gone")


def test_six_validators_at_once_among_a_thousand_who_say_nothing(responder, pem):
    idle = [responder.visit() for _ in range(VISITORS_MAX)]
    half = [responder.visit() for _ in range(50)]
    for visit in half:
        visit.send(client_hello(NAME.encode())[:30])
    six = [socket.create_connection(responder.address, timeout=120) for _ in range(6)]
    for plain in six:
        with context().wrap_socket(plain, server_hostname=NAME) as secure:
            assert ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True)) in pem
    assert responder.visitors() <= VISITORS_MAX
    if not responder.is_sanitized():
        assert responder.resident_bytes() < MEMORY_MAX
    # Nobody stays for ever, however busy: ten seconds.
    wait_until(lambda: responder.visitors() == 0, "everybody to be gone")
    for visit in idle + half:
        visit.close()
    assert works(responder, pem)


def test_handshakes_half_way__a_thousand_of_them_fit(responder, pem):
    """Each has been shown the certificate, and does not go on."""
    visits = [responder.visit() for _ in range(VISITORS_MAX)]
    for visit in visits:
        visit.send(client_hello(NAME.encode()))
    for visit in visits[-10:]:
        assert visit.socket.recv(3) == b"\x16\x03\x03"
    if not responder.is_sanitized():
        assert responder.resident_bytes() < MEMORY_MAX
    assert works(responder, pem)
    for visit in visits:
        visit.reset()
    wait_until(lambda: responder.visitors() == 0, "everybody to be gone")


def test_certificate__comes_and_goes(responder, pem):
    (responder.tokens / NAME).unlink()
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        responder.shake()
    responder.publish(pem)
    assert works(responder, pem)


@pytest.mark.parametrize("arguments, descriptors", [([], None), (["/nonexistent"], None), (["a", "b"], None)])
def test_wrong_start__is_refused(tmp_path, arguments, descriptors):
    with Responder(tmp_path, arguments=arguments) as started:
        assert started.wait() in (70, 78)
