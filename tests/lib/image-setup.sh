#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Turns a fresh root file system into one that boots in a blink and forgets nothing: usage image-setup.sh ROOT.
# Runs as mmdebstrap's customize hook. What it writes is the same in every image of a release.

set -eu
root=$1

mask() {
        for unit; do
                ln -sf /dev/null "$root/etc/systemd/system/$unit"
        done
}

# Nobody logs in, nothing is to be updated, cleaned or trimmed while a test looks.
mask getty.target console-getty.service container-getty@.service getty@.service \
        systemd-logind.service systemd-timesyncd.service systemd-networkd.service systemd-resolved.service \
        apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer man-db.timer \
        e2scrub_all.timer systemd-tmpfiles-clean.timer systemd-pstore.service \
        systemd-firstboot.service systemd-network-generator.service systemd-userdbd.socket \
        systemd-update-utmp.service systemd-update-utmp-runlevel.service
# Cannot work in a container, or would only be noise.
mask dev-hugepages.mount systemd-logind-varlink.socket systemd-machine-id-commit.service
chroot "$root" systemctl disable --quiet nginx.service
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"

# The journal is evidence: on disk, complete.
mkdir -p "$root/etc/systemd/journald.conf.d" "$root/var/log/journal"
cat >"$root/etc/systemd/journald.conf.d/test-bed.conf" <<EOF
[Journal]
Storage=persistent
RateLimitIntervalSec=0
RateLimitBurst=0
SystemMaxUse=1G
EOF

# A stop that hangs is a failure to be seen soon, not after the default of 90 s.
mkdir -p "$root/etc/systemd/system.conf.d"
cat >"$root/etc/systemd/system.conf.d/test-bed.conf" <<EOF
[Manager]
DefaultTimeoutStopSec=20s
EOF

echo test-bed >"$root/etc/hostname"
printf '%s\n' 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
cat >"$root/etc/hosts" <<EOF
127.0.0.1 localhost test-bed
::1 localhost
EOF
# Both places where the CA's DNS may run; the one that is not there refuses at once.
cat >"$root/etc/resolv.conf" <<EOF
nameserver 127.0.0.1
nameserver 192.0.2.2
options timeout:1 attempts:1
EOF

# A certificate for the CA's own HTTPS, from an authority that exists only in this image.
mkdir -p "$root/etc/pebble"
chroot "$root" sh -eu <<'EOF'
cd /etc/pebble
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=test bed CA for HTTPS' \
        -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
        -keyout ca-key.pem -out ca.pem 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=pebble.example.test' \
        -keyout key.pem -out request.pem 2>/dev/null
cat >extensions <<END
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,DNS:pebble.example.test,DNS:ca.example.test,IP:127.0.0.1,IP:::1,IP:192.0.2.2,IP:fd00:ac::2
END
openssl x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -set_serial 1 -days 3650 \
        -extfile extensions -out cert.pem 2>/dev/null
rm request.pem extensions
chmod 0644 cert.pem key.pem ca.pem
EOF

# Caches of /usr are fresh; without this stamp every boot would make them again.
# (Debian 12 has neither the program nor the units that ask for it.)
if [ -x "$root/usr/lib/systemd/systemd-update-done" ]; then
        chroot "$root" /usr/lib/systemd/systemd-update-done
fi
