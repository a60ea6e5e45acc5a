/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Renewal information. A CA that says nonsense here is not listened to: there is always the
 * lifetime of the certificate to go by. */

#include "acme/renewal-info.h"

#include "acme/timestamp.h"
#include "acme/url.h"

/* "2026-11-23T12:11:25.123456789+00:00", and room. */
#define TIMESTAMP_BYTES_MAX 64U

typedef struct Members {
        struct json_object *window;
        const char *explanation;
} Members;

typedef struct WindowMembers {
        const char *start, *end;
} WindowMembers;

static bool is_timestamp(const char *text)
{
        usec_t usec;

        return acme_timestamp_parse(text, &usec) == 0;
}

static const JsonField fields[] = {
                {"suggestedWindow",
                 JSON_OBJECT,
                 offsetof(Members, window),
                 0,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {"explanationURL",
                 JSON_STRING,
                 offsetof(Members, explanation),
                 0,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {},
};

static const JsonField window_fields[] = {
                {"start",
                 JSON_STRING,
                 offsetof(WindowMembers, start),
                 TIMESTAMP_BYTES_MAX,
                 is_timestamp,
                 JSON_MANDATORY,
                 0},
                {"end",
                 JSON_STRING,
                 offsetof(WindowMembers, end),
                 TIMESTAMP_BYTES_MAX,
                 is_timestamp,
                 JSON_MANDATORY,
                 0},
                {},
};

int renewal_info_parse(const char *text, size_t length, RenewalInfo **ret, const char **ret_field)
{
        _cleanup_(renewal_info_freep) RenewalInfo *info = NULL;
        WindowMembers window = {};
        Members members = {};
        int r;

        *ret_field = NULL;
        info = calloc(1, sizeof(*info));
        if (!info)
                return -ENOMEM;
        r = json_parse(text, length, &info->object);
        if (r == 0)
                r = json_dispatch(info->object, fields, &members, JSON_ALLOW_UNKNOWN, ret_field);
        if (r == 0)
                r = json_dispatch(members.window,
                                  window_fields,
                                  &window,
                                  JSON_ALLOW_UNKNOWN,
                                  ret_field);
        if (r == 0)
                r = acme_timestamp_parse(window.start, &info->start_usec);
        if (r == 0)
                r = acme_timestamp_parse(window.end, &info->end_usec);
        if (r < 0)
                return r;
        if (info->end_usec <= info->start_usec) {
                *ret_field = "end";
                return -EBADMSG;
        }
        /* It is for people, and what is none is no reason to pass over the window. */
        if (members.explanation && acme_url_is_valid(members.explanation))
                info->explanation = members.explanation;
        *ret = TAKE_PTR(info);
        return 0;
}

void renewal_info_free(RenewalInfo *info)
{
        if (!info)
                return;
        json_object_put(info->object);
        free(info);
}

bool renewal_window_is_sensible(const RenewalInfo *info, usec_t not_after_usec)
{
        return info->start_usec < info->end_usec && info->start_usec < not_after_usec;
}

usec_t renewal_window_moment(usec_t start_usec, usec_t end_usec, const char *fingerprint)
{
        char digits[17];

        if (end_usec <= start_usec)
                return start_usec;
        /* It is a digest: any 64 bits of it are as good as chance. */
        snprintf(digits, sizeof(digits), "%s", fingerprint);
        return start_usec + strtoull(digits, NULL, 16) % (end_usec - start_usec);
}

usec_t renewal_info_again_usec(usec_t retry_after_usec, usec_t now_usec)
{
        if (retry_after_usec == USEC_INFINITY)
                retry_after_usec = RENEWAL_INFO_AGAIN_USEC;
        return now_usec +
               MIN(MAX(retry_after_usec, RENEWAL_INFO_AGAIN_MIN_USEC), RENEWAL_INFO_AGAIN_MAX_USEC);
}
