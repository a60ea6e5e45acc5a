/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An order (RFC 8555 section 7.1.3) and where it stands (section 7.1.6). */

#include "acme/problem.h"
#include "base/time-util.h"

/* We ask for 100 names at most; a CA may ask for more than one authorization of each. */
#define ORDER_IDENTIFIERS_MAX 100U
#define ORDER_AUTHORIZATIONS_MAX 200U

typedef enum OrderStatus {
        ORDER_PENDING,
        ORDER_READY,
        ORDER_PROCESSING,
        ORDER_VALID,
        ORDER_INVALID,
} OrderStatus;

typedef struct Order {
        struct json_object *object; /* owns the strings */
        OrderStatus status;
        usec_t expires_usec;     /* USEC_INFINITY: not told */
        char **identifiers;      /* in lower case, sorted, each once */
        char **authorizations;   /* URLs, each once; in no order */
        const char *profile;     /* NULL: not told */
        const char *finalize;    /* a URL */
        const char *certificate; /* a URL; NULL but when valid, and then mandatory */
        Problem *error;          /* NULL: none */
} Order;

/* The URLs are of the grammar of url.h; whose they are is for the caller to compare.
 * Return: 0; -EBADMSG, *ret_field then names the member that is missing or wrong, or is NULL or
 * empty when the text is no JSON object; -ENOMEM. */
int order_parse(const char *text, size_t length, Order **ret, const char **ret_field);
void order_free(Order *order);
DEFINE_CLEANUP(Order *, order_free);

const char *order_status_to_string(OrderStatus status);

/* Is it for exactly these names (as in Config: lower case, sorted, each once)? */
bool order_is_for(const Order *order, char *const *identifiers);
