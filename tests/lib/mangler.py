# SPDX-License-Identifier: LGPL-2.1-or-later
"""A CA that misbehaves on request: a TLS reverse proxy before Pebble that records everything and applies faults.

It runs as threads of the test's own process, in the network namespace where the CA is, so faults are plain Python
and what was seen is plain data. The Host header goes through as it came: Pebble makes its URLs from it, so a client
that was given the proxy's directory stays with the proxy, and the "url" in each JWS is right.

    with machine.mangler() as ca:
        machine.configure(CA=ca.directory)
        ca.on("newOrder", times=2).problem("rateLimited", status=429, headers={"Retry-After": "1"})
        ...
        assert len(ca.seen("newOrder")) == 3
"""

import ctypes
import socket
import ssl
import threading
from http.client import HTTPResponse

from lib.http_exchange import ConnectionLost, Exchange, Request, kind_pattern
from lib.mangler_fault import Fault

_CLONE_NEWNET = 0x40000000
_PORT = 14500
_IDLE_SECONDS = 60


def _enter_network(path):
    """Move this thread, and threads it starts, into a network namespace. (os.setns() came with Python 3.12.)"""
    with open(path, "rb") as namespace:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(namespace.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns({path})")


class Mangler:
    """Use as a context manager; see the head of this file. Of its faults all that match apply, in their order."""

    def __init__(self, machine, port=_PORT, certificate=None):
        """certificate: (certificate file, key file) on the host, if not the one Pebble has."""
        self.machine = machine
        self._port = port
        folder = machine.image.path / "etc/pebble"
        self._certificate = certificate or (folder / "cert.pem", folder / "key.pem")
        self._lock = threading.Lock()
        self._faults = []
        self._exchanges = []
        self._open = set()
        self._stopping = threading.Event()
        self._listener = None
        self.connections = 0

    @property
    def directory(self):
        return f"https://{self.machine.pebble.host}:{self._port}/dir"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        ready = threading.Event()
        failure = []
        thread = threading.Thread(target=self._serve, args=(ready, failure), daemon=True, name="mangler")
        thread.start()
        ready.wait()
        if failure:
            raise failure[0]
        self.machine.at_end(self.stop)
        return self

    def stop(self):
        """Stop listening and cut every connection; what was recorded stays."""
        self._stopping.set()
        with self._lock:
            connections = [self._listener, *self._open]
            self._open = set()
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._listener.close()

    # Faults and findings

    def on(self, what=None, method=None, times=None, skip=0):
        """A new Fault (mangler_fault.py: say there what goes wrong) for matching requests.

        what: a kind ("directory", "newNonce", "newAccount", "newOrder", "order", "authorization", "challenge",
        "finalize", "certificate", "renewalInfo", …) or a regular expression on the path; None is every request.
        times: how often it applies. skip: how many matching requests pass unharmed before.
        """
        fault = Fault(kind_pattern(what), method, times, skip)
        with self._lock:
            self._faults.append(fault)
        return fault

    def heal(self):
        """No more faults."""
        with self._lock:
            self._faults = []

    def forget(self):
        """Begin the record anew."""
        with self._lock:
            self._exchanges = []
            self.connections = 0

    def seen(self, what=None, method=None):
        """Exchanges so far, oldest first: .method .path .kind .headers .protected .payload .status .connection .time"""
        pattern = kind_pattern(what)
        with self._lock:
            return [exchange for exchange in self._exchanges
                    if pattern.search(exchange.path) and method in (None, exchange.method)]

    def record(self):
        """Everything seen, ready for json.dumps()."""
        return [exchange.as_dict() for exchange in self.seen()]

    # Serving

    def _serve(self, ready, failure):
        try:
            _enter_network(self.machine.network_namespace(self.machine.pebble.where))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self._certificate)
            context.set_alpn_protocols(["http/1.1"])
            self._listener = socket.create_server(("::", self._port), family=socket.AF_INET6,
                                                  dualstack_ipv6=True, backlog=256)
        except BaseException as error:
            failure.append(error)
            return
        finally:
            ready.set()
        while not self._stopping.is_set():
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self._open.add(raw)
            threading.Thread(target=self._connection, args=(raw, context, number), daemon=True).start()

    def _connection(self, raw, context, number):
        client = raw
        upstream = None
        try:
            raw.settimeout(_IDLE_SECONDS)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = context.wrap_socket(raw, server_side=True)
            with self._lock:
                self._open.discard(raw)
                self._open.add(client)
            upstream = _Upstream()
            with client.makefile("rb") as stream:
                while request := Request.read(stream):
                    self._exchange(Exchange(request, number, upstream.ask, client, self._stopping))
        except (OSError, ValueError, ConnectionLost):
            pass  # The client went away, or a fault cut the connection.
        finally:
            with self._lock:
                self._open.discard(raw)
                self._open.discard(client)
            client.close()
            if upstream is not None:
                upstream.close()

    def _exchange(self, exchange):
        with self._lock:
            self._exchanges.append(exchange)
            faults = [fault for fault in self._faults if fault.takes(exchange)]
        exchange.play(faults)


class _Upstream:
    """One kept-alive connection to Pebble."""

    def __init__(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._socket = context.wrap_socket(socket.create_connection(("127.0.0.1", 14000), timeout=_IDLE_SECONDS))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request):
        self._socket.sendall(request.raw)
        response = HTTPResponse(self._socket, method=request.method)
        response.begin()
        body = response.read()
        return response.status, list(response.headers.items()), body

    def close(self):
        self._socket.close()
