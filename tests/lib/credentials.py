# SPDX-License-Identifier: LGPL-2.1-or-later
"""Units that use a certificate: written into the machine, and looked at from outside by the certificate they serve."""

from lib.room import FOLDER
from lib.store import LIVE, REQUESTS

SOCKET = "/run/acme/credentials"

# Reads its key once at the start, and again when told to reload; says that it is ready only when it listens.
_TLS_SERVER = """\
import os, signal, socket, ssl, sys, time

folder = os.environ["CREDENTIALS_DIRECTORY"]

def notify(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stream:
        stream.connect(os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1))
        stream.send(text.encode())

def load(*_):
    global context
    if _:
        notify(f"RELOADING=1\\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/tls.fullchain", f"{folder}/tls.key")
    notify("READY=1")

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
signal.signal(signal.SIGHUP, load)
load()
while True:
    stream, _ = listener.accept()
    try:
        with context.wrap_socket(stream, server_side=True) as tls:
            tls.settimeout(1)
            tls.recv(4096)
            tls.sendall(b"HTTP/1.0 204 No Content\\r\\n\\r\\n")
    except OSError:
        stream.close()
"""


def write_unit(machine, unit, *lines, sections=""):
    """A unit of the test's; lines are those of [Service]. It is gone with reset_units()."""
    machine.write(f"/run/systemd/system/{unit}", "[Service]\n" + "".join(f"{line}\n" for line in lines) + sections)
    machine.systemctl("daemon-reload")


def write_tls_server(machine):
    """The command of the server below, which wants a port."""
    machine.write(f"{FOLDER}/tls-server.py", _TLS_SERVER)
    return f"/usr/bin/python3 -I {FOLDER}/tls-server.py"


def tls_server(machine, unit, port, *lines):
    """A TLS server of a user of the moment, which has its key by credential alone."""
    write_unit(machine, unit, f"ExecStart={write_tls_server(machine)} {port}", "DynamicUser=yes",
               "Type=notify", f"LoadCredential=tls.key:{SOCKET}", f"LoadCredential=tls.fullchain:{SOCKET}", *lines)


def served(machine, port, host="127.0.0.1"):
    """The certificate that is served there, as PEM."""
    code = f"import ssl; print(ssl.get_server_certificate(({host!r}, {port})), end='')"
    return machine.run(["python3", "-I", "-c", code]).stdout


def live(machine, name, file="cert.pem"):
    """A file of what is live."""
    return machine.read(f"{LIVE}/{name}/{file}")


def renew(machine, name):
    """A new certificate, now; returns cert.pem."""
    before = live(machine, name)
    machine.write(f"{REQUESTS}/{name}", "")
    started = machine.start(f"acme-renew@{name}.service")
    assert started.ok and started.result == "success", started
    assert live(machine, name) != before
    return live(machine, name)


def reset_units(machine, *units):
    """Stop units of a test and forget them."""
    for unit in units:  # one by one: since systemd 260 none is stopped when one is not there
        machine.systemctl("stop", unit, check=False)
    machine.run(["rm", "-rf", *[f"/run/systemd/system/{unit}" for unit in units],
                 *[f"/run/systemd/system/{unit}.d" for unit in units]])
    machine.systemctl("daemon-reload")
    machine.systemctl("reset-failed", *units, check=False)
