# SPDX-License-Identifier: LGPL-2.1-or-later
"""A visitor who comes again and again, for as long as the machine lets it run: lib/consumers.py puts it there.

    tls_loop.py PORT NAME [ROOTS]

One line of JSON for each visit: the fingerprint of the certificate, or the error. Without ROOTS any certificate will
do.
"""

import hashlib
import json
import socket
import ssl
import sys
import time

PAUSE_SECONDS = 0.005


def visit(port, name, context):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname=name) as tls:
            fingerprint = hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()
            tls.sendall(f"GET / HTTP/1.0\r\nHost: {name}\r\n\r\n".encode())
            answer = tls.recv(5)
            if answer != b"HTTP/":
                raise OSError(f"no answer but {answer!r}")
            return fingerprint


def main():
    port, name, roots = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    context = ssl.create_default_context(cafile=roots[0] if roots else None)
    if not roots:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    while True:
        try:
            seen = {"fingerprint": visit(port, name, context)}
        except OSError as error:
            seen = {"error": repr(error)}
        print(json.dumps(seen), flush=True)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
