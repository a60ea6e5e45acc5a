/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-account ACCOUNT: one operation on an account with a CA. What is to be done has been said by
 * root to the account's signer, which alone can sign for it; this room has a network connection and
 * no key, and learns it from the signer. */

#include "client/client.h"

#include "acme/account.h"
#include "base/arguments.h"
#include "base/audit.h"
#include "base/escape.h"
#include "base/log.h"
#include "client/account-flow.h"
#include "client/directory-flow.h"
#include "client/progress.h"
#include "client/request.h"

/* What is done to an account, by the signer's words. */
static const struct {
        const char *operation;
        const char *what; /* "Failed to …" */
        RequestKind kind;
} operations[] = {
                {"update", "change the contact of the account", REQUEST_UPDATE_ACCOUNT},
                {"agree", "agree to the CA's terms of service", REQUEST_UPDATE_ACCOUNT},
                {"deactivate", "deactivate the account", REQUEST_UPDATE_ACCOUNT},
                {"changeKey", "change the key of the account", REQUEST_CHANGE_KEY},
};

static int load_config(Client *c, const char *name)
{
        ConfigError error;
        int r;

        r = config_load_account(name, "", &c->config, &error);
        if (r == CONFIG_E_INVALID)
                r = failure_set(&c->failure, EXIT_CONFIGURATION, "%s", error.message);
        config_error_done(&error);
        return r;
}

/* ret_operation: owned by the description. */
static int describe(Client *c, const char **ret_operation)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        const char *field = NULL;
        int r;

        r = signer_call(&c->signer, "Describe", NULL, &reply);
        if (r != 0)
                return r;
        r = description_parse_account(reply.parameters, &c->about, ret_operation, &field);
        if (r == -EBADMSG)
                return failure_set(&c->failure,
                                   EXIT_BUG,
                                   "The signer's description of the account is not understood: %s",
                                   field ?: "");
        return r;
}

/* What the CA says of the account, for the signer to keep; *ret_operation, owned, is what is left
 * to do then. */
static int tell_signer(Client *c, const Request *q, char **ret_operation)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        _cleanup_strv_free_ char **contact = NULL;
        struct json_object *parameters, *operation;
        int r;

        r = account_contact_parse(q->reply.body, q->reply.body_length, &contact);
        if (r < 0)
                return r;
        parameters = json_object_new_object();
        if (!parameters || json_add_string(parameters, "account", q->reply.location) < 0 ||
            json_add_strv(parameters, "contact", contact) < 0 ||
            json_add_strv(parameters, "caaIdentities", c->directory->caa_identities) < 0 ||
            (c->directory->terms_of_service &&
             json_add_string(parameters, "termsOfService", c->directory->terms_of_service) < 0)) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        r = signer_call(&c->signer, "SetAccount", parameters, &reply);
        if (r != 0)
                return r;
        if (!json_object_object_get_ex(reply.parameters, "operation", &operation) ||
            !json_object_is_type(operation, json_type_string))
                return failure_set(&c->failure, EXIT_BUG, "The signer's reply is not understood");
        return free_and_strdup(ret_operation, json_object_get_string(operation));
}

/* By newAccount, whose reply also says how the account is (RFC 8555 section 7.3.1). */
static int find_account(Client *c, char **ret_url, char **operation)
{
        _cleanup_request_ Request q = {};
        int r = 0;

        progress("Asking the CA %s for the account", c->about->ca);
        if (streq(*operation, "register"))
                r = account_check_conditions(c);
        if (r == 0)
                r = account_ask(c, &q);
        if (r == 0)
                r = free_and_strdup(ret_url, q.reply.location);
        return r == 0 ? tell_signer(c, &q, operation) : r;
}

static int operate(Client *c, const char *operation, const char *account_url)
{
        FOREACH_ARRAY (o, operations, ELEMENTSOF(operations)) {
                _cleanup_request_ Request q = {.kind = o->kind, .url = account_url};
                int r;

                if (!streq(o->operation, operation))
                        continue;
                if (o->kind == REQUEST_CHANGE_KEY)
                        q.url = c->directory->key_change;
                if (!q.url)
                        return failure_set(&c->failure,
                                           EXIT_REFUSED,
                                           "The CA %s does not let accounts have other keys",
                                           c->about->ca);
                progress("Asking the CA to %s", o->what);
                r = requests_perform(c, &q, 1);
                if (r == 0 && q.outcome == REQUEST_LOST)
                        return failure_set(
                                        &c->failure,
                                        EXIT_TRY_AGAIN,
                                        "Nobody knows whether the CA has done it; start it again: "
                                        "the CA is asked then");
                if (r != 0 || q.outcome == REQUEST_DONE)
                        return r;
                return request_fail(c, &q, o->what);
        }
        return 0;
}

/* With the CA. */
static int negotiate(Client *c, const char *wanted)
{
        _cleanup_free_ char *url = NULL, *operation = NULL;
        int r;

        r = free_and_strdup(&operation, wanted);
        if (r == 0)
                r = directory_connect(c);
        if (r == 0)
                r = directory_receive(c);
        if (r == 0)
                r = find_account(c, &url, &operation);
        if (r == 0)
                r = operate(c, operation, url);
        if (r == 0)
                progress("The account %s is %s", c->config->account, url);
        return r;
}

static int run(Client *c, const char *name)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        const char *operation;
        int r;

        r = load_config(c, name);
        if (r == 0)
                r = signer_connect_account(&c->signer, &c->failure);
        if (r == 0)
                r = describe(c, &operation);
        if (r == 0 && !streq(operation, "export"))
                r = negotiate(c, operation);
        return r == 0 ? signer_call(&c->signer, "Finish", NULL, &reply) : r;
}

static void report(Client *c)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        struct json_object *parameters = json_object_new_object();

        if (!parameters || json_add_string(parameters, "detail", c->failure.message) < 0) {
                json_object_put(parameters);
                return;
        }
        if (signer_call(&c->signer, "ReportFailure", parameters, &reply) != 0)
                log_warning("The signer could not be told about the failure");
}

static ExitStatus finish_failed(Client *c, const char *name, int r)
{
        _cleanup_free_ char *text = NULL;

        if (r == CLIENT_E_NO_ACCOUNT)
                r = failure_set(&c->failure,
                                EXIT_REFUSED,
                                "There is no account yet; \"acmectl account register\" with its "
                                "name "
                                "makes one");
        else if (!c->failure.is_set)
                r = failure_set(&c->failure,
                                EXIT_BUG,
                                "An internal error: %s",
                                r < 0 ? strerror(-r) : "an outcome that nobody has handled");
        if (r < 0 ||
            asprintf(&text, "Failed to see to the account %s: %s", name, c->failure.message) < 0) {
                text = NULL;
                log_oom();
                return EXIT_BUG;
        }
        if (c->signer.client && !c->signer.is_waiting)
                report(c);
        progress("%s", text);
        audit(AUDIT_FAILED,
              text,
              {AUDIT_REASON, c->failure.message},
              {AUDIT_PROBLEM, c->failure.problem},
              {AUDIT_CA, c->config ? c->config->ca : NULL});
        return c->failure.exit_status;
}

static ExitStatus operate_account(const char *argument)
{
        _cleanup_free_ char *name = escape_foreign(argument, strlen(argument), FOREIGN_TEXT_MAX);
        _cleanup_(client_done) Client c = {};
        int r;

        if (!name)
                return log_oom(), EXIT_BUG;
        patience_init(&c.patience, now_monotonic());
        r = run(&c, argument);
        return r == 0 ? EXIT_DONE : finish_failed(&c, name, r);
}

int main(int argc, char *argv[])
{
        static const char usage[] =
                        "acme-account ACCOUNT\n\n"
                        "Does what root wants done with an account at a CA. Started by\n"
                        "acme-account@ACCOUNT.service, which gives it its door.\n\n"
                        "  -h, --help     show this\n"
                        "      --version  show the version\n\n"
                        "See acme-account(8).\n";
        const char *name;
        int status;

        log_open("acme-account");
        name = arguments_take_name(argc, argv, "acme-account", usage, &status);
        if (!name)
                return status;
        return (int) operate_account(name);
}
