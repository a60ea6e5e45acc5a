# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names that are proved by DNS through a program of the administrator's: in our convention, and in those of others."""

import pytest

from lib import store
from lib.nameservers import KEY, PACKAGES, PRIMARY, NameServers
from lib.trail import one, trail

MACHINE = {"packages": PACKAGES}

NAME = "program.example.test"
UNIT = f"acme-renew@{NAME}.service"
RECORD = f"_acme-challenge.{NAME}"

# As people have them. Each sends to both servers.
_SEND = """
for server in 127.0.0.1 127.0.0.2; do
        printf 'server %s\\nzone example.test.\\nupdate %s TXT "%s"\\nsend\\n' "$server" "$line" "$value" |
                nsupdate -k "$CREDENTIALS_DIRECTORY/key"
done
"""
PLAIN = """#!/bin/sh -e
echo "as $(id -u) with $*" >&2
value=$3
case $1 in present) line="add $2. 60" ;; cleanup) line="delete $2." ;; *) exit 1 ;; esac
""" + _SEND
LEGO = """#!/bin/sh -e
value=$3
case $2 in *.) ;; *) exit 2 ;; esac
case $1 in present) line="add $2 60" ;; cleanup) line="delete $2" ;; *) exit 1 ;; esac
""" + _SEND
DEHYDRATED = """#!/bin/bash -e
deploy_challenge() {
        local DOMAIN="${1}" TOKEN_FILENAME="${2}" TOKEN_VALUE="${3}"
        line="add _acme-challenge.${DOMAIN}. 60" value=${TOKEN_VALUE}
}
clean_challenge() {
        local DOMAIN="${1}" TOKEN_FILENAME="${2}" TOKEN_VALUE="${3}"
        line="delete _acme-challenge.${DOMAIN}." value=${TOKEN_VALUE}
}
HANDLER="$1"; shift
if [[ "${HANDLER}" =~ ^(deploy_challenge|clean_challenge)$ ]]; then "$HANDLER" "$@"; else exit 0; fi
""" + _SEND


@pytest.fixture
def dns(fresh):
    servers = NameServers(fresh).start()
    fresh.configure(DNSPublisher="program")
    fresh.configure(NAME, Challenge="dns-01")
    yield servers
    fresh.systemctl("stop", "dns-1.service", "dns-2.service", check=False)


def program(machine, dns, text, convention="plain"):
    path = f"/usr/local/bin/dns-{convention}"
    machine.write(path, text, mode=0o755)
    dns.publisher("program", Program=path, Convention=convention, Credentials=f"key:{KEY}")


@pytest.mark.parametrize("convention, text", [("plain", PLAIN), ("lego", LEGO), ("dehydrated", DEHYDRATED)])
def test_conventions(fresh, dns, convention, text):
    program(fresh, dns, text, convention)
    mark = fresh.cursor()
    started = fresh.start(UNIT)
    assert started.ok, started
    assert store.certificate(fresh, NAME)["names"] == [NAME]
    fresh.settled()
    assert len(trail(fresh, mark, "RECORD_PUBLISHED")) == 1 == len(trail(fresh, mark, "RECORD_REMOVED"))
    assert dns.values(RECORD) == dns.values(RECORD, PRIMARY) == []


def test_its_sandbox_and_its_output(fresh, dns):
    """It is no user of the machine, sees no key of ours, and what it prints bears the certificate's name."""
    program(fresh, dns, PLAIN.replace("value=$3", "value=$3\n[ $(id -u) != 0 ]\n! ls /var/lib/acme/accounts\n"
                                                  "! ls /run/acme/signer\n! touch /usr/local/bin/mine\n", 1))
    mark = fresh.cursor()
    started = fresh.start(UNIT)
    assert started.ok, started
    lines = [e for e in fresh.journal(since=mark, _SYSTEMD_UNIT=f"acme-dns-program@{NAME}.service")
             if e["MESSAGE"].startswith("as ")]
    assert lines and all(e["ACME_CERTIFICATE"] == NAME for e in lines)


@pytest.mark.parametrize("text, order", [
    (None, False),
    ("#!/bin/sh\nexit 1\n", True),
    ("#!/bin/sh\nexit 0\n", True),
])
def test_a_program_that_fails(fresh, dns, text, order):
    """Missing: nothing is ordered. Failing, or lying: the CA is not told to look."""
    program(fresh, dns, text or "")
    if text is None:
        fresh.run(["rm", "/usr/local/bin/dns-plain"])
    dns.publisher("program", Program="/usr/local/bin/dns-plain", PropagationSec=2)
    mark = fresh.cursor()
    assert fresh.start(UNIT).exit_status == (78 if text is None else 75)
    one(fresh, mark, "FAILED")
    assert bool(trail(fresh, mark, "ORDER_CREATED")) == order
