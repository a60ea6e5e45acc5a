# SPDX-License-Identifier: LGPL-2.1-or-later
"""A container on a throw-away overlay: started with systemd-nspawn, entered with nsenter, always gone afterwards.

Nothing of it is visible on the host but processes in one cgroup and one directory below BUILD/run: mounts live in a
mount namespace of its own, the network in namespaces that hang on its processes. All of it dies with this process.
"""

import contextlib
import itertools
import os
import pathlib
import shutil
import socket
import subprocess

from lib.host import BUILD, DIE_WITH_PARENT, LIB, BedError, Cgroup, remove_tree, wait_until

BOOT_SECONDS = 60
STOP_SECONDS = 15

_numbers = itertools.count(1)

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root", "LANG": "C.UTF-8", "TERM": "dumb", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0",
}


class Container:
    """One systemd-nspawn and everything that belongs to it."""

    def __init__(self, layers, upper=None):
        """layers: directories, topmost first. upper: where to keep what is written, by default in memory."""
        self.name = f"bed-{os.getpid()}-{next(_numbers)}"
        self.folder = BUILD / "run" / self.name
        self.layers = [pathlib.Path(layer) for layer in layers]
        self.upper = pathlib.Path(upper) if upper else self.folder / "ram"
        self.console = self.folder / "console"
        self.process = None
        self.leader = None
        self.cgroup = None
        self._mounts = -1

    def launch(self, arguments, notify=None):
        """Start systemd-nspawn with these arguments after the common ones."""
        _sweep()
        self.folder.mkdir(parents=True)
        self.upper.mkdir(parents=True, exist_ok=True)
        self.cgroup = Cgroup(self.name)
        command = [*DIE_WITH_PARENT, "unshare", "--mount", "--propagation", "private",
                   "--pid", "--fork", "--kill-child", "--mount-proc", "--",
                   LIB / "enter.sh", self.cgroup.path, ":".join(map(str, self.layers)), self.upper,
                   f"--machine={self.name}", *arguments]
        environment = dict(os.environ)
        environment.pop("NOTIFY_SOCKET", None)
        if notify:
            environment["NOTIFY_SOCKET"] = str(notify)
        with self.console.open("wb") as console:
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                            stdout=console, stderr=subprocess.STDOUT, env=environment,
                                            start_new_session=True)

    def run_to_end(self, arguments, timeout):
        """Run one program in place of init; returns its status."""
        try:
            self.launch(arguments)
            return self.process.wait(timeout)
        finally:
            self.destroy()

    def boot(self):
        """Boot and return when every job of the start transaction is done."""
        try:
            # A short path: socket addresses hold 107 bytes.
            notify = pathlib.Path("/tmp", f".{self.name}.notify")
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener, contextlib.ExitStack() as stack:
                listener.bind(str(notify))
                stack.callback(notify.unlink, missing_ok=True)
                listener.settimeout(0.5)
                self.launch(["--boot", "--notify-ready=yes", "systemd.log_target=journal"], notify)
                wait_until(lambda: self._heard_ready(listener), timeout=BOOT_SECONDS, interval=0,
                           what=f"{self.name} to boot")
            self._mounts = os.open(f"/proc/{self.process.pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        except BaseException:
            self.destroy()
            raise

    def _heard_ready(self, listener):
        try:
            message = listener.recv(4096).decode()
        except TimeoutError:
            if self.process.poll() is not None:
                raise BedError(f"{self.name} ended while booting:\n"
                               f"{self.console.read_text(errors='replace')[-2000:]}") from None
            return False
        if "READY=1" not in message.splitlines():
            return False
        self.leader = self.cgroup.first_process("payload/init.scope")
        return True

    def inside(self, argv):
        """The host's command line that runs argv in the container's namespaces, with its root directory.

        (Where nspawn could not pivot, as in a chroot, the namespace's own root is still the host's.)
        """
        return ["nsenter", "--target", str(self.leader), "--all", "--root", "--wd", "--",
                *[str(part) for part in argv]]

    def after_death(self, argv):
        """Like inside(), when the container is dead but not destroyed: its file system, on the host's kernel."""
        return ["nsenter", f"--mount=/proc/{os.getpid()}/fd/{self._mounts}", "--",
                "chroot", str(self.upper / "root"), *[str(part) for part in argv]]

    @property
    def alive(self):
        return self.process is not None and self.process.poll() is None

    def poweroff(self):
        """Let systemd stop everything in order, as a user would; destroy() does without."""
        if self.alive:
            subprocess.run(self.inside(["systemctl", "poweroff"]), check=False, env=ENVIRONMENT,
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=STOP_SECONDS)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)

    def destroy(self):
        """End every process of it and remove every trace; may be called at any time, any number of times."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        if self.cgroup is not None:
            self.cgroup.destroy()
            self.cgroup = None
        if self.process is not None:
            self.process.wait()
        if self._mounts >= 0:
            os.close(self._mounts)
            self._mounts = -1
        if self.folder.exists():
            remove_tree(self.folder)


def _sweep():
    """Remove the directories of runs that were killed."""
    for folder in (BUILD / "run").glob("bed-*"):
        owner = folder.name.split("-")[1]
        if not pathlib.Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)
