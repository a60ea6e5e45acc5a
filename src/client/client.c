/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The beginning of a run, what its steps share, and its end, wherever it comes to that. */

#include "client/client.h"

#include "config/dry-run.h"

int client_load_config(Client *c, const char *name, bool is_run)
{
        ConfigError error;
        int r;

        r = is_run ? config_load_for_run(name, "", now_realtime(), &c->config, &error)
                   : config_load(name, "", &c->config, &error);
        if (r == CONFIG_E_INVALID) {
                config_log_warnings(error.warnings);
                c->is_misconfigured = true;
                r = failure_set(&c->failure, EXIT_CONFIGURATION, "%s", error.message);
        }
        config_error_done(&error);
        if (r == 0)
                c->name = c->config->name;
        return r;
}

void client_done(Client *c)
{
        /* The lease first: port 80 closes while the rest is put away. */
        FOREACH_ARRAY (lease, c->leases, CHALLENGE_TYPE_MAX)
                lease_done(lease);
        strv_free(c->known);
        strv_free(c->proved);
        signer_done(&c->signer);
        description_free(c->about);
        http_free(c->http);
        directory_free(c->directory);
        nonces_done(&c->nonces);
        failure_done(&c->failure);
        free(c->order);
        free(c->changed);
        config_free(c->config);
        *c = (Client){};
}

/* In this time a room is up; whoever takes longer is waited for alone. */
#define ROOM_START_USEC (5 * USEC_PER_SEC)

void client_wait_for_room(Client *c, const VarlinkClient *room)
{
        if (c->http)
                (void) http_wait_for_fd(c->http,
                                        varlink_client_fd(room),
                                        now_monotonic() + ROOM_START_USEC);
}

int client_wait_for_reply(Client *c, usec_t deadline_usec, HttpReply *ret)
{
        int r;

        assert(!c->signer.is_waiting);
        r = http_wait(c->http, signer_fd(&c->signer), deadline_usec, ret);
        return r == -EINTR ? signer_fail_gone(&c->signer, -ECONNRESET) : r;
}
