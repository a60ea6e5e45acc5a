# SPDX-License-Identifier: LGPL-2.1-or-later
"""An authority of an attacker's own, made with openssl in the machine: chains that are right but for one thing."""

import datetime

FOLDER = "/run/acmeward-test/forge"

_CONFIG = """
[ca]
default_ca = forge
[forge]
dir = {folder}
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
unique_subject = no
policy = anything
default_md = sha256
copy_extensions = none
[anything]
commonName = optional
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
"""

LEAF = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"


def _moment(seconds):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y%m%d%H%M%SZ")


class Forge:
    """root signs intermediate signs leaf; each call of leaf() may leave the straight path once."""

    def __init__(self, machine):
        self.machine = machine
        machine.run(["rm", "-rf", FOLDER])
        machine.write(f"{FOLDER}/ca.cnf", _CONFIG.format(folder=FOLDER))
        machine.write(f"{FOLDER}/index", "")
        self.key("root")
        self._openssl("req", "-x509", "-key", "root.key", "-subj", "/CN=forged root", "-days", "30", "-config",
                      "ca.cnf", "-extensions", "authority", "-out", "root.pem")
        self.authority("intermediate")

    def _openssl(self, *arguments):
        return self.machine.run(["sh", "-c", f'cd {FOLDER} && exec openssl "$@"', "sh", *arguments])

    def key(self, name, *algorithm):
        algorithm = algorithm or ("EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        self._openssl("genpkey", "-algorithm", *algorithm, "-out", f"{name}.key")

    def authority(self, name, *algorithm, extensions="basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n"):
        """An intermediate below the root."""
        self.key(name, *algorithm)
        self.request(name)
        return self._sign(name, f"{FOLDER}/{name}.csr", "root", extensions, -3600, 86400, "sha256")

    def request(self, name):
        """A CSR for a key of the attacker's."""
        self._openssl("req", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}", "-out", f"{name}.csr")
        return f"{FOLDER}/{name}.csr"

    def _sign(self, name, csr, issuer, extensions, start, end, digest):
        self.machine.write(f"{FOLDER}/{name}.ext", extensions)
        self._openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", f"{issuer}.pem", "-keyfile",
                      f"{issuer}.key", "-in", csr, "-out", f"{name}.pem", "-extfile", f"{name}.ext",
                      "-subj", f"/CN={name}", "-startdate", _moment(start), "-enddate", _moment(end), "-md", digest)
        return self.machine.read(f"{FOLDER}/{name}.pem")

    def leaf(self, csr, names, issuer="intermediate", extensions=LEAF, start=-60, end=86400 * 30, digest="sha256"):
        """A certificate for the key of a CSR (a path in the machine); start and end are seconds from now."""
        text = extensions
        if names:
            text += "subjectAltName=" + ",".join(f"DNS:{name}" for name in names) + "\n"
        return self._sign("leaf", csr, issuer, text, start, end, digest)

    def pem(self, name):
        return self.machine.read(f"{FOLDER}/{name}.pem")
