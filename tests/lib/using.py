# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages of docs/using, and others like them, followed to the letter: their files are written, then their commands run."""

import re
from dataclasses import dataclass

DOCS = "/usr/share/doc/acmeward"

# "In `/etc/…`:", or, where a file depends on a version, "In `/etc/…` (Dovecot 2.3):", and a block behind it.
_FILE = re.compile(r"^In `(/[^`]+)`(?: \(([^)]+)\))?:\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| `([\w:]+)` \| ([\d, ]+) \| (taken|refused)", re.MULTILINE)


@dataclass
class Page:
    """One page, as it is installed."""

    text: str

    def files(self, version=None):
        """Path to text; of files that depend on a version, those of this one."""
        return {path: text for path, given, text in _FILE.findall(self.text) if given in ("", version)}

    @property
    def commands(self):
        return "".join(_COMMANDS.findall(self.text))

    def modes(self):
        """The rows of a table of owners, modes, and whether they will do: (owner, mode, taken)."""
        return [(owner, mode, verdict == "taken")
                for owner, modes, verdict in _ROW.findall(self.text) for mode in modes.split(", ")]


def page(machine, name, section=None):
    """The page, of docs/using or of the folder that it is named with; or, where it tells of several ways, what is below one
    of its headings."""
    text = machine.read(f"{DOCS}/{name if '/' in name else 'using/' + name}.md")
    if section:
        found = re.search(rf"^(#+) {re.escape(section)}\n", text, re.MULTILINE)
        assert found, f"{name}.md has no section {section!r}"
        # Up to the next heading that is not below this one.
        text = re.split(rf"^#{{1,{len(found[1])}}} ", text[found.end():], maxsplit=1, flags=re.MULTILINE)[0]
    return Page(text)


def follow(machine, name, version=None, instead=None, section=None):
    """Do what the page says; instead: texts of it, replaced by what this machine needs. Returns the Page."""
    found = page(machine, name, section)
    files, commands = found.files(version), found.commands
    assert files and commands, f"{name}.md has no files or no commands"
    for old, new in (instead or {}).items():
        assert old in commands + "".join(files.values()), f"{name}.md does not say {old!r}"
        files = {path: text.replace(old, new) for path, text in files.items()}
        commands = commands.replace(old, new)
    machine.write_files(files)
    machine.run(["sh", "-euc", commands])
    return found
