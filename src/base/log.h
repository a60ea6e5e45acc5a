/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages for people. They go to the journal in its native protocol, each with the fields that
 * were set with log_set_certificate(), or to standard error where there is no journal or where
 * standard error is a terminal. Text from a peer is to go through escape.h before.
 *
 * What must be found again by a program is not a message but an audit event: see audit.h. */

#include <sys/uio.h>
#include <syslog.h>

#include "base/macro.h"

/* The program's name, used as SYSLOG_IDENTIFIER=. To be called first in main(). Messages of level
 * LOG_DEBUG are dropped unless PID 1 says $DEBUG_INVOCATION=1 (systemd.exec(5)). */
void log_open(const char *identifier);

/* Waits until the journal has read what was sent, LOG_FLUSH_USEC at most. It looks up whose an
 * entry is when it reads it, and does not find out when the process has gone: to be called before
 * an exit that follows a message closely. */
#define LOG_FLUSH_USEC (1000U * 1000U)
void log_flush(void);

/* Every entry from now on carries ACME_CERTIFICATE=name. The string must outlive the process's
 * use of the log. */
void log_set_certificate(const char *name);

typedef enum LogTarget {
        LOG_TARGET_AUTO, /* as above */
        LOG_TARGET_JOURNAL,
        LOG_TARGET_STDERR,
} LogTarget;

/* For tests, and for a program that is a command for people. */
void log_set_target(LogTarget target);

/* errno is left as it is. */
void log_full(int level, const char *format, ...) _printf_(2, 3);

/* Logs "…: <strerror>" with ERRNO=. error is -errno. Return: error, to be forwarded. */
int log_errno(int level, int error, const char *format, ...) _printf_(3, 4);

#define log_debug(...) log_full(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_full(LOG_INFO, __VA_ARGS__)
#define log_notice(...) log_full(LOG_NOTICE, __VA_ARGS__)
#define log_warning(...) log_full(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_full(LOG_ERR, __VA_ARGS__)
#define log_error_errno(error, ...) log_errno(LOG_ERR, error, __VA_ARGS__)
#define log_warning_errno(error, ...) log_errno(LOG_WARNING, error, __VA_ARGS__)
#define log_oom() log_errno(LOG_ERR, -ENOMEM, "Not enough memory")

/* The lower half, for audit.c: one entry with n_fields more fields ("KEY=value"), of which standard
 * error shows those from n_hidden on. */
#define LOG_FIELDS_MAX 24U
void log_entry(int level,
               const char *message,
               const struct iovec *fields,
               size_t n_fields,
               size_t n_hidden);
