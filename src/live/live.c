/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The store seen from outside. The signer, which has no other work, wrote it, and is not believed
 * more than need be: a link that leads elsewhere is not followed, and the chain is parsed.
 *
 * Invariant: nothing is written; every file comes from the directory that was opened first. */

#include "live/live.h"

#include <fcntl.h>

#include "base/file.h"
#include "x509/certificate.h"

#define STORE_PATH "/var/lib/acme"

/* "../certs/", a name, "/", a number. */
#define LINK_BYTES_MAX 256U

/* As the signer numbers them: [1-9][0-9]{0,8}. */
#define GENERATION_DIGITS_MAX 9U

void live_free(Live *live)
{
        if (!live)
                return;
        free(live->generation);
        closep(&live->dir_fd);
        chain_free(live->chain);
        free(live->fingerprint);
        free(live->serial);
        free(live);
}

static bool generation_is_valid(const char *s)
{
        size_t n = strspn(s, "0123456789");

        return n > 0 && n <= GENERATION_DIGITS_MAX && s[n] == 0 && *s != '0';
}

int live_generation(const char *root, const char *name, char **ret)
{
        _cleanup_free_ char *path = NULL, *prefix = NULL;
        char target[LINK_BYTES_MAX];
        const char *generation;
        ssize_t n;

        if (asprintf(&path, "%s" STORE_PATH "/live/%s", root, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        if (asprintf(&prefix, "../certs/%s/", name) < 0) {
                prefix = NULL;
                return -ENOMEM;
        }
        n = readlink(path, target, sizeof(target));
        if (n < 0)
                return errno == EINVAL ? -EBADMSG : -errno;
        if ((size_t) n >= sizeof(target))
                return -EBADMSG;
        target[n] = 0;
        generation = startswith(target, prefix);
        if (!generation || !generation_is_valid(generation))
                return -EBADMSG;
        *ret = strdup(generation);
        return *ret ? 0 : -ENOMEM;
}

static int open_generation(const char *root, const char *name, Live *live)
{
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int certs_fd = -EBADF;

        if (asprintf(&path, "%s" STORE_PATH "/certs/%s", root, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        certs_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (certs_fd < 0)
                return errno == ENOENT || errno == ENOTDIR ? -EBADMSG : -errno;
        live->dir_fd = openat(certs_fd,
                              live->generation,
                              O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (live->dir_fd < 0)
                return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? -EBADMSG : -errno;
        return 0;
}

static int read_chain(Live *live)
{
        _cleanup_free_ char *text = NULL;
        size_t length, at;
        int r;

        r = live_read(live, FULLCHAIN_FILE, &text, &length);
        if (r < 0)
                return r == -EFBIG ? -EBADMSG : r;
        r = chain_parse(text, length, &live->chain, &at);
        return r > 0 ? -EBADMSG : r;
}

static int describe_leaf(Live *live)
{
        X509 *leaf = chain_get(live->chain, 0);
        CertificateSummary summary = {};
        int r;

        r = certificate_summarize(leaf, &summary);
        if (r < 0)
                return r;
        live->fingerprint = TAKE_PTR(summary.fingerprint);
        live->serial = TAKE_PTR(summary.serial);
        live->is_placeholder = certificate_is_placeholder(leaf);
        certificate_summary_done(&summary);
        return 0;
}

int live_open(const char *root, const char *name, Live **ret)
{
        _cleanup_(live_freep) Live *live = calloc(1, sizeof(Live));
        int r;

        if (!live)
                return -ENOMEM;
        live->dir_fd = -EBADF;
        r = live_generation(root, name, &live->generation);
        if (r == 0)
                r = open_generation(root, name, live);
        if (r == 0)
                r = read_chain(live);
        if (r == 0)
                r = describe_leaf(live);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(live);
        return 0;
}

bool live_has_key(const Live *live)
{
        return faccessat(live->dir_fd, PRIVKEY_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int live_read(const Live *live, const char *file, char **ret, size_t *ret_length)
{
        size_t max = streq(file, PRIVKEY_FILE) ? LIVE_KEY_BYTES_MAX : CHAIN_BYTES_MAX;
        int r;

        assert(streq(file, PRIVKEY_FILE) || streq(file, CERT_FILE) || streq(file, CHAIN_FILE) ||
               streq(file, FULLCHAIN_FILE));
        r = file_read(live->dir_fd, file, max, O_NOFOLLOW, ret, ret_length);
        return r == -ENOENT || r == -ELOOP ? -EBADMSG : r;
}
