# SPDX-License-Identifier: LGPL-2.1-or-later
"""One request to the CA and what came back: read, decoded, sent on, answered. Used by mangler.py."""

import base64
import json
import re
import time

MAX_LINE = 65536

# Pebble's paths, by the names RFC 8555 uses. "order" is an order's own URL.
KINDS = {
    "directory": r"^/dir$",
    "newNonce": r"^/nonce-plz",
    "newAccount": r"^/sign-me-up",
    "account": r"^/my-account/",
    "newOrder": r"^/order-plz",
    "order": r"^/my-order/",
    "orders": r"^/list-orderz/",
    "authorization": r"^/authZ/",
    "challenge": r"^/chalZ/",
    "finalize": r"^/finalize-order/",
    "certificate": r"^/certZ/",
    "renewalInfo": r"^/(draft-.*/renewalInfo|renewal-info|.*[rR]enewalInfo)",
    "revokeCert": r"^/revoke-cert",
    "keyChange": r"^/rollover-account-key",
}


class ConnectionLost(Exception):
    """A fault cut the client's connection."""


def kind_pattern(what):
    """The compiled pattern for a kind's name, a regular expression, or None for everything."""
    return re.compile(KINDS.get(what, what) if what else "")


def _decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Request:
    """A request as it arrived; raw is what goes to Pebble, byte for byte."""

    def __init__(self, raw, line, headers, body):
        self.raw = raw
        self.method, self.target, _ = line.split(" ", 2)
        self.headers = headers
        self.body = body
        self.protected, self.payload = self._jws()

    @classmethod
    def read(cls, stream):
        """The next request on a connection, None at its end."""
        head = []
        while True:
            line = stream.readline(MAX_LINE)
            if not line:
                return None
            head.append(line)
            if line in (b"\r\n", b"\n"):
                break
        headers = {}
        for line in head[1:-1]:
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", 0)))
        return cls(b"".join(head) + body, head[0].decode("latin-1").rstrip(), headers, body)

    def _jws(self):
        """(protected header, payload) if the body is a flattened JWS; "" is the payload of a POST-as-GET."""
        try:
            jws = json.loads(self.body)
            payload = _decode(jws["payload"])
            return json.loads(_decode(jws["protected"])), json.loads(payload) if payload else ""
        except (ValueError, KeyError, TypeError):
            return None, None


class Exchange:
    """A request with its answer, on its way through the faults. Faults change status, headers and body."""

    def __init__(self, request, connection, ask, client, stopping):
        self.request = request
        self.connection = connection
        self.time = time.time()
        self.status = None
        self.headers_out = []
        self.body = b""
        self.forwarded = False
        self._ask = ask
        self._client = client
        self._stopping = stopping

    method = property(lambda self: self.request.method)
    path = property(lambda self: self.request.target)
    headers = property(lambda self: self.request.headers)
    protected = property(lambda self: self.request.protected)
    payload = property(lambda self: self.request.payload)

    @property
    def kind(self):
        for name, pattern in KINDS.items():
            if re.search(pattern, self.path):
                return name
        return None

    def as_dict(self):
        return {"time": self.time, "connection": self.connection, "method": self.method, "path": self.path,
                "kind": self.kind, "headers": self.headers, "protected": self.protected, "payload": self.payload,
                "status": self.status, "forwarded": self.forwarded}

    def play(self, faults):
        """Ask Pebble, unless a fault answers instead, and send what the faults made of it."""
        for fault in faults:
            for step in fault.before:
                step(self)
        if self.status is None:
            self.status, self.headers_out, self.body = self._ask(self.request)
            self.forwarded = True
        for fault in faults:
            for step in fault.after:
                step(self)
        self.send(self.rendered())

    # What faults use

    def answer(self, status, headers, body):
        """Answer in Pebble's place, if called before it was asked; replace its answer otherwise (keeping headers)."""
        self.status = status
        self.body = body
        kept = [(name, value) for name, value in self.headers_out if name.lower() not in
                ("content-type", "content-length", *[name.lower() for name in headers])]
        self.headers_out = kept + list(headers.items())

    def rendered(self):
        """The answer as bytes."""
        lines = [f"HTTP/1.1 {self.status} Mangled"]
        lines += [f"{name}: {value}" for name, value in self.headers_out
                  if name.lower() not in ("content-length", "transfer-encoding", "connection")]
        length = [] if self.status == 204 else [f"Content-Length: {len(self.body)}"]
        head = "\r\n".join(lines + length + ["", ""]).encode("latin-1")
        return head if self.method == "HEAD" else head + self.body

    def send(self, data):
        self._client.sendall(data)

    def wait(self, seconds):
        """Do nothing for a while; cut short when the proxy stops."""
        if self._stopping.wait(seconds):
            raise ConnectionLost

    def cut(self):
        """Close the connection as a crashed server does."""
        raise ConnectionLost

    def end(self):
        """Close the connection in order, with TLS's own farewell."""
        self._client.unwrap()
        raise ConnectionLost
