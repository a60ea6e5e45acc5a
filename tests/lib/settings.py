# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes acmeward's configuration into a machine: a mixin of Machine."""

# Which section of acme.conf(5) a setting of configure() belongs to, when it is not the main one.
_WEBROOT = {"Listen", "Directory"}
_FIREWALL = {"Mode", "Set"}

DEFAULTS_FILE = "/etc/acme/acme.conf.d/50-test-bed.conf"


def _line(key, value):
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        value = " ".join(value)
    return f"{key}={value}\n"


def _text(main, settings):
    """INI text: each setting in the section it belongs to."""
    sections = {}
    for key, value in settings.items():
        name = "WebRoot" if key in _WEBROOT else "Firewall" if key in _FIREWALL else main
        sections.setdefault(name, []).append(_line(key, value))
    return "".join(f"[{name}]\n{''.join(lines)}\n" for name, lines in sections.items())


class Settings:
    """Needs self.write(), self.run(), self.pebble."""

    def configure(self, name=None, **settings):
        """Write the settings of one certificate, or, without a name, of acme.conf.

        Keys are spelt as in acme.conf(5); True and False become yes and no, lists are joined by spaces. Without a
        name, CA, Trust, Contact and TermsOfServiceAgreed default to what makes Pebble work; pass None to leave one
        out. Each call replaces what the previous one for that name wrote.
        """
        if name is None:
            settings = {**self.pebble.defaults(), **settings}
        present = {key: value for key, value in settings.items() if value is not None}
        path = DEFAULTS_FILE if name is None else f"/etc/acme/certs/{name}.conf"
        self.write(path, _text("Defaults" if name is None else "Certificate", present))

    def unconfigure(self):
        """Remove every configuration file that configure() or a test may have written."""
        self.run("rm -rf /etc/acme/acme.conf.d /etc/acme/certs /etc/acme/ca.d && mkdir -p /etc/acme/certs")
