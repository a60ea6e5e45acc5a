/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/profile.h"

bool acme_profile_is_valid(const char *name)
{
        size_t n = strspn(name,
                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

        return n > 0 && n <= ACME_PROFILE_MAX && name[n] == '\0';
}
