# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks that need the tree and this machine's compilers only: lint, builds without a warning, unit tests."""

import json
import os
import re
import subprocess
import time

from lib.host import BUILD, DIE_WITH_PARENT, ROOT, Lock, remove_tree

LOGS = BUILD / "logs" / "host"
_SKIP_STATUS = 77
_COMMAND_SECONDS = 1200

# Each build of the tree: its compiler and its options besides --werror.
BUILDS = {
    "gcc": ("gcc", []),
    "clang": ("clang", []),
    # Stops at the first finding, or a test that catches its own death would hide it.
    "sanitizers": ("gcc", ["-Db_sanitize=address,undefined", "-Db_lundef=false",
                           "-Dc_args=-fno-sanitize-recover=all -fno-omit-frame-pointer"]),
}
_SANITIZER_ENVIRONMENT = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1",
                          "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}


def command(argv, log, environment=None, timeout=_COMMAND_SECONDS):
    """Run argv in the root of the tree with its output in a file; (status, seconds), status -1 when out of time."""
    log.parent.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    with log.open("w", encoding="utf-8") as stream:
        try:
            status = subprocess.run([*DIE_WITH_PARENT, *map(str, argv)], cwd=ROOT, check=False, timeout=timeout,
                                    stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT,
                                    env={**os.environ, **(environment or {})}).returncode
        except subprocess.TimeoutExpired:
            print(f"\nnot done after {timeout} s", file=stream)
            status = -1
    return status, time.monotonic() - begin


def tail(log, lines=15):
    text = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join([f"see {log}", *text[-lines:]])


def lint(report):
    """Each executable of tests/lint; its README tells the protocol."""
    for script in sorted((ROOT / "tests" / "lint").iterdir()):
        if not script.is_file() or not os.access(script, os.X_OK):
            continue
        log = LOGS / f"lint-{script.name}.txt"
        status, seconds = command([script], log)
        name = f"lint: {script.name}"
        if status == 0:
            report.passed(name, seconds)
        elif status == _SKIP_STATUS:
            report.skipped(name, (log.read_text().strip().splitlines() or ["no reason given"])[-1], seconds)
        else:
            report.failed(name, tail(log), seconds)


def build(report, name):
    """Configure and compile one of BUILDS, counting a warning as an error; returns whether it worked."""
    compiler, options = BUILDS[name]
    folder = BUILD / "host" / name
    log = LOGS / f"build-{name}.txt"
    begin = time.monotonic()
    environment = {"CC": compiler}
    # What an older state of the tree left may be beyond repair: then once more from nothing.
    for fresh in (not (folder / "build.ninja").exists(), True):
        status = 0
        if fresh:
            remove_tree(folder)
            status, _ = command(["meson", "setup", "--werror", *options, folder, ROOT], log, environment)
        if status == 0:
            status, _ = command(["meson", "compile", "-C", folder], log, environment)
        if status == 0 or fresh:
            break
    seconds = time.monotonic() - begin
    if status != 0:
        return report.failed(f"build: {name}", tail(log, 40), seconds)
    return report.passed(f"build: {name}", seconds)


def unit_tests(report, name):
    """`meson test` in one of BUILDS; each test function counts."""
    folder = BUILD / "host" / name
    log = LOGS / f"unit-{name}.txt"
    environment = {"CMOCKA_MESSAGE_OUTPUT": "TAP", **(_SANITIZER_ENVIRONMENT if name == "sanitizers" else {})}
    status, seconds = command(["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs",
                               *(["--timeout-multiplier=4"] if name == "sanitizers" else [])], log, environment)
    read_test_log(report, f"unit {name}", folder / "meson-logs" / "testlog.json", log, status, seconds)


def read_test_log(report, prefix, testlog, log, status, seconds):
    """Report what a run of `meson test` found: one check per TAP line a test printed, or one per test."""
    found = 0
    if testlog.exists():
        for line in testlog.read_text(errors="replace").splitlines():
            found += _report_test(report, prefix, json.loads(line), log)
    if found == 0 and status != 0:
        report.failed(prefix, tail(log), seconds)
    elif found == 0:
        report.skipped(prefix, "the tree has no unit tests yet", seconds)


def _report_test(report, prefix, test, log):
    """One entry of testlog.json; returns how many checks it was."""
    name = f"{prefix}: {re.split(r' / |:', test['name'])[-1]}"
    seconds = test.get("duration", 0)
    lines = re.findall(r"^(not )?ok \d+ - (\S+)(.*)$", test.get("stdout") or "", re.MULTILINE)
    failed = [function for bad, function, _ in lines if bad]
    # A sanitizer's legend comes after its summary and says nothing about us.
    stderr = re.sub(r"(\nSUMMARY: [^\n]*).*", r"\1", test.get("stderr") or "", flags=re.DOTALL)
    output = f"see {log}\n{test.get('stdout') or ''}\n{stderr}"
    passed = [function for bad, function, rest in lines if not bad and "# SKIP" not in rest]
    for bad, function, rest in lines:
        if bad:
            report.failed(f"{name}: {function}", output)
        elif "# SKIP" in rest:
            report.skipped(f"{name}: {function}", rest.partition("# SKIP")[2].strip() or "the test says so")
    if passed:
        report.passed_group(name, passed, seconds)
    if test["result"] == "SKIP" and not lines:
        report.skipped(name, (test.get("stdout") or "the test says so").strip().splitlines()[-1], seconds)
        return 1
    # A test that printed only good news and then crashed has failed all the same.
    if test["result"] not in ("OK", "EXPECTEDFAIL", "SKIP") and not failed:
        report.failed(name, f"{test['result']}\n{output}", seconds)
        return 1 + len(lines)
    if not lines:
        report.passed(name, seconds)
        return 1
    return len(lines)


def clang_tidy(report):
    """clang-tidy over the sources of the clang build, with the checks that .clang-tidy names."""
    if not (ROOT / ".clang-tidy").exists():
        report.skipped("clang-tidy", "the tree has no .clang-tidy")
        return
    log = LOGS / "clang-tidy.txt"
    database = BUILD / "host" / "clang"
    status, seconds = command(["run-clang-tidy", "-quiet", "-p", database, f"^{ROOT}/src/.*\\.c$"], log)
    if status == 0:
        report.passed("clang-tidy", seconds)
    else:
        # What it found stands among what it did, thousands of lines of it.
        found = [line for line in log.read_text(errors="replace").splitlines() if "error:" in line]
        report.failed("clang-tidy", "\n".join(found) or tail(log, 40), seconds)


def everything(report):
    lint(report)
    if not (ROOT / "meson.build").exists():
        report.skipped("builds and unit tests", "the tree has no meson.build")
        return
    for name in BUILDS:
        # Another run in the same tree waits: it would overwrite what this one is about to read.
        turn = Lock(BUILD / "host" / name).exclusive()
        try:
            if build(report, name):
                unit_tests(report, name)
                if name == "clang":
                    clang_tidy(report)
        finally:
            turn.release()
