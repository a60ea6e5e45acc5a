/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The NAME of a certificate: the instance of its units, and a file name. */

#include "base/macro.h"

#define CERTIFICATE_NAME_MAX 64U

/* The grammar, for error messages. */
#define CERTIFICATE_NAME_GRAMMAR "[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?"

bool certificate_name_is_valid(const char *name);

/* The name of a CA's file in ca.d, and of its account directory: as a certificate's. */
bool ca_name_is_valid(const char *name);
