/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Of two certificates one can be due and the other not, and one can fail and the other not. What
 * decides is how far an order came: until its names are proved, a failure is one that the other
 * order would have as well, and the CA is not asked twice; after that it is the key's, or the
 * certificate's, and the other one is not to suffer from it. */

#include "client/key-types.h"

#include "base/log.h"
#include "client/authority.h"
#include "state/wishes.h"

/* Is the first certificate there? The second one waits for it. */
static bool has_first(const State *state)
{
        return state && state->certificate.is_set && !state->certificate.is_placeholder;
}

void key_types_note_idle(Client *c, CheckVerdict verdict, usec_t next_usec, usec_t not_after_usec)
{
        if (c->verdict != CHECK_TOO_EARLY)
                c->verdict = verdict;
        c->next_usec = MIN(c->next_usec, next_usec);
        c->not_after_usec = MIN(c->not_after_usec, not_after_usec);
}

/* What has been changed and is for the next certificate to have: who has done it is told. */
static int look_for_changes(Client *c, const State *state)
{
        _cleanup_strv_free_ char **changed = NULL;
        int r;

        if (!state || state->certificate.is_placeholder)
                return 0;
        r = wishes_changed(state->certificate.wishes, c->config, &changed);
        return r < 0 || !changed ? r : strv_join(changed, " ", &c->changed);
}

/* Return: 0, -ENOMEM. */
static int look_at(Client *c, size_t i, State **ret, bool *ret_is_surely_due)
{
        KeyTypeTurn *turn = &c->turns[i];
        int r;

        config_use_key_type(c->config, i);
        r = check_load_state(c->config->variant, ret);
        if (r < 0)
                return r;
        turn->verdict = check_run(c->config, *ret, &turn->next_usec);
        *ret_is_surely_due = turn->verdict == CHECK_RUN && check_is_surely_due(c->config, *ret);
        return 0;
}

/* Return: 0, -ENOMEM. */
static int look_on(Client *c, size_t i, bool *is_running, bool *is_early, bool *ret_is_first_there)
{
        _cleanup_(state_freep) State *state = NULL;
        bool is_surely_due;
        int r;

        r = look_at(c, i, &state, &is_surely_due);
        if (r == 0 && i == 0)
                r = look_for_changes(c, state);
        if (r < 0)
                return r;
        *is_early = *is_early || is_surely_due;
        *ret_is_first_there = i > 0 || has_first(state);
        if (c->turns[i].verdict != CHECK_RUN)
                key_types_note_idle(c,
                                    c->turns[i].verdict,
                                    c->turns[i].next_usec,
                                    state->certificate.is_set ? state->certificate.not_after_usec
                                                              : USEC_INFINITY);
        else if (!*is_running) {
                *is_running = true;
                authority_guess(c, state);
        }
        if (state && !c->known)
                c->known = TAKE_PTR(state->challenges);
        return 0;
}

int key_types_look(Client *c, bool *ret_is_early)
{
        bool is_running = false, is_early = false, is_first_there = true;
        int r = 0;

        c->verdict = CHECK_NOT_DUE;
        c->next_usec = c->not_after_usec = USEC_INFINITY;
        for (size_t i = 0; r == 0 && i < c->config->n_key_types && is_first_there; i++)
                r = look_on(c, i, &is_running, &is_early, &is_first_there);
        config_use_key_type(c->config, 0);
        if (is_running) {
                c->verdict = CHECK_RUN;
                c->next_usec = c->not_after_usec = USEC_INFINITY;
        }
        *ret_is_early = is_early;
        return r;
}

bool key_types_is_put_off(const Client *c)
{
        return c->turns[c->turn].verdict == CHECK_TOO_EARLY;
}

size_t key_types_shares(const Client *c)
{
        return c->n_cas_left + (c->config->n_key_types - 1 - c->turn) * c->config->n_cas;
}

int key_types_next(Client *c)
{
        bool is_next = false;

        /* Who has not been described has not been asked either. */
        if (!c->about || !c->about->has_more_key_types || c->turn + 1 >= c->config->n_key_types ||
            signer_next_key_type(&c->signer, &is_next) != 0 || !is_next)
                return 0;
        config_use_key_type(c->config, ++c->turn);
        c->n_cas_left = c->config->n_cas;
        patience_turn(&c->patience, now_monotonic(), key_types_shares(c));
        free(TAKE_PTR(c->order));
        return 1;
}

void key_types_share_failure(Client *c)
{
        usec_t next_usec;

        if (authority_take(c) == 0 && c->about->due && !key_types_is_put_off(c))
                signer_report_failure(&c->signer, &c->failure, &next_usec);
}
