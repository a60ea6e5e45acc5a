# SPDX-License-Identifier: LGPL-2.1-or-later
"""The files of a deploy target, written by the writer in its own sandbox: what is there afterwards, and what is refused
with everything left as it was."""

import re

import pytest

from lib.disk import remount, small_disk
from lib.room import FOLDER, LIB, MARK
from lib.targets import CONFIGURATION, NAME, NOTHING_TO_DO, TRY_AGAIN, WRITTEN, Target

WEB = "/etc/web"
PAIR = {"PrivateKey": f"{WEB}/key.pem", "Certificate": f"{WEB}/cert.pem"}
ALL = {**PAIR, "Bundle": f"{WEB}/bundle.pem", "PKCS12": "/srv/java/store.p12", "PKCS12Password": "/root/password",
       "Chain": "/srv/public/chain.pem", "FullChain": "/srv/public/full.pem"}
FOLDERS = (WEB, "/srv/java", "/srv/public")


@pytest.fixture
def target(fresh):
    """A target whose generation 1 is live, and directories with a file of somebody else's in each."""
    fresh.run(["rm", "-rf", *FOLDERS, "/srv/moved"])
    for folder in FOLDERS:
        fresh.write(f"{folder}/other", "not ours", 0o640)
    fresh.write("/root/password", "correct horse\n", 0o600)
    made = Target(fresh)
    made.make_live(1)
    return made


def others(target):
    """Inode and change of the files that are not ours."""
    return [line for folder in FOLDERS for line in target.folder(folder) if line.startswith("other ")]


def deployed(target, settings):
    """Generation 1 in place, 2 live: whatever fails now must leave 1."""
    target.configure(**settings)
    assert target.write().status == WRITTEN
    target.make_live(2)


def refused(target, status, reason, path=None):
    """A run that ends so, with one entry, and not a file changed or left over."""
    before = [target.folder(folder) for folder in FOLDERS]
    run = target.write()
    assert (run.status, run.reason) == (status, reason), run
    entry = run.failures[0]
    assert entry["ACME_TARGET"] == target.label and entry["ACME_CERTIFICATE"] == NAME
    assert entry.get("ACME_PATH") == path
    assert [target.folder(folder) for folder in FOLDERS] == before
    return entry


def test_all_files(target):
    m = target.machine
    before = others(target)
    target.configure(**ALL, Owner="www-data", Mode="0644")
    assert target.write().status == WRITTEN
    owners = {name: m.stat(path) for name, path in target.paths.items()}
    assert {name: (stat["mode"], stat["owner"], stat["group"]) for name, stat in owners.items()} == {
        **{name: ("640", "www-data", "www-data") for name in ("PrivateKey", "Bundle", "PKCS12")},
        **{name: ("644", "www-data", "www-data") for name in ("Certificate", "Chain", "FullChain")}}
    live = f"/var/lib/acme/live/{NAME}"
    for name, files in {"PrivateKey": ["privkey"], "Certificate": ["cert"], "Chain": ["chain"],
                        "FullChain": ["fullchain"], "Bundle": ["privkey", "fullchain"]}.items():
        assert m.read(ALL[name]) == "".join(m.read(f"{live}/{file}.pem") for file in files), name
    assert others(target) == before
    everything = [target.folder(folder) for folder in FOLDERS]
    assert target.write().status == NOTHING_TO_DO
    assert [target.folder(folder) for folder in FOLDERS] == everything
    assert sum(map(len, everything)) == len(FOLDERS) + 6


def test_renewed(target):
    deployed(target, ALL)
    before = others(target)
    assert target.write().status == WRITTEN
    assert target.generation() == 2
    assert target.certificate_generation(ALL["FullChain"]) == 2
    assert target.key_generation(ALL["Bundle"]) == target.certificate_generation(ALL["Bundle"]) == 2
    assert others(target) == before
    assert sum(len(target.folder(folder)) for folder in FOLDERS) == len(FOLDERS) + 6


def test_only_what_is_missing(target):
    m = target.machine
    target.configure(**ALL)
    target.write()
    before = {line.split()[0]: line for folder in FOLDERS for line in target.folder(folder)}
    m.run(["chmod", "0644", PAIR["PrivateKey"]])
    m.run(["chown", "www-data", ALL["FullChain"]])
    assert target.write().status == WRITTEN
    after = {line.split()[0]: line for folder in FOLDERS for line in target.folder(folder)}
    assert {name for name in after if after[name] != before[name]} == {"key.pem", "full.pem"}
    assert m.stat(PAIR["PrivateKey"])["mode"] == "600"
    assert m.stat(ALL["FullChain"])["owner"] == "root"


def test_a_directory_of_the_services_own(target):
    """A service's own directory, 0700 as PostgreSQL has it: written to, and the files are the service's."""
    m = target.machine
    m.run(["chown", "www-data:www-data", WEB])
    m.run(["chmod", "0700", WEB])
    target.configure(**PAIR, Owner="www-data")
    assert target.write().status == WRITTEN
    target.make_live(2)
    assert target.write().status == WRITTEN
    assert m.stat(PAIR["PrivateKey"])["owner"] == "www-data"
    assert m.run(["setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups", "openssl", "pkey", "-noout",
                  "-in", PAIR["PrivateKey"]], check=False).returncode == 0


def test_pkcs12_with_openssl(target):
    m = target.machine
    deployed(target, {**PAIR, "PKCS12": "/srv/java/store.p12", "PKCS12Password": "/root/password"})
    first = target.folder("/srv/java")
    assert target.write().status == WRITTEN
    assert target.folder("/srv/java") != first
    for what, generation in ((["-nocerts"], target.key_generation), (["-nokeys", "-clcerts"],
                                                                     target.certificate_generation)):
        m.run(["openssl", "pkcs12", "-in", ALL["PKCS12"], "-passin", "file:/root/password", "-nodes", *what,
               "-out", "/root/opened.pem"])
        assert generation("/root/opened.pem") == 2
    chain = m.run(["openssl", "pkcs12", "-in", ALL["PKCS12"], "-passin", "file:/root/password", "-nokeys",
                   "-cacerts"]).stdout
    assert chain.count("BEGIN CERTIFICATE") == 1
    assert m.run(["openssl", "pkcs12", "-in", ALL["PKCS12"], "-passin", "pass:wrong", "-noout"],
                 check=False).returncode != 0
    m.write("/root/password", "another", 0o600)
    assert target.write().status == WRITTEN
    assert target.write().status == NOTHING_TO_DO


def test_directory_turned_into_a_symlink(target):
    m = target.machine
    deployed(target, ALL)
    m.run(["mv", "/srv/public", "/srv/moved"])
    m.run(["ln", "-s", "moved", "/srv/public"])
    before = target.folder("/srv/moved")
    refused(target, CONFIGURATION, "symlink", "/srv/public")
    assert target.folder("/srv/moved") == before
    assert target.generation() == 1
    m.run(["rm", "/srv/public"])
    m.run(["mv", "/srv/moved", "/srv/public"])
    assert target.write().status == WRITTEN
    assert target.generation() == 2


def test_symlink_in_the_way_of_a_file(target):
    m = target.machine
    deployed(target, PAIR)
    m.run(["ln", "-sf", "/etc/passwd", PAIR["Certificate"]])
    before = m.read("/etc/passwd")
    refused(target, CONFIGURATION, "symlink", PAIR["Certificate"])
    assert m.read("/etc/passwd") == before
    assert target.key_generation() == 1


def test_something_else_in_the_way(target):
    m = target.machine
    deployed(target, PAIR)
    m.run(["rm", PAIR["Certificate"]])
    m.run(["mkfifo", PAIR["Certificate"]])
    refused(target, CONFIGURATION, "notRegular", PAIR["Certificate"])


@pytest.mark.parametrize("change", [["chmod", "o+w"], ["chmod", "1777"], ["chown", "www-data"]], ids=" ".join)
def test_directory_that_others_can_write(target, change):
    m = target.machine
    deployed(target, PAIR)
    m.run([*change, WEB])
    refused(target, CONFIGURATION, "directoryWritable", WEB)
    assert target.generation() == 1


def test_group_that_can_write(target):
    m = target.machine
    deployed(target, PAIR)
    m.run(["chgrp", "www-data", WEB])
    m.run(["chmod", "g+w", WEB])
    refused(target, CONFIGURATION, "directoryWritable", WEB)
    target.configure(**PAIR, Group="www-data")
    assert target.write().status == WRITTEN


@pytest.mark.parametrize("settings, reason", [
    ({"Owner": "no-such-user"}, "unknownOwner"), ({"Group": "no-such-group"}, "unknownGroup")], ids=str)
def test_unknown_owner(target, settings, reason):
    deployed(target, PAIR)
    target.configure(**PAIR, **settings)
    refused(target, CONFIGURATION, reason)


def test_no_directory(target):
    target.configure(**PAIR, Bundle="/etc/nowhere/bundle.pem")
    refused(target, CONFIGURATION, "noDirectory", "/etc/nowhere")


def test_below_run(target):
    target.machine.run(["mkdir", "-p", "/run/web"])
    target.configure(**PAIR, Bundle="/run/web/bundle.pem")
    refused(target, CONFIGURATION, "unfitPlace", "/run/web")


def test_key_of_another_certificate(target):
    m = target.machine
    deployed(target, PAIR)
    store = f"/var/lib/acme/certs/{NAME}"
    m.run(["cp", f"{store}/1/privkey.pem", f"{store}/2/privkey.pem"])
    refused(target, TRY_AGAIN, "mismatch")


@pytest.fixture
def disk(target):
    """/etc/web on a file system of its own, with room for a few files."""
    with small_disk(target.machine, WEB, "64k"):
        yield target


def test_read_only_disk(disk):
    m = disk.machine
    deployed(disk, PAIR)
    remount(m, WEB, read_only=True)
    refused(disk, TRY_AGAIN, "readOnly", PAIR["PrivateKey"])
    # What is as it should be needs no writing.
    disk.make_live(1)
    assert disk.write().status == NOTHING_TO_DO
    disk.make_live(2)
    remount(m, WEB, read_only=False)
    assert disk.write().status == WRITTEN
    assert disk.generation() == 2


def test_full_disk(disk):
    """Room for none of the new files, for the first, for the first two: the old ones stay until there is enough."""
    m = disk.machine
    settings = {**PAIR, "Bundle": f"{WEB}/bundle.pem"}
    deployed(disk, settings)
    m.run(f"dd if=/dev/zero of={WEB}/filler bs=4096 2>/dev/null", check=False)
    size = int(m.stat(f"{WEB}/filler")["size"])
    needed = 0
    while True:
        run = disk.write()
        if run.status == WRITTEN:
            break
        assert (run.status, run.reason) == (TRY_AGAIN, "noSpace")
        assert disk.generation() == 1 and disk.key_generation(settings["Bundle"]) == 1
        assert m.listdir(WEB) == sorted(["bundle.pem", "cert.pem", "filler", "key.pem"])
        needed += 1
        m.run(["truncate", f"--size={size - 4096 * needed}", f"{WEB}/filler"])
    assert needed >= 3
    assert disk.generation() == disk.key_generation(settings["Bundle"]) == 2
    assert m.listdir(WEB) == sorted(["bundle.pem", "cert.pem", "filler", "key.pem"])


# The sandbox

def attack(target, lines):
    """What lib/attack.c finds in the writer's place: a line to "ok" or an errno's name, or no answer."""
    m = target.machine
    m.write(f"{FOLDER}/attack.c", (LIB / "attack.c").read_text())
    m.run(["gcc", "-D_GNU_SOURCE", "-O1", "-static", "-o", f"{FOLDER}/attack", f"{FOLDER}/attack.c"])
    m.write(f"{FOLDER}/script", "".join(f"{line}\n" for line in lines))
    output = m.run(target.command([f"{FOLDER}/attack", f"{FOLDER}/script", "0"])).stdout
    answers = dict(line.split("\t")[1:3] for line in output.splitlines() if line.startswith("ATTACK"))
    assert int(answers.pop("done")) == len(lines)
    return answers


def test_promise__the_sandbox(target):
    """What a writer under foreign control can reach: its target and its certificate, and nobody to talk to."""
    m = target.machine
    own, other = (f"/var/lib/acme/certs/{name}/1/privkey.pem" for name in (NAME, "neighbour"))
    m.write(other, "another key", 0o600)
    m.write("/var/lib/acme/accounts/ca/key.pem", "an account's key", 0o600)
    target.configure(**PAIR)
    folders = m.run("find / -xdev -path /proc -prune -o -path /sys -prune -o -type d -print").stdout.split("\n")
    found = attack(target, [
        *[f"create {folder}" for folder in (*folders[:-1], "/run", "/tmp", "/dev", "/proc", "/sys")],
        *[f"read {path}" for path in (own, other, "/var/lib/acme/accounts/ca/key.pem")],
        f"write {own}",
        *[f"unix {path}" for path in ("/run/systemd/private", "/run/dbus/system_bus_socket",
                                      "/run/systemd/journal/stdout")],
        # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET; SOCK_STREAM, SOCK_RAW.
        *[f"socket {family} {kind} 0" for family in (2, 10, 16, 17) for kind in (1, 3)],
    ])
    stayed = m.run(f"find / -path /proc -prune -o -path /sys -prune -o -name {MARK} -print", check=False).stdout.split()
    m.run(["rm", "-f", *stayed])
    assert stayed == [f"{WEB}/{MARK}"]
    assert [line for line, result in found.items() if result == "ok" and not line.startswith("create ")
            ] == [f"read {own}"]


SETUID = """
import os
fd = os.open({path!r}, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
os.fchmod(fd, 0o755)
try:
    os.fchmod(fd, 0o4755)
except PermissionError:
    print("refused")
"""


def test_promise__no_program_that_runs_as_root(target):
    m = target.machine
    target.configure(**PAIR)
    code = SETUID.format(path=f"{WEB}/shell")
    assert m.run(target.command(["/usr/bin/python3", "-I", "-B", "-c", code])).stdout.split() == ["refused"]
    assert m.stat(f"{WEB}/shell")["mode"] == "755"


def test_promise__exposure(target):
    """As systemd-analyze sees the drop-in with what the controller adds."""
    m = target.machine
    target.configure(**ALL)
    m.write("/run/systemd/system/acme-deploy-write@.service", "[Service]\nExecStart=/bin/true\n" +
            "".join(f"{line}\n" for line in target.properties()))
    m.systemctl("daemon-reload")
    try:
        report = m.run(["systemd-analyze", "security", "--no-pager", target.unit]).stdout
    finally:
        m.run(["rm", "/run/systemd/system/acme-deploy-write@.service"])
        m.systemctl("daemon-reload")
    level = float(re.search(r"exposure level for .*: (\d+\.\d+)", report).group(1))
    assert level <= 1.5, "\n".join(line for line in report.splitlines() if "✗" in line)
