/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A room is begun as early as it is known to be needed: PID 1 starts it while the CA is asked for
 * other things. What is not needed is not touched: no port is opened for a name that is proved by
 * DNS. */

#include "client/proof-flow.h"

#include "base/log.h"
#include "client/alpn-check.h"
#include "client/choice.h"
#include "client/progress.h"
#include "client/request.h"
#include "client/self-check.h"

/* Between two tries to have what another renewal has: a CA looks for some seconds. */
#define BUSY_PAUSE_USEC (500 * USEC_PER_MSEC)

int proofs_begin(Client *c)
{
        STRV_FOREACH (identifier, c->config->identifiers) {
                ChallengeType type = choice_expected(c, *identifier);
                int r;

                /* The configuration has been refused then. */
                if (type == CHALLENGE_TYPE_INVALID)
                        continue;
                r = lease_open_send(c->leases + type, type, *identifier, &c->failure);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int look_at_webroot(Client *c, const Lease *lease, const char *answer)
{
        return self_check(c, lease->token, answer);
}

/* Looks as a CA would at what answers for the lease's token. One row for each type that lets us. */
static int (*const looks[CHALLENGE_TYPE_MAX])(Client *c, const Lease *lease, const char *answer) = {
                [CHALLENGE_TYPE_HTTP01] = look_at_webroot,
                [CHALLENGE_TYPE_TLS_ALPN01] = alpn_check,
};

/* Another certificate's renewal proves one of our identifiers just now. */
static int wait_for_other(Client *c, const Lease *lease)
{
        usec_t now_usec = now_monotonic(), until_usec = now_usec + BUSY_PAUSE_USEC;

        if (!patience_take(&c->patience, now_usec, until_usec))
                return failure_set(
                                &c->failure,
                                EXIT_TRY_AGAIN,
                                "Another certificate with one of these names is being renewed, and "
                                "only one at a time can be looked at through %s",
                                lease_place(lease->type));
        progress("Waiting for another renewal to be done with %s", lease_place(lease->type));
        return requests_pause(c, until_usec);
}

/* Has the room look whether it can publish for the names that it is expected to. */
static int ask_room(Client *c, Lease *lease)
{
        _cleanup_strv_free_ char **names = NULL;

        STRV_FOREACH (identifier, c->config->identifiers) {
                const char *name = startswith(*identifier, "*.") ?: *identifier;
                int r;

                if (choice_expected(c, *identifier) != lease->type || strv_contains(names, name))
                        continue;
                r = strv_append(&names, name);
                if (r < 0)
                        return r;
        }
        return lease_check_send(lease, &c->failure, names);
}

static int await_one(Client *c, Lease *lease)
{
        _cleanup_free_ char *answer = NULL;
        int r;

        if (!lease->client || lease->is_ready)
                return 0;
        progress("Waiting for %s", lease_place(lease->type));
        if (lease_is_checked(lease->type)) {
                r = ask_room(c, lease);
                if (r != 0)
                        return r;
        }
        client_wait_for_room(c, lease->client);
        if (lease_is_checked(lease->type))
                return lease_check_receive(lease, &c->failure);
        while ((r = lease_open_receive(lease, &c->failure, &answer)) == LEASE_E_BUSY) {
                r = wait_for_other(c, lease);
                if (r == 0)
                        r = lease_open_again(lease, &c->failure);
                if (r != 0)
                        return r;
        }
        return r != 0 ? r : looks[lease->type](c, lease, answer);
}

/* What a look has shown not to work from here is no reason to give up, where others can stand in.
 * Return: CLIENT_E_FAILED when they cannot; as every step. */
static int do_without(Client *c, Lease *lease)
{
        ChallengeType type = lease->type;

        if (!choice_can_do_without(c, type))
                return CLIENT_E_FAILED;
        log_warning("%s. Doing without %s, as other types are configured",
                    c->failure.message,
                    challenge_type_to_string(type));
        c->is_ruled_out[type] = true;
        failure_done(&c->failure);
        lease_done(lease);
        return proofs_begin(c);
}

int proofs_await(Client *c)
{
        for (size_t i = 0; i < CHALLENGE_TYPE_MAX;) {
                int r = await_one(c, c->leases + i);

                if (r == CLIENT_E_FAILED) {
                        r = do_without(c, c->leases + i);
                        /* Rooms that have been begun only now may be among the first. */
                        i = 0;
                } else
                        i++;
                if (r != 0)
                        return r;
        }
        return 0;
}

/* Knocks where nothing was expected. */
static int open_rest(Client *c, const Proof *list, size_t n)
{
        FOREACH_ARRAY (proof, list, n) {
                int r = lease_open_send(c->leases + proof->type,
                                        proof->type,
                                        proof->publication.identifier,
                                        &c->failure);

                if (r != 0)
                        return r;
        }
        return proofs_await(c);
}

/* What is for this room. Return: how many; SIZE_MAX without memory. */
static size_t
pick(const Client *c, const Lease *lease, const Proof *list, size_t n, Publication **ret)
{
        size_t n_mine = 0;

        *ret = calloc(n + 1, sizeof(**ret));
        if (!*ret)
                return SIZE_MAX;
        FOREACH_ARRAY (proof, list, n)
                if (c->leases + proof->type == lease)
                        (*ret)[n_mine++] = proof->publication;
        return n_mine;
}

/* Return: 0, *ret says whether there was anything for this room; as every step. */
static int send_to(Client *c, Lease *lease, const Proof *list, size_t n, bool *ret)
{
        _cleanup_free_ Publication *mine = NULL;
        size_t n_mine = pick(c, lease, list, n, &mine);

        if (n_mine == SIZE_MAX)
                return -ENOMEM;
        *ret = n_mine > 0;
        return n_mine > 0 ? lease_publish_send(lease, &c->failure, mine, n_mine) : 0;
}

static int receive_from(Client *c, Lease *lease, const Proof *list, size_t n)
{
        int r;

        while ((r = lease_publish_receive(lease, &c->failure)) == LEASE_E_BUSY) {
                bool is_asked;

                r = wait_for_other(c, lease);
                if (r == 0)
                        r = send_to(c, lease, list, n, &is_asked);
                if (r != 0)
                        return r;
        }
        return r;
}

int proofs_publish(Client *c, const Proof *list, size_t n)
{
        bool is_asked[CHALLENGE_TYPE_MAX] = {};
        int r;

        r = open_rest(c, list, n);
        for (size_t i = 0; r == 0 && i < CHALLENGE_TYPE_MAX; i++)
                r = send_to(c, c->leases + i, list, n, is_asked + i);
        for (size_t i = 0; r == 0 && i < CHALLENGE_TYPE_MAX; i++)
                if (is_asked[i])
                        r = receive_from(c, c->leases + i, list, n);
        return r;
}

int proofs_check(Client *c)
{
        FOREACH_ARRAY (lease, c->leases, CHALLENGE_TYPE_MAX)
                if (lease_is_lost(lease))
                        return lease_fail_lost(lease, &c->failure);
        return 0;
}
