#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs systemd-nspawn on an overlay: usage enter.sh CGROUP LOWER UPPER NSPAWN-ARGUMENT...
# Called in mount and process namespaces of its own (container.py), so every mount made here ends with the
# container, and the container ends with this shell, which is the first process there. (That is why it does not
# exec: nspawn as process 1 would log to a kernel buffer instead of to us.)
#
# CGROUP  directory of a cgroup that nobody else uses; nspawn makes its "payload" below it
# LOWER   the layers to stand on, topmost first, separated by colons
# UPPER   an empty directory: what the container writes goes to UPPER/upper; a tmpfs is put on it if it is
#         named …/ram

set -eu
cgroup=$1 lower=$2 upper=$3
shift 3

echo $$ >"$cgroup/cgroup.procs"

# nspawn leaves directories and locks here when it is killed; let it have a place that goes away.
mkdir -p /run/systemd
mount -t tmpfs -o mode=0755 tmpfs /run/systemd

case $upper in
*/ram) mount -t tmpfs -o mode=0755 tmpfs "$upper" ;;
esac
mkdir -p "$upper/upper" "$upper/work" "$upper/root"
mount -t overlay -o "lowerdir=$lower,upperdir=$upper/upper,workdir=$upper/work" overlay "$upper/root"

# Not registered anywhere: the host need not run systemd. --keep-unit: stay in the cgroup given above.
# bpf() is what IPAddressDeny= is made of, mlock() keeps keys out of swap; without them units would silently run with less confinement than they state.
SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_LOCK=0 systemd-nspawn --quiet --register=no --keep-unit \
        --capability=CAP_BPF,CAP_PERFMON --system-call-filter="bpf @memlock" \
        --private-network --console=pipe --link-journal=no --resolv-conf=off --timezone=off \
        --directory="$upper/root" "$@"
