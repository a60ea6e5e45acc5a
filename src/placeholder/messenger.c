/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The way to the signer's door and back. */

#include "placeholder/messenger.h"

#include "base/escape.h"
#include "base/log.h"

#define SIGNER_DOOR "/run/acme/door/signer"

/* The slowest thing that a signer does is an RSA key of 4096 bits on a slow machine. */
#define SIGNER_TIMEOUT_USEC (60 * USEC_PER_SEC)

/* The signer's own words, escaped all the same; it is another room. */
ExitStatus
messenger_tell(const VarlinkReply *reply, const char *what, const char *name, ExitStatus status)
{
        _cleanup_free_ char *shown = NULL;
        struct json_object *value;
        const char *text = reply->error;

        if (json_object_object_get_ex(reply->parameters, "message", &value) &&
            json_object_is_type(value, json_type_string))
                text = json_object_get_string(value);
        shown = escape_foreign(text, strlen(text), FOREIGN_TEXT_MAX);
        log_error("%s for %s: %s", what, name, shown ?: "out of memory");
        return status;
}

ExitStatus
messenger_call(const char *method, const char *what, const char *name, messenger_judge_t judge)
{
        _cleanup_(varlink_client_freep) VarlinkClient *client = NULL;
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        _cleanup_free_ char *full_method = NULL;
        int r;

        if (asprintf(&full_method, SIGNER_INTERFACE "%s", method) < 0) {
                full_method = NULL;
                return log_oom(), EXIT_BUG;
        }
        r = varlink_client_connect(SIGNER_DOOR, &client);
        if (r >= 0)
                r = varlink_client_call(client, full_method, NULL, SIGNER_TIMEOUT_USEC, &reply);
        if (r < 0) {
                log_error_errno(r,
                                "%s for %s, since its signer at " SIGNER_DOOR
                                " cannot be asked; see journalctl -u acme-signer@%s",
                                what,
                                name,
                                name);
                return EXIT_TRY_AGAIN;
        }
        return r == VARLINK_E_ERROR ? judge(&reply, name) : EXIT_DONE;
}
