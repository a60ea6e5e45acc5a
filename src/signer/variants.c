/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which type of KeyType= is under way. Each has an order, a state and a certificate of its own, and
 * a run goes through them as through the CAs of CA=: the signer begins with the first and goes on
 * when the client is done with it. A fallen client can pass over a type so, which is asked for
 * again by the next run; it cannot go back, or come to one that is not configured. Who knocks next
 * begins with the first again. */

#include "base/log.h"
#include "signer/peer.h"
#include "signer/policy.h"

/* Where it is in key_types. */
static size_t under_way(const Signer *signer)
{
        return signer->config->variant ? 1 : 0;
}

bool signer_has_next_key_type(const Signer *signer)
{
        return under_way(signer) + 1 < signer->config->n_key_types;
}

void signer_choose_variant(const Signer *signer)
{
        const Config *config = signer->config;

        store_use_variant(signer->store,
                          config->variant,
                          config->n_key_types > 1 ? config_variant(config, 1) : NULL);
}

/* What is known of one certificate, as it was before it was looked at. */
static void forget(Signer *signer)
{
        signer->prepare_source = sd_event_source_disable_unref(signer->prepare_source);
        key_maker_free(TAKE_PTR(signer->certificate_maker));
        EVP_PKEY_free(TAKE_PTR(signer->live_key));
        EVP_PKEY_free(TAKE_PTR(signer->pending_key));
        state_free(TAKE_PTR(signer->state));
        free(TAKE_PTR(signer->written_state));
        free(TAKE_PTR(signer->renewal_id));
        signer->key_retired = signer->key_mismatch = false;
        signer->tried = 0;
        signer->signatures = signer->deactivations = 0;
}

int signer_use_key_type(Signer *signer, size_t i)
{
        if (i == under_way(signer))
                return 0;
        if (!signer->store_message && signer_write_state(signer) == 0)
                (void) signer_sync_state(signer);
        forget(signer);
        config_use_key_type(signer->config, i);
        return signer_look(signer);
}

/* Half of what a server wants is not to be installed before the other half: the plain files are
 * there first, and always. A dry run installs neither, and tries out both. */
static bool may_go_on(const Signer *signer)
{
        const StateCertificate *c = &signer->state->certificate;

        return signer_has_next_key_type(signer) &&
               (signer->config->is_dry_run || (c->is_set && !c->is_placeholder));
}

int method_next_key_type(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        _cleanup_json_ struct json_object *reply = json_object_new_object();
        Signer *signer = userdata;
        int r;

        r = policy_admit(signer, call);
        if (r != 0)
                return MIN(r, 0);
        if (!reply)
                return -ENOMEM;
        if (may_go_on(signer)) {
                r = signer_use_key_type(signer, under_way(signer) + 1);
                if (r == 0)
                        r = policy_admit(signer, call);
                if (r == 0)
                        r = json_add_string(reply,
                                            "next",
                                            key_type_to_string(signer->config->key_type));
                if (r != 0)
                        return MIN(r, 0);
        }
        return varlink_reply(call, TAKE_PTR(reply));
}

/* Does edit() on what the store has now; the state of the type under way is not touched. */
static int edit_state(Signer *signer, StateEdit edit, const void *userdata)
{
        _cleanup_(state_freep) State *state = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = store_read_state(signer->store, &state);
        /* A damaged one is set aside by who looks at it next. */
        if (r > 0 || (r == 0 && !state->certificate.is_set))
                return 0;
        if (r == 0)
                r = edit(state, userdata);
        if (r == 0)
                r = state_format(state, &text);
        if (r == 0)
                r = store_write_state(signer->store, text);
        return r == 0 ? store_sync_state(signer->store) : r;
}

int signer_read_other_state(const Signer *signer, State **ret)
{
        const Config *config = signer->config;
        const char *second;
        int r;

        if (config->n_key_types < 2)
                return -ENOENT;
        second = config_variant(config, 1);
        store_use_variant(signer->store, config->variant ? NULL : second, second);
        r = store_read_state(signer->store, ret);
        signer_choose_variant(signer);
        return r > 0 ? -EBADMSG : r;
}

void signer_edit_other_state(Signer *signer, StateEdit edit, const void *userdata)
{
        const Config *config = signer->config;
        const char *second;
        int r;

        if (config->n_key_types < 2)
                return;
        second = config_variant(config, 1);
        store_use_variant(signer->store, config->variant ? NULL : second, second);
        r = edit_state(signer, edit, userdata);
        signer_choose_variant(signer);
        if (r < 0)
                log_warning_errno(r,
                                  "Failed to write the state of the other key type of %s; the next "
                                  "run will know less",
                                  signer->name);
}

static int set_generation(State *state, const void *userdata)
{
        return free_and_strdup(&state->certificate.generation, userdata);
}

void signer_tell_other_generation(Signer *signer, const char *generation)
{
        signer_edit_other_state(signer, set_generation, generation);
}
