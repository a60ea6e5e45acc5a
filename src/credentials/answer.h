/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What goes back on a connection. */

#include "credentials/request.h"
#include "live/live.h"

/* systemd takes 1 MiB at most for a credential (systemd.exec(5)), and fails the start with more. */
#define ANSWER_REFUSAL_BYTES (1024U * 1024U + 1U)

/* The peer waits for the answer, so that it is there to take it. */
#define ANSWER_PATIENCE_SEC 5

/* The credential's text, to be erased by the caller. Return: 0, -errno. */
int answer_make(const Live *live, Credential credential, char **ret, size_t *ret_length);

/* Return: 0; -EAGAIN when the peer has not taken it in time; -errno. */
int answer_send(int fd, const char *text, size_t length);

/* Lets the peer fail. An empty answer would be a credential that is empty. Return: 0, -errno. */
int answer_refuse(int fd);
