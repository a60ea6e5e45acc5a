/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A CA's renewal information (RFC 9773): when it would have a certificate replaced. */

#include "base/time-util.h"
#include "json/json.h"

/* How long an answer is good for when the CA does not say (section 4.3.2), and between what its
 * Retry-After is held: a CA decides neither that we ask it all day long nor that we never ask
 * again. */
#define RENEWAL_INFO_AGAIN_USEC (6 * USEC_PER_HOUR)
#define RENEWAL_INFO_AGAIN_MIN_USEC USEC_PER_MINUTE
#define RENEWAL_INFO_AGAIN_MAX_USEC USEC_PER_DAY

typedef struct RenewalInfo {
        struct json_object *object;  /* owns the strings */
        usec_t start_usec, end_usec; /* of the suggested window; start is before end */
        const char *explanation;     /* an https URL for people (section 4.2); NULL: none */
} RenewalInfo;

/* Section 4.2. Whether the window makes sense for a certificate is another question:
 * renewal_window_is_sensible().
 * Return: 0; -EBADMSG, *ret_field then names the member that is missing or wrong, or is NULL or
 * empty when the text is no JSON object; -ENOMEM. */
int renewal_info_parse(const char *text, size_t length, RenewalInfo **ret, const char **ret_field);
void renewal_info_free(RenewalInfo *info);
DEFINE_CLEANUP(RenewalInfo *, renewal_info_free);

/* One that begins when the certificate has expired helps nobody. One that has passed, however long
 * ago, means: at once (section 4.2). */
bool renewal_window_is_sensible(const RenewalInfo *info, usec_t not_after_usec);

/* A moment of the window (section 4.2), spread evenly over all certificates and always the same
 * for this one. fingerprint: SHA-256, in hexadecimal. A window that has passed is a moment that has
 * passed. */
usec_t renewal_window_moment(usec_t start_usec, usec_t end_usec, const char *fingerprint);

/* When to ask again. retry_after_usec: the span of the CA's Retry-After; USEC_INFINITY: none. */
usec_t renewal_info_again_usec(usec_t retry_after_usec, usec_t now_usec);
