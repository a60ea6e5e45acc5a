# SPDX-License-Identifier: LGPL-2.1-or-later
"""The booted scenarios: one pytest process per module, several at a time, each with its own machine."""

import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree

from lib.host import BUILD, DIE_WITH_PARENT, ROOT
from lib.report import FAILED, PASSED, SKIPPED, Check, Report

FOLDER = ROOT / "tests" / "scenario"
_MODULE_SECONDS = 1800
_SECONDS_FILE = BUILD / "scenario-seconds.json"

PYTEST = ["/usr/bin/python3", "-m", "pytest"]


def modules():
    """Names of all modules, the slowest of the last run first, so that none is left to run alone at the end."""
    try:
        seconds = json.loads(_SECONDS_FILE.read_text())
    except (OSError, ValueError):
        seconds = {}
    return sorted((path.stem for path in FOLDER.glob("test_*.py")), key=lambda name: (-seconds.get(name, 0), name))


def find(name):
    """pytest's arguments for what a user calls NAME: port_80, test_port_80, its file, any with ::test_name."""
    module, _, test = name.partition("::")
    module = os.path.basename(module).removesuffix(".py")
    for candidate in (module, f"test_{module}"):
        path = FOLDER / f"{candidate}.py"
        if path.exists():
            return [f"{path}::{test}" if test else str(path)]
    return None


class Runner:
    """Runs modules and remembers the processes, so that a signal ends them with their machines."""

    def __init__(self, report):
        self._report = report
        self._lock = threading.Lock()
        self._running = set()
        self._cancelled = False
        self._seconds = {}
        self._results = None

    def run_all(self, releases, jobs):
        work = [(release, module) for release in releases for module in modules()]
        with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            self._results = pathlib.Path(folder)
            try:
                list(pool.map(lambda item: self._run(*item), work))
            except BaseException:
                self.cancel()
                raise
        _SECONDS_FILE.parent.mkdir(parents=True, exist_ok=True)
        _SECONDS_FILE.write_text(json.dumps(self._seconds))

    def cancel(self):
        with self._lock:
            self._cancelled = True
            running = list(self._running)
        for process in running:
            process.send_signal(signal.SIGTERM)

    def _run(self, release, module):
        logs = BUILD / "logs" / release
        logs.mkdir(parents=True, exist_ok=True)
        results, output = self._results / f"{release}-{module}.xml", logs / f"{module}.txt"
        begin = time.monotonic()
        with output.open("w", encoding="utf-8") as stream:
            with self._lock:
                if self._cancelled:
                    return
                process = subprocess.Popen(
                    [*DIE_WITH_PARENT, *PYTEST, f"--os={release}", f"--junitxml={results}",
                     str(FOLDER / f"{module}.py")], stdin=subprocess.DEVNULL, stdout=stream,
                    stderr=subprocess.STDOUT, cwd=ROOT)
                self._running.add(process)
            try:
                status = process.wait(_MODULE_SECONDS)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGTERM)
                status = f"not done after {_MODULE_SECONDS} s"
                process.wait()
            finally:
                with self._lock:
                    self._running.discard(process)
        seconds = time.monotonic() - begin
        with self._lock:
            self._seconds[module] = max(seconds, self._seconds.get(module, 0))
        if not self._cancelled:
            self._read(f"{release}: {module.removeprefix('test_')}", results, output, status, seconds)

    def _read(self, prefix, results, output, status, seconds):
        failed = False
        for check in _checks(results, prefix):
            failed = failed or check.outcome == FAILED
            if check.outcome == FAILED:
                check.reason += f"\nsee {output} and its folder"
            self._report.add(check)
        if _cut_short(status, failed):
            text = output.read_text(errors="replace")[-2000:]
            self._report.failed(prefix, f"pytest ended with {status}\n{text}\nsee {output}", seconds)


def _checks(results, prefix):
    """What pytest has written down of each test."""
    try:
        # A case without a name is one that was interrupted.
        cases = [case for case in xml.etree.ElementTree.parse(results).iter("testcase") if case.get("name")]
    except (OSError, xml.etree.ElementTree.ParseError):
        return
    for case in cases:
        check = Check(f"{prefix}: {case.get('name').removeprefix('test_')}", PASSED, float(case.get("time", 0)))
        bad = [*case.iter("failure"), *case.iter("error")]
        skip = case.find("skipped")
        if bad:
            check.outcome, check.reason = FAILED, bad[0].text or bad[0].get("message") or ""
        elif skip is not None:
            check.outcome, check.reason = SKIPPED, skip.get("message") or ""
        yield check


def _cut_short(status, failed):
    """0: passed, 1: a test failed, 5: no tests in it. Anything else has ended the module before its time."""
    return status not in (0, 5) and not (status == 1 and failed)


def run_one(names, releases):
    """`tools/test scenario NAME…`: pytest on the terminal, once per release, and the verdict; True if nothing failed."""
    arguments = []
    for name in names:
        found = find(name)
        if found is None:
            sys.exit(f"tools/test: no scenario {name}; there are {', '.join(sorted(modules()))}")
        arguments += found
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        for release in releases:
            print(f"--- {release}", flush=True)
            results = pathlib.Path(folder) / f"{release}.xml"
            done = subprocess.run([*DIE_WITH_PARENT, *PYTEST, "-v", f"--os={release}", f"--junitxml={results}",
                                   *arguments], check=False, cwd=ROOT)
            for check in _checks(results, release):
                report.add(check, quiet=True)
            if _cut_short(done.returncode, report.count(FAILED)):
                report.failed(release, f"pytest ended with {done.returncode}")
    if not report.checks:  # a name that is no test
        report.failed(" ".join(names), "there is no such test")
    return report.verdict()
