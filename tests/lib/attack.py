# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an attacker can use who has taken over a room: runs inside that room's own unit (lib/room.py), as its user,
in its sandbox. Standard library only; nothing here asks for permission, it tries and says what came of it.
"""

import ctypes
import errno
import json
import os
import socket
import stat

libc = ctypes.CDLL(None, use_errno=True)


def attempt(function, *arguments, **options):
    """ "ok", or the name of the errno that the kernel answered with."""
    try:
        value = function(*arguments, **options)
        if isinstance(value, socket.socket):
            value.close()
        return "ok"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))


def system_call(number, *arguments):
    """A raw system call: "ok" or the errno's name."""
    ctypes.set_errno(0)
    if libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) for a in arguments)) >= 0:
        return "ok"
    return errno.errorcode[ctypes.get_errno()]


def read(path):
    with open(path, "rb") as stream:
        return stream.read(1 << 16)


def read_all(path):
    """Text of a file, whatever bytes are in it."""
    with open(path, "rb") as stream:
        return stream.read().decode("latin-1")


def can_read(path):
    return attempt(read, path)


def can_create(folder):
    """Try to leave a file in a directory."""
    path = os.path.join(folder, "left-by-an-attacker")

    def create():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        os.unlink(path)
    return attempt(create)


# Where no file of the machine's is: kernel interfaces, tried apart from files.
_KERNEL = ("/proc", "/sys", "/dev")


def _walk(top):
    for folder, folders, files in os.walk(top, onerror=lambda error: None):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in _KERNEL]
        yield folder, files


def writable_folders(top="/"):
    """Every directory in which a file can really be made."""
    return sorted(folder for folder, _ in _walk(top) if can_create(folder) == "ok")


def leave_everywhere(name):
    """Make a file of this name in every directory that allows it, shared memory among them; returns these."""
    folders = writable_folders() + [path for path in ("/dev/shm", "/dev/mqueue") if can_create(path) == "ok"]
    for folder in folders:
        os.close(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT, 0o666))
    return folders


def writable_files(top="/"):
    """Every existing file that can be opened for writing."""
    found = []
    for folder, files in _walk(top):
        for name in files:
            path = os.path.join(folder, name)
            try:
                if stat.S_ISREG(os.lstat(path).st_mode) and os.access(path, os.W_OK):
                    os.close(os.open(path, os.O_WRONLY))
                    found.append(path)
            except OSError:
                continue
    return sorted(found)


def readable_files(*tops):
    """Every file below these directories that can be opened for reading."""
    found = []
    for top in tops:
        for folder, files in _walk(top):
            found += [os.path.join(folder, name) for name in files
                      if os.path.isfile(os.path.join(folder, name)) and can_read(os.path.join(folder, name)) == "ok"]
    return sorted(found)


def private_keys(*tops):
    """Files below these directories whose content is a private key, by whatever name."""
    found = []
    for path in readable_files(*(tops or ("/",))):
        try:
            if b"PRIVATE KEY" in read(path) and not path.startswith(("/usr/", "/etc/pebble/")):
                found.append(path)
        except OSError:
            continue  # gone meanwhile, or never a file
    return found


def can_connect(address, family=socket.AF_INET, kind=socket.SOCK_STREAM):
    def connect():
        with socket.socket(family, kind) as stream:
            stream.settimeout(2)
            stream.connect(address)
    return attempt(connect)


def can_make_sockets():
    """What socket() answers for each family that could lead somewhere."""
    families = {"inet": (socket.AF_INET, socket.SOCK_STREAM, 0), "inet6": (socket.AF_INET6, socket.SOCK_STREAM, 0),
                "udp": (socket.AF_INET, socket.SOCK_DGRAM, 0), "unix": (socket.AF_UNIX, socket.SOCK_STREAM, 0),
                "packet": (socket.AF_PACKET, socket.SOCK_RAW, 0), "vsock": (40, socket.SOCK_STREAM, 0),
                "netfilter": (socket.AF_NETLINK, socket.SOCK_RAW, 12), "route": (socket.AF_NETLINK, socket.SOCK_RAW, 0)}
    return {name: attempt(socket.socket, *arguments) for name, arguments in families.items()}


def flush_ruleset():
    """Try to delete every nftables table: one netlink batch, as `nft flush ruleset` sends it."""
    def message(kind, flags, family, sequence, resource=0):
        body = bytes([family, 0]) + resource.to_bytes(2, "big")
        return ((16 + len(body)).to_bytes(4, "little") + kind.to_bytes(2, "little") + flags.to_bytes(2, "little") +
                sequence.to_bytes(4, "little") + bytes(4) + body)

    def flush():
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:
            netlink.bind((0, 0))
            netlink.settimeout(2)
            # NFNL_MSG_BATCH_BEGIN, NFT_MSG_DELTABLE with an acknowledgement, NFNL_MSG_BATCH_END
            netlink.send(message(0x10, 1, 0, 1, 10) + message(0x0a02, 5, 0, 2) + message(0x11, 1, 0, 3, 10))
            reply = netlink.recv(1 << 16)
            number = -int.from_bytes(reply[16:20], "little", signed=True)
            if number:
                raise OSError(number, "netlink")
    return attempt(flush)


def visible_processes():
    """Processes that /proc shows, but for ourselves."""
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid())


def _through_pidfd(pid):
    """Signal a process and take a descriptor of its, by pidfd (x86-64: pidfd_open, _send_signal, _getfd)."""
    handle = libc.syscall(ctypes.c_long(434), ctypes.c_long(pid), ctypes.c_long(0))
    if handle < 0:
        return errno.errorcode[ctypes.get_errno()]
    found = {system_call(424, handle, 15, 0, 0), system_call(438, handle, 0, 0)}
    os.close(handle)
    return "ok" if "ok" in found else sorted(found)[0]


def threaten(pid):
    """Everything one process may try on another: the errno of each, or "ok" where it is allowed to."""
    return {
        "SIGTERM": attempt(os.kill, pid, 15), "exists": attempt(os.kill, pid, 0),
        "memory": attempt(lambda: os.close(os.open(f"/proc/{pid}/mem", os.O_RDWR))),
        "environment": can_read(f"/proc/{pid}/environ"), "root": attempt(os.listdir, f"/proc/{pid}/root"),
        "files": attempt(os.listdir, f"/proc/{pid}/fd"),
        # x86-64: ptrace(PTRACE_SEIZE)
        "ptrace": system_call(101, 0x4206, pid, 0, 0), "pidfd": _through_pidfd(pid),
    }


class Door:
    """A varlink connection that can also misbehave."""

    def __init__(self, path):
        self.stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.stream.settimeout(10)
        self.stream.connect(path)
        self.buffer = b""

    def receive(self):
        """One whole message, parsed; None when the peer has closed the connection."""
        while b"\0" not in self.buffer:
            try:
                data = self.stream.recv(1 << 16)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.buffer += data
        frame, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(frame)

    def raw(self, data):
        """Send bytes as they are and return what comes back."""
        try:
            self.stream.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return None
        return self.receive()

    def call(self, method, service="io.acmeward.Signer", /, **parameters):
        """[error or None, parameters], or None when the connection was closed instead of an answer."""
        message = {"method": f"{service}.{method}", "parameters": parameters}
        reply = self.raw(json.dumps(message).encode() + b"\0")
        return reply and [reply.get("error"), reply.get("parameters", {})]

    def describe(self, interface):
        return self.call("GetInterfaceDescription", "org.varlink.service", interface=interface)
