# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes acmeward's configuration into a machine: a mixin of Machine."""

# Which section of acme.conf(5) a setting of configure() belongs to, when it is not the main one.
_WEBROOT = {"Listen", "Directory", "Stateless", "Thumbprint"}
_FIREWALL = {"Mode", "Set"}
# [ALPN] has a Listen= of its own.
_ALPN = {"AlpnListen": "Listen"}

# Lists with one assignment for each of their words.
_BY_LINE = {"Verify"}

# What acmeward-generator tells PID 1.
_WIRED = {"Listen", "AlpnListen", "Directory", "Mode"}

DEFAULTS_FILE = "/etc/acme/acme.conf.d/50-test-bed.conf"


def _line(key, value):
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        value = " ".join(value)
    return f"{key}={value}\n"


def _lines(key, value):
    """One line, or, for lists whose words have blanks inside, one for each."""
    if key in _BY_LINE and isinstance(value, (list, tuple)):
        return "".join(_line(key, each) for each in value)
    return _line(key, value)


def _text(main, settings):
    """INI text: each setting in the section it belongs to."""
    sections = {}
    for label, target in settings.pop("Deploy", {}).items():
        sections[f"Deploy {label}"] = [_lines(key, value) for key, value in target.items() if value is not None]
    for key, value in settings.items():
        name = ("WebRoot" if key in _WEBROOT else "Firewall" if key in _FIREWALL else "ALPN" if key in _ALPN else main)
        sections.setdefault(name, []).append(_line(_ALPN.get(key, key), value))
    return "".join(f"[{name}]\n{''.join(lines)}\n" for name, lines in sections.items())


class Settings:
    """Needs self.write(), self.run(), self.systemctl(), self.pebble."""

    # What PID 1 has been told of the configuration, but for the defaults.
    _wired = {}

    def configure(self, name=None, **settings):
        """Write the settings of one certificate, or, without a name, of acme.conf.

        Keys are spelt as in acme.conf(5); True and False become yes and no, lists are joined by spaces. Without a
        name, CA, Trust, Contact and TermsOfServiceAgreed default to what makes Pebble work; pass None to leave one
        out. Deploy={"label": {…}} makes sections [Deploy label]. Each call replaces what the previous one for that
        name wrote.
        """
        if name is None:
            settings = {**self.pebble.defaults(), **settings}
        present = {key: value for key, value in settings.items() if value is not None}
        path = DEFAULTS_FILE if name is None else f"/etc/acme/certs/{name}.conf"
        self.write(path, _text("Defaults" if name is None else "Certificate", present))
        if name is None:
            self._reload_if_wired({key: present[key] for key in present if key in _WIRED})

    def unconfigure(self):
        """Remove every configuration file that configure() or a test may have written."""
        self.run("cd /etc/acme && find acme.conf.d certs ca.d dns.d -mindepth 1 -delete", check=False)
        self._reload_if_wired({})

    def _reload_if_wired(self, wired):
        """PID 1 reads the sockets' addresses only then."""
        if wired != self._wired:
            self.systemctl("daemon-reload")
        self._wired = wired
