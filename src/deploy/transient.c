/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The command line, the directories that may be written to, and the environment, over the bus: they
 * come from the configuration, and so need neither a generator nor a reload of PID 1. PartOf= ends
 * what runs when somebody stops the deploy; who is killed leaves it to its own deadline, and the
 * next run begins by stopping it. */

#include "deploy/transient.h"

#include "base/log.h"
#include "version.h"

#define WRITER LIBEXECDIR "/acme-deploy-write"
#define CERTIFICATES "/var/lib/acme/certs/"
#define PASSWORD_CREDENTIAL "pkcs12-password"

/* TimeoutStartSec= of these units is what bounds them, and may be raised by a drop-in. */
#define RUN_USEC USEC_PER_HOUR

/* What PID 1 exits with when it cannot make the sandbox: systemd.exec(5), "Process Exit Codes". */
#define EXIT_CREDENTIALS 243
#define EXIT_EXEC 203

typedef struct Request {
        const Deploy *d;
        const DeployTarget *target;
} Request;

static const char *const variables[DEPLOY_FILE_MAX] = {
                [DEPLOY_PRIVATE_KEY] = "ACME_PRIVKEY",
                [DEPLOY_BUNDLE] = "ACME_BUNDLE",
                [DEPLOY_PKCS12] = "ACME_PKCS12",
                [DEPLOY_CERTIFICATE] = "ACME_CERT",
                [DEPLOY_CHAIN] = "ACME_CHAIN",
                [DEPLOY_FULL_CHAIN] = "ACME_FULLCHAIN",
};

/* The directories of the target's files. With the "-", one that is missing is for the program to
 * tell. */
static int append_directories(sd_bus_message *m, const DeployTarget *target)
{
        _cleanup_strv_free_ char **list = NULL;
        int r = 0;

        FOREACH_ARRAY (path, target->paths, DEPLOY_FILE_MAX) {
                _cleanup_free_ char *directory = NULL;
                int n;

                if (!*path)
                        continue;
                n = (int) (strrchr(*path, '/') - *path);
                if (asprintf(&directory, "-%.*s", MAX(n, 1), *path) < 0) {
                        directory = NULL;
                        return -ENOMEM;
                }
                if (!strv_contains(list, directory))
                        r = strv_append(&list, directory);
                if (r < 0)
                        return r;
        }
        return list ? manager_append_strv(m, "ReadWritePaths", list) : 0;
}

/* For all of ours: it stays loaded until its exit status has been read. */
static int append_common(sd_bus_message *m, const Request *request)
{
        _cleanup_free_ char *unit = NULL;
        int r;

        if (asprintf(&unit, "acme-deploy@%s.service", request->d->config->name) < 0) {
                unit = NULL;
                return -ENOMEM;
        }
        r = sd_bus_message_append(m, "(sv)(sv)", "AddRef", "b", true, "PartOf", "as", 1, unit);
        return r < 0 ? r : append_directories(m, request->target);
}

static int add_variable(char ***list, const char *key, const char *value)
{
        _cleanup_free_ char *text = NULL;

        if (asprintf(&text, "%s=%s", key, value) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return strv_append(list, text);
}

/* systemctl status and journalctl -u of acme-deploy@NAME show what it logs, too; journalctl
 * believes that of uid 0. Ours say the other fields by themselves, Exec= is given them. */
static int append_log_fields(sd_bus_message *m, const Request *request, bool is_exec)
{
        const char *name = request->d->config->name;
        _cleanup_strv_free_ char **list = NULL;
        _cleanup_free_ char *unit = NULL;
        int r;

        if (asprintf(&unit, "acme-deploy@%s.service", name) < 0) {
                unit = NULL;
                return -ENOMEM;
        }
        r = add_variable(&list, "OBJECT_SYSTEMD_UNIT", unit);
        if (r >= 0 && is_exec)
                r = add_variable(&list, "ACME_CERTIFICATE", name);
        if (r >= 0 && is_exec)
                r = add_variable(&list, "ACME_TARGET", request->target->label);
        return r < 0 ? r : manager_append_log_fields(m, list);
}

static int append_writer(sd_bus_message *m, const void *userdata)
{
        const Request *request = userdata;
        const char *name = request->d->config->name;
        char *argv[] = {(char *) WRITER, (char *) name, request->target->label, NULL};
        _cleanup_free_ char *store = NULL;
        int r;

        if (asprintf(&store, CERTIFICATES "%s", name) < 0) {
                store = NULL;
                return -ENOMEM;
        }
        r = append_common(m, request);
        if (r >= 0)
                r = manager_append_command(m, argv);
        if (r >= 0)
                r = append_log_fields(m, request, false);
        if (r >= 0)
                r = sd_bus_message_append(m,
                                          "(sv)",
                                          "BindReadOnlyPaths",
                                          "a(ssbt)",
                                          1,
                                          store,
                                          store,
                                          false,
                                          UINT64_C(0));
        if (r >= 0 && request->target->paths[DEPLOY_PKCS12])
                r = sd_bus_message_append(m,
                                          "(sv)",
                                          "LoadCredential",
                                          "a(ss)",
                                          1,
                                          PASSWORD_CREDENTIAL,
                                          request->target->pkcs12_password);
        return r;
}

static int make_environment(const Request *request, char ***ret)
{
        _cleanup_strv_free_ char **list = NULL;
        int r;

        r = add_variable(&list, "ACME_CERTIFICATE", request->d->config->name);
        if (r >= 0)
                r = add_variable(&list, "ACME_TARGET", request->target->label);
        if (r >= 0)
                r = add_variable(&list, "ACME_SERIAL", request->d->live->serial);
        if (r >= 0)
                r = add_variable(&list, "ACME_FINGERPRINT", request->d->live->fingerprint);
        if (r >= 0)
                r = add_variable(&list,
                                 "ACME_PLACEHOLDER",
                                 request->d->live->is_placeholder ? "yes" : "no");
        for (DeployFile i = 0; r >= 0 && i < DEPLOY_FILE_MAX; i++)
                if (request->target->paths[i])
                        r = add_variable(&list, variables[i], request->target->paths[i]);
        if (r >= 0 && request->d->config->n_key_types > 1)
                r = add_variable(&list, "ACME_VARIANT", config_variant(request->d->config, 1));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(list);
        return 0;
}

/* Each line of its output bears the name of the certificate in the journal, and of the target. */
static int append_exec(sd_bus_message *m, const void *userdata)
{
        _cleanup_strv_free_ char **environment = NULL;
        const Request *request = userdata;
        int r;

        r = append_common(m, request);
        if (r >= 0)
                r = manager_append_command(m, request->target->exec);
        if (r >= 0)
                r = make_environment(request, &environment);
        if (r >= 0)
                r = manager_append_strv(m, "Environment", environment);
        if (r >= 0)
                r = append_log_fields(m, request, true);
        return r;
}

/* How it ended. */
typedef struct Ending {
        char *unit;
        char *result; /* Result=: "success", "exit-code", "timeout", … */
        int32_t status;
} Ending;

static void ending_done(Ending *ending)
{
        free(ending->unit);
        free(ending->result);
}

/* How the unit ended: by the job first. A program that was stopped before it was done has the
 * result "success", since it ended at the signal that it was sent; its job was "canceled". */
static int get_ending(Manager *manager, int job, Ending *ending)
{
        int r;

        r = manager_get(manager, ending->unit, "Service.ExecMainStatus", 'i', &ending->status);
        if (r < 0)
                return r;
        if (job == MANAGER_E_OTHER)
                return free_and_strdup(&ending->result, manager_result(manager));
        r = manager_get_string(manager, ending->unit, "Service.Result", &ending->result);
        if (r < 0)
                return r;
        if (job != 0 && streq(ending->result, "success"))
                return free_and_strdup(&ending->result, manager_result(manager));
        return 0;
}

/* Return: 0, it has ended, well or not; -errno. */
static int
run(Deploy *d, const char *kind, const Request *request, ManagerAppend append, Ending *ret)
{
        int r;

        if (asprintf(&ret->unit,
                     "acme-deploy-%s@%s:%s.service",
                     kind,
                     d->config->name,
                     request->target->label) < 0) {
                ret->unit = NULL;
                return -ENOMEM;
        }
        manager_set_deadline(d->manager, now_monotonic() + RUN_USEC);
        r = manager_start_transient(d->manager, ret->unit, append, request);
        if (r >= 0)
                r = get_ending(d->manager, r, ret);
        /* However it ended; without a unit there is nothing to let go of. */
        (void) manager_unref(d->manager, ret->unit);
        if (r < 0)
                return log_error_errno(r,
                                       "Failed to run %s (%s)",
                                       ret->unit,
                                       manager_result(d->manager));
        return 0;
}

static int fail_writer(Deploy *d, const DeployTarget *target, const Ending *ending)
{
        const DeployFailure failure = {EXIT_TRY_AGAIN, "writer", target->label, ending->unit};
        const DeployFailure password = {EXIT_CONFIGURATION, "password", target->label, NULL};
        bool has_exited = streq(ending->result, "exit-code");

        /* It has told what hindered it. */
        if (has_exited &&
            (ending->status == EXIT_TRY_AGAIN || ending->status == EXIT_CONFIGURATION))
                return deploy_fail_quietly(d, (ExitStatus) ending->status, target->label);
        if (has_exited && ending->status == EXIT_CREDENTIALS && target->paths[DEPLOY_PKCS12])
                return deploy_fail(d,
                                   &password,
                                   "Cannot make the PKCS #12 file of [Deploy %s]: PID 1 found no "
                                   "password in %s. Make the file, root's and 0600, or correct "
                                   "PKCS12Password=",
                                   target->label,
                                   target->pkcs12_password);
        return deploy_fail(d,
                           &failure,
                           "The files of [Deploy %s] were not written: %s ended by %s (%i). See "
                           "journalctl -u %s; the next run tries again",
                           target->label,
                           ending->unit,
                           ending->result,
                           (int) ending->status,
                           ending->unit);
}

/* By a signal that is not PID 1's own: for want of memory, or by a person. */
static bool was_killed(const Ending *ending)
{
        return streq(ending->result, "signal") || streq(ending->result, "core-dump") ||
               streq(ending->result, "oom-kill");
}

int transient_write(Deploy *d, const DeployTarget *target, bool *ret_is_changed)
{
        _cleanup_(ending_done) Ending ending = {}, again = {};
        const Request request = {d, target};
        const Ending *last = &ending;
        int r;

        r = run(d, "write", &request, append_writer, &ending);
        if (r == 0 && was_killed(&ending)) {
                /* Maybe between two renames: a new key is not to stay beside an old certificate
                 * until the next run. */
                log_notice("%s was killed; it is run again at once", ending.unit);
                r = run(d, "write", &request, append_writer, &again);
                last = &again;
        }
        if (r < 0)
                return r;
        if (!streq(last->result, "success"))
                return fail_writer(d, target, last);
        /* What the first has written, the second has nothing to do with. */
        *ret_is_changed = last->status == EXIT_WRITTEN || last == &again;
        return 0;
}

int transient_exec(Deploy *d, const DeployTarget *target)
{
        _cleanup_(ending_done) Ending ending = {};
        const Request request = {d, target};
        DeployFailure failure = {EXIT_TRY_AGAIN, "execFailed", target->label, NULL};
        int r;

        r = run(d, "exec", &request, append_exec, &ending);
        if (r < 0)
                return r;
        if (streq(ending.result, "success"))
                return 0;
        failure.unit = ending.unit;
        if (streq(ending.result, "timeout"))
                failure.reason = "execHangs";
        if (streq(ending.result, "exit-code") && ending.status == EXIT_EXEC) {
                failure.status = EXIT_CONFIGURATION;
                return deploy_fail(d,
                                   &failure,
                                   "PID 1 cannot execute %s of [Deploy %s]: journalctl -u %s says "
                                   "why. Make it executable, or correct Exec=",
                                   target->exec[0],
                                   target->label,
                                   ending.unit);
        }
        return deploy_fail(d,
                           &failure,
                           "%s of [Deploy %s] failed: %s (%i). Its output is in journalctl -u %s; "
                           "the next run tries again",
                           target->exec[0],
                           target->label,
                           ending.result,
                           (int) ending.status,
                           ending.unit);
}
