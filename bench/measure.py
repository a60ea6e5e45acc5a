# SPDX-License-Identifier: LGPL-2.1-or-later
"""One run of one client: timed and with its processor time, or counted and with its memory.

The two are never the same run: looking at processes a thousand times a second takes time itself.
"""

import json
import re
import subprocess
import time

import births
from bed import PEBBLE_LOG, RELAY_PORTS, TOOLS
from lib.container import ENVIRONMENT
from lib.host import BedError

# What is not the client: the CA, its DNS, the way to it.
_CA_UNITS = ["pebble.service", "pebble-challtestsrv.service",
             *[f"bench-relay-{port}.service" for port in RELAY_PORTS.values()]]
_PARTS = {"PID 1": "init.scope", "journald": "system.slice/systemd-journald.service",
            "dbus": "system.slice/dbus.service", "nginx": "system.slice/nginx.service", "command": "bench"}
# After the command has returned, what it left to PID 1 is counted as well: closing the port, stopping the doors.
_SETTLE_SECONDS = 0.5

_REQUEST = re.compile(rb" (?:GET|HEAD|POST) /\S* -> calling handler\(\)")


class TooSlow(Exception):
    """A client was still at it when its time was over."""


def _usage_seconds(folder):
    try:
        text = (folder / "cpu.stat").read_text()
    except OSError:
        return 0.0
    return int(re.search(r"^usage_usec (\d+)", text, re.MULTILINE).group(1)) / 1e6


def _processor(bed):
    """Seconds used so far by everything in the machine but the CA, in total and by part."""
    everything = _usage_seconds(bed.payload) - sum(_usage_seconds(bed.payload / "system.slice" / unit)
                                                   for unit in _CA_UNITS)
    parts = {name: _usage_seconds(bed.payload / path) for name, path in _PARTS.items()}
    return {"all": everything, **parts}


def _difference(before, after):
    return {name: round(after[name] - before[name], 6) for name in before}


def _spawn(bed, client, directory):
    """Start the stopwatch in the machine, in a cgroup of its own."""
    until = ["--until", client.until] if client.until else []
    inside = bed.container.inside([f"{TOOLS}/stopwatch", "/run/bench/output", *until, "--",
                                   *client.command(directory)])
    return subprocess.Popen(["/bin/sh", "-e", "-c", 'echo $$ >"$0"; exec "$@"', bed.payload / "bench" / "cgroup.procs",
                             *inside], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)


def _await(bed, process, limit):
    """Wait for the stopwatch to end, but not for ever."""
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        raise TooSlow from None
    finally:
        if process.poll() is None:
            (bed.payload / "bench" / "cgroup.kill").write_text("1")
            process.wait()


def _result(bed, client, process):
    """What the stopwatch said, once it is known that there is a certificate for every name."""
    output = process.communicate()[0]
    times = json.loads(output or '{"status": -1}')
    text = bed.run(["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", client.certificate()],
                   check=False).stdout
    names = set(re.findall(r"DNS:([^,\s]+)", text))
    if times["status"] != 0 or names != set(client.names):
        said = bed.run("tail -c 3000 /run/bench/output; journalctl --no-pager --lines=30", check=False).stdout
        raise BedError(f"{client.name} got no certificate for {client.label} (status {times['status']}, "
                       f"{len(names)} of {len(client.names)} names):\n{said}")
    return times


def timed(bed, client, directory, limit):
    """One run against the clock, which TooSlow ends after `limit` seconds.

    Returns seconds, begin and end (CLOCK_MONOTONIC, ns) and processor (seconds by part).
    """
    client.prepare(directory)
    try:
        before = _processor(bed)
        process = _spawn(bed, client, directory)
        _await(bed, process, limit)
        time.sleep(_SETTLE_SECONDS)
        processor = _difference(before, _processor(bed))
        times = _result(bed, client, process)
    finally:
        client.finish()
    return {"seconds": (times["end"] - times["begin"]) / 1e9, "begin": times["begin"], "end": times["end"],
            "processor": processor}


def _requests(bed):
    return len(_REQUEST.findall(bed.run(["cat", PEBBLE_LOG], text=False).stdout))


def _connections(bed, relayed):
    return int(bed.run(["wc", "-l", f"/run/bench/relay-{RELAY_PORTS[relayed]}.log"]).stdout.split()[0])


def _journal(bed, begin):
    """What was written to the journal since then: [(ms, who, message)]."""
    return [((int(entry["__MONOTONIC_TIMESTAMP"]) * 1000 - begin) / 1e6,
             entry.get("SYSLOG_IDENTIFIER", "?"), str(entry.get("MESSAGE", "")))
            for entry in bed.journal() if int(entry["__MONOTONIC_TIMESTAMP"]) * 1000 >= begin]


def counted(bed, client, relayed, limit, memory=True):
    """One run that is looked at: requests, connections, processes, memory or each one's processor time.

    What cannot be had is None.
    """
    directory = bed.directory(relayed)
    client.prepare(directory)
    requests, connections = _requests(bed), _connections(bed, relayed)
    try:
        seen = births.watch(bed.payload, memory)
        process = _spawn(bed, client, directory)
        with seen.following(process.pid):
            _await(bed, process, limit)
            time.sleep(_SETTLE_SECONDS)
        times = _result(bed, client, process)
        requests, connections = _requests(bed) - requests, _connections(bed, relayed) - connections
    finally:
        client.finish()
    result = {"requests": requests, "connections": connections, "begin": times["begin"], "end": times["end"],
              "journal": _journal(bed, times["begin"])}
    if seen.unavailable:
        return {**result, "processes": None, "peak_bytes": None, "unavailable": seen.unavailable}
    # The stopwatch is ours, and born before the clock starts.
    born = [one for one in seen.processes if one["born"] >= times["begin"]]
    return {**result, "processes": len(born), "born": born,
            "peak_bytes": seen.peak_bytes if memory else None, "peak": seen.peak_processes}
