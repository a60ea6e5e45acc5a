/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A key that is made, and stored, beside the door: neither a slow prime nor a slow disk keeps
 * somebody waiting who does not need it. */

#include "signer/key.h"

typedef struct KeyMaker KeyMaker;

/* Stores the key, in the maker's thread: it touches nothing that the main thread may change before
 * key_maker_take(). Return: 0, -errno. */
typedef int (*key_store_t)(EVP_PKEY *key, void *userdata);

/* Starts at once; does the work right here when there can be no thread. store may be NULL.
 * Return: 0, -ENOMEM. */
int key_maker_start(KeyType type, key_store_t store, void *userdata, KeyMaker **ret);

/* Waits until it is there. The maker is to be freed all the same. Return: 0; -EIO; -errno, also of
 * store(). */
int key_maker_take(KeyMaker *maker, EVP_PKEY **ret);

/* Stops the work when it is not done yet, and erases what was made and not taken. */
void key_maker_free(KeyMaker *maker);
DEFINE_CLEANUP(KeyMaker *, key_maker_free);
