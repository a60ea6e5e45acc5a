/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The grammar comes first: a name that reaches openat() has no slash and no dot in it. What is in
 * the file is checked as well, so that a file that got there by mistake is not handed out. */

#include <fcntl.h>

#include "acme/token.h"
#include "base/base64url.h"
#include "base/file.h"
#include "webroot/token-file.h"

#define WELL_KNOWN "/.well-known/acme-challenge/"

/* SHA-256 in base64url without padding (RFC 7638 section 3, RFC 8555 section 8.1). */
#define THUMBPRINT_MIN 43U
/* What is left of a key authorization's length with the longest token. */
#define THUMBPRINT_MAX (KEY_AUTHORIZATION_MAX - ACME_TOKEN_MAX - 1U)

const char *token_of_path(const char *path)
{
        const char *token = startswith(path, WELL_KNOWN);

        return token && acme_token_is_valid(token) ? token : NULL;
}

int token_file_read(int directory_fd,
                    const char *token,
                    char ret[static KEY_AUTHORIZATION_MAX + 1],
                    size_t *ret_length)
{
        _cleanup_free_ char *text = NULL;
        const char *rest;
        size_t length;
        int r;

        r = file_read(directory_fd, token, KEY_AUTHORIZATION_MAX, O_NOFOLLOW, &text, &length);
        if (r == -ELOOP || r == -EFBIG)
                return -EBADMSG;
        if (r < 0)
                return r;
        rest = startswith(text, token);
        if (!rest || *rest != '.' ||
            !base64url_is_valid(rest + 1, THUMBPRINT_MIN, KEY_AUTHORIZATION_MAX))
                return -EBADMSG;
        memcpy(ret, text, length + 1);
        *ret_length = length;
        return 0;
}

int thumbprint_file_answer(int directory_fd,
                           const char *token,
                           char ret[static KEY_AUTHORIZATION_MAX + 1],
                           size_t *ret_length)
{
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r;

        r = file_read(directory_fd, THUMBPRINT_FILE, THUMBPRINT_MAX, O_NOFOLLOW, &text, &length);
        if (r == -ELOOP || r == -EFBIG)
                return -EBADMSG;
        if (r < 0)
                return r;
        if (!base64url_is_valid(text, THUMBPRINT_MIN, THUMBPRINT_MAX))
                return -EBADMSG;
        *ret_length = (size_t) snprintf(ret, KEY_AUTHORIZATION_MAX + 1, "%s.%s", token, text);
        return 0;
}
