/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* DescribeRevocation, Revoke and SetRevocation, at the door of acme-revoke@ alone (RFC 8555
 * section 7.6). What is revoked, why, and by which key is root's word in a file that the caller
 * does not see; a fallen caller can do what root has asked for, or not do it.
 *
 * Before a request leaves, the disk has what must not be forgotten whatever happens next: a key
 * that is said to be compromised is retired, and the live certificate is noted as one that may be
 * revoked by now, and so is due. */

#include "base/audit.h"
#include "base/base64url.h"
#include "base/log.h"
#include "signer/policy.h"
#include "signer/retired.h"
#include "x509/certificate.h"

const JsonField set_revocation_fields[] = {
                {"revoked",
                 JSON_BOOLEAN,
                 offsetof(RevocationParameters, revoked),
                 0,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {},
};

static int refuse(Signer *signer, VarlinkCall *call, RevocationRefusal refusal)
{
        struct json_object *parameters = json_object_new_object();
        _cleanup_free_ char *message = NULL;

        if (asprintf(&message,
                     "Nothing of %s is revoked: %s",
                     signer->name,
                     revocation_refusal_explain(refusal)) < 0)
                message = NULL;
        if (!message || !parameters ||
            json_add_string(parameters, "reason", revocation_refusal_to_string(refusal)) < 0 ||
            json_add_string(parameters, "message", revocation_refusal_explain(refusal)) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        return policy_refuse(signer, call, "RevocationRefused", parameters, message, NULL);
}

/* Into signer->revocation. Return: 0; POLICY_E_REFUSED; -errno. */
static int find(Signer *signer, VarlinkCall *call)
{
        int r;

        revocation_done(&signer->revocation);
        signer->revocation_signed = false;
        r = revocation_find(signer, &signer->revocation);
        if (r > 0)
                return refuse(signer, call, (RevocationRefusal) r);
        if (r < 0 && r != -ENOMEM)
                return policy_store_failed(signer,
                                           call,
                                           r,
                                           "Failed to read what is to be revoked of %s",
                                           signer->name);
        return r;
}

static int add_revocation(struct json_object *object, const Revocation *revocation)
{
        const char *reason = revocation_reason_to_string(revocation->reason);
        struct json_object *o = json_object_new_object();

        if (json_add(object, "revocation", o) < 0 ||
            json_add_string(o, "serial", revocation->serial) < 0 ||
            json_add_string(o, "fingerprint", revocation->fingerprint) < 0 ||
            json_add_integer(o, "notAfter", (int64_t) (revocation->not_after_usec / USEC_PER_SEC)) <
                            0 ||
            (reason && json_add_string(o, "reason", reason) < 0) ||
            json_add_string(o, "key", revocation->key ? "certificate" : "account") < 0)
                return -ENOMEM;
        return json_add_boolean(o, "live", revocation->is_live);
}

/* By the CA that has issued it, with the account there. Where nobody has kept which that was, it is
 * taken to be the one of what is live. */
static int use_issuer(Signer *signer, VarlinkCall *call)
{
        const Config *config = signer->config;
        const char *directory =
                        signer->revocation.directory ?: signer->state->certificate.directory;
        size_t i = config_find_directory(config, directory);
        int r;

        r = signer_use_authority(signer, i < config->n_cas ? i : 0);
        return r == 0 ? policy_admit(signer, call) : r;
}

int method_describe_revocation(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        _cleanup_json_ struct json_object *object = NULL;
        Signer *signer = userdata;
        int r;

        r = policy_admit(signer, call);
        if (r == 0)
                r = find(signer, call);
        if (r == 0)
                r = use_issuer(signer, call);
        if (r != 0)
                return MIN(r, 0);
        object = json_object_new_object();
        if (!object || add_configuration(object, signer) < 0 || add_account(object, signer) < 0 ||
            add_revocation(object, &signer->revocation) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(object));
}

int revoke_choose_key(Signer *signer, VarlinkCall *call, EVP_PKEY **ret)
{
        int r;

        r = find(signer, call);
        /* Root has asked for something else since it was described. */
        if (r == 0 && signer->revocation.directory &&
            !streq(signer->revocation.directory, signer->config->directory))
                return refuse(signer, call, REVOCATION_E_OTHER_CA);
        if (r == 0)
                *ret = signer->revocation.key;
        return r;
}

/* Return: 0; POLICY_E_REFUSED; -errno. */
static int retire_key(Signer *signer, VarlinkCall *call)
{
        int r;

        r = signer_retire_key(signer, signer->revocation.certificate);
        if (r < 0)
                return policy_store_failed(signer,
                                           call,
                                           r,
                                           "Failed to retire the key of the certificate, which is "
                                           "to be revoked for keyCompromise, in " RETIRED_PATH);
        return 0;
}

static int set_asked(State *state, const void *userdata)
{
        StateRevocation *noted = &state->certificate.revocation;
        const Signer *signer = userdata;
        int r;

        if (noted->revoked_usec > 0)
                return 0;
        r = free_and_strdup(&noted->reason, revocation_reason_to_string(signer->revocation.reason));
        if (r == 0)
                noted->asked_usec = signer->now();
        return r;
}

/* From here on nobody knows whether it is revoked, until the CA has said so. Return: 0, -ENOMEM. */
static int note_asked(Signer *signer)
{
        int r;

        if (!signer->revocation.is_live)
                return 0;
        if (signer->revocation.is_other) {
                signer_edit_other_state(signer, set_asked, signer);
                return 0;
        }
        r = set_asked(signer->state, signer);
        if (r == 0 && signer_write_state(signer) == 0)
                (void) signer_sync_state(signer);
        return r;
}

static int make_payload(const Revocation *revocation, char **ret)
{
        _cleanup_free_ char *certificate = NULL;
        struct json_object *payload;
        unsigned char *der = NULL;
        int length;

        length = i2d_X509(revocation->certificate, &der);
        if (length <= 0)
                return -ENOMEM;
        certificate = base64url_encode(der, (size_t) length);
        OPENSSL_free(der);
        payload = json_object_new_object();
        if (!certificate || !payload || json_add_string(payload, "certificate", certificate) < 0 ||
            (revocation->reason != REVOCATION_UNSTATED &&
             json_add_integer(payload, "reason", revocation->reason) < 0)) {
                json_object_put(payload);
                return -ENOMEM;
        }
        return format_payload(payload, ret);
}

int revoke_compose(Signer *signer,
                   VarlinkCall *call,
                   const RequestParameters *p _unused_,
                   char **ret)
{
        int r = 0;

        if (signer->revocation.reason == REVOCATION_KEY_COMPROMISE)
                r = retire_key(signer, call);
        if (r == 0)
                r = note_asked(signer);
        if (r == 0)
                r = make_payload(&signer->revocation, ret);
        signer->revocation_signed = r == 0;
        return r;
}

static void audit_revoked(const Signer *signer)
{
        const Revocation *revocation = &signer->revocation;

        audit(AUDIT_REVOKED,
              revocation->is_live
                              ? "The CA has revoked the certificate that is live: it is due for "
                                "renewal"
                              : "The CA has revoked a certificate",
              {AUDIT_SERIAL, revocation->serial},
              {AUDIT_FINGERPRINT, revocation->fingerprint},
              {AUDIT_REASON, revocation_reason_to_string(revocation->reason)},
              {AUDIT_CA, signer->config->ca});
}

typedef struct Answer {
        const Signer *signer;
        bool is_revoked;
} Answer;

/* The live one may have been replaced since, by a renewal that came in between. */
static int set_answer(State *state, const void *userdata)
{
        StateCertificate *c = &state->certificate;
        const Answer *answer = userdata;

        if (!c->is_set || !streq(c->fingerprint, answer->signer->revocation.fingerprint) ||
            c->revocation.revoked_usec > 0)
                return 0;
        if (answer->is_revoked)
                c->revocation.revoked_usec = answer->signer->now();
        else {
                free(c->revocation.reason);
                c->revocation = (StateRevocation){};
        }
        return 0;
}

static void note_answer(Signer *signer, bool is_revoked)
{
        const Answer answer = {signer, is_revoked};

        if (signer->revocation.is_other)
                return signer_edit_other_state(signer, set_answer, &answer);
        (void) set_answer(signer->state, &answer);
        if (signer_write_state(signer) == 0)
                (void) signer_sync_state(signer);
}

int method_set_revocation(VarlinkCall *call, const void *parameters, void *userdata)
{
        const RevocationParameters *p = parameters;
        Signer *signer = userdata;
        int r;

        r = policy_admit(signer, call);
        if (r == 0 && !signer->revocation_signed)
                r = refuse(signer, call, REVOCATION_E_NOT_REQUESTED);
        if (r != 0)
                return MIN(r, 0);
        note_answer(signer, p->revoked);
        if (p->revoked)
                audit_revoked(signer);
        return varlink_reply(call, NULL);
}
