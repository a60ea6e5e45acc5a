/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The quick look.
 *
 * state.json is a cache that the signer keeps and everybody may read. It can only make us do less
 * when all is well: whatever is missing, damaged, too old or changed since leads to the real run,
 * whose signer looks at the store itself. */

#include "client/check.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/audit.h"
#include "base/file.h"
#include "base/log.h"
#include "client/lease.h"
#include "client/progress.h"
#include "client/signer.h"

static bool is_fresh(const StateCertificate *certificate, usec_t now_usec)
{
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
            is_fresh(&state->certificate, now_usec)) {
                *ret_until_usec = due_renew_at(state->certificate.not_before_usec,
                                               state->certificate.not_after_usec);
                return CHECK_NOT_DUE;
        }

        failure = &state->failure;
        if (is_timer && failure->count > 0 && failure->next_attempt_usec > now_usec &&
            failure->next_attempt_usec != USEC_INFINITY && streq_ptr(failure->settings, settings) &&
            requested_usec <= failure->last_usec) {
                *ret_until_usec = failure->next_attempt_usec;
                return CHECK_TOO_EARLY;
        }
        return CHECK_RUN;
}

int check_load_state(State **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r;

        *ret = NULL;
        r = file_read(AT_FDCWD, CHECK_STATE_FILE, STATE_BYTES_MAX, O_NOFOLLOW, &text, &length);
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

static void tell(const char *name, CheckVerdict verdict, usec_t until_usec, const State *state)
{
        _cleanup_free_ char *text = NULL;

        if (asprintf(&text,
                     verdict == CHECK_NOT_DUE
                                     ? "Nothing to do for %s: it is due for renewal at %s"
                                     : "Not trying again to renew %s before %s, after a failure",
                     name,
                     FORMAT_TIMESTAMP(until_usec)) < 0) {
                text = NULL;
                log_oom();
                return;
        }
        progress("%s", text);
        audit(AUDIT_NOT_DUE,
              text,
              {AUDIT_NOT_AFTER,
               state->certificate.is_set ? FORMAT_TIMESTAMP(state->certificate.not_after_usec)
                                         : NULL},
              {AUDIT_RETRY_AT, FORMAT_TIMESTAMP(until_usec)});
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

/* A connection that is made and given up: nobody is asked for anything, but PID 1 has seen it, and
 * starts the room. When that fails, the room starts a little later. */
static void knock(const char *door)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = -EBADF;

        assert(strlen(door) < sizeof(address.sun_path));
        strcpy(address.sun_path, door);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                log_debug("Failed to knock at %s", door);
}

ExitStatus check_run(const char *name)
{
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(state_freep) State *state = NULL;
        _cleanup_free_ char *settings = NULL;
        CheckVerdict verdict;
        ConfigError error;
        usec_t until_usec;
        int r;

        r = config_load(name, "", &config, &error);
        config_error_done(&error);
        if (r == 0)
                r = check_load_state(&state);
        if (r == 0)
                r = due_settings_fingerprint(config, &settings);
        if (r != 0)
                return EXIT_DONE;

        verdict = check_decide(state,
                               config,
                               settings,
                               check_requested_usec(config->name),
                               was_triggered_by_timer(),
                               now_realtime(),
                               &until_usec);
        if (verdict == CHECK_RUN) {
                if (check_is_surely_due(config, state)) {
                        knock(CHALLENGE_DOOR);
                        knock(SIGNER_DOOR);
                }
                return EXIT_DONE;
        }
        tell(config->name, verdict, until_usec, state);
        return EXIT_SKIP;
}
