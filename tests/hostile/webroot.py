# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real acme-webroot on sockets of ours, started the way PID 1 does it, and strangers that talk to it in bytes."""

import contextlib
import fcntl
import os
import pathlib
import re
import resource
import signal
import socket
import struct
import time

TOKEN = "DGyRejmCefe7v4NfDGDKfA"
THUMBPRINT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
KEY_AUTHORIZATION = f"{TOKEN}.{THUMBPRINT}"
FOLDER = "/.well-known/acme-challenge/"
PATH = FOLDER + TOKEN

# As in acme-webroot.service, and as SOMAXCONN is for a socket of PID 1's.
DESCRIPTORS = 4096
BACKLOG = 4096

# How long a wait may take before it is given up, as one that would never end. No verdict hangs on it: what is waited
# for comes by itself, in milliseconds as a rule, or never.
PATIENCE_SECONDS = 120

_EXEC = 'LISTEN_PID=$$; export LISTEN_PID; exec "$@"'


def program(variable="ACMEWARD_WEBROOT", name="src/webroot/acme-webroot"):
    """$ACMEWARD_WEBROOT and the like, as meson sets it; otherwise the newest in a build directory of this tree."""
    if path := os.environ.get(variable):
        return pathlib.Path(path)
    root = pathlib.Path(__file__).resolve().parents[2]
    build = pathlib.Path(os.environ.get("ACMEWARD_BUILD", root / "build"))
    found = [path for path in (build / name, *build.glob(f"*/{name}"), *build.glob(f"host/*/{name}")) if path.exists()]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def request(path=PATH, method="GET", version="HTTP/1.1", headers=("Host: a.example.test",), body=b""):
    """A request as bytes."""
    return "".join([f"{method} {path} {version}\r\n", *(f"{header}\r\n" for header in headers), "\r\n"]).encode(
        "latin-1") + body


LAST = request(headers=("Host: a.example.test", "Connection: close"))


class Answer:
    """One HTTP response, as strictly as a validator may read it: RFC 9112."""

    def __init__(self, data, has_body=True):
        """Takes the first response in data; what follows is .rest."""
        head, separator, self.rest = data.partition(b"\r\n\r\n")
        assert separator, f"no end of the headers in {data!r}"
        line, *fields = head.decode("ascii").split("\r\n")
        found = re.fullmatch(r"HTTP/1\.1 ([2-5]\d\d) [A-Za-z ]+", line)
        assert found, line
        self.status = int(found.group(1))
        self.headers = {}
        for field in fields:
            name, _, value = field.partition(": ")
            assert re.fullmatch(r"[A-Za-z-]+", name) and name.lower() not in self.headers, field
            self.headers[name.lower()] = value
        length = int(self.headers["content-length"]) if has_body else 0
        self.body, self.rest = self.rest[:length], self.rest[length:]
        assert len(self.body) == length, f"a body of {length} bytes in {data!r}"

    @property
    def closes(self):
        return self.headers.get("connection") == "close"


class Stranger:
    """One connection."""

    def __init__(self, address, receive_buffer=None):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.settimeout(PATIENCE_SECONDS)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)

    def end(self):
        """Nothing more will be sent."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def receive(self):
        """Everything until the other side closes, also by a reset; TimeoutError when it does not."""
        data = b""
        try:
            while piece := self.socket.recv(65536):
                data += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
        return data

    def receive_until(self, mark):
        """Everything up to the first place where mark ends."""
        data = b""
        while mark not in data:
            piece = self.socket.recv(65536)
            assert piece, f"closed after {data!r}"
            data += piece
        return data

    def is_closed(self):
        """Whether the other side has closed by now; does not wait, and forgets what else came."""
        self.socket.setblocking(False)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        finally:
            self.socket.settimeout(PATIENCE_SECONDS)

    def reset(self):
        """Closes so that the other side gets an error instead of an end."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()


def wait_until(predicate, what, interval=0.005):
    """predicate()'s first true value."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (value := predicate()):
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS} s for {what}"
        time.sleep(interval)
    return value


def inherit_nothing():
    """What our own caller left open is not for the programs that we start."""
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if int(fd) > 2:
                os.set_inheritable(int(fd), False)


class Webroot:
    """The program with its sockets and its directory; a context manager."""

    _program = staticmethod(program)

    def __init__(self, folder, families=(socket.AF_INET,), descriptors=DESCRIPTORS, sockets=None, arguments=None):
        """folder: an empty directory of the test's."""
        self.tokens = folder / "tokens"
        self.tokens.mkdir()
        self._log = folder / "log"
        self.sockets = [self._listen(family) for family in families] if sockets is None else sockets
        self._arguments = [str(self.tokens)] if arguments is None else arguments
        self._descriptors = descriptors
        self.pid = None
        self.status = None

    @staticmethod
    def _listen(family):
        listener = socket.socket(family)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        listener.listen(BACKLOG)
        return listener

    def __enter__(self):
        # From 100 upwards, so that none is in the way of another's place from 3 upwards.
        copies = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD_CLOEXEC, 100) for s in self.sockets]
        actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                   (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
                   (os.POSIX_SPAWN_OPEN, 2, str(self._log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                   *((os.POSIX_SPAWN_DUP2, copy, 3 + i) for i, copy in enumerate(copies))]
        inherit_nothing()
        environment = {"LISTEN_FDS": str(len(copies)), "LC_ALL": "C",
                       **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}}
        self.pid = os.posix_spawn("/bin/sh", ["sh", "-c", _EXEC, "sh", str(self._program()), *self._arguments], environment,
                                  file_actions=actions)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (self._descriptors, self._descriptors))
        for copy in copies:
            os.close(copy)
        return self

    def __exit__(self, kind, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGTERM)
            self.wait()
            if kind is None:
                assert self.status == -signal.SIGTERM, f"it ended with {self.status} before:\n{self.log()}"
        for listener in self.sockets:
            listener.close()

    def wait(self):
        """The exit status, or minus the signal."""
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def log(self):
        return self._log.read_text(errors="backslashreplace")

    @property
    def address(self):
        return self.sockets[0].getsockname()

    def visit(self, which=0, **options):
        """A new connection to one of the sockets."""
        return Stranger(self.sockets[which].getsockname(), **options)

    def ask(self, data=LAST, which=0, has_body=True):
        """The one answer to what is sent on a connection of its own, which ends after it."""
        with self.visit(which) as stranger:
            stranger.send(data)
            stranger.end()
            answer = Answer(stranger.receive(), has_body)
        assert not answer.rest, answer.rest
        return answer

    def works(self, which=0):
        """Whether a validator that comes now gets what it wants."""
        answer = self.ask(which=which)
        return (answer.status, answer.body) == (200, KEY_AUTHORIZATION.encode())

    def publish(self, token=TOKEN, text=None):
        (self.tokens / token).write_text(f"{token}.{THUMBPRINT}" if text is None else text)

    # What the process has and uses

    def descriptors(self):
        """What each open descriptor is, by the kernel's words."""
        found = {}
        for fd in os.listdir(f"/proc/{self.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                found[int(fd)] = os.readlink(f"/proc/{self.pid}/fd/{fd}")
        return found

    def visitors(self):
        """How many connections it has."""
        return sum(link.startswith("socket:") for link in self.descriptors().values()) - len(self.sockets)

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s*(\d+) kB", status).group(1)) * 1024

    def sleeps(self):
        """How often it has gone to sleep by itself until now; who goes round in circles never does."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)$", status, re.MULTILINE).group(1))

    def is_sanitized(self):
        return "libasan" in pathlib.Path(f"/proc/{self.pid}/maps").read_text(encoding="utf-8")
