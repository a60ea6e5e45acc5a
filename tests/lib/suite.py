# SPDX-License-Identifier: LGPL-2.1-or-later
"""tools/test: everything CI runs, on one or more releases, with one summary at the end."""

import argparse
import contextlib
import os
import sys
import threading
import traceback

from lib import checks_installed, checks_scenarios, checks_source, image
from lib.debian import DEFAULT_RELEASE, RELEASES
from lib.host import BedError
from lib.report import Report
from lib.shell import exit_on_signals


def _arguments():
    parser = argparse.ArgumentParser(
        prog="tools/test", description="Format, lint, builds, unit tests, units and booted scenarios. The last line is "
        "the verdict; logs and journals of what failed are below build/logs.")
    parser.add_argument("what", nargs="?", choices=["all", "quick", "scenario", "lint"], default="all",
                        help="quick: all that needs no booted machine; scenario: the named modules, or one test as "
                        "MODULE::TEST, on the terminal; lint: the checks of tests/lint")
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios")
    parser.add_argument("--os", action="append", choices=[*RELEASES, "all"],
                        help=f"release of the machine, may be repeated (default: {DEFAULT_RELEASE})")
    parser.add_argument("--jobs", type=int, default=max(2, os.cpu_count() or 1),
                        help="scenario modules at a time (default: %(default)s)")
    options = parser.parse_args()
    if (options.what == "scenario") != bool(options.names):
        parser.error("scenario takes names, and nothing else does")
    wanted = options.os or [DEFAULT_RELEASE]
    options.releases = [release for release in RELEASES if release in wanted or "all" in wanted]
    return options


def _fetch_ahead(releases):
    """Make the root file systems, which is half downloading and unpacking, while compilers have the processors.

    A failure here is not told: it comes up again, and is reported, where the image is needed.
    """
    def fetch():
        for release in releases:
            with contextlib.suppress(BedError):
                image.prepare(release).lock.release()
        for release in releases:
            with contextlib.suppress(BedError):
                image.prepare(release, more=image.SERVERS).lock.release()
    threading.Thread(target=fetch, daemon=True).start()


def _run(options, report):
    if options.what == "lint":
        checks_source.lint(report)
        return
    _fetch_ahead(options.releases)
    checks_source.everything(report)
    ready = []
    for release in options.releases:
        installed = checks_installed.prepare(report, release)
        if installed is None:
            report.skipped(f"{release}: scenarios", "there is nothing to boot")
            continue
        checks_installed.everything(report, installed)
        installed.release_locks()
        ready.append(release)
    if options.what == "all":
        checks_scenarios.Runner(report).run_all(ready, options.jobs)


def main():
    options = _arguments()
    exit_on_signals()
    if options.what == "scenario":
        try:
            sys.exit(0 if checks_scenarios.run_one(options.names, options.releases) else 1)
        except KeyboardInterrupt:
            sys.exit(130)
    report = Report()
    try:
        _run(options, report)
    except KeyboardInterrupt:
        report.failed("the rest", "interrupted")
    except Exception:  # whatever broke the run must not look like a verdict without it
        report.failed("the suite itself", traceback.format_exc())
    else:
        sys.exit(0 if report.summary() else 1)
    report.summary()
    sys.exit(1)


if __name__ == "__main__":
    main()
