/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Signers read one file, the plain one before the encrypted one, and PID 1 takes the first
 * directory of several that has it. So there is to be one file only, and where an administrator has
 * another, it is not hidden behind a new one without a word. */

#include "ctl/external-accounts.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "ctl/seal.h"

typedef enum Form {
        FORM_PLAIN,
        FORM_ENCRYPTED,
        FORM_MAX,
} Form;

#define PLAIN "/etc/credstore"
#define ENCRYPTED "/etc/credstore.encrypted"

static const struct {
        const char *directory, *name, *path;
} forms[FORM_MAX] = {
                [FORM_PLAIN] = {PLAIN, EXTERNAL_BINDINGS, PLAIN "/" EXTERNAL_BINDINGS},
                [FORM_ENCRYPTED] = {ENCRYPTED,
                                    EXTERNAL_BINDINGS_ENCRYPTED,
                                    ENCRYPTED "/" EXTERNAL_BINDINGS_ENCRYPTED},
};

/* What else PID 1 looks into, and a file in /etc would be put before (systemd.exec(5)). */
static const char *const others[] = {
                "/run/credstore/" EXTERNAL_BINDINGS,
                "/run/credstore.encrypted/" EXTERNAL_BINDINGS_ENCRYPTED,
                "/usr/local/lib/credstore/" EXTERNAL_BINDINGS,
                "/usr/local/lib/credstore.encrypted/" EXTERNAL_BINDINGS_ENCRYPTED,
                "/usr/lib/credstore/" EXTERNAL_BINDINGS,
                "/usr/lib/credstore.encrypted/" EXTERNAL_BINDINGS_ENCRYPTED,
};

typedef struct Accounts {
        int fds[FORM_MAX]; /* of the directories; -ENOENT where there is none */
        Form form;         /* that the file is to have */
        Form source;       /* that it has now; FORM_MAX: there is none */
} Accounts;

static void accounts_done(Accounts *accounts)
{
        FOREACH_ARRAY (fd, accounts->fds, FORM_MAX)
                closep(fd);
}

static ExitStatus fail(int error, const char *what, Form form)
{
        log_error_errno(error, "Failed to %s %s", what, forms[form].path);
        return error == -EACCES || error == -EPERM || error == -EROFS ? EXIT_REFUSED
                                                                      : EXIT_TRY_AGAIN;
}

/* Root's alone, as systemd makes it. Return: the descriptor, -errno. */
static int open_directory(Form form, bool is_wanted)
{
        int fd;

        if (is_wanted && mkdir(forms[form].directory, 0700) < 0 && errno != EEXIST)
                return -errno;
        fd = open(forms[form].directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* Return: 0 and 1; -errno. */
static int has_file(const Accounts *accounts, Form form)
{
        struct stat st;

        if (accounts->fds[form] == -ENOENT)
                return 0;
        if (accounts->fds[form] < 0)
                return accounts->fds[form];
        if (fstatat(accounts->fds[form], forms[form].name, &st, AT_SYMLINK_NOFOLLOW) == 0)
                return 1;
        return errno == ENOENT ? 0 : -errno;
}

static ExitStatus refuse_other(void)
{
        FOREACH_ARRAY (path, others, ELEMENTSOF(others)) {
                if (access(*path, F_OK) < 0)
                        continue;
                log_error("The bindings of accounts are in %s, and a file in /etc would be read in "
                          "its place: move it to /etc/credstore or /etc/credstore.encrypted first",
                          *path);
                return EXIT_CONFIGURATION;
        }
        return EXIT_DONE;
}

/* Which file there is, and which there is to be. */
static ExitStatus choose(Accounts *accounts, bool is_encrypted)
{
        int found[FORM_MAX];

        for (Form form = 0; form < FORM_MAX; form++) {
                found[form] = has_file(accounts, form);
                if (found[form] < 0)
                        return fail(found[form], "look for", form);
        }
        if (found[FORM_PLAIN] && found[FORM_ENCRYPTED]) {
                log_error("There are %s and %s, and signers read the first alone: put all lines "
                          "into one of them, and remove the other",
                          forms[FORM_PLAIN].path,
                          forms[FORM_ENCRYPTED].path);
                return EXIT_CONFIGURATION;
        }
        accounts->form = is_encrypted || found[FORM_ENCRYPTED] ? FORM_ENCRYPTED : FORM_PLAIN;
        accounts->source = FORM_MAX;
        for (Form form = 0; form < FORM_MAX; form++)
                if (found[form])
                        accounts->source = form;
        return accounts->source == FORM_MAX ? refuse_other() : EXIT_DONE;
}

static ExitStatus open_accounts(bool is_encrypted, Accounts *ret)
{
        ExitStatus status;
        int fd;

        /* The lock is on the first, so that it has to be there. */
        ret->fds[FORM_PLAIN] = open_directory(FORM_PLAIN, true);
        ret->fds[FORM_ENCRYPTED] = open_directory(FORM_ENCRYPTED, is_encrypted);
        if (ret->fds[FORM_PLAIN] < 0)
                return fail(ret->fds[FORM_PLAIN], "reach", FORM_PLAIN);
        status = choose(ret, is_encrypted);
        if (status != EXIT_DONE)
                return status;
        fd = ret->fds[ret->form];
        if (fd < 0 || faccessat(fd, ".", W_OK, AT_EACCESS) < 0)
                return fail(fd < 0 ? fd : -errno, "write to", ret->form);
        return EXIT_DONE;
}

ExitStatus external_accounts_look(bool is_encrypted, const char **ret_path)
{
        _cleanup_(accounts_done) Accounts accounts = {.fds = {-EBADF, -EBADF}};
        ExitStatus status = open_accounts(is_encrypted, &accounts);

        if (status == EXIT_DONE)
                *ret_path = forms[accounts.form].path;
        return status;
}

static void closedirp(DIR **d)
{
        if (*d)
                closedir(*d);
}

/* What a run that was killed has left behind has secrets in it. */
static void tidy(const Accounts *accounts)
{
        _cleanup_(closedirp) DIR *d = NULL;
        int fd = openat(accounts->fds[accounts->form], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const struct dirent *entry;

        d = fd >= 0 ? fdopendir(fd) : NULL;
        while (d && (entry = readdir(d)))
                if (startswith(entry->d_name, FILE_TEMPORARY_PREFIX EXTERNAL_BINDINGS "."))
                        (void) unlinkat(dirfd(d), entry->d_name, 0);
        if (!d)
                closep(&fd);
}

/* *ret: owned, a secret; "" when there is no file. Return: 0, -errno. */
static int read_text(const Accounts *accounts, char **ret)
{
        _cleanup_(erase_and_freep) char *text = NULL;
        const Form source = accounts->source;
        size_t length;
        int r;

        if (source == FORM_MAX)
                return free_and_strdup(ret, "");
        r = file_read(accounts->fds[source],
                      forms[source].name,
                      source == FORM_PLAIN ? EXTERNAL_BINDINGS_BYTES_MAX : SEAL_BYTES_MAX,
                      O_NOFOLLOW,
                      &text,
                      &length);
        if (r == 0 && source == FORM_ENCRYPTED)
                return seal_open(EXTERNAL_BINDINGS_ENCRYPTED, text, length, ret);
        if (r == 0)
                *ret = TAKE_PTR(text);
        return r;
}

static int write_text(const Accounts *accounts, const char *text)
{
        int fd = accounts->fds[accounts->form];
        const char *name = forms[accounts->form].name;
        _cleanup_free_ char *sealed = NULL;
        int r;

        if (accounts->form == FORM_PLAIN)
                return file_replace(fd, name, text, strlen(text), 0600);
        r = seal_close(EXTERNAL_BINDINGS_ENCRYPTED, text, strlen(text), &sealed);
        return r == 0 ? file_replace(fd, name, sealed, strlen(sealed), 0600) : r;
}

/* The encrypted one counts when the plain one is gone. Return: 0, -errno. */
static int remove_source(const Accounts *accounts)
{
        int fd = accounts->fds[FORM_PLAIN];

        if (accounts->source == FORM_MAX || accounts->source == accounts->form)
                return 0;
        return unlinkat(fd, forms[FORM_PLAIN].name, 0) < 0 ? -errno : file_sync_directory(fd);
}

ExitStatus
external_accounts_bind(const char *account, const ExternalBinding *binding, bool is_encrypted)
{
        _cleanup_(accounts_done) Accounts accounts = {.fds = {-EBADF, -EBADF}};
        _cleanup_(erase_and_freep) char *old = NULL, *text = NULL;
        ExitStatus status;
        int r;

        status = open_accounts(is_encrypted, &accounts);
        if (status != EXIT_DONE)
                return status;
        /* Of two who change it at the same time each has to see what the other did. */
        if (flock(accounts.fds[FORM_PLAIN], LOCK_EX) < 0)
                return fail(-errno, "lock", FORM_PLAIN);
        status = choose(&accounts, is_encrypted);
        if (status != EXIT_DONE)
                return status;
        tidy(&accounts);
        r = read_text(&accounts, &old);
        if (r < 0)
                return fail(r, "read", MIN(accounts.source, FORM_ENCRYPTED));
        r = external_binding_replace(old, account, binding, &text);
        if (r == 0)
                r = write_text(&accounts, text);
        if (r < 0)
                return fail(r, "write", accounts.form);
        r = remove_source(&accounts);
        return r < 0 ? fail(r, "remove", FORM_PLAIN) : EXIT_DONE;
}
