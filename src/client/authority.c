/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From one CA to the next. A connection, a directory, nonces, an account and an order are one CA's
 * and go with it; port 80 stays open, and what the run has found out about it stays true. */

#include "state/authority.h"

#include "base/log.h"
#include "client/authority.h"
#include "client/key-types.h"
#include "client/progress.h"

void authority_put_away(Client *c)
{
        http_free(TAKE_PTR(c->http));
        directory_free(TAKE_PTR(c->directory));
        nonces_done(&c->nonces);
        c->nonces = (Nonces){};
        c->nonces_under_way = 0;
        free(TAKE_PTR(c->order));
        c->has_registered_again = false;
}

void authority_guess(Client *c, const State *state)
{
        usec_t requested_usec = check_requested_usec(c->name), now_usec = now_realtime();
        DueReason due = DUE_FIRST;

        if (state)
                due = due_evaluate(&state->certificate, c->config, requested_usec, now_usec);
        config_use_ca(c->config, authority_choose(state, c->config, due, requested_usec, now_usec));
}

static bool is_as_configured(const Client *c, size_t i)
{
        const Config *config = c->config;
        const Description *about = c->about;

        return i < config->n_cas && about->is_dry_run == config->is_dry_run &&
               streq(about->directory, config->cas[i].directory) &&
               (config->identifiers_by_csr ||
                strv_equal(about->identifiers, config->identifiers)) &&
               about->n_challenges == config->n_challenges &&
               memcmp(about->challenges,
                      config->challenges,
                      config->n_challenges * sizeof(config->challenges[0])) == 0;
}

/* The signer alone reads the request, and has refused names that are none. */
static int adopt_names(Client *c)
{
        _cleanup_free_ char *reason = NULL;
        int r;

        r = config_adopt_names(c->config, c->about->identifiers, &reason);
        if (r != CONFIG_E_INVALID)
                return r;
        return failure_set(&c->failure,
                           EXIT_CONFIGURATION,
                           "The signing request that the signer has cannot be followed: %s",
                           reason);
}

int authority_adopt(Client *c)
{
        size_t i = config_find_ca(c->config, c->about->ca);

        if (!is_as_configured(c, i))
                return failure_set(&c->failure,
                                   EXIT_TRY_AGAIN,
                                   "The signer has other identifiers, another CA, or other "
                                   "challenges in its configuration, or one of the two is for a "
                                   "dry run: it has changed while the "
                                   "renewal began, or the signer is on another machine, whose "
                                   "configuration has to say the same");
        if (c->config->identifiers_by_csr) {
                int r = adopt_names(c);

                if (r != 0)
                        return r;
        }
        c->has_account = c->about->account;
        if (!streq(c->config->ca, c->about->ca))
                authority_put_away(c);
        config_use_ca(c->config, i);
        return 0;
}

int authority_take(Client *c)
{
        int r;

        description_free(TAKE_PTR(c->about));
        r = c->signer.is_waiting ? 0 : signer_describe_send(&c->signer);
        if (r != 0)
                return r;
        client_wait_for_room(c, c->signer.client);
        r = signer_describe_receive(&c->signer, &c->about);
        return r == 0 ? authority_adopt(c) : r;
}

int authority_turn(Client *c)
{
        const Failure *f = &c->failure;
        bool is_next = false;
        int r;

        if (!f->is_set || !f->is_of_this_ca || c->config->n_cas < 2)
                return CLIENT_E_FAILED;
        r = signer_next_authority(&c->signer, c->config->ca, f, &is_next);
        if (r != 0 || !is_next)
                return r != 0 ? r : CLIENT_E_FAILED;
        progress("The CA %s is of no use now: %s", c->config->ca, f->message);
        failure_done(&c->failure);
        authority_put_away(c);
        r = authority_take(c);
        c->n_cas_left--;
        patience_turn(&c->patience, now_monotonic(), key_types_shares(c));
        return r;
}
