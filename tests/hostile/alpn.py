# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real acme-alpn on sockets of ours, started as the web root is (webroot.py), and strangers that speak TLS, or not."""

import socket
import ssl
import subprocess

import webroot

NAME = "a.example.test"
PROTOCOL = "acme-tls/1"


def program():
    return webroot.program("ACMEWARD_ALPN", "src/alpn/acme-alpn")


def make_certificate(folder, name=NAME):
    """PEM of a certificate and its key, in the form that the challenge room writes."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "1", "-subj", "/CN=x", "-addext",
                    f"subjectAltName=DNS:{name}"], check=True, capture_output=True)
    return certificate.read_text() + key.read_text()


def context(protocols=(PROTOCOL,), maximum=None):
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    found.check_hostname = False
    found.verify_mode = ssl.CERT_NONE
    if protocols:
        found.set_alpn_protocols(list(protocols))
    if maximum:
        found.maximum_version = maximum
    return found


class Responder(webroot.Webroot):
    """The program with its sockets and its directory; a context manager."""

    _program = staticmethod(program)

    def publish(self, text, name=NAME):
        (self.tokens / name).write_text(text)

    def shake(self, name=NAME, tls=None, which=0, send=b""):
        """What a validator gets: (protocol, certificate in DER, what came behind it); ssl.SSLError when refused."""
        with socket.create_connection(self.sockets[which].getsockname()[:2], timeout=webroot.PATIENCE_SECONDS) as plain:
            with (tls or context()).wrap_socket(plain, server_hostname=name, suppress_ragged_eofs=True) as secure:
                protocol, certificate = secure.selected_alpn_protocol(), secure.getpeercert(binary_form=True)
                rest = b""
                try:
                    if send:
                        secure.sendall(send)
                    rest = secure.recv(65536)
                except OSError:
                    pass
        return protocol, certificate, rest
