# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which processes are born, and what memory and processor time they take: the kernel tells, nobody is traced.

The process connector (a netlink socket, CONFIG_PROC_EVENTS) reports every fork, exec and exit of the whole host; those
that descend from the machine's processes are kept. It speaks only to root in the host's first namespaces: elsewhere
the columns stay empty, and the reason is said.
"""

import contextlib
import os
import pathlib
import socket
import struct
import threading
import time

_CONNECTOR = 11
_CN_IDX_PROC = _CN_VAL_PROC = 1
_MCAST_LISTEN = 1
_FORK, _EXEC, _COMM, _EXIT = 0x1, 0x2, 0x200, 0x80000000
_NLMSG_DONE = 3
_SO_RCVBUFFORCE = 33
_ANSWER_SECONDS = 1
_BUFFER_BYTES = 16 << 20
# After the netlink header (16) and the connector's (20): what, cpu, timestamp, then four numbers or a name.
_EVENT_OFFSET = 36
# How often memory is looked at; what lives for less may be missed.
SAMPLE_SECONDS = 0.001


def _listen():
    """The connector, listening; OSError if nobody is at its other end."""
    connection = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, _CONNECTOR)
    connection.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
    connection.bind((0, _CN_IDX_PROC))
    payload = struct.pack("=I", _MCAST_LISTEN)
    message = struct.pack("=IIIIHH", _CN_IDX_PROC, _CN_VAL_PROC, 0, 0, len(payload), 0) + payload
    connection.send(struct.pack("=IHHII", 16 + len(message), _NLMSG_DONE, 0, 0, 0) + message)
    connection.settimeout(_ANSWER_SECONDS)
    connection.recv(4096)
    connection.setblocking(False)
    return connection


def _members(root):
    """All processes of a cgroup and those below it."""
    found = set()
    for folder, _, files in os.walk(root):
        if "cgroup.procs" in files:
            with contextlib.suppress(OSError):
                found |= {int(line) for line in pathlib.Path(folder, "cgroup.procs").read_text().split()}
    return found


def _pss(pid):
    """Proportional set size in bytes, 0 for who has gone."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup", "rb") as stream:
        for line in stream:
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _runtime(pid):
    """Nanoseconds that a process's threads have run so far, None for who has gone."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return sum(int(pathlib.Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0])
                   for thread in os.listdir(f"/proc/{pid}/task"))
    return None


def _comm(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as stream:
        return stream.read().rstrip("\n")
    return ""


class Births:
    """Listens from the start; following() says whose children count. Afterwards `processes` lists them, as dicts."""

    unavailable = None

    def __init__(self, cgroup, memory):
        self._connection = _listen()
        self._known = _members(cgroup)
        self._done = threading.Event()
        self._memory = memory
        self._alive = {}
        self.processes = []
        self.peak_bytes = 0
        self.peak_processes = []

    @contextlib.contextmanager
    def following(self, pid):
        """While inside, see to what the machine and this process start; what they did since __init__ is not lost."""
        self._known.add(pid)
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._done.set()
            thread.join()
            self._connection.close()

    def _watch(self):
        while True:
            finished = self._done.is_set()
            self._drain()
            if self._memory:
                self._sample_memory()
            else:
                self._sample_runtime()
            if finished:
                return
            time.sleep(SAMPLE_SECONDS)

    def _drain(self):
        while True:
            try:
                data = self._connection.recv(65536)
            except BlockingIOError:
                return
            what, _, stamp = struct.unpack_from("=IIQ", data, _EVENT_OFFSET)
            numbers = struct.unpack_from("=4I", data, _EVENT_OFFSET + 16)
            self._event(what, stamp, numbers, data[_EVENT_OFFSET + 24:_EVENT_OFFSET + 40])

    def _event(self, what, stamp, numbers, text):
        if what == _FORK:
            _, parent, child, group = numbers
            if parent in self._known and child == group:  # a process, not a thread
                self._known.add(child)
                self._alive[child] = {"pid": child, "parent": parent, "born": stamp, "names": []}
                self.processes.append(self._alive[child])
            return
        pid, group = numbers[:2]
        born = self._alive.get(group)
        if born is None or pid != group:
            return
        if what == _EXEC:
            born["execed"] = stamp
            self._name(born, _comm(pid))
        elif what == _COMM:
            self._name(born, text.split(b"\0")[0].decode(errors="replace"))
        elif what == _EXIT:
            born["died"] = stamp
            del self._alive[pid]

    @staticmethod
    def _name(born, name):
        if name and name not in born["names"]:
            born["names"].append(name)

    def _sample_runtime(self):
        for pid, born in self._alive.items():
            runtime = _runtime(pid)
            if runtime is not None:
                born["runtime"] = runtime
                if "execed" not in born:
                    born["setup_runtime"] = runtime

    def _sample_memory(self):
        sizes = {pid: _pss(pid) for pid in list(self._alive)}
        total = sum(sizes.values())
        if total > self.peak_bytes:
            self.peak_bytes = total
            self.peak_processes = [{"name": (self._alive[pid]["names"] or ["?"])[-1], "bytes": size}
                                   for pid, size in sizes.items() if size]


class Blind:
    """In place of Births where the kernel does not tell."""

    processes = peak_processes = ()
    peak_bytes = None

    def __init__(self, why):
        self.unavailable = why

    @contextlib.contextmanager
    def following(self, _):
        yield self


def watch(cgroup, memory):
    """Births of the processes of this cgroup, or Blind; looks at memory, or else at processor time."""
    try:
        return Births(cgroup, memory)
    except OSError as error:
        return Blind(f"the kernel's process connector does not answer: {error}")
