# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 of the writer at every write, sync, change of owner or mode, rename and removal, and every one of them failing:
the pair on disk is the old one or the new one, and the next run completes. And kill -9 of the controller.

strace inside the writer's unit does it, so this is the program as installed on a real file system. Between two renames is
the one moment that is left: then the key is new, and the certificate that fits lies ready beside the old one.
src/writer/test-crash.c does the same to every call, with half a write too, and keeps a book of what was synced.
"""

import pytest

from lib.targets import NAME, NOTHING_TO_DO, TRY_AGAIN, WRITTEN, Target

WEB = "/etc/web"
PUBLIC = "/srv/public"
SETTINGS = {"PrivateKey": f"{WEB}/key.pem", "Certificate": f"{WEB}/cert.pem", "Bundle": f"{WEB}/bundle.pem",
            "FullChain": f"{PUBLIC}/full.pem"}
CERTIFICATES = (SETTINGS["Certificate"], SETTINGS["FullChain"])
# At least so often each is called when four files in two directories are written.
CALLS = {"write": 4, "fchown": 8, "fchmod": 4, "fsync": 8, "renameat2": 4, "unlinkat": 4}

# What strace needs that the program does not.
DROP_IN = "/run/systemd/system/acme-deploy-write@.service.d/99-strace.conf"
STRACE = "[Service]\nSystemCallFilter=\nCapabilityBoundingSet=CAP_SYS_PTRACE\nMemoryDenyWriteExecute=no\n"


@pytest.fixture(scope="module")
def target(machine):
    machine.reset()
    machine.write(DROP_IN, STRACE)
    machine.systemctl("daemon-reload")
    for folder in (WEB, PUBLIC):
        machine.write(f"{folder}/other", "not ours", 0o640)
    made = Target(machine)
    made.configure(**SETTINGS)
    yield made
    machine.run(["rm", DROP_IN])
    machine.systemctl("daemon-reload")


def names(target):
    return target.machine.listdir(WEB) + target.machine.listdir(PUBLIC)


TIDY = sorted(["bundle.pem", "cert.pem", "key.pem", "other"]) + sorted(["full.pem", "other"])


def begin(target):
    """Generation 1 in place, 2 live."""
    target.make_live(1)
    assert target.write().status in (NOTHING_TO_DO, WRITTEN)
    assert target.generation() == 1 and names(target) == TIDY
    target.make_live(2)


def injected(target, call, what, number):
    return target.write(under=["/usr/bin/strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
                               "-e", f"inject={call}:{what}:when={number}"])


def certificates(target):
    return {path: target.certificate_generation(path) for path in CERTIFICATES}


def check_pair(target, call):
    """Old or new; or, when it was killed between two renames, on its way with nothing missing."""
    key, found = target.key_generation(), certificates(target)
    if set(found.values()) == {key}:
        return
    assert call == "renameat2" and key == 2, (call, key, found)
    for path, generation in found.items():
        folder, _, name = path.rpartition("/")
        assert generation == 2 or target.certificate_generation(f"{folder}/.#{name}.acmeward") == 2


@pytest.mark.parametrize("call", CALLS)
def test_killed_at_every(target, call):
    number = 0
    while True:
        number += 1
        begin(target)
        run = injected(target, call, "signal=KILL", number)
        if run.status == WRITTEN:
            break
        assert run.status is None
        check_pair(target, call)
        # A bundle is one file, and never in halves.
        assert target.key_generation(SETTINGS["Bundle"]) == target.certificate_generation(SETTINGS["Bundle"])
        assert target.write().status in (NOTHING_TO_DO, WRITTEN)
        assert target.generation() == 2 and set(certificates(target).values()) == {2}
        assert names(target) == TIDY
        assert target.write().status == NOTHING_TO_DO
    assert number > CALLS[call]


def test_killed_between_the_renames_and_the_disk_is_full(target):
    """What is missing is a rename, so that it is done though nothing can be written, and whatever is live by then."""
    begin(target)
    # Key, bundle, certificate, full chain: the third.
    assert injected(target, "renameat2", "signal=KILL", 3).status is None
    assert target.key_generation() == 2 and set(certificates(target).values()) == {1}
    target.make_live(1)
    run = target.write(under=["/usr/bin/strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=write",
                              "-e", "inject=write:error=ENOSPC"])
    assert (run.status, run.reason) == (TRY_AGAIN, "noSpace")
    assert target.key_generation() == 2 and set(certificates(target).values()) == {2}
    assert target.write().status == WRITTEN
    assert target.generation() == 1 and names(target) == TIDY


@pytest.mark.parametrize("call, error, reason", [
    ("write", "ENOSPC", "noSpace"), ("fsync", "EIO", "failed"), ("fchown", "EPERM", "failed"),
    ("renameat2", "EROFS", "readOnly")])
def test_failed_at_every(target, call, error, reason):
    """The old files stay, and no others."""
    number = 0
    while True:
        number += 1
        begin(target)
        run = injected(target, call, f"error={error}", number)
        if run.status == WRITTEN:
            break
        assert (run.status, run.reason) == (TRY_AGAIN, reason)
        assert target.generation() == 1 and set(certificates(target).values()) == {1}
        assert names(target) == TIDY
    assert number > CALLS[call]
    assert target.generation() == 2


# The controller: what it notes, and every fourth of its messages to PID 1, of which there are many. (At least so often;
# step.)
CONTROLLER = f"acme-deploy@{NAME}.service"
INJECT = "/run/acmeward-test/inject"
CONTROLLER_CALLS = {"renameat": (3, 1), "write": (3, 1), "sendmsg": (10, 4)}
CONSUMER = f"""\
[Service]
ExecStart=/usr/bin/sleep infinity
ExecReload=/usr/bin/cp {SETTINGS["Certificate"]} /run/acmeward-test/seen
"""
UNDER_STRACE = ("#!/bin/sh\n"
                f'[ -e {INJECT} ] || exec /usr/lib/acmeward/acme-deploy "$@"\n'
                f'exec strace -qq -o /dev/null -e "inject=$(cat {INJECT})" /usr/lib/acmeward/acme-deploy "$@"\n')


@pytest.fixture(scope="module")
def controlled(target):
    """The same target with a unit to be reloaded, deployed by the controller, which strace may kill."""
    m = target.machine
    m.write("/usr/local/lib/acmeward-test/controller", UNDER_STRACE, 0o755)
    m.write("/run/systemd/system/acme-deploy@.service.d/99-strace.conf",
            f"{STRACE}BindReadOnlyPaths={INJECT.rpartition('/')[0]}\nExecStart=\n"
            "ExecStart=/usr/local/lib/acmeward-test/controller -- %i\n")
    m.write("/run/systemd/system/t-crash.service", CONSUMER)
    m.run(["mkdir", "-p", INJECT.rpartition("/")[0]])
    m.systemctl("daemon-reload")
    m.systemctl("start", "t-crash.service")
    target.configure(**SETTINGS, Reload="t-crash.service")
    yield target
    m.systemctl("stop", "t-crash.service", CONTROLLER)
    m.run("rm -r /run/systemd/system/t-crash.service /run/systemd/system/acme-deploy@.service.d")
    target.configure(**SETTINGS)


@pytest.mark.parametrize("call", CONTROLLER_CALLS)
def test_controller_killed_at_every(controlled, call):
    """Whatever was noted and whatever PID 1 was told: the next run has the unit look at the new files."""
    m, number = controlled.machine, 1
    least, step = CONTROLLER_CALLS[call]
    while True:
        controlled.make_live(1)
        assert m.start(CONTROLLER).ok and controlled.generation() == 1
        controlled.make_live(2)
        m.write(INJECT, f"{call}:signal=KILL:when={number}")
        started = m.start(CONTROLLER)
        m.run(["rm", INJECT])
        if started.ok:
            break
        assert started.result == "signal", started
        assert m.start(CONTROLLER).ok
        assert controlled.generation() == 2 and set(certificates(controlled).values()) == {2}
        assert controlled.certificate_generation("/run/acmeward-test/seen") == 2
        assert names(controlled) == TIDY
        number += step
    assert number > least
