#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Adds packages to an image without touching it: usage layer.sh LOWER UPPER CACHE OPTIONS PACKAGE...
# Called in a mount namespace of its own (bed.py), so every mount made here ends with it.
#
# LOWER    the image
# UPPER    an empty directory; UPPER/upper receives what the packages change
# CACHE    where downloaded packages are kept
# OPTIONS  a file of apt settings: how this machine reaches its mirror

set -eu
lower=$1 upper=$2 cache=$3 options=$4
shift 4

root=$upper/root
mkdir -p "$upper/upper" "$upper/work" "$root"
mount -t overlay -o "lowerdir=$lower,upperdir=$upper/upper,workdir=$upper/work" overlay "$root"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$cache" "$root/var/cache/apt/archives"
mount -t tmpfs tmpfs "$root/var/lib/apt/lists"
# The machine's own way to the mirror; in the image these say what suits the test bed.
for file in /etc/resolv.conf /etc/hosts; do
        mount --bind "$file" "$root$file"
done

# Nothing is started while it is installed.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 0755 "$root/usr/sbin/policy-rc.d"
cp "$options" "$root/run/apt.conf"

in_root() {
        chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
                APT_CONFIG=/run/apt.conf "$@"
}
in_root apt-get --quiet update
in_root apt-get --quiet --yes --no-install-recommends install "$@"
rm "$root/usr/sbin/policy-rc.d"

# As an administrator adds a root of his own: to those that Debian trusts.
cp "$root/etc/pebble/ca.pem" "$root/usr/local/share/ca-certificates/test-bed.crt"
in_root update-ca-certificates

# What is started is for the bench to say.
for unit in apache2.service apache-htcacheclean.service nginx.service; do
        in_root systemctl disable --quiet "$unit" 2>/dev/null || true
done
