/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A key that is made beside the door, so that a slow one keeps nobody waiting who does not need it.
 */

#include "signer/key.h"

typedef struct KeyMaker KeyMaker;

/* Starts at once; makes the key right here when that takes no time, or when there can be no thread.
 */
int key_maker_start(KeyType type, KeyMaker **ret);

KeyType key_maker_get_type(const KeyMaker *maker);

/* Waits until it is there. The maker is to be freed all the same. Return: 0; -EIO; -errno. */
int key_maker_take(KeyMaker *maker, EVP_PKEY **ret);

/* Stops the work when it is not done yet, and erases what was made and not taken. */
void key_maker_free(KeyMaker *maker);
DEFINE_CLEANUP(KeyMaker *, key_maker_free);
