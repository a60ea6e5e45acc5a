/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Internationalised domain names (IDNA2008, RFC 5890 and 5891). */

#include "base/macro.h"

/* name: UTF-8, or ASCII with A-labels ("xn--…"), or both mixed. What comes out is in A-label form
 * and lower case, but is not checked to be a host name otherwise.
 * Return: 0; IDN_E_INVALID, *ret_reason says why then, a constant; -ENOMEM. */
enum {
        IDN_E_INVALID = 1,
};
int idn_to_ascii(const char *name, char **ret, const char **ret_reason);
