/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The name of an account: of its directory below accounts/, and the instance of its units. The
 * first at a CA is called as the CA is, "letsencrypt"; each other has its label behind an '@',
 * which neither a CA's name nor a label can have: "letsencrypt@shop". */

#include "base/name.h"

#define ACCOUNT_NAME_MAX (2U * CERTIFICATE_NAME_MAX + 1U)

/* label: NULL for the first. Both have ca_name_is_valid()'s grammar. Return: 0, -ENOMEM. */
int account_name_format(const char *ca, const char *label, char **ret);

bool account_name_is_valid(const char *name);

/* Takes a valid name apart. ret_label: NULL for the first account. Return: 0; -EINVAL; -ENOMEM. */
int account_name_parse(const char *name, char **ret_ca, char **ret_label);
