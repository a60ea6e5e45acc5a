/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages, by the journal's native protocol, in which a value cannot begin another field whatever
 * bytes it has. Where the journal cannot be reached (no journal at all, a unit without AF_UNIX),
 * standard error takes them, which in a unit is the journal again. */

#include <linux/sockios.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/log.h"

/* What sd_journal_sendv() sends to; it is silent when nobody is there, so we look first. */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* "PRIORITY=7", "ERRNO=133" */
#define NUMBER_FIELD_MAX 32U

/* Our own four, beside the caller's. */
#define OWN_FIELDS 4U

static struct {
        const char *identifier;
        const char *certificate;
        LogTarget target;
        int max_level;
        bool stderr_is_journal;
} state = {
                .max_level = LOG_INFO,
};

/* $JOURNAL_STREAM names the device and inode of the stream that PID 1 put there: systemd.exec(5).
 */
static bool stderr_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;

        return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
               fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_set_target(LogTarget target)
{
        if (target == LOG_TARGET_AUTO)
                target = isatty(STDERR_FILENO) || access(JOURNAL_SOCKET, F_OK) < 0
                                         ? LOG_TARGET_STDERR
                                         : LOG_TARGET_JOURNAL;
        state.target = target;
        state.stderr_is_journal = stderr_is_journal();
}

void log_open(const char *identifier)
{
        const char *debug = getenv("DEBUG_INVOCATION");

        state.identifier = identifier;
        state.max_level = debug && streq(debug, "1") ? LOG_DEBUG : LOG_INFO;
        log_set_target(LOG_TARGET_AUTO);
}

void log_set_certificate(const char *name)
{
        state.certificate = name;
}

/* One line of a message, with the level in front where the journal reads it: sd-daemon(3). */
static void write_line(int level, const char *line, int length)
{
        if (state.stderr_is_journal)
                fprintf(stderr, "<%i>%.*s\n", level, length, line);
        else if (state.identifier)
                fprintf(stderr, "%s: %.*s\n", state.identifier, length, line);
        else
                fprintf(stderr, "%.*s\n", length, line);
}

static void write_stderr(int level, const char *message, const struct iovec *fields, size_t n)
{
        while (*message) {
                size_t length = strcspn(message, "\n");

                write_line(level, message, (int) length);
                message += length + (message[length] == '\n');
        }
        FOREACH_ARRAY (field, fields, n)
                write_line(level, field->iov_base, (int) field->iov_len);
}

/* "KEY=value" as a new string. Return: 0, -ENOMEM. */
static int make_field(struct iovec *ret, const char *key, const char *value)
{
        char *field;
        int n = asprintf(&field, "%s%s", key, value);

        if (n < 0)
                return -ENOMEM;
        *ret = (struct iovec){field, (size_t) n};
        return 0;
}

static int send_journal(int level, const char *message, const struct iovec *fields, size_t n_fields)
{
        struct iovec iov[LOG_FIELDS_MAX + OWN_FIELDS], *own;
        char priority[NUMBER_FIELD_MAX];
        size_t n = n_fields;
        int r;

        if (n_fields > 0)
                memcpy(iov, fields, n_fields * sizeof(*fields));
        snprintf(priority, sizeof(priority), "PRIORITY=%i", level);
        iov[n++] = (struct iovec){priority, strlen(priority)};

        own = &iov[n];
        r = make_field(&iov[n], "MESSAGE=", message);
        n += r == 0;
        if (r == 0 && state.identifier) {
                r = make_field(&iov[n], "SYSLOG_IDENTIFIER=", state.identifier);
                n += r == 0;
        }
        if (r == 0 && state.certificate) {
                r = make_field(&iov[n], "ACME_CERTIFICATE=", state.certificate);
                n += r == 0;
        }
        if (r == 0)
                r = sd_journal_sendv(iov, (int) n);
        while (own < &iov[n])
                free(own++->iov_base);
        return r;
}

void log_entry(int level,
               const char *message,
               const struct iovec *fields,
               size_t n_fields,
               size_t n_hidden)
{
        int saved_errno = errno;

        assert(n_fields <= LOG_FIELDS_MAX && n_hidden <= n_fields);
        if (state.target == LOG_TARGET_AUTO)
                log_set_target(LOG_TARGET_AUTO);
        if (state.target == LOG_TARGET_STDERR || send_journal(level, message, fields, n_fields) < 0)
                write_stderr(level, message, fields + n_hidden, n_fields - n_hidden);
        errno = saved_errno;
}

void log_full(int level, const char *format, ...)
{
        int saved_errno = errno;
        char *message;
        va_list ap;
        int n;

        if (level > state.max_level)
                return;
        va_start(ap, format);
        n = vasprintf(&message, format, ap);
        va_end(ap);
        log_entry(level, n < 0 ? format : message, NULL, 0, 0);
        if (n >= 0)
                free(message);
        errno = saved_errno;
}

int log_errno(int level, int error, const char *format, ...)
{
        _cleanup_free_ char *text = NULL, *message = NULL;
        int saved_errno = errno;
        char number[NUMBER_FIELD_MAX];
        struct iovec field;
        va_list ap;
        int n;

        if (level > state.max_level)
                return error;
        va_start(ap, format);
        n = vasprintf(&text, format, ap);
        va_end(ap);
        if (n < 0)
                text = NULL;
        if (text && asprintf(&message, "%s: %s", text, strerror(abs(error))) < 0)
                message = NULL;
        snprintf(number, sizeof(number), "ERRNO=%i", abs(error));
        field = (struct iovec){number, strlen(number)};
        log_entry(level, message ?: format, &field, 1, 1);
        errno = saved_errno;
        return error;
}

void log_flush(void)
{
        static const struct sockaddr_un journal = {AF_UNIX, JOURNAL_SOCKET};
        static const struct timespec pause = {.tv_nsec = 1000L * 1000L};
        _cleanup_close_ int fd = -EBADF;

        if (state.target != LOG_TARGET_JOURNAL)
                return;
        /* The journal reads in the order of arrival, and passes over an empty datagram: when ours
         * has left the queue, everything before it has, too. */
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || sendto(fd, "", 0, 0, (const struct sockaddr *) &journal, sizeof(journal)) < 0)
                return;
        for (unsigned i = 0; i < LOG_FLUSH_USEC / 1000U; i++) {
                int waiting;

                if (ioctl(fd, SIOCOUTQ, &waiting) < 0 || waiting == 0)
                        return;
                (void) nanosleep(&pause, NULL);
        }
}
