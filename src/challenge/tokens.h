/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The files of one certificate's tokens, and the marks that remember them. A mark, an empty file of
 * the token's name, is made before the token's file and removed after it, in a directory that PID 1
 * gives and takes; whoever finds a mark knows what is to be removed. */

#include "base/strv.h"

/* Where our own web root looks, always. */
#define TOKEN_DIRECTORY "/run/acme/challenges"

/* Directories that one token is written to: the one above, and the one that the configuration
 * names for another web server. */
#define TOKEN_DIRECTORIES_MAX 2U

typedef struct Tokens {
        int mark_fd;
        int fds[TOKEN_DIRECTORIES_MAX];           /* or -errno, for one that could not be opened */
        const char *paths[TOKEN_DIRECTORIES_MAX]; /* for messages; borrowed */
        size_t n;
} Tokens;

/* mark_path, paths: directories; the strings must outlive tokens. One of paths that cannot be
 * opened is an error when something is published, so that whoever asks for it is told. Return: 0;
 * -errno, about mark_path. */
int tokens_open(Tokens *tokens, const char *mark_path, const char *const paths[], size_t n);
void tokens_close(Tokens *tokens);

/* token: checked. Marks it and writes its file, mode 0644, into each directory; replaces what an
 * earlier run left of that name. Return: 0; -errno, *ret_path is the directory then, and nothing
 * of the token is left. */
int tokens_publish(Tokens *tokens,
                   const char *token,
                   const char *key_authorization,
                   const char **ret_path);

/* Removes the files and then the mark; a file, or a directory, that is not there is no error. A
 * file that cannot be removed keeps its mark. Return: 0, -errno. */
int tokens_withdraw(Tokens *tokens, const char *token);

/* Withdraws every token that has a mark. Return: how many, -errno. */
int tokens_withdraw_all(Tokens *tokens);
