/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The client could name a token of somebody else's order, but not have it answered with somebody
 * else's key (RFC 8555 section 8.1): what is published is the signer's word for word, and it is
 * checked here only for being a file that those who read it can take. */

#include "challenge/maker.h"

#include "acme/server-name.h"
#include "base/base64url.h"
#include "base/time-util.h"

#define SIGNER_INTERFACE "io.acmeward.Signer"

/* One digest, or one key and one signature, made once; the signer may be busy with a request. */
#define SIGNER_TIMEOUT_USEC (10 * USEC_PER_SEC)

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

static int refuse(char **ret_reason, const char *reason)
{
        *ret_reason = strdup(reason);
        return *ret_reason ? MAKER_E_REFUSED : -ENOMEM;
}

/* Return: a new object, NULL without memory. */
static struct json_object *parameters_new(const Maker *maker, const Wanted *wanted)
{
        struct json_object *parameters = json_object_new_object();

        if (parameters && json_add_string(parameters, "token", wanted->token) == 0 &&
            (!kinds[maker->type].has_identifier ||
             json_add_string(parameters, "identifier", wanted->identifier) == 0))
                return parameters;
        json_object_put(parameters);
        return NULL;
}

/* Return: 0; MAKER_E_REFUSED; -ENOMEM. */
static int ask(Maker *maker, const Wanted *wanted, VarlinkReply *ret, char **ret_reason)
{
        struct json_object *parameters = parameters_new(maker, wanted);
        char method[64];
        int r;

        if (!parameters)
                return -ENOMEM;
        if (!maker->signer && varlink_client_connect(maker->signer_path, &maker->signer) < 0) {
                json_object_put(parameters);
                return refuse(ret_reason, "the signer's door is closed");
        }
        (void) snprintf(method, sizeof(method), SIGNER_INTERFACE ".%s", kinds[maker->type].method);
        r = varlink_client_call(maker->signer, method, parameters, SIGNER_TIMEOUT_USEC, ret);
        if (r < 0) {
                varlink_client_free(TAKE_PTR(maker->signer));
                return refuse(ret_reason, strerror(-r));
        }
        return r == VARLINK_E_ERROR ? refuse(ret_reason, ret->error) : 0;
}

int maker_make(Maker *maker, const Wanted *wanted, Made *ret, char **ret_reason)
{
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        _cleanup_(made_done) Made made = {};
        int r;

        r = ask(maker, wanted, &reply, ret_reason);
        if (r == 0)
                r = kinds[maker->type].read(reply.parameters, wanted, &made);
        if (r != 0)
                return r;
        *ret = made;
        made = (Made){};
        return 0;
}

void maker_done(Maker *maker)
{
        varlink_client_free(maker->signer);
}
