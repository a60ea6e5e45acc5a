# SPDX-License-Identifier: LGPL-2.1-or-later
"""The CA's view of a machine: a second network namespace, joined to the machine's by one pair of virtual wires.

It is made inside the machine (so it ends with it) and named /run/netns/outside there; a unit gets into it with
NetworkNamespacePath=. What comes from it crosses the machine's input hook on the interface "uplink0".
"""

INSIDE_V4, OUTSIDE_V4 = "192.0.2.1", "192.0.2.2"
INSIDE_V6, OUTSIDE_V6 = "fd00:ac::1", "fd00:ac::2"
NAMESPACE = "/run/netns/outside"

_CONNECT = f"""
ip netns add outside
ip link add uplink0 type veth peer name ca0 netns outside
ip address add {INSIDE_V4}/30 dev uplink0
ip -6 address add {INSIDE_V6}/64 dev uplink0 nodad
ip link set uplink0 up
ip -n outside link set lo up
ip -n outside address add {OUTSIDE_V4}/30 dev ca0
ip -n outside -6 address add {OUTSIDE_V6}/64 dev ca0 nodad
ip -n outside link set ca0 up
"""


class Outside:
    """Commands and connections from outside a machine."""

    def __init__(self, machine):
        self._machine = machine
        self.address = {4: INSIDE_V4, 6: INSIDE_V6}

    def connect(self):
        """Make the namespace and the wires; the machine does it once, after boot."""
        self._machine.run(["sh", "-eu", "-c", _CONNECT])

    def run(self, argv, **options):
        """Like Machine.run(), seen from outside: same files and processes, other network."""
        words = ["sh", "-c", argv] if isinstance(argv, str) else list(argv)
        return self._machine.run(["nsenter", f"--net={NAMESPACE}", "--", *words], **options)

    def reaches(self, port, family=4, seconds=1):
        """Whether a TCP connection to the machine's port is accepted."""
        address = INSIDE_V4 if family == 4 else f"[{INSIDE_V6}]"
        done = self.run(["socat", "-u", "OPEN:/dev/null", f"TCP{family}:{address}:{port},connect-timeout={seconds}"],
                        check=False, timeout=seconds + 10)
        return done.returncode == 0

    def http(self, path, host="a.example.test", family=4, method="GET", port=80, seconds=5):
        """One HTTP request to the machine: (status, body); status 0 when there is no answer."""
        address = INSIDE_V4 if family == 4 else f"[{INSIDE_V6}]"
        arguments = ["--head"] if method == "HEAD" else ["--request", method]
        done = self.run(["curl", "--silent", "--show-error", "--max-time", seconds, *arguments, "--output", "-",
                         "--write-out", "\n%{http_code}", "--header", f"Host: {host}",
                         f"http://{address}:{port}{path}"], check=False, timeout=seconds + 10)
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body
