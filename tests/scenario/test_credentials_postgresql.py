# SPDX-License-Identifier: LGPL-2.1-or-later
"""PostgreSQL with its key by credential in a unit that runs as postgres.

It wants a key that is its own with mode 0600 or less, or root's with 0640 or less. A credential is that in such a unit.
Debian's units begin as root: what they need is in docs/using, and in test_using.py.
"""

import pytest

from lib import consumers, credentials, image, store
from lib.credentials import SOCKET, live, write_unit

MACHINE = {"packages": image.SERVERS}

NAME = "db.example.test"
OWN = "database.service"
TLS_LINES = "ssl = on\nssl_cert_file = '{folder}/tls.fullchain'\nssl_key_file = '{folder}/tls.key'\n"

_PROBE = """
import socket, ssl, struct, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(struct.pack("!II", 8, 80877103))
assert s.recv(1) == b"S"
c = ssl.create_default_context()
c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
print(ssl.DER_cert_to_PEM_cert(c.wrap_socket(s).getpeercert(True)), end="")
"""


def served(machine, port):
    """The certificate that PostgreSQL shows to a client that asks for TLS; None when it is not there."""
    done = machine.run(["python3", "-I", "-", str(port)], input=_PROBE, check=False)
    return done.stdout if done.returncode == 0 else None


@pytest.fixture
def bed(fresh):
    consumers.quiet(fresh)
    fresh.pebble.start()
    fresh.configure()
    fresh.systemctl("start", "acme-credentials.socket")
    yield fresh
    credentials.reset_units(fresh, OWN)
    fresh.run("rm -rf /etc/systemd/system/postgresql@.service.d; systemctl daemon-reload; "
              "systemctl stop 'postgresql@*.service'; systemctl reset-failed", check=False)


def over_a_renewal(bed, unit, port):
    assert bed.start(unit).ok
    bed.wait_until(lambda: served(bed, port) == live(bed, NAME), 30, 0.2, what=f"{unit} to serve")
    new = credentials.renew(bed, NAME)
    bed.settled(30)
    bed.wait_until(lambda: served(bed, port) == new, 30, 0.2, what=f"{unit} to serve the new certificate")


def test_unit_of_user_postgres(bed):
    """ssl_key_file is the credential itself."""
    bed.configure(NAME, Identifiers=[NAME], Consumers=[OWN], Placeholder=False)
    store.issue(bed, NAME)
    program = bed.run("ls -d /usr/lib/postgresql/*/bin").stdout.strip()
    data = "/var/lib/postgresql/own"
    bed.run(f"rm -rf {data} && setpriv --reuid=postgres --regid=postgres --init-groups {program}/initdb -D {data}")
    folder = f"/run/credentials/{OWN}"
    bed.run(["sh", "-c", 'cat >>"$1"', "sh", f"{data}/postgresql.conf"],
            input=TLS_LINES.format(folder=folder) + "port = 5499\nunix_socket_directories = ''\n")
    write_unit(bed, OWN, "Type=notify", "User=postgres", f"ExecStart={program}/postgres -D {data}",
               f"LoadCredential=tls.key:{SOCKET}", f"LoadCredential=tls.fullchain:{SOCKET}")
    over_a_renewal(bed, OWN, 5499)
