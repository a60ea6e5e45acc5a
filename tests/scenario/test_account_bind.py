# SPDX-License-Identifier: LGPL-2.1-or-later
"""acmectl account bind: what a CA gave its customer, from standard input into the signers' credential."""

import pytest
from lib.store import issue

NAME = "a.example.test"
PLAIN = "/etc/credstore/acme.external-accounts"
ENCRYPTED = "/etc/credstore.encrypted/acme.external-accounts.encrypted"
KEY_ID = "customer-1"
KEY = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
OTHER = "# of the shop\nelsewhere  x nonsense\n"

# Types each word when the terminal asks for it: the second one when nothing that is typed is shown any more.
TYPIST = """
import os, pty, select, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp("acmectl", ["acmectl", "account", "bind", "customers"])
def shown():
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)
seen = b""
def until(condition):
    global seen
    while not condition():
        if select.select([fd], [], [], 0.01)[0]:
            seen += os.read(fd, 4096)
words = sys.stdin.read().split()
until(lambda: seen)
os.write(fd, words[0].encode() + b"\\n")
until(lambda: not shown())
os.write(fd, words[1].encode() + b"\\n")
until(shown)
os.write(fd, b"\\n")
try:
    while True:
        seen += os.read(fd, 4096)
except OSError:
    pass
sys.stdout.write(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.fixture
def customers(fresh):
    """A CA that registers its customers only, and nothing that says who we are."""
    fresh.pebble.start(config={"externalAccountBindingRequired": True, "externalAccountMACKeys": {KEY_ID: KEY}})
    fresh.configure(CA="customers")
    fresh.write("/etc/acme/ca.d/customers.conf", f"[CA]\nDirectory={fresh.pebble.directory}\n")
    yield fresh
    fresh.run(["rm", "-rf", PLAIN, "/etc/credstore.encrypted", "/run/credstore"])


def bind(machine, text, *arguments, account="customers"):
    return machine.run(["acmectl", "account", "bind", *arguments, account], input=text, check=False)


def test_bound_and_registered(customers):
    m = customers
    done = bind(m, f"{KEY_ID}\n{KEY}==\n")
    assert done.returncode == 0, done.stderr
    assert m.stat(PLAIN) | {"size": ""} == {"type": "regular file", "mode": "600", "owner": "root", "group": "root",
                                            "size": ""}
    assert m.read(PLAIN) == f"customers {KEY_ID} {KEY} HS256\n"
    assert KEY not in done.stdout + done.stderr
    issue(m, NAME)
    assert KEY not in m.run(["journalctl", "--output=export"]).stdout


def test_other_lines_are_kept(customers):
    m = customers
    m.write(PLAIN, f"{OTHER}customers old wrong\ncustomers@shop y z", 0o644)
    m.write("/etc/credstore/.#acme.external-accounts.0123456789abcdef", "of a run that was killed", 0o600)
    assert bind(m, f"{KEY_ID} {KEY} HS512").returncode == 0
    assert m.read(PLAIN) == f"{OTHER}customers {KEY_ID} {KEY} HS512\ncustomers@shop y z\n"
    assert m.stat(PLAIN)["mode"] == "600"
    assert m.listdir("/etc/credstore") == ["acme.external-accounts"]


def test_from_a_terminal(customers):
    m = customers
    m.write("/root/typist.py", TYPIST)
    done = m.run(["python3", "/root/typist.py"], input=f"{KEY_ID} {KEY}", timeout=30)
    assert KEY_ID in done.stdout and KEY not in done.stdout
    assert m.read(PLAIN) == f"customers {KEY_ID} {KEY} HS256\n"


def test_encrypted(customers):
    m = customers
    m.write(PLAIN, OTHER, 0o600)
    done = bind(m, f"{KEY_ID} {KEY}", "--encrypt")
    assert done.returncode == 0, done.stderr
    assert not m.exists(PLAIN)
    assert m.stat(ENCRYPTED)["mode"] == "600" and KEY not in m.read(ENCRYPTED)
    issue(m, NAME)
    # It stays encrypted, and so do the other lines.
    assert bind(m, f"{KEY_ID} {KEY} HS384").returncode == 0
    assert not m.exists(PLAIN)
    assert m.run(["systemd-creds", "decrypt", ENCRYPTED, "-"]).stdout == f"{OTHER}customers {KEY_ID} {KEY} HS384\n"
    # What cannot be decrypted is not written over.
    m.write(ENCRYPTED, "bm90aGluZw==\n", 0o600)
    assert bind(m, f"{KEY_ID} {KEY}").returncode == 75
    assert m.read(ENCRYPTED) == "bm90aGluZw==\n"


@pytest.mark.parametrize("text", ["", KEY_ID, f"{KEY_ID} short", f"{KEY_ID} {KEY} HS1", f"{KEY_ID} {KEY} HS256 more",
                                  f"{KEY_ID} {KEY}!", f"{KEY_ID}\0 {KEY}", f"{KEY_ID} {'A' * 8000}"])
def test_nonsense_changes_nothing(customers, text):
    customers.write(PLAIN, OTHER, 0o600)
    done = bind(customers, text)
    assert done.returncode == 78, done
    assert KEY not in done.stderr
    assert customers.read(PLAIN) == OTHER


@pytest.mark.parametrize("account", ["nobody", "customers@", "../customers", "Customers", "https://ca.example/"])
def test_no_such_account(customers, account):
    assert bind(customers, f"{KEY_ID} {KEY}", account=account).returncode == 78
    assert not customers.exists(PLAIN)


def test_files_that_would_be_hidden(customers):
    """A file of the administrator's is not put out of force by one of ours."""
    m = customers
    m.write("/run/credstore/acme.external-accounts", OTHER, 0o600)
    assert bind(m, f"{KEY_ID} {KEY}").returncode == 78
    assert not m.exists(PLAIN)
    m.run(["rm", "-rf", "/run/credstore"])
    m.write(PLAIN, OTHER, 0o600)
    m.write(ENCRYPTED, "x", 0o600)
    assert bind(m, f"{KEY_ID} {KEY}").returncode == 78
    assert m.read(PLAIN) == OTHER


def test_not_root(customers):
    m = customers
    done = m.run(["setpriv", "--reuid=nobody", "--clear-groups", "acmectl", "account", "bind", "customers"],
                 input=f"{KEY_ID} {KEY}", check=False)
    assert done.returncode == 77
    assert not m.exists(PLAIN)
