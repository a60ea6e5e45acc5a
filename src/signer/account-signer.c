/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The signer of one account. Which operation it signs for stands in root's request; the client that
 * knocks talks to the CA about it and can choose nothing but when. */

#include "signer/account-signer.h"

#include "acme/url.h"
#include "base/audit.h"
#include "base/escape.h"
#include "signer/account-import.h"
#include "signer/external-account.h"
#include "signer/policy.h"
#include "varlink/idl-accountsigner.h"

#define DETAIL_BYTES_MAX 16384U
#define DETAIL_STORED_MAX 2048U

/* Is the CA to be asked by one key and then by the other? An imported key is the only one in
 * question. */
static bool is_to_be_asked(const Signer *signer)
{
        return account_key_is_unclear(signer->account) &&
               signer->request->operation != ACCOUNT_IMPORT;
}

static int
method_describe_account(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        _cleanup_json_ struct json_object *object = json_object_new_object();
        Signer *signer = userdata;
        const Config *config = signer->config;
        int r;

        r = policy_admit(signer, call);
        if (r != 0)
                return MIN(r, 0);
        if (!object || json_add_string(object, "name", signer->name) < 0 ||
            json_add_string(object, "ca", config->ca) < 0 ||
            json_add_string(object, "directory", config->directory) < 0 ||
            json_add_strv(object, "origins", config->origins) < 0 ||
            json_add_string(object,
                            "operation",
                            account_operation_to_string(signer->request->operation)) < 0 ||
            json_add_boolean(object, "termsOfServiceAgreed", config->terms_of_service_agreed) < 0 ||
            json_add_boolean(object, "keyUnclear", is_to_be_asked(signer)) < 0 ||
            json_add_boolean(object,
                             "externalAccount",
                             external_account_is_known(config->account)) < 0 ||
            (config->trust && json_add_string(object, "trust", config->trust) < 0) ||
            (account_thumbprint(signer->account) &&
             json_add_string(object, "thumbprint", account_thumbprint(signer->account)) < 0))
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(object));
}

/* The request is done: it is not done again. */
static int finish_request(Signer *signer)
{
        signer->record.request_usec = signer->request->made_usec;
        signer->request->operation = ACCOUNT_SHOW;
        free(TAKE_PTR(signer->record.failure));
        return account_record_write(signer->account, signer->config->ca, &signer->record);
}

static int fail_store(Signer *signer, VarlinkCall *call, int error)
{
        return MIN(policy_store_failed(signer,
                                       call,
                                       error,
                                       "Failed to write to " ACCOUNTS_PATH "/%s",
                                       signer->config->account),
                   0);
}

typedef struct AccountParameters {
        const char *account, *terms_of_service;
        struct json_object *contact, *caa_identities;
} AccountParameters;

static const JsonField found_fields[] = {
                {"account",
                 JSON_STRING,
                 offsetof(AccountParameters, account),
                 ACME_URL_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {"termsOfService",
                 JSON_STRING,
                 offsetof(AccountParameters, terms_of_service),
                 ACME_URL_MAX,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {"contact",
                 JSON_STRING_ARRAY,
                 offsetof(AccountParameters, contact),
                 ACCOUNT_CONTACT_MAX,
                 NULL,
                 JSON_NULLABLE,
                 ACCOUNT_CONTACTS_MAX},
                {"caaIdentities",
                 JSON_STRING_ARRAY,
                 offsetof(AccountParameters, caa_identities),
                 DIRECTORY_CAA_IDENTITY_MAX,
                 directory_caa_identity_is_valid,
                 JSON_NULLABLE,
                 DIRECTORY_CAA_IDENTITIES_MAX},
                {},
};

/* Return: 0, -ENOMEM. */
static int take_list(struct json_object *array, char ***list)
{
        strv_free(TAKE_PTR(*list));
        return array ? json_to_strv(array, list) : 0;
}

/* What the CA says is for people alone, and escaped when it is shown. */
static int remember(Signer *signer, const AccountParameters *p)
{
        AccountRecord *record = &signer->record;

        if (take_list(p->contact, &record->contact) < 0 ||
            take_list(p->caa_identities, &record->caa_identities) < 0)
                return -ENOMEM;
        return free_and_strdup(&record->terms_of_service, p->terms_of_service);
}

static int reply_operation(Signer *signer, VarlinkCall *call)
{
        struct json_object *object = json_object_new_object();

        if (!object ||
            json_add_string(object,
                            "operation",
                            account_operation_to_string(signer->request->operation)) < 0) {
                json_object_put(object);
                return -ENOMEM;
        }
        return varlink_reply(call, object);
}

static int method_found_account(VarlinkCall *call, const void *parameters, void *userdata)
{
        const AccountParameters *p = parameters;
        Signer *signer = userdata;
        bool was_unclear, is_other_key;
        int r;

        r = policy_admit(signer, call);
        if (r == 0)
                r = policy_admit_account(signer, call);
        if (r == 0)
                r = policy_admit_url(signer, call, p->account);
        if (r != 0)
                return MIN(r, 0);
        was_unclear = account_key_is_unclear(signer->account);
        r = signer_found_account(signer, p->account, &is_other_key);
        if (r == 0)
                r = remember(signer, p);
        /* An earlier run, which did not live to hear of it, has changed it. */
        if (r == 0 && was_unclear && is_other_key &&
            signer->request->operation == ACCOUNT_CHANGE_KEY)
                r = finish_request(signer);
        else if (r == 0)
                r = account_record_write(signer->account, signer->config->ca, &signer->record);
        return r < 0 ? fail_store(signer, call, r) : reply_operation(signer, call);
}

/* What becomes of an operation that the CA has done. */
static int complete(Signer *signer)
{
        const char *url = account_url(signer->account);

        switch (signer->request->operation) {
        case ACCOUNT_DEACTIVATE:
                audit(AUDIT_ACCOUNT_DEACTIVATED,
                      "The account is deactivated",
                      {AUDIT_CA, signer->config->ca},
                      {AUDIT_ACCOUNT, url});
                return account_set_deactivated(signer->account);
        case ACCOUNT_CHANGE_KEY: {
                int r = account_take_next_key(signer->account);

                if (r == 0)
                        signer_audit_key_change(signer);
                return r;
        }
        case ACCOUNT_UPDATE:
        case ACCOUNT_AGREE:
                audit(AUDIT_ACCOUNT_UPDATED,
                      "The CA has taken what has changed about the account",
                      {AUDIT_CA, signer->config->ca},
                      {AUDIT_OPERATION, account_operation_to_string(signer->request->operation)},
                      {AUDIT_ACCOUNT, url});
                return 0;
        default:
                return 0;
        }
}

/* Has it a request of its own? */
static bool is_signed(AccountOperation operation)
{
        return operation != ACCOUNT_REGISTER && operation != ACCOUNT_SHOW &&
               operation != ACCOUNT_EXPORT && operation != ACCOUNT_IMPORT;
}

static int method_finish(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        Signer *signer = userdata;
        int r;

        r = policy_admit(signer, call);
        if (r == 0)
                r = policy_admit_account(signer, call);
        if (r == 0 && !signer->has_signed_operation && is_signed(signer->request->operation))
                r = policy_refuse(signer,
                                  call,
                                  "NotRequested",
                                  NULL,
                                  "Refused to take for done what was not signed",
                                  NULL);
        if (r != 0)
                return MIN(r, 0);
        r = complete(signer);
        if (r == 0)
                r = finish_request(signer);
        return r < 0 ? fail_store(signer, call, r) : varlink_reply(call, NULL);
}

typedef struct DetailParameter {
        const char *value;
} DetailParameter;

static const JsonField detail_fields[] = {
                {"detail",
                 JSON_STRING,
                 offsetof(DetailParameter, value),
                 DETAIL_BYTES_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {},
};

static int method_report(VarlinkCall *call, const void *parameters, void *userdata)
{
        const DetailParameter *p = parameters;
        Signer *signer = userdata;
        int r;

        r = policy_admit(signer, call);
        if (r != 0)
                return MIN(r, 0);
        free(signer->record.failure);
        signer->record.failure = escape_message(p->value, strlen(p->value), DETAIL_STORED_MAX);
        if (!signer->record.failure)
                return -ENOMEM;
        r = account_record_write(signer->account, signer->config->ca, &signer->record);
        return r < 0 ? fail_store(signer, call, r) : varlink_reply(call, NULL);
}

#define REQUEST(name)                                                                              \
        {                                                                                          \
                name, request_fields, sizeof(RequestParameters), method_request, DOOR_ACCOUNT      \
        }

static const VarlinkMethod methods[] = {
                {"Describe", NULL, 0, method_describe_account, DOOR_ACCOUNT},
                REQUEST("NewAccount"),
                REQUEST("UpdateAccount"),
                REQUEST("ChangeKey"),
                {"SetAccount",
                 found_fields,
                 sizeof(AccountParameters),
                 method_found_account,
                 DOOR_ACCOUNT},
                {"ForgetAccount", NULL, 0, method_forget_account, DOOR_ACCOUNT},
                {"Finish", NULL, 0, method_finish, DOOR_ACCOUNT},
                {"ReportFailure",
                 detail_fields,
                 sizeof(DetailParameter),
                 method_report,
                 DOOR_ACCOUNT},
                {},
};

static const VarlinkInterface account_signer_interface = {
                .name = ACCOUNT_SIGNER_INTERFACE,
                .description = idl_accountsigner,
                .methods = methods,
};

/* Return: 0, and config_message says what is wrong with it if anything is; -ENOMEM. */
static int load_configuration(Signer *signer)
{
        ConfigError error = {};
        int r;

        r = config_load_account(signer->name, signer->root, &signer->config, &error);
        if (r == CONFIG_E_INVALID)
                r = free_and_strdup(&signer->config_message,
                                    error.message ?: "The configuration is not valid");
        config_error_done(&error);
        return r;
}

/* Return: 0; -errno, also as account_request_read(). */
static int load_request(Signer *signer)
{
        int r;

        r = account_request_read(signer->root, signer->record.request_usec, &signer->request);
        if (r != -EBADMSG)
                return r;
        config_free(TAKE_PTR(signer->config));
        return asprintf(&signer->config_message,
                        "The request in /run/acme/account-request/%s is not understood",
                        signer->name) < 0
                               ? -ENOMEM
                               : 0;
}

/* Root has asked for an account in the place of one that is deactivated, whose key no CA takes
 * again. */
static int begin_anew(Signer *signer)
{
        if (signer->request->operation != ACCOUNT_REGISTER || !signer->request->is_explicit ||
            !account_is_deactivated(signer->account))
                return 0;
        return account_retire_key(signer->account);
}

/* Every call is answered with the message. Return: 0, -ENOMEM. */
static int refuse_all(Signer *signer, const char *message)
{
        config_free(TAKE_PTR(signer->config));
        return free_and_strdup(&signer->config_message, message);
}

/* What is in a token is nobody's here to change. Return: 0, -ENOMEM. */
static int check_token(Signer *signer)
{
        AccountOperation operation = signer->request->operation;
        bool is_anew = operation == ACCOUNT_REGISTER && signer->request->is_explicit &&
                       account_is_deactivated(signer->account);

        if (!signer->config->account_key ||
            (operation != ACCOUNT_CHANGE_KEY && operation != ACCOUNT_IMPORT && !is_anew))
                return 0;
        return refuse_all(signer,
                          "The account's key is in a token, and not acmeward's to change: for "
                          "another one, change AccountKey=");
}

/* Whether the CA knows the key is asked then, and by no other key. Return: 0, -ENOMEM. */
static int begin_import(Signer *signer)
{
        _cleanup_key_ EVP_PKEY *key = NULL;
        EVP_PKEY *own = NULL;
        int r;

        if (signer->request->operation != ACCOUNT_IMPORT)
                return 0;
        r = account_import_read(signer->root, &key);
        if (r < 0)
                return refuse_all(
                                signer,
                                "The key to be imported is no private key in PEM or JWK, without a "
                                "password, of a kind and a size that an account can have");
        if (account_load_key(signer->account, &own) == 0 && EVP_PKEY_eq(own, key) == 1) {
                signer->request->operation = ACCOUNT_SHOW;
                return 0;
        }
        if (own && !signer->request->is_forced)
                return refuse_all(signer,
                                  "The account has another key already; with --force it is kept "
                                  "aside, "
                                  "and the imported one used");
        r = account_import_key(signer->account, key);
        if (r == 0) {
                key = NULL;
                return 0;
        }
        return r == -ENOMEM ? r
                            : refuse_all(signer,
                                         r == -EEXIST ? "It has to be found out first which key "
                                                        "the CA knows: "
                                                        "\"acmectl account show\" with its name "
                                                        "does that"
                                                      : "The key to be imported cannot be written");
}

/* Does nobody else have the key meanwhile? */
static bool is_exclusive(const AccountRequest *request)
{
        switch (request->operation) {
        case ACCOUNT_CHANGE_KEY:
        case ACCOUNT_DEACTIVATE:
        case ACCOUNT_IMPORT:
                return true;
        case ACCOUNT_REGISTER:
                return request->is_explicit;
        default:
                return false;
        }
}

static int open_all(Signer *signer)
{
        int r;

        r = signer_open_account(signer);
        if (r != 0 || signer->store_message)
                return r;
        r = account_record_load(signer->account, &signer->record);
        if (r == 0)
                r = load_request(signer);
        if (r != 0 || !signer->config)
                return r;
        r = signer_load_account(signer, is_exclusive(signer->request));
        if (r == 0 && !signer->config_message)
                r = check_token(signer);
        if (r != 0 || signer->store_message || signer->config_message || signer->account_is_busy)
                return r;
        r = begin_anew(signer);
        return r == 0 ? begin_import(signer) : r;
}

int account_signer_new(sd_event *event,
                       const char *root,
                       const char *name,
                       usec_t (*now)(void),
                       Signer **ret)
{
        _cleanup_(signer_freep) Signer *signer =
                        signer_create(&account_signer_interface, event, root, name, now);
        int r;

        if (!signer)
                return -ENOMEM;
        r = load_configuration(signer);
        if (r == 0 && signer->config)
                r = open_all(signer);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(signer);
        return 0;
}
