# SPDX-License-Identifier: LGPL-2.1-or-later
"""The packet filter: shut before, open for the CA while a challenge is pending, exactly as it was afterwards."""

import contextlib
import re

import pytest

from lib import moments, store
from lib.trail import names, one, trail, wait_for

NAME = "a.example.test"
COMMENT = "acmeward http-01"

# An administrator's own ruleset, as nftables.conf(5) would have it: the CA's wire is only let in by what is below.
DROPS = """
table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    iif lo accept
    ct state established,related accept
    iif uplink0 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    tcp dport 22 accept comment "ssh"
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
  }
}
"""


def input_chain(*rules, table="inet filter", policy="accept", priority=0, more=""):
    """A table with a base chain for what comes to the machine."""
    lines = "\n".join(rules)
    return (f"table {table} {{\n{more}\nchain input {{\ntype filter hook input priority {priority}; policy {policy};\n"
            f"{lines}\n}}\n}}\n")


@pytest.fixture
def ca(fresh):
    """A CA outside of the machine: what it asks for crosses the machine's input hook."""
    fresh.pebble.start(where="outside", nonce_reject=5, authz_reuse=50)
    fresh.configure()
    return fresh


def ruleset(machine):
    """The ruleset as text, without the counters' values."""
    return machine.run(["nft", "--stateless", "list", "ruleset"]).stdout


@contextlib.contextmanager
def pending(machine, ca=None):
    """A challenge that is pending; the renewal has to succeed afterwards and to leave nothing."""
    with moments.pending(machine, NAME, ca=ca) as start:
        yield
    assert moments.finish(start) == 0, start.stdout.read()
    store.check_live(machine, NAME, [NAME])
    store.wait_gone(machine)


def ours(machine):
    return [(rule["family"], rule["table"], rule["chain"]) for rule in machine.nft_rules(comment=COMMENT)]


def head(machine, family, table, chain):
    """The first rule of a chain."""
    return next(item["rule"] for item in machine.nft()
                if "rule" in item and [item["rule"][key] for key in ("family", "table", "chain")] == [family, table, chain])


def test_no_ruleset__nothing_is_added(ca):
    mark = ca.cursor()
    with pending(ca):
        assert ruleset(ca) == ""
        assert ca.outside.reaches(80) and ca.outside.reaches(80, family=6)
    assert ruleset(ca) == ""
    assert not ca.outside.reaches(80) and not ca.outside.reaches(80, family=6)
    assert trail(ca, mark, "FIREWALL_OPENED", "FIREWALL_CLOSED", "FIREWALL_UNAVAILABLE") == []


def test_chains_that_cannot_drop__nothing_is_added(ca):
    ca.nft(input_chain("counter", "tcp dport 22 accept")
           + "table ip nat {\nchain input {\ntype nat hook input priority 0; policy accept;\n}\n}")
    before = ruleset(ca)
    with pending(ca):
        assert ruleset(ca) == before
    assert ruleset(ca) == before


def test_native_policy_drop__open_only_while_pending(ca):
    ca.nft(DROPS)
    before = ruleset(ca)
    assert not ca.outside.reaches(80) and not ca.outside.reaches(80, family=6)
    mark = ca.cursor()
    with pending(ca):
        assert ca.outside.reaches(80) and ca.outside.reaches(80, family=6)
        assert ours(ca) == [("inet", "filter", "input")]
        assert head(ca, "inet", "filter", "input")["comment"] == COMMENT
        assert ca.outside.http("/")[0] == 404
    assert ruleset(ca) == before
    assert not ca.outside.reaches(80)
    opened = one(ca, mark, "FIREWALL_OPENED")
    assert opened["ACME_ADDRESS"] == "0.0.0.0:80 [::]:80"
    assert names(trail(ca, mark, "FIREWALL_OPENED", "PORT_OPENED", "PORT_CLOSED", "FIREWALL_CLOSED"))[:2] == [
        "FIREWALL_OPENED", "PORT_OPENED"]
    wait_for(ca, mark, "FIREWALL_CLOSED")
    wait_for(ca, mark, "PORT_CLOSED")


def test_validation_over_ipv6(ca):
    ca.pebble.start(where="outside", ipv6="default")
    ca.configure()
    ca.nft(DROPS)
    with pending(ca):
        pass


def test_several_chains__each_gets_its_rule(ca):
    ca.nft(DROPS
           + input_chain("tcp dport 80 drop", table="ip early", priority=-300)
           + input_chain("jump more", table="ip6 late", priority=300, more="chain more {\ntcp dport 80 reject\n}")
           + input_chain(table="bridge b", policy="drop"))
    before = ruleset(ca)
    with pending(ca):
        assert sorted(ours(ca)) == [("inet", "filter", "input"), ("ip", "early", "input"),
                                    ("ip6", "late", "input")]
        assert ca.outside.reaches(80) and ca.outside.reaches(80, family=6)
    assert ruleset(ca) == before


def test_iptables_nft_policy_drop(ca):
    for command in ("iptables-nft", "ip6tables-nft"):
        ca.run(f"{command} -A INPUT -i lo -j ACCEPT; {command} -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT; "
               f"{command} -P INPUT DROP")
    ca.run("ip6tables-nft -A INPUT -p icmpv6 -j ACCEPT")
    before = ca.run("iptables-nft -S; ip6tables-nft -S").stdout
    try:
        assert not ca.outside.reaches(80)
        with pending(ca):
            assert ca.outside.reaches(80) and ca.outside.reaches(80, family=6)
            assert sorted(ours(ca)) == [("ip", "filter", "INPUT"), ("ip6", "filter", "INPUT")]
            # iptables still understands its own chains, and can change them.
            assert "--dport 80" in ca.run("iptables-nft -S INPUT").stdout
            ca.run("iptables-nft -A INPUT -s 198.51.100.7 -j DROP")
        assert not ca.outside.reaches(80)
        assert ca.run("iptables-nft -S; ip6tables-nft -S").stdout == before.replace(
            "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n",
            "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A INPUT -s 198.51.100.7/32 -j DROP\n", 1)
    finally:
        ca.run("for i in iptables-nft ip6tables-nft; do $i -P INPUT ACCEPT; $i -F; done", check=False)


def test_what_others_change_meanwhile_stays(ca):
    ca.nft(DROPS)
    with pending(ca):
        ca.nft("add rule inet filter input ip saddr 198.51.100.7 drop comment \"ban\"\n"
               "insert rule inet filter input ip saddr 198.51.100.8 drop comment \"ban at the head\"\n"
               "add table ip nat\n"
               "add chain ip nat prerouting { type nat hook prerouting priority dstnat; }\n"
               "add rule ip nat prerouting tcp dport 2222 dnat to 127.0.0.1:22")
    text = ruleset(ca)
    assert "198.51.100.7 drop" in text and "198.51.100.8 drop" in text and "dnat to 127.0.0.1:22" in text
    assert COMMENT not in text


def test_ruleset_flushed_meanwhile__is_no_error(ca):
    ca.nft(DROPS)
    mark = ca.cursor()
    with pending(ca):
        ca.nft("flush ruleset")
    assert ruleset(ca) == ""
    assert trail(ca, mark, "FIREWALL_UNAVAILABLE", "FIREWALL_CLOSED") == []


def test_ruleset_reloaded_meanwhile__is_no_error(ca):
    ca.nft(DROPS)
    before = ruleset(ca)
    mark = ca.cursor()
    with ca.mangler() as proxy:
        ca.configure(CA=proxy.directory)
        with moments.pending(ca, NAME, ca=proxy) as start:
            ca.nft("flush ruleset" + DROPS)
            assert not ca.outside.reaches(80)
            # As a reload would do that adds the opening itself: not ours, and it stays.
            ca.nft("insert rule inet filter input tcp dport 80 accept comment \"mine\"")
        assert moments.finish(start) == 0
    store.wait_gone(ca)
    assert [rule["comment"] for rule in ca.nft_rules(comment="mine")] == ["mine"]
    ca.nft("flush ruleset" + DROPS)
    assert ruleset(ca) == before
    assert trail(ca, mark, "FIREWALL_UNAVAILABLE") == []


def test_rule_of_a_crashed_run__is_replaced_and_goes(ca):
    ca.nft(DROPS + f'insert rule inet filter input tcp dport 80 accept comment "{COMMENT}"')
    with pending(ca):
        assert ours(ca) == [("inet", "filter", "input")]
    assert ours(ca) == []


def test_table_that_a_program_owns__the_others_are_opened(ca):
    ca.nft(DROPS)
    owner = ca.popen(["sh", "-c", "(echo 'add table inet own { flags owner; }'; "
                      "echo 'add chain inet own i { type filter hook input priority 5; policy accept; }'; "
                      "echo 'add rule inet own i tcp dport 23 drop'; sleep 30) | nft --interactive"])
    try:
        ca.wait_until(lambda: any(rule["table"] == "own" for rule in ca.nft_rules()))
        mark = ca.cursor()
        with pending(ca):
            assert ours(ca) == [("inet", "filter", "input")]
        refused = one(ca, mark, "FIREWALL_UNAVAILABLE")
        assert "inet own" in refused["MESSAGE"] and refused["ACME_REASON"]
        one(ca, mark, "FIREWALL_OPENED")
    finally:
        owner.kill()
        owner.wait()


def test_port_that_is_really_listened_on(ca):
    ca.pebble.start(where="outside", http_port=8080)
    ca.configure(Listen="192.0.2.1:8080")
    ca.nft(DROPS)
    before = ruleset(ca)
    with ca.mangler() as proxy:
        ca.configure(CA=proxy.directory, Listen="192.0.2.1:8080")
        with pending(ca, proxy):
            assert ca.outside.reaches(8080) and not ca.outside.reaches(80)
            assert "ip daddr 192.0.2.1 tcp dport 8080 accept" in ruleset(ca)
    assert ruleset(ca) == before


SET = "inet filter open"
TIMER, PROLONG = "acme-firewall-prolong.timer", "acme-firewall-prolong.service"


def with_set(elements=""):
    return DROPS.replace("chain input {", "set open {\n    type inet_service\n    flags timeout\n    " + elements
                         + "\n  }\n  chain input {", 1).replace("tcp dport 22", "tcp dport @open accept\n    tcp dport 22")


def elements(machine):
    """Port to (timeout, comment) of what is in the set."""
    found = {}
    for item in machine.nft():
        for element in item.get("set", {}).get("elem", []):
            inner = element["elem"] if isinstance(element, dict) else {"val": element}
            found[inner["val"]] = (inner.get("timeout"), inner.get("comment"))
    return found


def test_set__one_element_with_a_timeout(ca):
    ca.configure(Mode="set", Set=SET)
    ca.nft(with_set("elements = { 443 }"))
    before = ruleset(ca)
    mark = ca.cursor()
    with pending(ca):
        assert elements(ca) == {443: (None, None), 80: (3600, COMMENT)}
        assert ours(ca) == []
        assert ca.outside.reaches(80) and ca.outside.reaches(80, family=6)
    assert ruleset(ca) == before
    assert not ca.outside.reaches(80)
    one(ca, mark, "FIREWALL_OPENED")
    wait_for(ca, mark, "FIREWALL_CLOSED")


def seconds_left(machine):
    """Of our element, by the kernel's words."""
    return next(element["elem"]["expires"] for item in machine.nft() for element in item.get("set", {}).get("elem", [])
                if element["elem"]["val"] == 80)


def micros(text):
    """Of a span as `systemctl show` writes it."""
    units = {"h": 3600, "min": 60, "s": 1}
    return sum(int(n) * units[unit] for n, unit in re.findall(r"(\d+)(h|min|s)\b", text)) * 1_000_000


def test_set__a_lease_that_lasts_longer_than_an_element(ca):
    """It is given its whole time again, three times in its life; and never anew when it has gone."""
    ca.configure(Mode="set", Set=SET)
    ca.nft(with_set("elements = { 443 }"))
    before = ruleset(ca)
    with ca.mangler() as proxy:
        ca.configure(CA=proxy.directory, Mode="set", Set=SET)
        with pending(ca, proxy):
            assert ca.active(TIMER)
            # An hour is more than a room may live; the timer is for leases that follow each other, and that of a host.
            assert micros(ca.unit(f"acme-challenge@{NAME}.service")["RuntimeMaxUSec"]) < 3600 * 1_000_000
            every = ca.run(["systemctl", "show", "--property=TimersMonotonic", TIMER]).stdout
            assert "OnActiveUSec=20min" in every and "OnUnitActiveUSec=20min" in every
            # Nearly at its end.
            ca.nft("delete element inet filter open { 80 }\n"
                   f'add element inet filter open {{ 80 timeout 1h expires 10m comment "{COMMENT}" }}')
            assert seconds_left(ca) <= 600
            assert ca.start(PROLONG).ok
            assert seconds_left(ca) > 600
            assert elements(ca) == {443: (None, None), 80: (3600, COMMENT)}
    assert ruleset(ca) == before
    ca.wait_until(lambda: not ca.active(TIMER))
    assert ca.start(PROLONG).ok
    assert ruleset(ca) == before


def test_set__the_timer_is_for_sets(ca):
    with pending(ca):
        assert not ca.active(TIMER)


def test_set__a_port_of_the_administrator_stays(ca):
    ca.configure(Mode="set", Set=SET)
    ca.nft(with_set("elements = { 80 }"))
    with pending(ca):
        assert elements(ca) == {80: (None, None)}
    assert elements(ca) == {80: (None, None)}


@pytest.mark.parametrize("ruleset_text", [
    "",
    "table inet filter {\nset open {\ntype ipv4_addr; flags timeout;\n}\n}",
    "table inet filter {\nset open {\ntype inet_service;\n}\n}",
], ids=["none", "of-addresses", "without-timeouts"])
def test_set__that_cannot_be_used__the_challenge_goes_on(ca, ruleset_text):
    ca.configure(Mode="set", Set=SET)
    if ruleset_text:
        ca.nft(ruleset_text)
    mark = ca.cursor()
    store.issue(ca, NAME)
    assert "0.0.0.0:80" in one(ca, mark, "FIREWALL_UNAVAILABLE")["ACME_ADDRESS"]


def test_off__nothing_is_touched(ca):
    ca.configure(Mode="off")
    ca.nft(input_chain("tcp dport 23 drop"))
    before = ruleset(ca)
    mark = ca.cursor()
    with pending(ca):
        assert ruleset(ca) == before
    assert ruleset(ca) == before
    assert trail(ca, mark, "FIREWALL_OPENED", "FIREWALL_CLOSED", "FIREWALL_UNAVAILABLE") == []


@pytest.mark.parametrize("line", [
    # socket() fails as it does in a kernel without netfilter,
    "RestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX",
    # and the kernel refuses, as it does in a container without its own network.
    "CapabilityBoundingSet=",
], ids=["no-netfilter", "refused"])
def test_packet_filter_not_available__the_challenge_goes_on(ca, line):
    ca.nft(input_chain("tcp dport 23 drop"))
    drop_in = "/run/systemd/system/acme-firewall@webroot.service.d/90-test.conf"
    ca.write(drop_in, f"[Service]\n{line}\n")
    ca.systemctl("daemon-reload")
    try:
        mark = ca.cursor()
        store.issue(ca, NAME)
        refused = trail(ca, mark, "FIREWALL_UNAVAILABLE")
        assert refused and refused[0]["ACME_ADDRESS"] == "0.0.0.0:80 [::]:80" and refused[0]["ACME_REASON"]
        assert ours(ca) == []
    finally:
        ca.run(["rm", "-r", drop_in.rpartition("/")[0]])
        ca.systemctl("daemon-reload")
