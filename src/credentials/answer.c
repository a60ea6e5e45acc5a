/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An answer is the credential's bytes and the end of the connection; there is no way to say no.
 * systemd (seen with 252, 257 and 262) takes an end without bytes for an empty credential, and the
 * unit starts with an empty key. What it does not take is more than a credential may have: then
 * the start fails (status 243, CREDENTIALS). So that is what a refusal sends, and before the end
 * of the connection, whatever happens, one of the two is sent whole.
 *
 * One answer is rightly empty: the chain of a certificate that nobody else has signed. */

#include <sys/socket.h>

#include "credentials/answer.h"

/* Appends one file of the generation. */
static int append(const Live *live, const char *file, char **text, size_t *length)
{
        _cleanup_(erase_and_freep) char *more = NULL;
        size_t n;
        char *both;
        int r;

        r = live_read(live, file, &more, &n);
        if (r < 0)
                return r;
        if (!*text) {
                *text = TAKE_PTR(more);
                *length = n;
                return 0;
        }
        /* Not realloc(), which leaves a copy behind. */
        both = malloc(*length + n + 1);
        if (!both)
                return -ENOMEM;
        memcpy(both, *text, *length);
        memcpy(both + *length, more, n + 1);
        erase_and_freep(text);
        *text = both;
        *length += n;
        return 0;
}

int answer_make(const Live *live, Credential credential, char **ret, size_t *ret_length)
{
        static const char *const files[CREDENTIAL_MAX][2] = {
                        [CREDENTIAL_KEY] = {PRIVKEY_FILE},
                        [CREDENTIAL_BUNDLE] = {PRIVKEY_FILE, FULLCHAIN_FILE},
                        [CREDENTIAL_CERTIFICATE] = {CERT_FILE},
                        [CREDENTIAL_CHAIN] = {CHAIN_FILE},
                        [CREDENTIAL_FULL_CHAIN] = {FULLCHAIN_FILE},
        };
        _cleanup_(erase_and_freep) char *text = NULL;
        size_t length = 0;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(files[0]) && files[credential][i]; i++) {
                r = append(live, files[credential][i], &text, &length);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(text);
        *ret_length = length;
        return 0;
}

static int set_patience(int fd)
{
        const struct timeval patience = {.tv_sec = ANSWER_PATIENCE_SEC};

        return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ? -errno
                                                                                        : 0;
}

int answer_send(int fd, const char *text, size_t length)
{
        int r;

        r = set_patience(fd);
        while (r >= 0 && length > 0) {
                ssize_t n = send(fd, text, length, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                text += n;
                length -= (size_t) n;
        }
        return r;
}

int answer_refuse(int fd)
{
        static const char nothing[4096];
        size_t left = ANSWER_REFUSAL_BYTES;
        int r = 0;

        while (r >= 0 && left > 0) {
                size_t n = MIN(left, sizeof(nothing));

                r = answer_send(fd, nothing, n);
                left -= n;
        }
        /* It has had enough, which is what was wanted. */
        return r == -EPIPE || r == -ECONNRESET ? 0 : r;
}
