/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Loads libssl. What it needs of libcrypto comes with it. */

#include "client/ssl-library.h"

#include <dlfcn.h>

#include "base/log.h"

/* The name of the ABI of OpenSSL 3. */
#define LIBSSL "libssl.so.3"

static bool load(SslLibrary *ret)
{
        void *library = dlopen(LIBSSL, RTLD_LAZY | RTLD_LOCAL);

        if (!library) {
                log_error("Failed to load " LIBSSL ": %s. Install OpenSSL (Debian: libssl3).",
                          dlerror());
                return false;
        }
#define X(name)                                                                                    \
        ret->name = (typeof(ret->name)) dlsym(library, #name);                                     \
        if (!ret->name) {                                                                          \
                log_error("Failed to use " LIBSSL ": it has no " #name "()");                      \
                return false;                                                                      \
        }
        SSL_FUNCTIONS(X)
#undef X
        return true;
}

const SslLibrary *ssl_library(void)
{
        static SslLibrary library;
        static bool is_ready;

        if (!is_ready)
                is_ready = load(&library);
        return is_ready ? &library : NULL;
}
