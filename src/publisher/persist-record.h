/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The record of dns-persist-01 (draft-ietf-acme-dns-persist section 4), a TXT record of
 * _validation-persist.NAME in the form of a CAA issue value (RFC 8659 section 4.2):
 *
 *     ca.example; accounturi=https://ca.example/acct/1; policy=wildcard; persistUntil=1800000000 */

#include "base/time-util.h"

#define PERSIST_RECORD_MAX 1024U

typedef struct PersistRecord {
        const char *issuer, *account_uri; /* borrowed from the text */
        bool is_wildcard;
        usec_t until_usec; /* USEC_INFINITY: for good */
} PersistRecord;

/* Letters count as they stand: the draft has CAs that do not mind, and Pebble does. text is cut to
 * pieces. What it says besides is passed over. Return: 0; -EBADMSG. */
int persist_record_parse(char *text, PersistRecord *ret);

/* Does a CA that looks for the one find it in the other? */
bool persist_record_is(const PersistRecord *found, const PersistRecord *wanted, usec_t now_usec);
