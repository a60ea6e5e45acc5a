/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which certificates there are: those that are configured, and those that have a store. */

#include "base/strv.h"

/* Sorted, each once; what is no certificate's name is passed over. root: put before every path, ""
 * but in tests. Return: 0; -errno. */
int names_list(const char *root, char ***ret);
