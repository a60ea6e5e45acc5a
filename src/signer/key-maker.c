/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One thread that makes one key. It shares nothing with the rest but its own struct, and is joined
 * before that goes. */

#include "signer/key-maker.h"

#include <pthread.h>

struct KeyMaker {
        KeyType type;
        key_store_t store;
        void *userdata;
        bool has_thread;
        pthread_t thread;
        atomic_bool cancel;

        /* The thread's until it is joined. */
        EVP_PKEY *key;
        int error;
};

/* Signals are blocked in the main thread before this one starts; it takes none. */
static void *make_key(void *userdata)
{
        KeyMaker *maker = userdata;

        maker->error = key_generate(maker->type, &maker->cancel, &maker->key);
        if (maker->error == 0 && maker->store)
                maker->error = maker->store(maker->key, maker->userdata);
        return NULL;
}

int key_maker_start(KeyType type, key_store_t store, void *userdata, KeyMaker **ret)
{
        KeyMaker *maker = calloc(1, sizeof(KeyMaker));

        if (!maker)
                return -ENOMEM;
        maker->type = type;
        maker->store = store;
        maker->userdata = userdata;
        maker->has_thread = pthread_create(&maker->thread, NULL, make_key, maker) == 0;
        if (!maker->has_thread)
                (void) make_key(maker);
        *ret = maker;
        return 0;
}

static void join(KeyMaker *maker)
{
        if (!maker->has_thread)
                return;
        (void) pthread_join(maker->thread, NULL);
        maker->has_thread = false;
}

int key_maker_take(KeyMaker *maker, EVP_PKEY **ret)
{
        join(maker);
        if (maker->error < 0)
                return maker->error;
        *ret = TAKE_PTR(maker->key);
        return 0;
}

void key_maker_free(KeyMaker *maker)
{
        if (!maker)
                return;
        atomic_store(&maker->cancel, true);
        join(maker);
        EVP_PKEY_free(maker->key);
        free(maker);
}
