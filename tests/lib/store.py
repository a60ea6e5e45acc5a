# SPDX-License-Identifier: LGPL-2.1-or-later
"""The store as a scenario looks at it: what is live, what state.json says, and what openssl makes of the files."""

import ipaddress
import json
import re

LIVE = "/var/lib/acme/live"
CERTS = "/var/lib/acme/certs"
ACCOUNTS = "/var/lib/acme/accounts"
REQUESTS = "/run/acme/request"


def generation(machine, name):
    """The live generation's name; None when nothing is live."""
    done = machine.run(["readlink", f"{LIVE}/{name}"], check=False)
    return done.stdout.strip().rpartition("/")[2] if done.returncode == 0 else None


def state(machine, name):
    """state.json, parsed."""
    return json.loads(machine.read(f"{CERTS}/{name}/state.json"))


def failure(machine, name):
    """What state.json remembers of failures; {} when there are none."""
    return state(machine, name).get("failure", {})


def certificate(machine, name, path=None):
    """What openssl reads in a live certificate (or another file): the fields that scenarios compare."""
    path = path or f"{LIVE}/{name}/cert.pem"
    text = machine.run(["openssl", "x509", "-in", path, "-noout", "-serial", "-fingerprint", "-sha256", "-subject",
                        "-issuer", "-dates", "-dateopt", "iso_8601", "-ext", "subjectAltName"], check=False)
    if text.returncode != 0 and "dateopt" in text.stderr:
        text = machine.run(["openssl", "x509", "-in", path, "-noout", "-serial", "-fingerprint", "-sha256",
                            "-subject", "-issuer", "-dates", "-ext", "subjectAltName"])
    assert text.returncode == 0, text.stderr
    values = dict(re.findall(r"^([\w ]+?) ?= ?(.*)$", text.stdout, re.MULTILINE))
    return {
        "serial": values["serial"].lower(),
        "fingerprint": next(v for k, v in values.items() if "ingerprint" in k).replace(":", "").lower(),
        "subject": values.get("subject", ""),
        "issuer": values["issuer"],
        "names": sorted(re.findall(r"DNS:([^,\s]+)", text.stdout) +
                        [str(ipaddress.ip_address(address))
                         for address in re.findall(r"IP Address:([^,\s]+)", text.stdout)]),
        "not_before": values["notBefore"],
        "not_after": values["notAfter"],
        "public_key": machine.run(["openssl", "x509", "-in", path, "-noout", "-pubkey"]).stdout,
    }


def public_key(machine, path):
    """PEM of a private key's public half."""
    return machine.run(["openssl", "pkey", "-in", path, "-pubout"]).stdout


def key_bits(machine, path):
    """openssl's first line about a private key, such as "Private-Key: (256 bit)"; RSA also says "2 primes"."""
    return machine.run(["openssl", "pkey", "-in", path, "-noout", "-text"]).stdout.splitlines()[0]


def check_live(machine, name, identifiers, root=None):
    """Everything that must hold of a live certificate; returns certificate(). root: PEM, if not Pebble's."""
    folder = f"{LIVE}/{name}"
    found = certificate(machine, name)
    assert found["names"] == sorted(identifiers)
    assert found["public_key"] == public_key(machine, f"{folder}/privkey.pem")
    assert machine.read(f"{folder}/fullchain.pem") == (
        machine.read(f"{folder}/cert.pem") + machine.read(f"{folder}/chain.pem"))
    machine.write("/run/acmeward-test/root.pem", root or machine.pebble.root())
    machine.run(["openssl", "verify", "-purpose", "sslserver", "-CAfile", "/run/acmeward-test/root.pem",
                 "-untrusted", f"{folder}/chain.pem", f"{folder}/cert.pem"])
    return found


def issue(machine, name="a.example.test", identifiers=None):
    """Start the renewal of NAME, insist on success, and return check_live()."""
    started = machine.start(f"acme-renew@{name}.service")
    assert started.ok and started.result == "success", started
    return check_live(machine, name, identifiers or [name])


def left_overs(machine):
    """What must not be there when no renewal runs: empty when all is well."""
    tokens = machine.listdir("/run/acme/challenges") + machine.listdir("/run/acme/alpn")
    doors = sum((machine.listdir(f"/run/acme/{place}") for place in (
        "signer", "signer-for-challenge", "signer-for-placeholder", "signer-for-dns", "signer-for-revoke", "signer-for-alpn",
        "signer-for-import", "signer-for-account", "away/account", "account-signer", "challenge", "challenge-alpn")), [])
    leases = machine.run("find /run/acme/lease /run/acme/lease-alpn -mindepth 1 2>/dev/null", check=False).stdout.split()
    processes = [process for process in machine.processes(unit=r"acme-.*")]
    return {what: found for what, found in {
        "tokens": tokens, "doors": doors, "leases": leases, "processes": processes,
        "listeners": machine.listening(80), "rules": machine.nft_rules(comment="acmeward"),
    }.items() if found}


def wait_gone(machine, timeout=5):
    """Wait until nothing is left over; the issue allows five seconds after a crash."""
    def gone():
        left = left_overs(machine)
        wait_gone.left = left
        return not left
    try:
        machine.wait_until(gone, timeout, 0.1)
    except Exception:
        raise AssertionError(f"left after {timeout} s: {wait_gone.left}") from None
