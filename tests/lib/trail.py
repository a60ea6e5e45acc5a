# SPDX-License-Identifier: LGPL-2.1-or-later
"""The audit trail as a scenario reads it: entries by the names of src/base/audit-events.h, fields without prose.

The table is parsed from the header that the programs are compiled from, so a scenario names events and the header
alone says which MESSAGE_ID that is.
"""

import re

from lib.host import ROOT

EVENTS = dict(re.findall(r'AUDIT_EVENT\((\w+),\s*"([0-9a-f]{32})"',
                         (ROOT / "src" / "base" / "audit-events.h").read_text()))
_NAMES = {message_id: name for name, message_id in EVENTS.items()}

# systemd's own, of "unit started": which units of ours PID 1 started since a mark.
_UNIT_STARTED = ("39f53479d3a045ac8e11786248231fbf", "7d4958e842da4a758f6c1cdc7b36dcc5")
# systemd's words for how a run of a unit ended; a unit that ended well is soon forgotten, these entries stay.
_ENDINGS = {"7ad2d189f7e94e70a38c781354912448": "success", "d9b373ed55a64feb8242e02dbe79a49c": "failed"}


def trail(machine, since=None, *events, **fields):
    """Audit entries since a mark, oldest first, each with its event's name under "EVENT".

    events: only these; fields: only entries with these values.
    """
    for name in events:
        assert name in EVENTS, f"no such event in audit-events.h: {name}"
    found = []
    for entry in machine.audit(since=since, **fields):
        name = _NAMES.get(entry["MESSAGE_ID"])
        if name is not None and (not events or name in events):
            found.append({**entry, "EVENT": name})
    return found


def names(entries):
    """The events' names alone, in order."""
    return [entry["EVENT"] for entry in entries]


def one(machine, since, event, **fields):
    """The only entry of this event since the mark."""
    found = trail(machine, since, event, **fields)
    assert len(found) == 1, f"{len(found)} entries {event} {fields} instead of one: {found}"
    return found[0]


def wait_for(machine, since, event, timeout=10, **fields):
    """The first entry of this event since the mark, when it comes."""
    found = machine.wait_until(lambda: trail(machine, since, event, **fields), timeout, 0.05, what=f"{event} {fields}")
    return found[0]


def started_units(machine, since):
    """Units that PID 1 began to start since the mark."""
    return {entry["UNIT"] for entry in machine.journal(since=since, _PID="1")
            if entry.get("MESSAGE_ID") in _UNIT_STARTED and "UNIT" in entry}


def endings(machine, since, unit):
    """How the runs of a unit ended since the mark, in order: "success" or "failed"."""
    return [_ENDINGS[entry["MESSAGE_ID"]] for entry in machine.journal(since=since, _PID="1", UNIT=unit)
            if entry.get("MESSAGE_ID") in _ENDINGS]


def ca_requests(machine, since):
    """What Pebble was asked since the mark: (method, path) in order. Empty: nobody knocked at the CA."""
    found = []
    for entry in machine.journal(since=since, _SYSTEMD_UNIT="pebble.service"):
        asked = re.search(r"\b(GET|HEAD|POST) (/\S*) ->", str(entry.get("MESSAGE", "")))
        if asked:
            found.append(asked.groups())
    return found


def validated_tokens(machine, since=None):
    """The tokens that the CA asked the machine for since the mark."""
    text = "\n".join(str(entry.get("MESSAGE", ""))
                     for entry in machine.journal(since=since, _SYSTEMD_UNIT="pebble.service"))
    return set(re.findall(r"/\.well-known/acme-challenge/([A-Za-z0-9_-]+)", text))
