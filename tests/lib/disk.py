# SPDX-License-Identifier: LGPL-2.1-or-later
"""File systems of a machine that are small, or read-only. Not every release's smallest installation has mount(8)."""

import contextlib

_RDONLY, _REMOUNT, _DETACH = 1, 32, 2
_CALL = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
if libc.{call} != 0:
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
"""


def _call(machine, call):
    machine.run(["python3", "-c", _CALL.format(call=call)])


def remount(machine, path, read_only):
    flags = _REMOUNT | (_RDONLY if read_only else 0)
    _call(machine, f'mount(b"small", b"{path}", b"tmpfs", {flags}, b"mode=0755")')


@contextlib.contextmanager
def small_disk(machine, path, size):
    """An empty file system of this size ("64k") over a directory of root's."""
    _call(machine, f'mount(b"small", b"{path}", b"tmpfs", 0, b"size={size},mode=0755")')
    try:
        yield
    finally:
        _call(machine, f'umount2(b"{path}", {_DETACH})')
