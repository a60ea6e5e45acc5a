/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The files of one certificate's tokens, and the marks that remember them. A mark, an empty file of
 * the token's name, is made before the token's file and removed after it, in a directory of its
 * holder's (holder.h); whoever finds a mark knows what is to be removed. */

#include "acme/token.h"
#include "base/strv.h"

/* Where our own web root looks, always. */
#define TOKEN_DIRECTORY "/run/acme/challenges"

/* What acme-directory.service says about the other one: a link when it is made, else why not. */
#define OTHER_RECORD "/run/acme/directory"
#define OTHER_REASON OTHER_RECORD "/refused"

/* Directories that one token is written to: the one above, and the one that the configuration
 * names for another web server. */
#define TOKEN_DIRECTORIES_MAX 2U

typedef struct Tokens {
        int lease_fd;                             /* of all holders' directories */
        int mark_fd;                              /* of the marks; holder_begin() opens it */
        int fds[TOKEN_DIRECTORIES_MAX];           /* or -errno, for one that could not be opened */
        const char *paths[TOKEN_DIRECTORIES_MAX]; /* for messages; borrowed */
        size_t n;
        mode_t mode;                       /* of the files */
        bool (*is_name)(const char *name); /* the grammar of their names */
        bool is_exclusive;                 /* of each name there is one, whoever publishes it */
} Tokens;

#define TOKENS_CLOSED                                                                              \
        {                                                                                          \
                .lease_fd = -EBADF, .mark_fd = -EBADF, .mode = 0644,                               \
                .is_name = acme_token_is_valid                                                     \
        }

/* lease_path, paths: directories; the strings must outlive tokens. One of paths that cannot be
 * opened is an error when something is published, so that whoever asks for it is told. Return: 0;
 * -errno, about lease_path. */
int tokens_open(Tokens *tokens, const char *lease_path, const char *const paths[], size_t n);
void tokens_close(Tokens *tokens);

/* Those of tls-alpn-01: a certificate with its key for each server name, which one room at a time
 * can have, and the responder alone can read. To be called after tokens_open(). */
#define ALPN_DIRECTORY "/run/acme/alpn"
#define ALPN_LEASE_DIRECTORY "/run/acme/lease-alpn"
void tokens_set_alpn(Tokens *tokens);

/* token: checked. Marks it and writes its file into each directory; replaces what an earlier run
 * left of that name, or we have. Return: 0; -EBUSY when another room has it, and they are
 * exclusive; -errno, *ret_path is the directory then, and nothing of the token is left. */
int tokens_publish(Tokens *tokens, const char *token, const char *text, const char **ret_path);

/* Removes the files and then the mark; a file, or a directory, that is not there is no error. A
 * file that cannot be removed keeps its mark. Return: 0, -errno. */
int tokens_withdraw(Tokens *tokens, const char *token);

/* Withdraws every token that has a mark. Return: how many, -errno. */
int tokens_withdraw_all(Tokens *tokens);
