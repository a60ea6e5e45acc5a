# SPDX-License-Identifier: LGPL-2.1-or-later
"""The signer's door as a varlink service: what varlinkctl makes of it, and what any caller may rely on."""

import json

import pytest

from lib.room import held, knock

NAME = "a.example.test"
DOOR = f"/run/acme/signer/{NAME}"
SIGNER = "io.acmeward.Signer"
IDL = "/usr/share/acmeward/varlink/io.acmeward.Signer.varlink"


@pytest.fixture
def door(machine):
    """The machine, with the door of NAME held open as a renewal would."""
    machine.configure()
    with held(machine, f"acme-signer@{NAME}.socket"):
        yield machine


def varlinkctl(machine, *arguments):
    """varlinkctl's output; where a release has none, the test says so."""
    if machine.systemd < 257:
        pytest.skip("this Debian's systemd has no varlinkctl; the tests by Python cover the same ground")
    return machine.run(["varlinkctl", *arguments], check=False)


def test_varlinkctl_info(door):
    done = varlinkctl(door, "info", "--json=short", DOOR)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert SIGNER in found["interfaces"] and "org.varlink.service" in found["interfaces"]
    assert found["vendor"] and found["product"] and found["version"] and found["url"].startswith("https://")


def test_varlinkctl_introspect(door):
    done = varlinkctl(door, "introspect", DOOR, SIGNER)
    assert done.returncode == 0, done.stderr
    assert f"interface {SIGNER}" in done.stdout
    # varlinkctl has parsed it: every method and error is in what it formats again.
    for word in ("method Describe(", "method NewOrder(", "method Install(", "error ChainRefused", "type Jws"):
        assert word in done.stdout


def test_varlinkctl_validates_the_installed_idl(machine):
    done = varlinkctl(machine, "validate-idl", IDL)
    assert done.returncode == 0, done.stderr
    done = varlinkctl(machine, "validate-idl", IDL.replace("Signer", "Challenge"))
    assert done.returncode == 0, done.stderr


def test_varlinkctl_call(door):
    done = varlinkctl(door, "call", "--json=short", DOOR, f"{SIGNER}.Describe", "{}")
    assert done.returncode == 0, done.stderr
    described = json.loads(done.stdout)
    assert described["name"] == NAME and described["identifiers"] == [{"type": "dns", "value": NAME}]
    assert described["due"] == "first"
    refused = varlinkctl(door, "call", "--json=short", DOOR, f"{SIGNER}.NewOrder",
                         '{"url": "https://elsewhere.example/order", "nonce": "AAAA"}')
    assert refused.returncode != 0 and f"{SIGNER}.UrlRefused" in refused.stderr


def test_describe(door):
    error, described = knock(door, DOOR, "result = door.call('Describe')")
    assert error is None
    assert described["name"] == NAME and described["identifiers"] == [{"type": "dns", "value": NAME}]
    assert described["directory"] == door.pebble.directory and "http-01" in described["challenges"]
    assert described["origins"][0] == door.pebble.directory.removesuffix("/dir")
    assert described["termsOfServiceAgreed"] is True and described["due"] == "first"
    assert not {"account", "order", "certificate"} & {key for key, value in described.items() if value is not None}


def test_get_info(door):
    error, info = knock(door, DOOR, "result = door.call('GetInfo', 'org.varlink.service')")
    assert error is None
    assert sorted(info["interfaces"]) == [SIGNER, "org.varlink.service"]
    assert {"vendor", "product", "version", "url"} <= info.keys()


def test_description_is_the_installed_file(door):
    error, reply = knock(door, DOOR, "result = door.describe(SIGNER)", SIGNER=SIGNER)
    assert error is None
    assert reply["description"] == door.read(IDL)


def test_standard_errors(door):
    found = knock(door, DOOR, """
result = [
    door.call("NoSuchMethod"),
    door.call("Describe", "io.acmeward.NoSuchInterface"),
    door.call("Describe", surplus=1),
    door.call("NewOrder", url="https://localhost:14000/x"),
    door.call("NewOrder", url=17, nonce="AAAA"),
    door.call("Describe"),
]""")
    service = "org.varlink.service"
    errors = [error for error, _ in found]
    assert errors == [f"{service}.MethodNotFound", f"{service}.InterfaceNotFound", f"{service}.InvalidParameter",
                      f"{service}.InvalidParameter", f"{service}.InvalidParameter", None]
    assert found[2][1]["parameter"] == "surplus" and found[3][1]["parameter"] == "nonce"
    assert found[4][1]["parameter"] == "url"


def test_more_gets_one_reply_and_oneway_none(door):
    found = knock(door, DOOR, """
more = door.raw(b'{"method":"io.acmeward.Signer.Describe","more":true}\\0')
# A oneway call and then another: the only reply is the second's.
second = door.raw(b'{"method":"io.acmeward.Signer.Describe","oneway":true}\\0'
                  b'{"method":"org.varlink.service.GetInfo"}\\0')
result = [more, second]""")
    assert found[0]["parameters"]["name"] == NAME and not found[0].get("continues")
    assert found[1]["parameters"]["product"]


@pytest.mark.parametrize("bytes_", [
    "b'no json at all\\0'", "b'{\"method\":\"io.acmeward.Signer.Describe\"} trailing\\0'", "b'[]\\0'", "b'\\0'",
    "b'{\"method\":\"io.acmeward.Signer.Describe\",\"method\":\"io.acmeward.Signer.ForgetAccount\"}\\0'",
    "b'{\"parameters\":{}}\\0'", "b'{\"method\":17}\\0'", "b'\\xff\\xfe\\0'",
    "b'{\"method\":\"' + b'x' * 300000 + b'\"}\\0'", "b'[' * 100000 + b'\\0'",
])
def test_what_is_no_call_ends_the_connection(door, bytes_):
    found = knock(door, DOOR, f"""
first = door.raw({bytes_})
result = [first, Door({DOOR!r}).call("Describe")]""")
    assert found[0] is None or "error" in found[0], found[0]
    # Only that peer has lost its connection.
    assert found[1][0] is None and found[1][1]["name"] == NAME


def test_many_peers_and_half_a_frame_do_not_shut_others_out(door):
    found = knock(door, DOOR, f"""
idle = [Door({DOOR!r}) for _ in range(6)]
for peer in idle:
    peer.stream.sendall(b'{{"method":')
result = Door({DOOR!r}).call("Describe")""")
    assert found[0] is None and found[1]["name"] == NAME
