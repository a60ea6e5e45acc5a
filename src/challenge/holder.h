/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A holder is a room that has tokens public. Its marks are in a directory of its name below
 * LEASE_DIRECTORY, which it keeps locked for as long as its process lives. One without a lock is
 * what a dead process has left: whoever comes next removes it, and what it leads to. */

#include "challenge/tokens.h"

#define LEASE_DIRECTORY "/run/acme/lease"

/* Removes what the dead have left, and takes the directory of this name. tokens: opened, and has
 * its marks then. Return: 0; -errno. */
int holder_begin(Tokens *tokens, const char *name);

/* Withdraws what is public still, and gives the directory back. Return: how many tokens that was;
 * -errno. */
int holder_end(Tokens *tokens, const char *name);

/* Removes what all the dead have left. What cannot be removed is logged, and keeps its marks.
 * Return: how many tokens that was; -errno, the last that came up. */
int holder_remove_dead(Tokens *tokens);
