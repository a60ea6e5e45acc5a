/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What may be answered: the key authorization of a token that is public now. */

#include "base/macro.h"

/* token "." thumbprint (RFC 8555 section 8.1); the thumbprint is a SHA-256 in base64url, and a
 * longer digest would fit. */
#define KEY_AUTHORIZATION_MAX 256U

/* The path of a request (RFC 8555 section 8.3), as it stands in the request line.
 * Return: the token in it, if it is one by its grammar; NULL. */
const char *token_of_path(const char *path);

/* What token_file_read() falls back to where [WebRoot] Stateless= is yes: the challenge room writes
 * it, beside the tokens, and no token has such a name. */
#define THUMBPRINT_FILE ".thumbprint"

/* token: checked. The key authorization of a token that nobody here has published, if it is to be
 * answered for all the same. Return: 0; -ENOENT; -EBADMSG when the file has no thumbprint; -errno.
 */
int thumbprint_file_answer(int directory_fd,
                           const char *token,
                           char ret[static KEY_AUTHORIZATION_MAX + 1],
                           size_t *ret_length);

/* token: checked by token_of_path(). Reads the file of its name; follows no link.
 * Return: 0; -ENOENT; -EBADMSG when the file does not hold this token's key authorization; -errno.
 */
int token_file_read(int directory_fd,
                    const char *token,
                    char ret[static KEY_AUTHORIZATION_MAX + 1],
                    size_t *ret_length);
