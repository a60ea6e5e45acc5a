# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pleasant output for a person: titles, facts, and texts of others without what could act on a terminal."""

import re
import time

_CONTROL = re.compile(r"[^\n\t\x20-\x7e\xa0-\U0010ffff]")


class Terminal:
    """Colours only where there is a terminal to show them."""

    def __init__(self, stream):
        self._stream = stream
        self._begin = time.monotonic()

    def _paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self._stream.isatty() else text

    def _print(self, text=""):
        print(text, file=self._stream, flush=True)

    def title(self, text):
        self._print(f"\n{self._paint('1;34', '── ' + text)}")

    def fact(self, name, value):
        self._print(f"    {self._paint('2', name + ':')} {_CONTROL.sub('?', value)}")

    def text(self, text):
        """A block as it is, indented by who made it."""
        self._print(_CONTROL.sub("?", text).rstrip("\n"))

    def event(self, seconds, text, strong=False):
        """A line of a course of events."""
        text = _CONTROL.sub("?", text)
        self._print(f"    {self._paint('2', f'{seconds:6.2f} s')}  {self._paint('1', text) if strong else text}")

    def entry(self, source, message):
        self._print(f"    {self._paint('2', source)} {_CONTROL.sub('?', message)}")

    def fields(self, fields):
        words = [f"{name}={value}" for name, value in fields.items()]
        self._print("        " + self._paint("36", _CONTROL.sub("?", " ".join(words))))
