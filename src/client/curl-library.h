/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* libcurl, loaded when the first byte is to go to a CA. It brings some thirty libraries with it and
 * costs several milliseconds of processor time: a run with nothing to do must not pay that, and a
 * renewal pays it while PID 1 is busy with the doors' units. */

#include <curl/curl.h>

#define CURL_FUNCTIONS(X)                                                                          \
        X(global_init)                                                                             \
        X(version_info)                                                                            \
        X(multi_init)                                                                              \
        X(multi_cleanup)                                                                           \
        X(multi_setopt)                                                                            \
        X(multi_add_handle)                                                                        \
        X(multi_remove_handle)                                                                     \
        X(multi_perform)                                                                           \
        X(multi_poll)                                                                              \
        X(multi_info_read)                                                                         \
        X(multi_strerror)                                                                          \
        X(easy_init)                                                                               \
        X(easy_cleanup)                                                                            \
        X(easy_setopt)                                                                             \
        X(easy_perform)                                                                            \
        X(easy_getinfo)                                                                            \
        X(easy_strerror)                                                                           \
        X(slist_append)                                                                            \
        X(slist_free_all)

typedef struct CurlLibrary {
#define X(name) typeof(&(curl_##name)) name;
        CURL_FUNCTIONS(X)
#undef X
} CurlLibrary;

/* Loads and initialises it at the first call; it stays.
 * Return: NULL when it cannot be loaded, which has been logged. */
const CurlLibrary *curl_library(void);
