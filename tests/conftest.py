# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the booted scenarios; tests/README.md shows how they are used."""

import pathlib
import re
import signal
import sys

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lib import evidence  # noqa: E402
from lib.debian import DEFAULT_RELEASE, RELEASES  # noqa: E402
from lib.host import BUILD  # noqa: E402
from lib.machine import Machine  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--os", default=DEFAULT_RELEASE, choices=list(RELEASES),
                     help="the machine's Debian release (default: %(default)s)")


def pytest_configure(config):
    def terminate(*_):
        raise KeyboardInterrupt("SIGTERM")

    # Like Ctrl-C: fixtures are torn down, so no machine stays.
    signal.signal(signal.SIGTERM, terminate)


@pytest.fixture(scope="session")
def release(request):
    """The Debian release under test, such as "bookworm"."""
    return request.config.getoption("--os")


@pytest.fixture(scope="module")
def machine(request, release):
    """One booted machine per test module, with acmeward installed and nothing configured or started.

    A module may say how it wants it: MACHINE = {"bare": True} at its top (arguments of lib.machine.Machine).
    """
    arguments = getattr(request.module, "MACHINE", {})
    with Machine(release, say=lambda text: print(f"test bed: {text}", file=sys.__stderr__), **arguments) as booted:
        yield booted


@pytest.fixture
def fresh(machine):
    """The module's machine as after installation: no state, no configuration, no CA, no ruleset, no failed unit."""
    machine.reset()
    return machine


@pytest.fixture(autouse=True)
def _name_in_journal(request):
    """A line in the machine's journal where each test begins."""
    if "machine" in request.fixturenames:
        request.getfixturevalue("machine").run(
            ["systemd-cat", "--identifier=test", "echo", f"=== {request.node.name}"])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    machine = getattr(item, "funcargs", {}).get("machine")
    if report.failed and machine is not None:
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{item.path.stem}.{item.name}")
        folder = evidence.keep(machine, BUILD / "logs" / machine.release / name)
        (folder / f"{report.when}.txt").write_text(report.longreprtext)
        report.sections.append(("evidence", f"journal and state of the machine are in {folder}"))
