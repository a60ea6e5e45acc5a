# SPDX-License-Identifier: LGPL-2.1-or-later
"""Results as aligned text and as JSON."""

import json
import statistics

_NOTHING = "-"
_BAR_WIDTH = 60
_MESSAGE_WIDTH = 110


def _number(value, digits=3):
    return _NOTHING if value is None else f"{value:.{digits}f}"


def _lines(rows, heading):
    """Columns lined up: the first to the left, the others to the right."""
    table = [heading, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(heading))]
    return ["  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                      for column, (cell, width) in enumerate(zip(row, widths))) for row in table]


def _median(values):
    return statistics.median(values) if values else None


def summary(found):
    """What stands in the table for one client in one row: medians of its samples, and what was counted."""
    samples, counts = found["samples"], found["counts"] or {}
    seconds = [sample["seconds"] for sample in samples]
    parts = samples[0]["processor"] if samples else {}
    return {"runs": len(seconds), "median": _median(seconds), "least": min(seconds, default=None),
            "most": max(seconds, default=None),
            "processor": {part: _median([sample["processor"][part] for sample in samples]) for part in parts},
            **{name: counts.get(name) for name in ("requests", "connections", "processes", "peak_bytes")}}


def table(title, row):
    """One row of the issue as text: {client: what was found of it}."""
    lines = []
    for client, found in row.items():
        one = summary(found)
        memory = one["peak_bytes"]
        lines.append([client, found["failed"] or _number(one["median"]), _number(one["least"]), _number(one["most"]),
                      str(one["runs"]), *[_number(one[name], 0) for name in ("requests", "connections", "processes")],
                      _number(one["processor"].get("all")), _number(memory and memory / 2**20, 1)])
    heading = ["", "median s", "least", "most", "runs", "requests", "connections", "processes", "cpu s", "peak MiB"]
    return "\n".join([title, *["  " + line for line in _lines(lines, heading)]])


def processor(row):
    """Where processor time went, by part: the command itself, PID 1, the journal; the rest is the units'."""
    lines, names = [], []
    for client, found in row.items():
        parts = dict(summary(found)["processor"])
        if parts:
            everything = parts.pop("all")
            parts["units"] = max(0.0, everything - sum(parts.values()))
            names = list(parts)
            lines.append([client, *[_number(parts[name]) for name in names]])
    return "\n".join(["  cpu s by part", *["  " + line for line in _lines(lines, ["", *names])]])


def _bar(one, begin, last):
    """A process over the time of a run: - while PID 1 or a shell prepares it, = from its exec on."""
    def column(moment):
        return int((moment - begin) * _BAR_WIDTH / (last - begin))

    born, died = column(one["born"]), column(one.get("died", last))
    execed = column(one.get("execed", one["born"]))
    return ("|" + " " * born + "-" * (execed - born) + "=" * max(1, died - execed)).ljust(_BAR_WIDTH + 2) + "|"


def _milliseconds(one, name, since=0):
    return _number((one[name] - since) / 1e6, 1) if name in one else _NOTHING


def timeline(name, counts):
    """Processes of one run as bars over its time, and what the journal says of it."""
    begin, end = counts["begin"], counts["end"]
    last = max([end, *[one.get("died", end) for one in counts["born"]]])
    lines = [[one["names"][-1] if one["names"] else "?",
              *[_milliseconds(one, moment, begin) for moment in ("born", "execed", "died")],
              _milliseconds(one, "setup_runtime"), _milliseconds(one, "runtime"), _bar(one, begin, last)]
             for one in counts["born"]]
    bars = _lines(lines, ["process", "born ms", "exec", "died", "cpu ms to exec", "in all", ""])
    entries = [f"{moment:8.1f}  {who}: {message.splitlines()[0][:_MESSAGE_WIDTH] if message else ''}"
               for moment, who, message in counts["journal"]]
    return "\n".join([f"  {name}, one run looked at: {(end - begin) / 1e6:.1f} ms",
                      *["    " + line for line in bars + entries]])


def write(path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")
