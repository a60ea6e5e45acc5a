# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the scenarios of deploying share: targets, and units that write down what they are told."""

import json

from lib import store

NAME = "a.example.test"
DEPLOY = f"acme-deploy@{NAME}.service"
WRITER = f"acme-deploy-write@{NAME}:web.service"
TARGET = "/srv/acmeward-test"
LOG = "/run/acmeward-test/log"

# A service that writes down what it is told. Its ExecReload= may be replaced.
CONSUMER = """\
[Service]
ExecStart=/usr/bin/sleep infinity
ExecStartPost=/bin/sh -c 'echo start >>{log}/%N'
ExecReload={reload}
TimeoutStartSec={timeout}
{more}
"""


def consumer(machine, name, reload=None, timeout=90, start=True, more=""):
    reload = f"/bin/sh -c 'echo reload >>{LOG}/%N'" if reload is None else reload
    machine.write(f"/run/systemd/system/{name}.service",
                  CONSUMER.format(log=LOG, reload=reload, timeout=timeout, more=more))
    machine.systemctl("daemon-reload")
    if start:
        machine.systemctl("start", f"{name}.service")
        forget(machine, name)


def forget(machine, name):
    machine.run(["rm", "-f", f"{LOG}/{name}"])


def told(machine, name):
    """What a consumer has been told since forget()."""
    return machine.run(f"cat {LOG}/{name} 2>/dev/null", check=False).stdout.split()


def files(label="web"):
    return {"FullChain": f"{TARGET}/{label}.pem", "PrivateKey": f"{TARGET}/{label}.key"}


def serial(machine, label="web"):
    return store.certificate(machine, NAME, f"{TARGET}/{label}.pem")["serial"]


def record(machine, name=NAME):
    return {target["label"]: target for target in json.loads(
        machine.read(f"/var/lib/acme/deploy/{name}.json"))["targets"]}


def renew(machine, name=NAME):
    """Another certificate, now."""
    machine.run(["touch", f"{store.REQUESTS}/{name}"])
    assert machine.start(f"acme-renew@{name}.service").ok
    machine.settled()


def bed(fresh):
    """A machine with a live certificate that nothing is configured for, and a directory to deploy to."""
    fresh.run(f"systemctl stop 't-*'; rm -rf /run/systemd/system/t-* /run/systemd/system/acme-deploy* {LOG} {TARGET} && "
              f"mkdir -p {LOG} {TARGET} && systemctl daemon-reload; systemctl reset-failed", check=False)
    fresh.pebble.start()
    fresh.configure()
    store.issue(fresh, NAME)
    fresh.settled()
    return fresh


def shown(machine, unit, message):
    """Does journalctl --unit= find the entry?"""
    lines = machine.run(["journalctl", "--unit", unit, "--output=json"]).stdout.splitlines()
    return message in [json.loads(line)["MESSAGE"] for line in lines]


def script(machine, text):
    """A program for Exec=; it appends to a file beside the target's."""
    machine.write("/usr/local/lib/acmeward-test/hook", f"#!/bin/sh\n{text}\n", mode=0o755)
    return "/usr/local/lib/acmeward-test/hook"
