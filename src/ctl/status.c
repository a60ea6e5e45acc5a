/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acmectl status [--json] [NAME…]: how the certificates are. It reads what everybody may read, and
 * asks PID 1 which units have failed; it starts nothing and writes nothing. One certificate after
 * the other is loaded, judged and printed, so that a thousand cost no more memory than one. */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/name.h"
#include "ctl/names.h"
#include "ctl/overview.h"
#include "ctl/public-state.h"
#include "ctl/unit.h"
#include "ctl/verb.h"
#include "manager/manager.h"

/* Two questions, and one more for each unit that has failed. */
#define TIMEOUT_USEC (30 * USEC_PER_SEC)

#define UNITS "acme-*@*"

enum {
        EXIT_ATTENTION = 1, /* a certificate needs a person */
};

typedef struct Status {
        Manager *manager; /* NULL: PID 1 cannot be asked */
        char **failed, **busy;
        char **names;
        int name_width;
        bool is_json;
        unsigned n_printed, n_attention;
} Status;

static void status_done(Status *status)
{
        manager_free(status->manager);
        strv_free(status->failed);
        strv_free(status->busy);
        strv_free(status->names);
}

/* Without PID 1 there is still something to say. */
static void ask_manager(Status *status)
{
        int r;

        r = manager_new(&status->manager);
        if (r == 0) {
                manager_set_deadline(status->manager, now_monotonic() + TIMEOUT_USEC);
                r = manager_list_busy(status->manager, UNITS, &status->busy);
        }
        if (r == 0)
                r = manager_list_failed(status->manager, UNITS, &status->failed);
        if (r == 0)
                return;
        log_error_errno(r, "Failed to ask PID 1 for the units of certificates");
        manager_free(TAKE_PTR(status->manager));
}

static UnitCondition condition_of(const Status *status, const char *unit)
{
        if (!status->manager)
                return UNIT_UNKNOWN;
        if (strv_contains(status->failed, unit))
                return UNIT_FAILED;
        return strv_contains(status->busy, unit) ? UNIT_RUNNING : UNIT_IDLE;
}

/* Return: 0, -ENOMEM. */
static int fill_runs(const Status *status, Overview *o)
{
        static const char *const prefixes[] = {
                        [OVERVIEW_RENEW] = "acme-renew",
                        [OVERVIEW_DEPLOY] = "acme-deploy",
                        [OVERVIEW_VERIFY] = "acme-verify",
        };

        for (size_t i = 0; i < OVERVIEW_UNIT_MAX; i++) {
                _cleanup_free_ char *unit = unit_of(prefixes[i], o->name);
                OverviewRun *run = &o->runs[i];
                int32_t exit_status = 0;

                if (!unit)
                        return -ENOMEM;
                run->condition = condition_of(status, unit);
                if (run->condition != UNIT_FAILED)
                        continue;
                (void) manager_get_string(status->manager, unit, "Service.StatusText", &run->said);
                if (run->said && !*run->said) {
                        free(run->said);
                        run->said = NULL;
                }
                (void) manager_get(status->manager,
                                   unit,
                                   "Service.ExecMainStatus",
                                   'i',
                                   &exit_status);
                run->exit_status = exit_status;
        }
        return 0;
}

/* Return: 0, -ENOMEM. */
static int fill_enabled(const char *timer, Overview *o)
{
        static const char *const places[] = {"/etc", "/run"};

        FOREACH_ARRAY (place, places, ELEMENTSOF(places)) {
                _cleanup_free_ char *path = NULL;

                if (asprintf(&path, "%s/systemd/system/timers.target.wants/%s", *place, timer) <
                    0) {
                        path = NULL;
                        return -ENOMEM;
                }
                if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                        o->timer_is_enabled = true;
        }
        return 0;
}

/* Return: 0, -ENOMEM. */
static int fill_timers(const Status *status, Overview *o)
{
        char timer[sizeof("acme-renew@.timer") + CERTIFICATE_NAME_MAX];

        (void) snprintf(timer, sizeof(timer), "acme-retry@%s.timer", o->name);
        o->retry_timer = condition_of(status, timer);
        (void) snprintf(timer, sizeof(timer), "acme-renew@%s.timer", o->name);
        o->timer = condition_of(status, timer);
        return fill_enabled(timer, o);
}

static usec_t requested_at(const char *name)
{
        char path[sizeof(RENEWAL_REQUEST_DIRECTORY) + CERTIFICATE_NAME_MAX + 1];
        struct stat st;

        (void) snprintf(path, sizeof(path), RENEWAL_REQUEST_DIRECTORY "/%s", name);
        if (lstat(path, &st) < 0 || st.st_mtim.tv_sec < 0)
                return 0;
        return (usec_t) st.st_mtim.tv_sec * USEC_PER_SEC + (usec_t) st.st_mtim.tv_nsec / 1000;
}

/* Return: 0, -ENOMEM. */
static int print(Status *status, const Overview *o)
{
        _cleanup_json_ struct json_object *object = NULL;
        const char *text;
        int r;

        if (!status->is_json)
                return overview_print(o, stdout, status->name_width);
        r = overview_to_json(o, &object);
        if (r == 0)
                r = json_format(object, &text, NULL);
        if (r == 0)
                printf("%s%s", status->n_printed > 0 ? ",\n" : "", text);
        return r;
}

/* The certificate with the second key type, of which o is the first. Return: 0, -ENOMEM. */
static int judge_second(Overview *o, Config *config, State **state, Overview *ret)
{
        *ret = *o;
        config_use_key_type(config, 1);
        ret->name = key_type_to_string(config->key_type);
        ret->state_error = public_state_load("", o->name, config->variant, state);
        ret->state = *state;
        overview_judge(ret);
        config_use_key_type(config, 0);
        o->second = ret;
        return ret->state_error == -ENOMEM ? -ENOMEM : 0;
}

/* Return: 0, -ENOMEM. */
static int show_one(Status *status, const char *name)
{
        _cleanup_(config_error_done) ConfigError error = {};
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(state_freep) State *state = NULL, *second_state = NULL;
        Overview o = {.name = name, .now_usec = now_realtime()}, second;
        int r;

        r = config_load(name, "", &config, &error);
        if (r < 0)
                return r;
        o.state_error = public_state_load("", name, NULL, &state);
        if (o.state_error == -ENOMEM)
                return -ENOMEM;
        o.config = config;
        o.config_message = error.message;
        o.state = state;
        o.requested_usec = requested_at(name);
        r = fill_timers(status, &o);
        if (r == 0)
                r = fill_runs(status, &o);
        if (r == 0 && config && config->n_key_types > 1)
                r = judge_second(&o, config, &second_state, &second);
        if (r == 0) {
                overview_judge(&o);
                r = print(status, &o);
        }
        FOREACH_ARRAY (run, o.runs, ELEMENTSOF(o.runs))
                free(run->said);
        status->n_printed++;
        status->n_attention += o.attention != 0;
        return r;
}

static ExitStatus show(Status *status)
{
        int r = 0;

        ask_manager(status);
        STRV_FOREACH (name, status->names)
                status->name_width = MAX(status->name_width, (int) strlen(*name));
        if (status->is_json)
                putchar('[');
        else if (status->names)
                overview_print_head(stdout, status->name_width);
        STRV_FOREACH (name, status->names)
                if (r == 0)
                        r = show_one(status, *name);
        if (status->is_json)
                puts("]");
        if (r < 0 || fflush(stdout) != 0) {
                log_error_errno(r < 0 ? r : -errno, "Failed to show the certificates");
                return r < 0 ? EXIT_BUG : EXIT_TRY_AGAIN;
        }
        if (status->n_attention > 0)
                return (ExitStatus) EXIT_ATTENTION;
        return status->manager ? EXIT_DONE : EXIT_TRY_AGAIN;
}

/* Those that the command line names, which have to be among those that there are; without any, all.
 */
static ExitStatus choose(Status *status, char *names[])
{
        _cleanup_strv_free_ char **all = NULL;
        int r;

        r = names_list("", &all);
        if (r < 0) {
                log_error_errno(r, "Failed to list /etc/acme/certs and /var/lib/acme/certs");
                return EXIT_TRY_AGAIN;
        }
        if (!*names) {
                status->names = TAKE_PTR(all);
                return EXIT_DONE;
        }
        STRV_FOREACH (name, names) {
                if (!certificate_name_is_valid(*name))
                        return verb_usage("status");
                if (!strv_contains(all, *name)) {
                        log_error("There is no certificate %s; systemctl start "
                                  "acme-renew@%s.service gets one",
                                  *name,
                                  *name);
                        return EXIT_CONFIGURATION;
                }
                if (strv_append(&status->names, *name) < 0)
                        return log_oom(), EXIT_BUG;
        }
        return EXIT_DONE;
}

ExitStatus verb_status(int argc, char *argv[])
{
        static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {}};
        _cleanup_(status_done) Status status = {.name_width = (int) strlen("NAME")};
        ExitStatus chosen;
        int option;

        while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
                if (option == 'j')
                        status.is_json = true;
                else
                        return verb_usage(argv[0]);
        chosen = choose(&status, argv + optind);
        if (chosen != EXIT_DONE)
                return chosen;
        if (!status.names)
                log_notice("There is no certificate yet: systemctl start acme-renew@NAME.service "
                           "gets the first, with NAME for example www.example.org");
        return show(&status);
}
