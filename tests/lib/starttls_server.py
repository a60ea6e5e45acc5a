# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server for each protocol that begins TLS later: says what has to be said, then makes TLS with a real library.

Runs in a machine: starttls_server.py CERTIFICATE KEY PROTOCOL:PORT…; PROTOCOL-refused answers that it has no TLS.
Standard library only.
"""

import socket
import ssl
import sys
import threading

_NAMESPACE = b"urn:ietf:params:xml:ns:xmpp-tls"
_STREAM = (b"<?xml version='1.0'?><stream:stream from='here' id='1' version='1.0' xmlns='jabber:client' "
           b"xmlns:stream='http://etherx.jabber.org/streams'><stream:features>%s</stream:features>")

def _ldap(code):
    return bytes.fromhex(f"300c02010178070a01{code:02x}04000400")


def _mysql(capabilities):
    body = b"\x0a11.8-test\0" + b"\1\0\0\0" + b"scramble\0" + capabilities.to_bytes(2, "little")
    return len(body).to_bytes(3, "little") + b"\0" + body


# What is said and heard: bytes to send, or an end to read up to (a number: so many bytes).
SCRIPTS = {
    "smtp": [b"220-mx\r\n220 mx\r\n", b"\r\n", b"250-mx\r\n250-SIZE\r\n250 STARTTLS\r\n", b"\r\n", b"220 go\r\n"],
    "smtp-refused": [b"220 mx\r\n", b"\r\n", b"250-mx\r\n250 SIZE\r\n"],
    "imap": [b"* OK ready\r\n", b"\r\n", b"* CAPABILITY IMAP4rev1\r\na1 OK go\r\n"],
    "imap-refused": [b"* OK ready\r\n", b"\r\n", b"a1 BAD what\r\n"],
    "pop3": [b"+OK ready\r\n", b"\r\n", b"+OK go\r\n"],
    "pop3-refused": [b"+OK ready\r\n", b"\r\n", b"-ERR what\r\n"],
    "ftp": [b"220-hello\r\n220 ready\r\n", b"\r\n", b"234 go\r\n"],
    "ftp-refused": [b"220 ready\r\n", b"\r\n", b"530 login first\r\n"],
    "ldap": [31, _ldap(0)],
    "ldap-refused": [31, _ldap(2)],
    "postgres": [8, b"S"],
    "postgres-refused": [8, b"N"],
    "mysql": [_mysql(0xffff), 36],
    "mysql-refused": [_mysql(0xf7ff)],
    "xmpp": [b"streams'>", _STREAM % (b"<starttls xmlns='%s'><required/></starttls>" % _NAMESPACE),
             b"/>", b"<proceed xmlns='%s'/>" % _NAMESPACE],
    "xmpp-refused": [b"streams'>", _STREAM % b""],
    "hang": [],
}
_SPEAKS_FIRST = ("smtp", "imap", "pop3", "ftp", "mysql")


def _read(stream, end):
    """Exactly up to an end, so that nothing of TLS is taken."""
    data = b""
    while not (len(data) == end if isinstance(end, int) else data.endswith(end)):
        byte = stream.recv(1)
        if not byte:
            raise ConnectionError
        data += byte


def _serve(stream, protocol, context):
    says = protocol.split("-")[0] in _SPEAKS_FIRST
    try:
        for part in SCRIPTS[protocol]:
            if says:
                stream.sendall(part)
            else:
                _read(stream, part)
            says = not says
        if protocol == "hang" or protocol.endswith("-refused"):
            while stream.recv(4096):
                continue
        else:
            with context.wrap_socket(stream, server_side=True) as secure:
                secure.recv(1)
    except OSError:
        pass
    finally:
        stream.close()


def _listen(protocol, port, context):
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            stream, _ = listener.accept()
            threading.Thread(target=_serve, args=(stream, protocol, context), daemon=True).start()


def main(certificate, key, *services):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    threads = [threading.Thread(target=_listen, args=(service.split(":")[0], int(service.split(":")[1]), context))
               for service in services]
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
