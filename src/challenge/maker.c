/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is published is the signer's word for word, and it is checked here only for being a file
 * that those who read it can take. */

#include "challenge/maker.h"

#include "acme/server-name.h"
#include "base/base64url.h"

/* token "." thumbprint */
#define KEY_AUTHORIZATION_MAX 256U

/* A throw-away certificate and its key: what they say is fixed, but for a name. */
#define CERTIFICATE_MAX 4096U
#define PEM_MAX 8192U

void made_done(Made *made)
{
        free(made->name);
        free(made->text);
        free(made->answer);
        *made = (Made){};
}

/* RFC 8555 section 8.3: the file's content is what a CA reads. */
static int read_key_authorization(struct json_object *reply, const Wanted *wanted, Made *ret)
{
        const char *text = NULL;
        const JsonField fields[] = {
                        {"keyAuthorization",
                         JSON_STRING,
                         0,
                         KEY_AUTHORIZATION_MAX,
                         .flags = JSON_MANDATORY},
                        {},
        };
        int r;

        r = json_dispatch(reply, fields, &text, 0, NULL);
        if (r < 0)
                return r;
        ret->name = strdup(wanted->token);
        ret->text = strdup(text);
        ret->answer = strdup(text);
        return ret->name && ret->text && ret->answer ? 0 : -ENOMEM;
}

typedef struct RawCertificate {
        const char *pem, *certificate;
} RawCertificate;

static bool is_der(const char *text)
{
        return base64url_is_valid(text, 1, CERTIFICATE_MAX);
}

/* RFC 8737 section 3: the responder finds it by the name that a CA says. */
static int read_certificate(struct json_object *reply, const Wanted *wanted, Made *ret)
{
        static const JsonField fields[] = {
                        {"pem",
                         JSON_STRING,
                         offsetof(RawCertificate, pem),
                         PEM_MAX,
                         NULL,
                         JSON_MANDATORY},
                        {"certificate",
                         JSON_STRING,
                         offsetof(RawCertificate, certificate),
                         CERTIFICATE_MAX,
                         is_der,
                         JSON_MANDATORY},
                        {},
        };
        RawCertificate raw;
        int r;

        r = json_dispatch(reply, fields, &raw, 0, NULL);
        if (r == 0)
                r = acme_server_name(wanted->identifier, &ret->name);
        if (r < 0)
                return r == -EINVAL ? -EBADMSG : r;
        ret->text = strdup(raw.pem);
        ret->answer = strdup(raw.certificate);
        return ret->text && ret->answer ? 0 : -ENOMEM;
}

static const struct {
        const char *method;
        bool has_identifier; /* what is made depends on it */
        int (*read)(struct json_object *reply, const Wanted *wanted, Made *ret);
} kinds[CHALLENGE_TYPE_MAX] = {
                [CHALLENGE_TYPE_HTTP01] = {"KeyAuthorization", false, read_key_authorization},
                [CHALLENGE_TYPE_TLS_ALPN01] = {"ValidationCertificate", true, read_certificate},
};

int maker_make(Maker *maker, const Wanted *wanted, Made *ret, Refusal *refusal)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        _cleanup_(made_done) Made made = {};
        int r;

        r = signer_door_ask(&maker->signer,
                            kinds[maker->type].method,
                            wanted->token,
                            kinds[maker->type].has_identifier ? wanted->identifier : NULL,
                            &reply,
                            refusal);
        if (r < 0 || refusal->error)
                return r;
        r = kinds[maker->type].read(reply.parameters, wanted, &made);
        if (r < 0)
                return r;
        *ret = made;
        made = (Made){};
        return 0;
}

void maker_done(Maker *maker)
{
        signer_door_done(&maker->signer);
}
