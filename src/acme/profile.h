/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kinds of certificates that a CA has (draft-ietf-acme-profiles): their names. */

#include "base/macro.h"

#define ACME_PROFILE_MAX 64U

/* Letters, digits, '.', '_', '-'. */
bool acme_profile_is_valid(const char *name);
