/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Base64 with the URL alphabet and no padding (RFC 4648 section 5, as RFC 7515 section 2 wants). */

#include "base/macro.h"

/* Return: a new NUL-terminated string, NULL without memory. */
char *base64url_encode(const void *data, size_t length);

/* Decodes s, NUL-terminated, into at most max bytes of data. What one group of letters leaves
 * unused has to be 0, so that no two texts are the same bytes. Return: 0; -EBADMSG; -EFBIG. */
int base64url_decode(const char *s, void *data, size_t max, size_t *ret_length);

/* Is s nothing but letters of the alphabet, at least min and at most max of them? */
bool base64url_is_valid(const char *s, size_t min, size_t max);
