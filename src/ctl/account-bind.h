/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* acmectl account bind ACCOUNT. */

#include "base/exit-status.h"
#include "base/macro.h"

/* name: of config/account-name.h. is_encrypted: at rest, for this machine. */
ExitStatus account_bind(const char *name, bool is_encrypted);
