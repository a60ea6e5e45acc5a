/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The Retry-After header field (RFC 9110 section 10.2.3; RFC 8555 sections 6.6, 7.4, 7.5.1
 * and 8.2). */

#include "base/time-util.h"

/* A CA cannot put us off for longer: with certificates of six days a week is too long already. */
#define RETRY_AFTER_MAX_USEC (7 * USEC_PER_DAY)

/* value: the field's value, from a stranger: delay-seconds or an HTTP-date in one of its three
 * forms (RFC 9110 section 5.6.7). date: the reply's Date field, NULL without one. A date is counted
 * from it, so that a clock of ours that is wrong does no harm, and from now_usec where there is
 * none that can be read; one that has passed is 0. Return: 0, *ret_span_usec is at most
 * RETRY_AFTER_MAX_USEC; -EINVAL when it is neither. */
int retry_after_parse(const char *value, const char *date, usec_t now_usec, usec_t *ret_span_usec);
