/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The name of a CA that is configured by its directory's URL alone: the name of its account
 * directory. */

#include "base/macro.h"

/* url: valid by acme_url_is_valid(). The name has ca_name_is_valid()'s grammar, begins with the
 * host and differs for different URLs. Return: 0, -EINVAL for a URL that is not valid, -ENOMEM. */
int ca_name_from_url(const char *url, char **ret);
