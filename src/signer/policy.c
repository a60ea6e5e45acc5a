/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a caller may have. The client is not trusted: it talks to the CA and may have fallen. So a
 * URL must be the CA's, the number of signatures is bounded, and everything else about a request is
 * not the caller's to choose. */

#include "signer/policy.h"

#include <stdarg.h>

#include "acme/url.h"
#include "base/audit.h"
#include "base/log.h"

#define PID_TEXT_MAX 16U

static void note(Signer *signer,
                 VarlinkConnection *connection,
                 const char *operation,
                 const char *reason,
                 const char *message,
                 const char *url)
{
        char pid[PID_TEXT_MAX], unit[DOOR_UNIT_MAX];

        if (signer->refusals == REFUSALS_AUDITED_MAX)
                log_warning("More calls are refused; this run's audit trail stops to count them");
        if (signer->refusals <= REFUSALS_AUDITED_MAX)
                signer->refusals++;
        if (signer->refusals > REFUSALS_AUDITED_MAX)
                return;
        (void) snprintf(pid, sizeof(pid), "%i", (int) varlink_connection_peer_pid(connection));
        audit(AUDIT_REFUSED,
              message,
              {AUDIT_OPERATION, operation},
              {AUDIT_REASON, reason},
              {AUDIT_URL, url},
              {AUDIT_CA, signer->config ? signer->config->ca : NULL},
              {AUDIT_UNIT, door_unit(varlink_connection_door(connection), signer->name, unit)},
              {AUDIT_PEER, pid});
}

void policy_note_refusal(VarlinkConnection *connection,
                         const char *operation,
                         const char *reason,
                         void *userdata)
{
        note(userdata, connection, operation, reason, "Refused a call that is not allowed", NULL);
}

int policy_refuse(Signer *signer,
                  VarlinkCall *call,
                  const char *error,
                  struct json_object *parameters,
                  const char *message,
                  const char *url)
{
        _cleanup_free_ char *name = NULL;
        int r;

        note(signer, varlink_call_connection(call), varlink_call_method(call), error, message, url);
        if (asprintf(&name, "%s.%s", signer->interface->name, error) < 0) {
                name = NULL;
                json_object_put(parameters);
                return -ENOMEM;
        }
        r = varlink_error(call, name, parameters);
        return r < 0 ? r : POLICY_E_REFUSED;
}

/* Return: a new object with one string, NULL without memory. */
static struct json_object *one_string(const char *name, const char *value)
{
        struct json_object *object = json_object_new_object();

        if (object && json_add_string(object, name, value) == 0)
                return object;
        json_object_put(object);
        return NULL;
}

static int answer_store_failed(Signer *signer, VarlinkCall *call, const char *message)
{
        _cleanup_free_ char *name = NULL;
        int r;

        if (asprintf(&name, "%s.StoreFailed", signer->interface->name) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        r = varlink_error_string(call, name, "message", message);
        return r < 0 ? r : POLICY_E_REFUSED;
}

int policy_store_failed(Signer *signer, VarlinkCall *call, int error, const char *format, ...)
{
        _cleanup_free_ char *what = NULL, *message = NULL;
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(&what, format, arguments);
        va_end(arguments);
        if (r < 0) {
                what = NULL;
                return -ENOMEM;
        }
        if (asprintf(&message, "%s: %s", what, strerror(-error)) < 0) {
                message = NULL;
                return -ENOMEM;
        }
        log_error("%s", message);
        return answer_store_failed(signer, call, message);
}

int policy_refuse_configuration(Signer *signer, VarlinkCall *call, const char *message)
{
        return policy_refuse(signer,
                             call,
                             "ConfigurationInvalid",
                             one_string("message", message),
                             message,
                             NULL);
}

int policy_admit(Signer *signer, VarlinkCall *call)
{
        if (signer->config_message)
                return policy_refuse_configuration(signer, call, signer->config_message);
        /* A revocation is never one, since the CA would be the wrong one; and a key that is taken
         * over is for a real one. */
        if (signer->config->is_dry_run &&
            (varlink_connection_door(varlink_call_connection(call)) == DOOR_REVOKE ||
             varlink_connection_door(varlink_call_connection(call)) == DOOR_IMPORT))
                return answer_store_failed(signer,
                                           call,
                                           "A dry run is under way, or configured by DryRun=yes: "
                                           "try again when it is over");
        return signer->store_message ? answer_store_failed(signer, call, signer->store_message) : 0;
}

int policy_admit_account(Signer *signer, VarlinkCall *call)
{
        if (signer->account_is_busy)
                return policy_refuse(
                                signer,
                                call,
                                "AccountBusy",
                                NULL,
                                "Refused to sign for an account while its key is being changed",
                                NULL);
        if (account_is_deactivated(signer->account))
                return policy_refuse(signer,
                                     call,
                                     "AccountDeactivated",
                                     NULL,
                                     "Refused to sign for an account that is deactivated",
                                     NULL);
        return 0;
}

int policy_refuse_url(Signer *signer, VarlinkCall *call, const char *url, const char *message)
{
        return policy_refuse(signer, call, "UrlRefused", one_string("url", url), message, url);
}

int policy_admit_url(Signer *signer, VarlinkCall *call, const char *url)
{
        if (acme_url_has_origin(url, signer->config->origins))
                return 0;
        return policy_refuse_url(signer,
                                 call,
                                 url,
                                 "Refused to sign for a URL that is not the CA's");
}

int policy_admit_signature(Signer *signer, VarlinkCall *call)
{
        size_t n = MAX(strv_length(signer->config->identifiers), signer->n_names);

        if (signer->signatures < SIGNATURE_BUDGET(n)) {
                signer->signatures++;
                return 0;
        }
        return policy_refuse(signer,
                             call,
                             "BudgetExhausted",
                             NULL,
                             "Refused to sign more often than one renewal can need",
                             NULL);
}
