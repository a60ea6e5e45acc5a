/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The quick look.
 *
 * state.json is a cache that the signer keeps and everybody may read. It can only make us do less
 * when all is well: whatever is missing, damaged, too old or changed since leads to the real run,
 * whose signer looks at the store itself. */

#include "client/check.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/variant.h"
#include "state/authority.h"

static bool is_fresh(const StateCertificate *certificate, const Config *config, usec_t now_usec)
{
        /* The signer has not seen that request. */
        if (config->csr && (config->csr_usec == 0 || config->csr_usec >= certificate->checked_usec))
                return false;
        /* A moment in the future is of a clock that went wrong. */
        return certificate->is_set && certificate->checked_usec <= now_usec &&
               now_usec - certificate->checked_usec < DUE_CHECK_INTERVAL_USEC;
}

CheckVerdict check_decide(const State *state,
                          const Config *config,
                          const char *settings,
                          usec_t requested_usec,
                          bool is_timer,
                          usec_t now_usec,
                          usec_t *ret_until_usec)
{
        const StateFailure *failure;

        if (!state)
                return CHECK_RUN;
        if (due_evaluate(&state->certificate, config, requested_usec, now_usec) == DUE_NOT &&
            is_fresh(&state->certificate, config, now_usec) &&
            !due_is_to_be_asked(&state->certificate, config, now_usec)) {
                *ret_until_usec = due_moment(&state->certificate);
                return CHECK_NOT_DUE;
        }

        failure = &state->failure;
        if (is_timer && failure_puts_off(failure, settings, requested_usec, now_usec)) {
                *ret_until_usec = failure->next_attempt_usec;
                return CHECK_TOO_EARLY;
        }
        return CHECK_RUN;
}

int check_load_state(const char *variant, State **ret)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        size_t length;
        int r;

        *ret = NULL;
        r = variant_path(CHECK_STATE_FILE, variant, &path);
        if (r == 0)
                r = file_read(AT_FDCWD, path, STATE_BYTES_MAX, O_NOFOLLOW, &text, &length);
        if (r >= 0)
                r = state_parse(text, length, ret);
        return r == -ENOMEM ? r : 0;
}

usec_t check_requested_usec(const char *name)
{
        _cleanup_free_ char *path = NULL;
        struct stat st;

        if (asprintf(&path, RENEWAL_REQUEST_DIRECTORY "/%s", name) < 0)
                return 0;
        if (lstat(path, &st) < 0 || st.st_mtim.tv_sec < 0)
                return 0;
        return (usec_t) st.st_mtim.tv_sec * USEC_PER_SEC + (usec_t) st.st_mtim.tv_nsec / 1000;
}

/* PID 1 names the unit that triggered this one (systemd.exec(5), since 252). */
static bool was_triggered_by_timer(void)
{
        const char *unit = getenv("TRIGGER_UNIT");
        size_t n = unit ? strlen(unit) : 0;

        return n > strlen(".timer") && streq(unit + n - strlen(".timer"), ".timer");
}

bool check_is_surely_due(const Config *config, const State *state)
{
        if (!config->terms_of_service_agreed)
                return false;
        return !state || due_evaluate(&state->certificate,
                                      config,
                                      check_requested_usec(config->name),
                                      now_realtime()) != DUE_NOT;
}

CheckVerdict check_run(const Config *config, const State *state, usec_t *ret_until_usec)
{
        _cleanup_free_ char *settings = NULL;

        /* Without them a failure cannot be told from one of other settings: the real run knows. */
        if (due_settings_fingerprint(config, &settings) < 0)
                return CHECK_RUN;
        return check_decide(state,
                            config,
                            settings,
                            check_requested_usec(config->name),
                            was_triggered_by_timer(),
                            now_realtime(),
                            ret_until_usec);
}
