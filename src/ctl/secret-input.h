/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A secret from standard input: never from the command line or the environment, which others can
 * read. */

#include "base/macro.h"

/* More than the longest key identifier and MAC key have together. */
#define SECRET_INPUT_MAX 4096U

/* All of standard input, which is no terminal. *ret: owned, to be erased. Return: 0; -EFBIG;
 * -EBADMSG when there is a NUL in it; -errno. */
int secret_input_read(char **ret);

/* One line from the terminal that standard input is, without its end; what is typed is not shown if
 * is_hidden. Return: 0; -ENODATA when the terminal is closed; -EFBIG; -EINTR; -errno. */
int secret_input_ask(const char *prompt, bool is_hidden, char **ret);
