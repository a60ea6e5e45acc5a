/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Loads libcurl. */

#include "client/curl-library.h"

#include <dlfcn.h>

#include "base/log.h"
#include "base/macro.h"

/* 7.88: header limits, CURLOPT_PROTOCOLS_STR, CURLOPT_CAINFO_BLOB. */
#if LIBCURL_VERSION_NUM < 0x075800
#error "libcurl 7.88 or newer is needed."
#endif

/* The name that libcurl's ABI has had since 7.16. */
#define LIBCURL "libcurl.so.4"

static bool load(CurlLibrary *ret)
{
        void *library = dlopen(LIBCURL, RTLD_LAZY | RTLD_LOCAL);

        if (!library) {
                log_error("Failed to load " LIBCURL ": %s. Install libcurl (Debian: libcurl4).",
                          dlerror());
                return false;
        }
#define X(name)                                                                                    \
        ret->name = (typeof(ret->name)) dlsym(library, "curl_" #name);                             \
        if (!ret->name) {                                                                          \
                log_error("Failed to use " LIBCURL ": it has no curl_" #name "()");                \
                return false;                                                                      \
        }
        CURL_FUNCTIONS(X)
#undef X
        return true;
}

const CurlLibrary *curl_library(void)
{
        static CurlLibrary library;
        static bool is_ready;

        if (is_ready)
                return &library;
        if (!load(&library))
                return NULL;
        if (library.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
                log_error("Failed to initialise " LIBCURL);
                return NULL;
        }
        is_ready = true;
        return &library;
}
