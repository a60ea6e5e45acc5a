# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks of what an installation in one release consists of, without booting it: units, their exposure, unit tests."""

import time

from lib import image, install
from lib.checks_source import read_test_log, tail
from lib.container import Container
from lib.debian import release_of_host
from lib.host import BUILD, ROOT, BedError, Lock

_SECONDS = 600

# The exposure that `systemd-analyze security` may find at most, times ten, per unit.
EXPOSURE = {
    "acme-signer@.service": 3,
    "acme-account@.service": 12,
    "acme-account-signer@.service": 3,
    "acme-challenge@.service": 3,
    "acme-challenge-clean@.service": 3,
    "acme-challenge-alpn@.service": 3,
    "acme-challenge-alpn-clean@.service": 3,
    "acme-dns@.service": 14,
    "acme-dns-clean@.service": 14,
    "acme-webroot.service": 2,
    "acme-alpn.service": 3,
    "acme-directory.service": 15,
    "acme-directory-remove@.service": 15,
    "acme-deploy@.service": 15,
    "acme-renew@.service": 12,
    "acme-placeholder@.service": 6,
    "acme-import-key@.service": 6,
    "acme-revoke@.service": 12,
    "acme-ready@.service": 15,
    "acme-credentials.service": 4,
    "acme-stateless.service": 3,
    "acme-verify@.service": 12,
    "acme-signer-bridge@.service": 5,
    "acme-signer-remote@.service": 14,
}

# What each room's program may link with, besides libc and libsystemd. A room that has no network has no library for
# it; a private key is in one room, so is what can use it.
_CONFIGURATION = {"libinih", "libidn2"}
LIBRARIES = {
    "acme-signer": {"libcrypto", "libjson-c", *_CONFIGURATION},
    "acme-account-signer": {"libcrypto", "libjson-c", *_CONFIGURATION},
    "acme-client": {"libcurl", "libjson-c", *_CONFIGURATION},
    "acme-revoke": {"libcurl", "libjson-c", *_CONFIGURATION},
    "acme-account": {"libcurl", "libjson-c", *_CONFIGURATION},
    "acme-challenge": {"libjson-c", *_CONFIGURATION},
    "acme-dns": {"libjson-c", *_CONFIGURATION},
    "acme-dns-publish": {"libjson-c", "libresolv", *_CONFIGURATION},
    "acme-firewall": {"libnftables", "libjson-c", *_CONFIGURATION},
    "acme-import-key": {"libjson-c", *_CONFIGURATION},
    "acme-placeholder": {"libjson-c", *_CONFIGURATION},
    "acme-directory": {"libjson-c"},
    "acme-webroot": {"libmicrohttpd"},
    "acme-alpn": {"libssl", "libcrypto"},
    # Of libcrypto the half that reads certificates.
    "acme-deploy": {"libcrypto", "libjson-c", *_CONFIGURATION},
    "acme-ready": {"libcrypto", "libjson-c", *_CONFIGURATION},
    "acme-deploy-write": {"libcrypto", *_CONFIGURATION},
    "acme-credentials": {"libcrypto", *_CONFIGURATION},
    "acme-signer-bridge": set(),
    "acme-signer-remote": set(),
    "acme-verify": {"libssl", "libcrypto", *_CONFIGURATION},
    "acmectl": {"libjson-c", *_CONFIGURATION},
}
_EVERYBODY = {"libc", "libsystemd"}
_READELF = """
for program in /usr/lib/acmeward/acme-* /usr/bin/acmectl; do
        readelf --dynamic "$program" | sed -n "s|.*(NEEDED).*\\[\\([^.]*\\)\\.so.*|${program##*/} \\1|p"
done
"""


class Installed:
    """The tree installed in one release, for programs that run in it without init."""

    def __init__(self, release, say):
        self.release = release
        self.image = image.prepare(release, say)
        self.layers, self._lock = install.layers(self.image, say)
        self.logs = BUILD / "logs" / release

    def run(self, name, argv, bind=()):
        """(status, seconds, log) of a program run in the installation."""
        log = self.logs / f"{name}.txt"
        log.parent.mkdir(parents=True, exist_ok=True)
        container = Container(self.layers)
        container.console = log
        begin = time.monotonic()
        mounts = [f"--bind={path}" for path in bind]
        status = container.run_to_end(["--setenv=SYSTEMD_COLORS=0", *mounts, *argv], _SECONDS)
        return status, time.monotonic() - begin, log

    def release_locks(self):
        for lock in (self._lock, self.image.lock):
            if lock is not None:
                lock.release()


def prepare(report, release):
    """Make image and installation; None, with a failed check, when that does not work."""
    begin = time.monotonic()
    try:
        installed = Installed(release, report.say)
    except BedError as error:
        report.failed(f"{release}: build and install", str(error), time.monotonic() - begin)
        return None
    report.passed(f"{release}: build and install", time.monotonic() - begin)
    return installed


def _instance(unit):
    if unit in ("acme-webroot@.socket", "acme-alpn@.socket"):
        # The instance is an address. (systemd-analyze takes what follows a colon for an alias.)
        return unit.replace("@.", "@0.0.0.0\\x3a80.")
    return unit.replace("@.", "@example.test.")


def verify_units(report, installed):
    """systemd-analyze verify, one check per unit file we ship."""
    release = installed.release
    for path in sorted((ROOT / "units").glob("*.*")):
        unit = path.name
        if path.suffix not in (".service", ".socket", ".timer", ".slice", ".target", ".path"):
            continue
        status, seconds, log = installed.run(
            f"verify-{unit}", ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", _instance(unit)])
        # Warnings do not change the status: whatever it says is one too many.
        if status == 0 and not log.read_text().strip():
            report.passed(f"{release}: verify {unit}", seconds)
        else:
            report.failed(f"{release}: verify {unit}", tail(log), seconds)


def exposure(report, installed):
    """systemd-analyze security against EXPOSURE."""
    for unit, threshold in EXPOSURE.items():
        name = f"{installed.release}: exposure of {unit} at most {threshold / 10}"
        if not (ROOT / "units" / unit).exists():
            report.skipped(name, f"there is no units/{unit}")
            continue
        status, seconds, log = installed.run(
            f"security-{unit}", ["systemd-analyze", "security", "--offline=yes", "--no-pager",
                                 f"--threshold={threshold}", _instance(unit)])
        if status == 0:
            report.passed(name, seconds)
        else:
            report.failed(name, tail(log, 5), seconds)


def linkage(report, installed):
    """Each installed program links with what LIBRARIES allows it and nothing else."""
    _, seconds, log = installed.run("linkage", ["/bin/sh", "-c", _READELF])
    needed = {}
    for line in log.read_text().splitlines():
        program, _, library = line.partition(" ")
        needed.setdefault(program, set()).add(library)
    for program, libraries in needed.items():
        name = f"{installed.release}: libraries of {program}"
        if program not in LIBRARIES:
            report.failed(name, f"what may it link with? Give it a row in {__file__}")
        elif excess := libraries - LIBRARIES[program] - _EVERYBODY:
            report.failed(name, f"it links with {', '.join(sorted(excess))}, which {__file__} does not allow it")
        else:
            report.passed(name, seconds)
    if not needed:
        report.skipped(f"{installed.release}: libraries", "no program is installed")


def unit_tests(report, installed):
    """The unit tests as compiled in this release, with its own libraries; the host's release has had them already."""
    if installed.release == release_of_host():
        return
    objects = install.compiled(installed.image)
    turn = Lock(objects).exclusive()
    status, seconds, log = installed.run(
        "unit", ["--setenv=CMOCKA_MESSAGE_OUTPUT=TAP", f"--bind-ro={ROOT}:/usr/src/acmeward",
                 "/usr/bin/meson", "test", "-C", install.OBJECTS, "--no-rebuild", "--print-errorlogs"],
        bind=[f"{objects}:{install.OBJECTS}"])
    read_test_log(report, f"unit {installed.release}", objects / "meson-logs" / "testlog.json", log, status, seconds)
    turn.release()


def everything(report, installed):
    if not (ROOT / "meson.build").exists():
        return
    verify_units(report, installed)
    exposure(report, installed)
    linkage(report, installed)
    unit_tests(report, installed)
