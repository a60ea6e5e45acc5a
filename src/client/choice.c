/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Decides, and does nothing: what a CA offers is a stranger's, what is configured is ours, and only
 * what is in both is done. */

#include "client/choice.h"

#include "state/state.h"

/* Can it be, as far as this machine and the identifier are concerned? */
static bool is_possible(const Client *c, ChallengeType type, const char *identifier)
{
        const char *base = startswith(identifier, "*.");

        return !c->is_ruled_out[type] && challenge_type_can_prove(type, base ?: identifier, base);
}

static bool is_configured(const Client *c, ChallengeType type)
{
        FOREACH_ARRAY (configured, c->config->challenges, c->config->n_challenges)
                if (*configured == type)
                        return true;
        return false;
}

/* The types in the order in which they are tried for this identifier. Return: how many. */
static size_t
rank(const Client *c, const char *identifier, ChallengeType ret[static CHALLENGE_TYPE_MAX])
{
        ChallengeType known = state_challenge(c->known, identifier);
        size_t n = 0;

        if (known != CHALLENGE_TYPE_INVALID && is_configured(c, known))
                ret[n++] = known;
        FOREACH_ARRAY (type, c->config->challenges, c->config->n_challenges)
                if (n == 0 || *type != ret[0])
                        ret[n++] = *type;
        return n;
}

ChallengeType choice_expected(const Client *client, const char *identifier)
{
        ChallengeType types[CHALLENGE_TYPE_MAX];
        size_t n = rank(client, identifier, types);

        for (size_t i = 0; i < n; i++)
                if (is_possible(client, types[i], identifier))
                        return types[i];
        return CHALLENGE_TYPE_INVALID;
}

int choice_identifier(const Authorization *a, char **ret)
{
        if (asprintf(ret, "%s%s", a->is_wildcard ? "*." : "", a->identifier) < 0) {
                *ret = NULL;
                return -ENOMEM;
        }
        return 0;
}

const Challenge *choice_make(const Client *client, const Authorization *a)
{
        _cleanup_free_ char *identifier = NULL;
        ChallengeType types[CHALLENGE_TYPE_MAX];
        size_t n;

        if (choice_identifier(a, &identifier) < 0)
                return NULL;
        n = rank(client, identifier, types);
        for (size_t i = 0; i < n; i++) {
                const Challenge *challenge = authorization_challenge(a, types[i]);

                if (challenge && is_possible(client, types[i], identifier))
                        return challenge;
        }
        return NULL;
}

bool choice_can_do_without(Client *client, ChallengeType type)
{
        bool was_ruled_out = client->is_ruled_out[type], can = true;

        client->is_ruled_out[type] = true;
        STRV_FOREACH (identifier, client->config->identifiers)
                can = can && choice_expected(client, *identifier) != CHALLENGE_TYPE_INVALID;
        client->is_ruled_out[type] = was_ruled_out;
        return can;
}

int choice_remember(Client *client)
{
        STRV_FOREACH (identifier, client->config->identifiers) {
                ChallengeType types[CHALLENGE_TYPE_MAX];
                ChallengeType type = state_challenge(client->proved, *identifier);
                int r;

                if (type == CHALLENGE_TYPE_INVALID || rank(client, *identifier, types) == 0 ||
                    type == types[0])
                        continue;
                r = signer_set_challenge(&client->signer, *identifier, type);
                if (r != 0)
                        return r;
        }
        return 0;
}

/* The one that the CA has looked at, in vain; CHALLENGE_TYPE_INVALID when it does not say. */
static ChallengeType failed_type(const Authorization *a)
{
        for (size_t i = 0; i < a->n_challenges; i++)
                if (a->challenges[i]->type != CHALLENGE_TYPE_INVALID &&
                    a->challenges[i]->status == CHALLENGE_INVALID)
                        return a->challenges[i]->type;
        return CHALLENGE_TYPE_INVALID;
}

/* Of those that are configured, in a circle. */
static ChallengeType next_type(const Client *c, const char *identifier, ChallengeType failed)
{
        size_t n = c->config->n_challenges, at = 0;

        while (at < n && c->config->challenges[at] != failed)
                at++;
        for (size_t i = 1; at < n && i < n; i++) {
                ChallengeType type = c->config->challenges[(at + i) % n];

                if (is_possible(c, type, identifier))
                        return type;
        }
        return CHALLENGE_TYPE_INVALID;
}

int choice_try_another(Client *client, const Authorization *a)
{
        _cleanup_free_ char *identifier = NULL;
        ChallengeType type;
        int r;

        r = choice_identifier(a, &identifier);
        if (r < 0)
                return r;
        type = next_type(client, identifier, failed_type(a));
        return type == CHALLENGE_TYPE_INVALID
                               ? 0
                               : signer_set_challenge(&client->signer, identifier, type);
}

int choice_names(const Client *client, char **ret)
{
        _cleanup_strv_free_ char **names = NULL;

        FOREACH_ARRAY (type, client->config->challenges, client->config->n_challenges) {
                int r = strv_append(&names, challenge_type_to_string(*type));

                if (r < 0)
                        return r;
        }
        return strv_join(names, " ", ret);
}
