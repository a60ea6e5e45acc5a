/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Several CAs. Each has its own count of failures and its own time of the next attempt, kept by its
 * directory: so one that is down costs a renewal its waiting once, and one that has asked to be
 * left alone is. Whoever comes first in CA= is asked first whenever a renewal is due and nothing is
 * held against it; a certificate of another one is kept until then. */

#include "state/authority.h"

_Static_assert(STATE_AUTHORITIES_MAX == CONFIG_CAS_MAX, "each CA has its place");

bool failure_puts_off(const StateFailure *failure,
                      const char *settings,
                      usec_t requested_usec,
                      usec_t now_usec)
{
        /* What a clock that went wrong has promised could be years away. */
        return failure->count > 0 && failure->last_usec <= now_usec &&
               failure->next_attempt_usec > now_usec &&
               failure->next_attempt_usec != USEC_INFINITY &&
               streq_ptr(failure->settings, settings) && requested_usec <= failure->last_usec;
}

static const StateFailure *find_failure(const State *state, const char *directory)
{
        FOREACH_ARRAY (authority, state->authorities, state->n_authorities)
                if (streq_ptr(authority->directory, directory))
                        return &authority->failure;
        return NULL;
}

StateFailure *authority_failure(State *state, const char *directory)
{
        return (StateFailure *) find_failure(state, directory);
}

static void remove_at(State *state, size_t i)
{
        state_authority_done(&state->authorities[i]);
        state->authorities[i] = state->authorities[--state->n_authorities];
        state->authorities[state->n_authorities] = (StateAuthority){};
}

int authority_add(State *state, const Config *config, const char *directory, StateFailure **ret)
{
        StateFailure *failure = authority_failure(state, directory);
        char *copy;

        if (failure) {
                *ret = failure;
                return 0;
        }
        for (size_t i = state->n_authorities; i > 0; i--)
                if (config_find_directory(config, state->authorities[i - 1].directory) ==
                    config->n_cas)
                        remove_at(state, i - 1);
        assert(state->n_authorities < STATE_AUTHORITIES_MAX);
        copy = strdup(directory);
        if (!copy)
                return -ENOMEM;
        state->authorities[state->n_authorities] = (StateAuthority){.directory = copy};
        *ret = &state->authorities[state->n_authorities++].failure;
        return 0;
}

void authority_forget(State *state, const char *directory)
{
        for (size_t i = state->n_authorities; i > 0; i--)
                if (streq_ptr(state->authorities[i - 1].directory, directory))
                        remove_at(state, i - 1);
}

typedef struct Look {
        const State *state;
        const Config *config;
        char *settings;
        usec_t requested_usec, now_usec;
} Look;

static bool is_put_off(const Look *look, size_t i)
{
        const StateFailure *f =
                        look->state ? find_failure(look->state, look->config->cas[i].directory)
                                    : NULL;

        return f && failure_puts_off(f, look->settings, look->requested_usec, look->now_usec);
}

/* Return: n_cas when there is none. */
static size_t first_free(const Look *look, unsigned tried)
{
        size_t i;

        for (i = 0; i < look->config->n_cas; i++)
                if (!(tried & (1U << i)) && !is_put_off(look, i))
                        break;
        return i;
}

/* All are put off. */
static size_t soonest(const State *state, const Config *config)
{
        usec_t best_usec = USEC_INFINITY;
        size_t best = 0;

        for (size_t i = 0; i < config->n_cas; i++) {
                usec_t next_usec = find_failure(state, config->cas[i].directory)->next_attempt_usec;

                if (next_usec < best_usec) {
                        best_usec = next_usec;
                        best = i;
                }
        }
        return best;
}

size_t authority_choose(const State *state,
                        const Config *config,
                        DueReason due,
                        usec_t requested_usec,
                        usec_t now_usec)
{
        Look look = {state, config, NULL, requested_usec, now_usec};
        size_t i = config->n_cas;

        if (config->n_cas < 2 || !state)
                return 0;
        if (due == DUE_NOT)
                i = config_find_directory(config, state->certificate.directory);
        if (i < config->n_cas)
                return i;
        /* Without them nobody is put off. */
        (void) due_settings_fingerprint(config, &look.settings);
        i = first_free(&look, 0);
        free(look.settings);
        return i < config->n_cas ? i : soonest(state, config);
}

size_t authority_next(const State *state,
                      const Config *config,
                      unsigned tried,
                      usec_t requested_usec,
                      usec_t now_usec)
{
        Look look = {state, config, NULL, requested_usec, now_usec};
        size_t i;

        (void) due_settings_fingerprint(config, &look.settings);
        i = first_free(&look, tried);
        free(look.settings);
        return i;
}

usec_t authority_others_span(const State *state,
                             const Config *config,
                             const char *directory,
                             usec_t now_usec)
{
        usec_t least_usec = USEC_INFINITY;

        FOREACH_ARRAY (ca, config->cas, config->n_cas) {
                const StateFailure *f = find_failure(state, ca->directory);

                if (streq(ca->directory, directory))
                        continue;
                if (!f || f->count == 0 || f->next_attempt_usec <= now_usec)
                        return 0;
                least_usec = MIN(least_usec, f->next_attempt_usec - now_usec);
        }
        return least_usec;
}
