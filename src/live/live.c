/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The store seen from outside. The signer, which has no other work, wrote it, and is not believed
 * more than need be: the chain is parsed.
 *
 * Invariant: nothing is written; every file comes from the directory that was opened first. */

#include "live/live.h"

#include <fcntl.h>

#include "base/file.h"
#include "base/strv.h"
#include "base/variant.h"
#include "x509/certificate.h"

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
                r = live->dir_fd = live_generation_open(root, name, live->generation);
        if (r >= 0)
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
        char file[VARIANT_FILE_MAX];

        return faccessat(live->dir_fd,
                         variant_file(PRIVKEY_FILE, live->variant, file),
                         F_OK,
                         AT_SYMLINK_NOFOLLOW) == 0;
}

int live_open_variant(const Live *live, const char *variant, Live **ret)
{
        _cleanup_(live_freep) Live *other = calloc(1, sizeof(Live));
        char file[VARIANT_FILE_MAX];
        int r;

        if (!other)
                return -ENOMEM;
        other->variant = variant;
        other->dir_fd = fcntl(live->dir_fd, F_DUPFD_CLOEXEC, 3);
        if (other->dir_fd < 0)
                return -errno;
        r = free_and_strdup(&other->generation, live->generation);
        if (r < 0)
                return r;
        if (faccessat(other->dir_fd, variant_file(FULLCHAIN_FILE, variant, file), F_OK, 0) < 0)
                return errno == ENOENT ? -ENOENT : -errno;
        r = read_chain(other);
        if (r == 0)
                r = describe_leaf(other);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(other);
        return 0;
}

int live_fingerprints(const Live *live, const char *variant, char **ret)
{
        _cleanup_(live_freep) Live *other = NULL;
        char *text;
        int r;

        r = variant ? live_open_variant(live, variant, &other) : -ENOENT;
        if (r < 0 && r != -ENOENT)
                return r;
        if (asprintf(&text,
                     "%s%s%s",
                     live->fingerprint,
                     other ? " " : "",
                     other ? other->fingerprint : "") < 0)
                return -ENOMEM;
        *ret = text;
        return 0;
}

int live_read(const Live *live, const char *file, char **ret, size_t *ret_length)
{
        char name[VARIANT_FILE_MAX];
        size_t max = streq(file, PRIVKEY_FILE) ? LIVE_KEY_BYTES_MAX : CHAIN_BYTES_MAX;
        int r;

        assert(streq(file, PRIVKEY_FILE) || streq(file, CERT_FILE) || streq(file, CHAIN_FILE) ||
               streq(file, FULLCHAIN_FILE));
        r = file_read(live->dir_fd,
                      variant_file(file, live->variant, name),
                      max,
                      O_NOFOLLOW,
                      ret,
                      ret_length);
        return r == -ENOENT || r == -ELOOP ? -EBADMSG : r;
}
