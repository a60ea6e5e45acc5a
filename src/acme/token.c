/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The grammars of a challenge's token and of a nonce. A token becomes a file's name and part of a
 * URL's path: nothing of either is done before it has passed here, in every room anew. */

#include "acme/token.h"

#include "base/base64url.h"

bool acme_token_is_valid(const char *token)
{
        return token && base64url_is_valid(token, ACME_TOKEN_MIN, ACME_TOKEN_MAX);
}

bool acme_nonce_is_valid(const char *nonce)
{
        return nonce && base64url_is_valid(nonce, 1, ACME_NONCE_MAX);
}
