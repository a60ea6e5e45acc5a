/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The grammars of small things that a CA sends, checked before anything is done with them. */

#include "base/macro.h"

/* RFC 8555 section 8.1 asks for 128 bits of entropy at least: 22 letters of base64url. */
#define ACME_TOKEN_MIN 22U
#define ACME_TOKEN_MAX 128U

/* RFC 8555 section 6.5.1: base64url; the RFC names no length, and CAs in use stay below 200. */
#define ACME_NONCE_MAX 512U

bool acme_token_is_valid(const char *token);
bool acme_nonce_is_valid(const char *nonce);
