/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What lies beside the live generation: others, looked through, and keys that root has put there.
 */

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "signer/account-import.h"
#include "signer/store-internal.h"

/* Return: 1 found; 0; -errno. */
static int look_into(Store *store,
                     const char *generation,
                     StoreTest test,
                     const void *userdata,
                     StoreLive *ret)
{
        FOREACH_ARRAY (variant, store_variants, STORE_VARIANTS) {
                _cleanup_(store_live_done) StoreLive found = {};
                int r;

                r = store_read_variant(store, generation, *variant, &found);
                if (r == -ENOMEM)
                        return r;
                /* One that is damaged, or not readable, is not what was meant. */
                if (r < 0 || !test(&found, userdata))
                        continue;
                *ret = found;
                found = (StoreLive){};
                return 1;
        }
        return 0;
}

int store_find(Store *store, StoreTest test, const void *userdata, StoreLive *ret)
{
        _cleanup_free_ unsigned *numbers = NULL;
        size_t n;
        int r;

        r = generation_list(store, &numbers, &n);
        if (r < 0)
                return r;
        /* The newest first. */
        while (n-- > 0) {
                char name[GENERATION_DIGITS_MAX + 2];

                (void) snprintf(name, sizeof(name), "%u", numbers[n]);
                r = look_into(store, name, test, userdata, ret);
                if (r != 0)
                        return MIN(r, 0);
        }
        return -ENOENT;
}

int store_read_import(Store *store, EVP_PKEY **ret)
{
        return key_import_file(store->certs_fd, STORE_IMPORT_KEY_FILE, ret);
}

int store_drop_import(Store *store)
{
        return unlinkat(store->certs_fd, STORE_IMPORT_KEY_FILE, 0) < 0 && errno != ENOENT ? -errno
                                                                                          : 0;
}

/* Where there is one, whoever has brought it holds the directory shared until it is taken over. */
int store_drop_stale_import(Store *store)
{
        _cleanup_close_ int fd = -EBADF;

        if (faccessat(store->certs_fd, STORE_IMPORT_KEY_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        /* Held through a description of its own, which goes with this function. */
        fd = openat(store->certs_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? 0 : -errno;
        return store_drop_import(store);
}

int store_read_revoke_key(Store *store, EVP_PKEY **ret)
{
        return key_read_file(store->certs_fd, STORE_REVOKE_KEY_FILE, ret);
}
