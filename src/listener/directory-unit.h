/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* acme-directory.service, which makes the directory of [WebRoot] Directory= and removes it. */

#include "manager/manager.h"

/* Whether one is written down: made, or begun, and not yet removed. */
bool directory_unit_is_needed(void);

/* Has path made, or what is written down removed, path being what the configuration names. When
 * that fails, it is logged; in making it is no reason not to go on: the challenge room sees that
 * there is no directory, and can tell the client. Return: 0; -EIO; -errno. */
int directory_unit_make(Manager *manager, const char *path);
int directory_unit_remove(Manager *manager, const char *path);
