/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Orders. Lists come in any order and are compared as sets (RFC 8555 section 7.1.3 promises none).
 */

#include "acme/order.h"

#include "acme/identifier.h"
#include "acme/timestamp.h"
#include "acme/url.h"

static const char *const status_names[] = {
                [ORDER_PENDING] = "pending",
                [ORDER_READY] = "ready",
                [ORDER_PROCESSING] = "processing",
                [ORDER_VALID] = "valid",
                [ORDER_INVALID] = "invalid",
};

/* What the table fills, before it is understood. */
typedef struct RawOrder {
        const char *status;
        const char *expires;
        struct json_object *identifiers;
        struct json_object *authorizations;
        struct json_object *error;
        const char *profile;
        const char *finalize;
        const char *certificate;
} RawOrder;

static const JsonField fields[] = {
                {"status", JSON_STRING, offsetof(RawOrder, status), 32, NULL, JSON_MANDATORY},
                {"expires", JSON_STRING, offsetof(RawOrder, expires), 64, NULL, JSON_NULLABLE},
                {"identifiers",
                 JSON_ARRAY,
                 offsetof(RawOrder, identifiers),
                 0,
                 NULL,
                 JSON_MANDATORY,
                 ORDER_IDENTIFIERS_MAX},
                {"authorizations",
                 JSON_STRING_ARRAY,
                 offsetof(RawOrder, authorizations),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_MANDATORY,
                 ORDER_AUTHORIZATIONS_MAX},
                {"profile", JSON_STRING, offsetof(RawOrder, profile), 0, NULL, JSON_NULLABLE},
                {"finalize",
                 JSON_STRING,
                 offsetof(RawOrder, finalize),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_MANDATORY},
                {"certificate",
                 JSON_STRING,
                 offsetof(RawOrder, certificate),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_NULLABLE},
                {"error", JSON_OBJECT, offsetof(RawOrder, error), 0, NULL, JSON_NULLABLE},
                {},
};

static int parse_identifiers(struct json_object *array, char ***ret)
{
        _cleanup_strv_free_ char **list = NULL;
        size_t n = json_object_array_length(array);
        int r;

        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *name = NULL;

                r = acme_identifier_parse(json_object_array_get_idx(array, i), &name);
                if (r < 0)
                        return r;
                r = strv_append(&list, name);
                if (r < 0)
                        return r;
        }
        if (!list)
                return -EBADMSG;
        strv_sort_unique(list);
        *ret = TAKE_PTR(list);
        return 0;
}

static int parse_status(const char *name, OrderStatus *ret)
{
        for (size_t i = 0; i < ELEMENTSOF(status_names); i++)
                if (streq(name, status_names[i])) {
                        *ret = (OrderStatus) i;
                        return 0;
                }
        return -EBADMSG;
}

/* Return: as order_parse(); *field names the member under the eye. */
static int understand(const RawOrder *raw, Order *o, const char **field)
{
        int r;

        *field = "status";
        r = parse_status(raw->status, &o->status);
        if (r < 0)
                return r;

        *field = "expires";
        o->expires_usec = USEC_INFINITY;
        if (raw->expires && acme_timestamp_parse(raw->expires, &o->expires_usec) < 0)
                return -EBADMSG;

        *field = "identifiers";
        r = parse_identifiers(raw->identifiers, &o->identifiers);
        if (r < 0)
                return r;

        *field = "authorizations";
        r = json_to_strv(raw->authorizations, &o->authorizations);
        if (r < 0)
                return r;
        strv_sort_unique(o->authorizations);

        *field = "certificate";
        if (o->status == ORDER_VALID && !raw->certificate)
                return -EBADMSG;

        *field = "error";
        return raw->error ? problem_from_object(raw->error, &o->error) : 0;
}

int order_parse(const char *text, size_t length, Order **ret, const char **ret_field)
{
        _cleanup_(order_freep) Order *o = NULL;
        RawOrder raw = {};
        int r;

        *ret_field = NULL;
        o = calloc(1, sizeof(*o));
        if (!o)
                return -ENOMEM;
        r = json_parse(text, length, &o->object);
        if (r < 0)
                return r;
        r = json_dispatch(o->object, fields, &raw, JSON_ALLOW_UNKNOWN, ret_field);
        if (r < 0)
                return r;
        r = understand(&raw, o, ret_field);
        if (r < 0)
                return r;
        o->profile = raw.profile;
        o->finalize = raw.finalize;
        o->certificate = raw.certificate;

        *ret = TAKE_PTR(o);
        return 0;
}

void order_free(Order *order)
{
        if (!order)
                return;
        strv_free(order->identifiers);
        strv_free(order->authorizations);
        problem_free(order->error);
        json_object_put(order->object);
        free(order);
}

const char *order_status_to_string(OrderStatus status)
{
        return status_names[status];
}

bool order_is_for(const Order *order, char *const *identifiers)
{
        return strv_equal(order->identifiers, identifiers);
}
