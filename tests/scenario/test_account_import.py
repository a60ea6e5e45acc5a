# SPDX-License-Identifier: LGPL-2.1-or-later
"""A key of an account that another client has made is taken over, when the CA knows it, and no key is lost."""

import base64
import json

import pytest
from lib import store

NAME = "a.example.test"
CA = "pebble"
FOLDER = f"{store.ACCOUNTS}/{CA}"
KINDS = {
    "EC": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "RSA": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
}

# From PEM to a JWK with the private half, without a line of ours.
_TO_JWK = r"""
import base64, json, re, subprocess, sys
text = subprocess.run(["openssl", "pkey", "-noout", "-text"], stdin=sys.stdin, capture_output=True, text=True, check=True).stdout
numbers = {name: bytes.fromhex(re.sub(r"[^0-9a-f]", "", value))
           for name, value in re.findall(r"^(\w+):\s*\n((?:    .*\n)+)", text, re.M)}
encode = lambda data: base64.urlsafe_b64encode(data).decode().rstrip("=")
number = lambda name: encode(numbers[name].lstrip(b"\0"))
if "modulus" in numbers:
    jwk = {"kty": "RSA", "e": "AQAB", "n": number("modulus"), "d": number("privateExponent"), "p": number("prime1"),
           "q": number("prime2"), "dp": number("exponent1"), "dq": number("exponent2"), "qi": number("coefficient")}
else:
    point = numbers["pub"][1:]
    half = len(point) // 2
    jwk = {"kty": "EC", "crv": "P-384", "x": encode(point[:half]), "y": encode(point[half:]),
           "d": encode(numbers["priv"][-half:].rjust(half, b"\0"))}
print(json.dumps(jwk))
"""


@pytest.fixture
def m(fresh):
    fresh.pebble.start()
    fresh.write(f"/etc/acme/ca.d/{CA}.conf", f"[CA]\nDirectory={fresh.pebble.directory}\n")
    fresh.configure(CA=CA)
    yield fresh
    fresh.run("rm -rf /run/acme/account-request/* /run/acme/account-key/* /root/import.*")


def acmectl(machine, *arguments):
    return machine.run(["acmectl", "account", *arguments], check=False)


def key(machine):
    return store.public_key(machine, f"{FOLDER}/key.pem")


def account(machine):
    return json.loads(machine.read(f"{FOLDER}/account.json"))["url"]


def elsewhere(machine, kind):
    """An account of another client's: its key is in /root/import.pem, and the CA knows it; returns its URL."""
    machine.run(["openssl", *KINDS[kind], "-out", "/root/import.pem"])
    assert acmectl(machine, "register", CA).returncode == 0
    machine.run(f"install -o acme-signer -m 600 /root/import.pem {FOLDER}/key.pem")
    assert acmectl(machine, "register", CA).returncode == 0
    url = account(machine)
    machine.run(["rm", "-rf", FOLDER])
    return url


@pytest.mark.parametrize("kind, form", [("EC", "pem"), ("EC", "jwk"), ("RSA", "jwk")])
def test_taken_over(m, kind, form):
    url = elsewhere(m, kind)
    pem = m.read("/root/import.pem")
    text = pem if form == "pem" else m.run(["python3", "-c", _TO_JWK], input=pem).stdout
    m.write(f"/root/import.{form}", text, 0o600)

    # Another account is in use: it stays, until force is used, and its key also then.
    assert acmectl(m, "register", CA).returncode == 0
    own, own_url = key(m), account(m)
    assert acmectl(m, "import-key", CA, f"/root/import.{form}").returncode == 78
    assert key(m) == own
    done = acmectl(m, "import-key", "--force", CA, f"/root/import.{form}")
    assert done.returncode == 0, done.stderr
    assert account(m) == url != own_url and key(m) == store.public_key(m, "/root/import.pem")
    kept, = [name for name in m.listdir(FOLDER) if name.startswith("old-")]
    assert store.public_key(m, f"{FOLDER}/{kept}") == own
    assert m.listdir("/run/acme/account-key") == m.listdir("/run/acme/account-request") == []
    store.issue(m, NAME)
    assert account(m) == url
    # Once more is nothing to be done.
    assert acmectl(m, "import-key", CA, f"/root/import.{form}").returncode == 0


def test_what_is_not_taken(m):
    assert acmectl(m, "register", CA).returncode == 0
    own, url = key(m), account(m)
    m.run(["openssl", *KINDS["EC"], "-out", "/root/import.pem"])
    assert acmectl(m, "import-key", "--force", CA, "/root/import.pem").returncode == 77
    store.issue(m, NAME)
    assert key(m) == own and account(m) == url
    m.run("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out /root/import.pem")
    assert acmectl(m, "import-key", "--force", CA, "/root/import.pem").returncode == 78
    encode = base64.urlsafe_b64encode(b"\1" * 48).decode()
    for text in ("", "{}", '{"kty": "EC"}', "-----BEGIN PRIVATE KEY-----\nAAAA\n", "x" * 70000,
                 json.dumps({"kty": "EC", "crv": "P-384", "x": encode, "y": encode, "d": encode})):
        m.write("/root/import.pem", text, 0o600)
        assert acmectl(m, "import-key", "--force", CA, "/root/import.pem").returncode == 78, text[:80]
    assert key(m) == own
