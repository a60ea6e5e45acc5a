/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Not ':' between the two, as a target of a deploy has it: BindPaths= would take a path with one
 * apart. */

#include "config/account-name.h"

#define SEPARATOR '@'

int account_name_format(const char *ca, const char *label, char **ret)
{
        if (!label)
                return free_and_strdup(ret, ca);
        free(*ret);
        if (asprintf(ret, "%s%c%s", ca, SEPARATOR, label) < 0) {
                *ret = NULL;
                return -ENOMEM;
        }
        return 0;
}

int account_name_parse(const char *name, char **ret_ca, char **ret_label)
{
        const char *separator = strchr(name, SEPARATOR);
        _cleanup_free_ char *ca = NULL, *label = NULL;

        ca = strndup(name, separator ? (size_t) (separator - name) : strlen(name));
        label = separator ? strdup(separator + 1) : NULL;
        if (!ca || (separator && !label))
                return -ENOMEM;
        if (!ca_name_is_valid(ca) || (label && !ca_name_is_valid(label)))
                return -EINVAL;
        *ret_ca = TAKE_PTR(ca);
        *ret_label = TAKE_PTR(label);
        return 0;
}

bool account_name_is_valid(const char *name)
{
        _cleanup_free_ char *ca = NULL, *label = NULL;

        return account_name_parse(name, &ca, &label) == 0;
}
