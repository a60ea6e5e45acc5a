# SPDX-License-Identifier: LGPL-2.1-or-later
"""A second machine beside the first one, and a wire between them."""

import subprocess

from lib.machine import Machine

# The machine that the CA sees, and the one that it does not.
NEAR, FAR = "198.51.100.1", "198.51.100.2"


def _wire(near, far):
    """A pair of virtual interfaces whose ends are in the two machines' network namespaces; it ends with either."""
    leader = str(near.container.leader)
    subprocess.run(["nsenter", f"--target={leader}", "--net", "--", "ip", "link", "add", "wire0", "type", "veth", "peer",
                    "name", "wire0", "netns", str(far.container.leader)], check=True)
    for machine, address in ((near, NEAR), (far, FAR)):
        machine.run(f"ip address add {address}/30 dev wire0 && ip link set wire0 up")


def beside(machine, **arguments):
    """A context manager: another booted Machine of the same release, at FAR; the first is at NEAR."""
    class Beside(Machine):
        def boot(self):
            super().boot()
            try:
                _wire(machine, self)
            except BaseException:
                self.destroy()
                raise
            return self
    return Beside(machine.release, **arguments)
