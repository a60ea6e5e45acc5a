# SPDX-License-Identifier: LGPL-2.1-or-later
"""A deploy that is cut off, as a whole or its writer: the next run, which may come at once, does the rest and no more."""

import pytest

from lib import deploys, moments, store
from lib.deploys import DEPLOY, NAME, TARGET, WRITER, consumer, files, renew, serial, told
from lib.trail import one, trail


@pytest.fixture
def live(fresh):
    return deploys.bed(fresh)


def slow_writer(machine):
    """The writer of the target "web" begins only when somebody lets it; killed before, it has written nothing."""
    machine.write(f"/run/systemd/system/{WRITER}.d/50-test.conf",
                  f"[Service]\nExecStartPre=/bin/sh -c 'until [ -e {TARGET}/go ]; do sleep 0.1; done'\n")
    machine.write("/run/systemd/system/acme-deploy-write@.service.d/60-test.conf",
                  "[Service]\nSystemCallFilter=@system-service\n")
    machine.systemctl("daemon-reload")


def kill_writer(machine, but=()):
    """Kill the writer as soon as it is there; returns its process, not to be killed again."""
    def there():
        return [p["pid"] for p in machine.processes(unit=r"acme-deploy-write@.*:web.*")
                if p["comm"] == "sh" and p["pid"] not in but]
    pid = machine.wait_until(there)[0]
    machine.run(["kill", "-KILL", str(pid)])
    return pid


STRACE = "[Service]\nSystemCallFilter=\nCapabilityBoundingSet=CAP_SYS_PTRACE\nMemoryDenyWriteExecute=no\n"


def test_a_writer_that_is_killed_twice__is_told_and_tried_again(live):
    live.configure(NAME, Deploy={"web": files(), "mail": files("mail")})
    slow_writer(live)
    mark = live.cursor()
    start = live.popen(["systemctl", "start", DEPLOY])
    first = kill_writer(live)
    kill_writer(live, but=[first])
    assert moments.finish(start) != 0
    entry = one(live, mark, "DEPLOY_FAILED")
    assert (entry["ACME_TARGET"], entry["ACME_UNIT"], entry["ACME_REASON"]) == ("web", WRITER, "writer")
    assert live.listdir(TARGET) == ["mail.key", "mail.pem"]
    live.run("rm -r /run/systemd/system/acme-deploy-write*")
    live.systemctl("daemon-reload")
    assert live.start(DEPLOY).ok and serial(live)


def test_a_writer_that_is_killed__is_run_again_at_once(live):
    consumer(live, "t-web")
    live.configure(NAME, Deploy={"web": {**files(), "Reload": "t-web.service"}})
    slow_writer(live)
    mark = live.cursor()
    start = live.popen(["systemctl", "start", DEPLOY])
    kill_writer(live)
    live.write(f"{TARGET}/go", "")
    assert moments.finish(start) == 0
    assert trail(live, mark, "DEPLOY_FAILED") == []
    assert serial(live) == store.certificate(live, NAME)["serial"]
    assert told(live, "t-web") == ["reload"]


def test_a_writer_that_is_killed_between_two_renames__leaves_no_half(live):
    """The next run is not hours away but comes at once: key and certificate fit when the deploy has ended."""
    live.configure(NAME, Deploy={"web": files()})
    assert live.start(DEPLOY).ok
    # The certificate's rename is the second; the mark is there at the second run.
    live.write("/usr/local/lib/acmeward-test/once", """#!/bin/sh
if mkdir /run/once/done 2>/dev/null; then
        exec strace -f -qq -o /dev/null -e trace=renameat2 -e inject=renameat2:signal=KILL:when=2 "$@"
fi
exec "$@"
""", mode=0o755)
    live.write(f"/run/systemd/system/{WRITER}.d/50-test.conf",
               f"{STRACE}BindPaths=/run/once\nExecStart=\n"
               f"ExecStart=/usr/local/lib/acmeward-test/once /usr/lib/acmeward/acme-deploy-write {NAME} web\n")
    live.run("rm -rf /run/once; mkdir /run/once")
    live.systemctl("daemon-reload")
    renew(live)
    assert live.start(DEPLOY).ok
    assert live.exists("/run/once/done")
    certificate = store.certificate(live, NAME, f"{TARGET}/web.pem")
    assert certificate["serial"] == store.certificate(live, NAME)["serial"]
    assert certificate["public_key"] == store.public_key(live, f"{TARGET}/web.key")
    assert live.listdir(TARGET) == ["web.key", "web.pem"]


def test_killed_between_files_and_reload__the_unit_is_reloaded_by_the_next_run(live):
    consumer(live, "t-web")
    live.configure(NAME, Deploy={"web": {**files(), "Reload": "t-web.service"}})
    # Somebody else has the turn of the unit.
    live.run("mkdir -p -m 700 /run/acme/deploy")
    live.run(["systemd-run", "--quiet", "--collect", "--unit=holder", "flock", "/run/acme/deploy/t-web.service",
              "sleep", "60"])
    live.wait_until(lambda: live.exists("/run/acme/deploy/t-web.service"))
    start = live.popen(["systemctl", "start", DEPLOY])
    live.wait_until(lambda: f"waiting={NAME}" in live.listdir("/run/acme/deploy"))
    live.systemctl("kill", "--signal=KILL", "--kill-whom=main", DEPLOY)
    moments.finish(start)
    live.systemctl("stop", "holder.service")
    assert told(live, "t-web") == [] and serial(live)
    assert live.start(DEPLOY).ok
    assert told(live, "t-web") == ["reload"]


def test_interrupted_by_a_crash__a_renewal_that_is_not_due_finishes_it(live):
    """What the timer starts, at its time or after the boot: nothing is due, and all the same the deploy is run."""
    consumer(live, "t-web")
    live.configure(NAME, Deploy={"web": {**files(), "Reload": "t-web.service"}, "mail": {**files("mail"), "After": "web"}})
    live.run("mkdir -p -m 700 /run/acme/deploy")
    live.run(["systemd-run", "--quiet", "--collect", "--unit=holder", "flock", "/run/acme/deploy/t-web.service",
              "sleep", "60"])
    live.wait_until(lambda: "sleep" in [process["comm"] for process in live.processes(unit="holder.service")])
    start = live.popen(["systemctl", "start", DEPLOY])
    live.wait_until(lambda: f"waiting={NAME}" in live.listdir("/run/acme/deploy"))
    live.systemctl("kill", "--signal=KILL", DEPLOY)
    moments.finish(start)
    live.systemctl("stop", "holder.service")
    # Nothing of /run is left, and of the record what a power cut leaves.
    live.run(f"systemctl stop 'acme-*'; systemctl reset-failed; rm -rf /run/acme/deploy; : >/var/lib/acme/deploy/{NAME}.json",
             check=False)
    assert told(live, "t-web") == [] and live.listdir(TARGET) == ["web.key", "web.pem"]
    mark = live.cursor()
    assert live.start(f"acme-renew@{NAME}.service").ok
    live.settled()
    assert trail(live, mark, "NOT_DUE") and trail(live, mark, "INSTALLED") == []
    assert told(live, "t-web") == ["reload"]
    assert live.listdir(TARGET) == ["mail.key", "mail.pem", "web.key", "web.pem"]
    assert [e["ACME_TARGET"] for e in trail(live, mark, "DEPLOYED")] == ["web", "mail"]
