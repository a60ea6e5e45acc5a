/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Settings that say what kind of certificate is wanted and make none due when they change: they
 * count for the next one (Profile=, PreferredChain=, Lifetime=, Backdate=). state.json keeps with
 * the live certificate how they were when it was asked for, so that whoever has changed one can be
 * told that it does not hold yet. */

#include "config/config.h"

/* One of them with its value: as many profiles as there may be, or the name of an authority. */
#define WISH_BYTES_MAX 1024U
#define WISHES_MAX 16U

/* "Profile=a b", "Lifetime=", one for each setting. Return: 0, -ENOMEM. */
int wishes_format(const Config *config, char ***ret);

/* Those that are others now, "Profile= Lifetime="; NULL in *ret: none, or nobody knows how they
 * were (NULL). Return: 0, -ENOMEM. */
int wishes_changed(char *const *wishes, const Config *config, char ***ret);

/* Has an order with these asked for other moments than would be asked for now (Lifetime=,
 * Backdate=)? Return: 1, 0, -ENOMEM. */
int wishes_has_other_moments(char *const *wishes, const Config *config);
