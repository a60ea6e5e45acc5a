/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Dynamic updates (RFC 2136) with TSIG (RFC 8945), by nsupdate. */

#include "config/dns-publisher.h"
#include "publisher/place.h"
#include "publisher/report.h"

typedef enum UpdateAction {
        UPDATE_CHECK, /* asks for nothing: is the key taken? */
        UPDATE_PRESENT,
        UPDATE_CLEANUP,
} UpdateAction;

/* value: NULL for a check. Return: 0; PUBLISH_E_FAILED, PUBLISH_E_REFUSED; -errno. */
int update_send(const DnsPublisher *publisher,
                UpdateAction action,
                const Place *place,
                const char *value);
