/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reload and restart, by PID 1 and once per burst.
 *
 * Who has the turn of a unit waits until the burst is over, and reloads for all that wait for the
 * turn behind it; each of them finds that a reload has begun after its own files were in place. A
 * restart counts as a reload, a reload not as a restart. A failure counts for all who waited, too:
 * they would only try the same again. */

#include "deploy/consumer.h"

#include "base/log.h"
#include "base/name.h"
#include "deploy/burst.h"
#include "deploy/turn.h"

/* Whoever has the turn waits for a burst's end first, and for the unit then. */
#define TURN_WAIT_USEC USEC_PER_MINUTE

static const struct {
        const char *setting;
        const char *method;
} kinds[CONSUMER_KIND_MAX] = {
                [CONSUMER_RELOAD] = {"Reload", "ReloadOrRestartUnit"},
                [CONSUMER_RESTART] = {"Restart", "RestartUnit"},
                [CONSUMER_TRY_RELOAD] = {"TryReload", "ReloadOrTryRestartUnit"},
                [CONSUMER_CREDENTIAL] = {"Consumers", "TryRestartUnit"},
};

/* What is to be done, once the unit has been looked at. */
typedef struct Deed {
        const char *method;
        bool is_restart; /* a reload is not enough */
} Deed;

const char *consumer_kind_to_string(ConsumerKind kind)
{
        return kinds[kind].setting;
}

static DeployFailure failure_of(const Consumer *consumer, ExitStatus status, const char *reason)
{
        return (DeployFailure){status, reason, consumer->target, consumer->unit};
}

static int fail_to_ask(Deploy *d, const Consumer *consumer, int error)
{
        char place[DEPLOY_PLACE_MAX];
        DeployFailure failure = failure_of(consumer, EXIT_CONFIGURATION, "unitMissing");

        (void) deploy_place(consumer->target, place);
        if (error == -ENOENT)
                return deploy_fail(d,
                                   &failure,
                                   "Cannot serve %s of %s: there is no such unit. Correct "
                                   "%s=, or install what brings it",
                                   consumer->unit,
                                   place,
                                   consumer_kind_to_string(consumer->kind));
        if (error == -ERFKILL) {
                failure.reason = "unitMasked";
                return deploy_fail(d,
                                   &failure,
                                   "Cannot serve %s of %s: the unit is masked. systemctl "
                                   "unmask it, or take it out of %s=",
                                   consumer->unit,
                                   place,
                                   consumer_kind_to_string(consumer->kind));
        }
        failure = failure_of(consumer,
                             EXIT_TRY_AGAIN,
                             error == -ETIMEDOUT ? "unitHangs" : "unitRefused");
        return deploy_fail(d,
                           &failure,
                           "PID 1 did not get %s of %s to take the new certificate: %s. See "
                           "systemctl status %s; the next run tries again",
                           consumer->unit,
                           place,
                           error == -ETIMEDOUT           ? "it takes too long"
                           : *manager_result(d->manager) ? manager_result(d->manager)
                                                         : strerror(-error),
                           consumer->unit);
}

static int fail_job(Deploy *d, const Consumer *consumer)
{
        const DeployFailure failure = failure_of(consumer, EXIT_TRY_AGAIN, "unitFailed");
        char place[DEPLOY_PLACE_MAX];

        return deploy_fail(d,
                           &failure,
                           "%s of %s did not take the new certificate: its %s failed. See "
                           "systemctl status %s and journalctl -u %s; the next run tries again",
                           consumer->unit,
                           deploy_place(consumer->target, place),
                           consumer->kind == CONSUMER_RESTART ? "restart" : "reload",
                           consumer->unit,
                           consumer->unit);
}

/* From systemd 260 on, a reload may bring new credentials: RefreshOnReload=credentials. */
static bool refreshes_on_reload(Manager *manager, const char *unit)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *what;
        int r;

        r = manager_get_message(manager, unit, "Service.RefreshOnReload", "as", &reply);
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read(reply, "s", &what)) > 0)
                if (streq(what, "credentials"))
                        return true;
        return false;
}

static bool is_running(Manager *manager, const char *unit)
{
        _cleanup_free_ char *state = NULL;

        /* Whoever does not know is served as if it did run. */
        if (manager_get_string(manager, unit, "Unit.ActiveState", &state) < 0)
                return true;
        return !streq(state, "inactive") && !streq(state, "failed");
}

/* It does not run, and PID 1 has a job for it: it is on its way, maybe waiting until this deploy is
 * over (acme-ready@.target), and reads the new files when it comes. Who waited for it here would
 * wait for itself. */
static bool is_about_to_start(Manager *manager, const char *unit)
{
        return !is_running(manager, unit) && manager_has_job(manager, unit) > 0;
}

/* Patience with the job of a unit. A restart takes what the unit wants with it, and when that is
 * acme-ready@.target, which waits for this deploy, the unit is down until we have gone. */
static bool is_not_waiting_for_us(Manager *manager, const void *userdata)
{
        char ready[sizeof("acme-ready@.service") + CERTIFICATE_NAME_MAX];
        const Consumer *consumer = userdata;

        snprintf(ready, sizeof(ready), "acme-ready@%s.service", consumer->certificate);
        return manager_has_job(manager, ready) <= 0 || !is_about_to_start(manager, consumer->unit);
}

/* No failure: what brings it may be installed later, and asks for its credentials then. But a name
 * that is mistyped is missed by nobody until that unit starts the next time. */
static int leave_alone(Manager *manager, const Consumer *consumer)
{
        _cleanup_free_ char *state = NULL;

        if (manager_get_string(manager, consumer->unit, "Unit.LoadState", &state) >= 0 &&
            streq(state, "not-found"))
                log_warning("Consumers= lists %s, but there is no such unit; correct it, if it is "
                            "not to come",
                            consumer->unit);
        return 0;
}

static int leave_to_its_start(const Consumer *consumer)
{
        log_info("%s is about to start, and will have the new certificate then", consumer->unit);
        return 0;
}

static Deed decide(Deploy *d, const Consumer *consumer)
{
        Deed deed = {.method = kinds[consumer->kind].method};

        deed.is_restart = consumer->kind == CONSUMER_RESTART;
        if (consumer->kind == CONSUMER_CREDENTIAL) {
                if (refreshes_on_reload(d->manager, consumer->unit))
                        deed.method = kinds[CONSUMER_TRY_RELOAD].method;
                else
                        deed.is_restart = true;
        }
        return deed;
}

static void tell(Deploy *d, const Consumer *consumer, const Deed *deed)
{
        _cleanup_free_ char *message = NULL;

        if (asprintf(&message,
                     "%s has taken the new certificate (%s)",
                     consumer->unit,
                     deed->method) < 0)
                return (void) log_oom();
        audit(AUDIT_RELOADED,
              message,
              {AUDIT_TARGET, consumer->target},
              {AUDIT_UNIT, consumer->unit},
              {AUDIT_OPERATION, deed->method},
              {AUDIT_SERIAL, d->live->serial},
              {AUDIT_FINGERPRINT, d->live->fingerprint});
}

/* With the turn. */
static int act(Deploy *d, const Consumer *consumer, const Deed *deed, Turn *turn)
{
        usec_t began;
        int r;

        manager_set_deadline(d->manager, now_monotonic() + d->job_usec);
        burst_wait(d->manager, d->config->name);
        if (is_about_to_start(d->manager, consumer->unit))
                return leave_to_its_start(consumer);
        deploy_progress("Waiting for %s", consumer->unit);
        began = now_monotonic();
        manager_set_deadline(d->manager, began + d->job_usec);
        r = manager_job_while(d->manager,
                              deed->method,
                              consumer->unit,
                              is_not_waiting_for_us,
                              consumer);
        if (r == 0 || r == MANAGER_E_LEFT) {
                turn->times.reload_usec = began;
                if (deed->is_restart || r == MANAGER_E_LEFT)
                        turn->times.restart_usec = began;
                tell(d, consumer, deed);
        } else
                turn->times.failed_usec = began;
        if (turn_save(turn) < 0)
                log_warning("Failed to note when %s was reloaded; it may be once more than needed",
                            consumer->unit);
        if (r == MANAGER_E_LEFT)
                return leave_to_its_start(consumer);
        if (r < 0)
                return fail_to_ask(d, consumer, r);
        return r > 0 ? fail_job(d, consumer) : 0;
}

static int take_turn(Deploy *d, const Consumer *consumer, const Deed *deed)
{
        _cleanup_(turn_done) Turn turn = {.fd = -EBADF};
        usec_t served;
        int r;

        r = turn_take(DEPLOY_RUN_DIRECTORY,
                      consumer->unit,
                      now_monotonic() + d->job_usec + TURN_WAIT_USEC,
                      &turn);
        if (r == -ETIMEDOUT)
                return fail_to_ask(d, consumer, r);
        if (r < 0)
                return log_error_errno(r,
                                       "Failed to lock " DEPLOY_RUN_DIRECTORY "/%s",
                                       consumer->unit);
        served = deed->is_restart ? turn.times.restart_usec
                                  : MAX(turn.times.reload_usec, turn.times.restart_usec);
        if (served > consumer->since_usec) {
                log_info("%s has taken the new certificate together with another one",
                         consumer->unit);
                return 0;
        }
        if (turn.times.failed_usec > consumer->since_usec)
                return fail_job(d, consumer);
        return act(d, consumer, deed, &turn);
}

int consumer_serve(Deploy *d, const Consumer *consumer)
{
        Deed deed;
        int r;

        manager_set_deadline(d->manager, now_monotonic() + d->job_usec);
        if (is_about_to_start(d->manager, consumer->unit))
                return leave_to_its_start(consumer);
        if (consumer->kind >= CONSUMER_TRY_RELOAD && !is_running(d->manager, consumer->unit)) {
                if (consumer->kind == CONSUMER_CREDENTIAL)
                        return leave_alone(d->manager, consumer);
                /* Nothing to do; but PID 1 says so when it is masked or missing. */
                r = manager_job(d->manager, kinds[consumer->kind].method, consumer->unit);
                return r < 0 ? fail_to_ask(d, consumer, r) : 0;
        }
        deed = decide(d, consumer);
        burst_pause(d->config->name);
        r = take_turn(d, consumer, &deed);
        burst_resume(d->config->name);
        return r;
}
