# SPDX-License-Identifier: LGPL-2.1-or-later
"""Deploy targets: a store with generations of a certificate made by hand, and the writer run in its own sandbox.

    pair = Target(machine)
    pair.configure(PrivateKey="/etc/web/key.pem", Certificate="/etc/web/cert.pem")
    pair.make_live(1)
    assert pair.write().status == WRITTEN
    assert pair.generation() == 1

The writer is started as PID 1 starts it for acme-deploy@.service: the same unit name, so that the same drop-in applies,
and the properties that the controller adds.
"""

import pathlib
from dataclasses import dataclass

from lib import store
from lib.forge import FOLDER, Forge
from lib.trail import trail

NAME = "a.example.test"
PROGRAM = "/usr/lib/acmeward/acme-deploy-write"
NOTHING_TO_DO, WRITTEN, TRY_AGAIN, CONFIGURATION = 0, 3, 75, 78
FILES = ("PrivateKey", "Bundle", "PKCS12", "Certificate", "Chain", "FullChain")


def _make(machine, name, generations):
    """Public key and files of each generation."""
    forge = Forge(machine)
    for _ in range(generations):
        forge.key("request")
        leaf, chain = forge.leaf(forge.request("request"), [name]), forge.pem("intermediate")
        yield (machine.run(["openssl", "pkey", "-in", f"{FOLDER}/request.key", "-pubout"]).stdout,
               {"privkey.pem": machine.read(f"{FOLDER}/request.key"), "cert.pem": leaf, "chain.pem": chain,
                "fullchain.pem": leaf + chain})


@dataclass
class Written:
    """What came of one run: the exit status (None: killed), and the entries DEPLOY_FAILED."""

    status: int
    failures: list

    @property
    def reason(self):
        assert len(self.failures) == 1, self.failures
        return self.failures[0]["ACME_REASON"]


class Target:
    """[Deploy LABEL] of NAME in a machine."""

    def __init__(self, machine, name=NAME, label="web", generations=2):
        self.machine = machine
        self.name = name
        self.label = label
        self.settings = {}
        self.unit = f"acme-deploy-write@{name}:{label}.service"
        self._keys = {}
        made = machine.__dict__.setdefault("generations", {})
        if name not in made:
            made[name] = list(_make(machine, name, generations))
        for number, generation in enumerate(made[name], 1):
            self._install(number, *generation)

    def _install(self, number, public, files):
        for file, text in files.items():
            self.machine.write(f"{store.CERTS}/{self.name}/{number}/{file}", text,
                               0o600 if file == "privkey.pem" else 0o644, "acme-signer:acme-signer")
        self._keys[public] = number

    def configure(self, **settings):
        self.settings = settings
        self.machine.configure(self.name, Deploy={self.label: settings})

    def make_live(self, number):
        self.machine.run(["ln", "-sfn", f"../certs/{self.name}/{number}", f"{store.LIVE}/{self.name}"])

    @property
    def paths(self):
        return {setting: self.settings[setting] for setting in FILES if setting in self.settings}

    def properties(self):
        """What acme-deploy@.service gives PID 1 besides the command line."""
        folders = sorted({str(pathlib.PurePath(path).parent) for path in self.paths.values()})
        found = [f"ReadWritePaths={' '.join('-' + folder for folder in folders)}",
                 f"BindReadOnlyPaths={store.CERTS}/{self.name}"]
        if "PKCS12Password" in self.settings:
            found.append(f"LoadCredential=pkcs12-password:{self.settings['PKCS12Password']}")
        return found

    def command(self, argv, *properties):
        """argv for a program in exactly the writer's unit."""
        return ["systemd-run", "--quiet", "--wait", "--pipe", f"--unit={self.unit}",
                *[f"--property={line}" for line in (*self.properties(), *properties)], "--", *argv]

    def write(self, *properties, under=()):
        """One run. properties: more of systemd-run; under: a command before the program's, such as strace."""
        mark = self.machine.cursor()
        # PID 1 alone knows how it ended: systemd-run takes 3 for a success, as it is.
        argv = self.command([*under, PROGRAM, self.name, self.label],
                            "ExecStopPost=/usr/bin/printenv EXIT_STATUS", *properties)
        status = self.machine.run(argv, check=False).stdout.strip()
        run = Written(int(status) if status.isdigit() else None, trail(self.machine, mark, "DEPLOY_FAILED"))
        assert run.status in (NOTHING_TO_DO, WRITTEN, TRY_AGAIN, CONFIGURATION) or under, (run, self.log(mark))
        return run

    def log(self, mark):
        return [entry.get("MESSAGE") for entry in self.machine.journal(since=mark)]

    def _of(self, command, path):
        done = self.machine.run(["openssl", *command, "-in", path], check=False)
        return self._keys.get(done.stdout) if done.returncode == 0 else None

    def key_generation(self, path=None):
        """Which generation's key is in PrivateKey=; None when there is none that can be read."""
        return self._of(["pkey", "-pubout"], path or self.paths["PrivateKey"])

    def certificate_generation(self, path=None):
        return self._of(["x509", "-noout", "-pubkey"], path or self.paths["Certificate"])

    def generation(self):
        """That of key and certificate, which have to be of one."""
        key, certificate = self.key_generation(), self.certificate_generation()
        assert key == certificate, (key, certificate)
        return key

    def folder(self, path):
        """Names, modes, owners, inodes and changes of everything in a directory."""
        return self.machine.run(["find", path, "-mindepth", "1", "-printf", r"%f %y %m %U:%G %i %s %C@\n"]
                                ).stdout.splitlines()

