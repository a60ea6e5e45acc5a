/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The doors, as units/acme-signer@.socket makes them. */

#include "signer/door.h"

#include <sys/socket.h>
#include <systemd/sd-daemon.h>

static const struct {
        Door door;
        const char *directory, *unit;
} doors[] = {
                {DOOR_RENEW, "/run/acme/signer/", "acme-renew"},
                {DOOR_CHALLENGE, "/run/acme/signer-for-challenge/", "acme-challenge"},
                {DOOR_PLACEHOLDER, "/run/acme/signer-for-placeholder/", "acme-placeholder"},
                {DOOR_DNS, "/run/acme/signer-for-dns/", "acme-dns"},
                {DOOR_REVOKE, "/run/acme/signer-for-revoke/", "acme-revoke"},
                {DOOR_ALPN, "/run/acme/signer-for-alpn/", "acme-challenge-alpn"},
                {DOOR_IMPORT, "/run/acme/signer-for-import/", "acme-import-key"},
                {DOOR_DISTANT, "/run/acme/signer-for-account/", "acme-signer-bridge"},
                {DOOR_ACCOUNT, "/run/acme/account-signer/", "acme-account"},
};

const char *door_directory(Door door)
{
        FOREACH_ARRAY (d, doors, ELEMENTSOF(doors))
                if (d->door == door)
                        return d->directory;
        return NULL;
}

int door_of_socket(int fd, const char *name, Door *ret)
{
        FOREACH_ARRAY (d, doors, ELEMENTSOF(doors)) {
                _cleanup_free_ char *path = NULL;

                if (asprintf(&path, "%s%s", d->directory, name) < 0) {
                        path = NULL;
                        return -ENOMEM;
                }
                if (sd_is_socket_unix(fd, SOCK_STREAM, 1, path, 0) > 0) {
                        *ret = d->door;
                        return 0;
                }
        }
        return -ENOTCONN;
}

const char *door_unit(unsigned door, const char *name, char buffer[static DOOR_UNIT_MAX])
{
        const char *unit = "unknown";

        FOREACH_ARRAY (d, doors, ELEMENTSOF(doors))
                if (d->door == door)
                        unit = d->unit;
        (void) snprintf(buffer, DOOR_UNIT_MAX, "%s@%s.service", unit, name);
        return buffer;
}
