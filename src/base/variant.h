/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files of a certificate that there is twice, with a key of each kind: the first has the plain
 * names, the second one its variant, "rsa" or "ec", before the last extension: privkey.rsa.pem. */

#include "base/macro.h"

/* Longer than any name of a file of ours. */
#define VARIANT_FILE_MAX 64U

/* The name of a file without directories, shorter than VARIANT_FILE_MAX with its variant. variant:
 * NULL for the plain name. Return: buffer. */
const char *
variant_file(const char *file, const char *variant, char buffer[static VARIANT_FILE_MAX]);

/* The same of any path: /etc/x.d/site.pem -> /etc/x.d/site.rsa.pem, /etc/x.d/site ->
 * /etc/x.d/site.rsa. ret: new. Return: 0, -ENOMEM. */
int variant_path(const char *path, const char *variant, char **ret);
