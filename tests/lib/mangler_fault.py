# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can go wrong with a CA, one method each. A Fault is made by Mangler.on(); its methods may be chained."""

import json

JSON, PROBLEM = "application/json", "application/problem+json"


class Fault:
    """Steps before Pebble is asked (which may answer in its place) and after it has answered."""

    def __init__(self, pattern, method, times, skip):
        self._pattern = pattern
        self._method = method
        self._left = times
        self._skip = skip
        self.applied = 0
        self.before = []
        self.after = []

    def takes(self, exchange):
        """Whether it applies to this exchange; counts."""
        if not self._pattern.search(exchange.path) or self._method not in (None, exchange.method):
            return False
        if self._skip > 0:
            self._skip -= 1
            return False
        if self._left == 0:
            return False
        if self._left is not None:
            self._left -= 1
        self.applied += 1
        return True

    def cancel(self):
        self._left = 0

    # In Pebble's place: it never sees the request

    def answer(self, status, body=b"", content_type=JSON, headers=None):
        """A whole answer; body may be bytes, text or something for json.dumps()."""
        data = _bytes(body)
        self.before.append(lambda e: e.answer(status, {"Content-Type": content_type, **(headers or {})}, data))
        return self

    def problem(self, kind, status=400, detail="injected by the test bed", headers=None, **more):
        """A problem document (RFC 7807) with an ACME error type, such as "badNonce"; more members as keywords."""
        document = {"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail, "status": status, **more}
        return self.answer(status, document, PROBLEM, headers)

    def refuse(self):
        """Close the connection when the request has arrived."""
        self.before.append(lambda e: e.cut())
        return self

    def hang(self, seconds=3600):
        """Read the request and say nothing, as behind a router that drops packets."""
        self.before.append(lambda e: (e.wait(seconds), e.cut()))
        return self

    # Pebble has seen the request

    def delay(self, seconds):
        """Wait before Pebble is asked."""
        self.before.append(lambda e: e.wait(seconds))
        return self

    def late(self, seconds):
        """Wait with the answer."""
        self.after.append(lambda e: e.wait(seconds))
        return self

    def lose(self):
        """Pebble did it, but the answer is lost with the connection."""
        self.after.append(lambda e: e.cut())
        return self

    def cut_in_headers(self):
        """The connection ends in the middle of the answer's header."""
        self.after.append(lambda e: (e.send(e.rendered()[:40]), e.cut()))
        return self

    def cut_in_body(self, keep=0.5):
        """The connection ends within the body, of which a part arrives."""
        def step(exchange):
            whole = exchange.rendered()
            head = len(whole) - len(exchange.body)
            exchange.send(whole[:head + int(len(exchange.body) * keep)])
            exchange.cut()
        self.after.append(step)
        return self

    def until_close(self, keep=1.0):
        """No Content-Length: the body ends with the connection, properly closed, after a part of it when keep < 1."""
        def step(exchange):
            whole = exchange.rendered()
            head, _, body = whole.partition(b"\r\n\r\n")
            lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
            exchange.send(b"\r\n".join([*lines, b"Connection: close", b"", b""]) + body[:int(len(body) * keep)])
            exchange.end()
        self.after.append(step)
        return self

    def trickle(self, seconds):
        """The whole answer, byte by byte, over that time."""
        def step(exchange):
            data = exchange.rendered()
            for position in range(len(data)):
                exchange.send(data[position:position + 1])
                exchange.wait(seconds / len(data))
            exchange.cut()
        self.after.append(step)
        return self

    def flood(self, size, chunked=True):
        """A body of `size` bytes, without saying so beforehand."""
        def step(exchange):
            head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            head += "Transfer-Encoding: chunked\r\n\r\n" if chunked else "Connection: close\r\n\r\n"
            exchange.send(head.encode())
            block = b'"' + b"x" * 65534 + b'"'
            for _ in range(0, size, len(block)):
                exchange.send(b"%x\r\n%s\r\n" % (len(block), block) if chunked else block)
            exchange.send(b"0\r\n\r\n" if chunked else b"")
            exchange.cut()
        self.after.append(step)
        return self

    def status(self, status):
        self.after.append(lambda e: setattr(e, "status", status))
        return self

    def header(self, name, value):
        """Set a header of the answer; None removes it: header("Replay-Nonce", None)."""
        def step(exchange):
            kept = [(n, v) for n, v in exchange.headers_out if n.lower() != name.lower()]
            exchange.headers_out = kept + ([] if value is None else [(name, value)])
        self.after.append(step)
        return self

    def body(self, body):
        """Another body under the same headers."""
        data = _bytes(body)
        self.after.append(lambda e: setattr(e, "body", data))
        return self

    def json(self, change):
        """Change the decoded JSON body: a function that alters it or returns another, or a dict of members to set."""
        def step(exchange):
            document = json.loads(exchange.body)
            if callable(change):
                changed = change(document)
                document = document if changed is None else changed
            else:
                document.update(change)
            exchange.body = json.dumps(document).encode()
        self.after.append(step)
        return self

    def change(self, function):
        """Anything else: function(exchange) after Pebble has answered."""
        self.after.append(function)
        return self


def _bytes(body):
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()
