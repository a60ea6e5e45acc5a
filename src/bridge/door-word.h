/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The doors of a signer by the words that two machines call them by. Which ones there are is in
 * units/acme-signer@.socket and units/acme-signer-bridge@.socket, and nowhere here. */

#include "base/macro.h"

/* More than a signer has. */
#define DOOR_WORDS_MAX 12U

/* "renew", "challenge": lower-case letters. */
#define DOOR_WORD_MAX 32U
typedef struct DoorWord {
        char text[DOOR_WORD_MAX + 1];
} DoorWord;
int door_word_set(DoorWord *word, const char *text, size_t length); /* 0, -EINVAL */

/* Which door of NAME a listening socket is: "renew" of "/run/acme/signer/NAME" and of
 * "/run/acme/bridge/renew/NAME", "challenge" of "/run/acme/signer-for-challenge/NAME" and of
 * "/run/acme/bridge/challenge/NAME", "account" of "/run/acme/away/account/NAME". Return: 0;
 * -ENOTCONN when it is none; -errno. */
int door_word_of_socket(int fd, const char *name, DoorWord *ret);

/* The same of a path. Return: 0, -ENOTCONN. */
int door_word_of_path(const char *path, const char *name, DoorWord *ret);

/* What a web host asks sshd for is "acme-signer-bridge NAME WORD", and nothing else is taken.
 * command: SSH_ORIGINAL_COMMAND, foreign. Return: 0, -EINVAL. */
int door_word_of_command(const char *command, const char *name, DoorWord *ret);

/* "/run/acme/bridge/WORD/NAME", where who comes by ssh knocks. Return: buffer. */
#define DOOR_PATH_MAX 128U
const char *door_path(const DoorWord *word, const char *name, char buffer[static DOOR_PATH_MAX]);
