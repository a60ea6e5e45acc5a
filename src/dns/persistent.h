/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The record of dns-persist-01, for the person who makes it. */

#include "base/macro.h"

/* Notes in the journal that it is there, or, with the reason why it is not, that it has to be made.
 * value: the signer's, fit to be shown. *ret: what to do, owned; NULL when it is there. Return: 0,
 * -ENOMEM. */
int persistent_tell(const char *identifier, const char *value, const char *reason, char **ret);
