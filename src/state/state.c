/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The state as a struct. What it looks like in the file is in state-parse.c and state-format.c. */

#include "state/state.h"

int state_new(State **ret)
{
        State *state = calloc(1, sizeof(State));

        if (!state)
                return -ENOMEM;
        *ret = state;
        return 0;
}

void state_certificate_done(StateCertificate *certificate)
{
        free(certificate->generation);
        free(certificate->serial);
        free(certificate->fingerprint);
        free(certificate->issuer);
        strv_free(certificate->identifiers);
        free(certificate->key_type);
        free(certificate->key_source);
        free(certificate->directory);
        free(certificate->ca);
        strv_free(certificate->wishes);
        free(certificate->renewal_info.explanation);
        free(certificate->revocation.reason);
        *certificate = (StateCertificate){};
}

void state_order_done(StateOrder *order)
{
        free(order->url);
        strv_free(order->identifiers);
        free(order->directory);
        strv_free(order->wishes);
        *order = (StateOrder){};
}

void state_failure_done(StateFailure *failure)
{
        free(failure->problem);
        free(failure->detail);
        free(failure->settings);
        *failure = (StateFailure){};
}

void state_authority_done(StateAuthority *authority)
{
        free(authority->directory);
        state_failure_done(&authority->failure);
        *authority = (StateAuthority){};
}

void state_free(State *state)
{
        if (!state)
                return;
        state_certificate_done(&state->certificate);
        state_order_done(&state->order);
        state_failure_done(&state->failure);
        strv_free(state->challenges);
        strv_free(state->issuers);
        FOREACH_ARRAY (authority, state->authorities, state->n_authorities)
                state_authority_done(authority);
        free(state->thumbprint);
        free(state);
}

/* The type in a word "TYPE IDENTIFIER" of this identifier; CHALLENGE_TYPE_INVALID of another. */
static ChallengeType type_of(const char *word, const char *identifier)
{
        const char *blank = strchr(word, ' ');
        char name[CHALLENGE_TYPE_NAME_MAX];

        if (!blank || !streq(blank + 1, identifier) || (size_t) (blank - word) >= sizeof(name))
                return CHALLENGE_TYPE_INVALID;
        (void) snprintf(name, sizeof(name), "%.*s", (int) (blank - word), word);
        return challenge_type_from_string(name);
}

ChallengeType state_challenge(char *const *challenges, const char *identifier)
{
        for (size_t i = 0; challenges && challenges[i]; i++) {
                ChallengeType type = type_of(challenges[i], identifier);

                if (type != CHALLENGE_TYPE_INVALID)
                        return type;
        }
        return CHALLENGE_TYPE_INVALID;
}

int state_set_challenge(char ***challenges, const char *identifier, ChallengeType type)
{
        _cleanup_free_ char *text = NULL;

        if (asprintf(&text, "%s %s", challenge_type_to_string(type), identifier) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        STRV_FOREACH (word, *challenges)
                if (type_of(*word, identifier) != CHALLENGE_TYPE_INVALID) {
                        free(*word);
                        *word = TAKE_PTR(text);
                        return 0;
                }
        return strv_append(challenges, text);
}

const char *state_issuer(const State *state, const char *fingerprint)
{
        STRV_FOREACH (word, state->issuers) {
                const char *rest = startswith(*word, fingerprint);

                if (rest && *rest == ' ')
                        return rest + 1;
        }
        return NULL;
}

int state_add_issuer(State *state, const char *fingerprint, const char *directory)
{
        _cleanup_free_ char *text = NULL;
        size_t n = strv_length(state->issuers);

        if (state_issuer(state, fingerprint))
                return 0;
        if (asprintf(&text, "%s %s", fingerprint, directory) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        if (n < STATE_ISSUERS_MAX)
                return strv_append(&state->issuers, text);
        free(state->issuers[0]);
        memmove(state->issuers, state->issuers + 1, (n - 1) * sizeof(char *));
        state->issuers[n - 1] = TAKE_PTR(text);
        return 0;
}
