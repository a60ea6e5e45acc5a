/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whole trees of configuration files, below a directory that stands for '/'. */

#include <sys/stat.h>

#include "base/test.h"
#include "config/config.h"

#define MAIN "etc/acme/acme.conf"
#define CERTIFICATE "etc/acme/certs/www.conf"
#define DNS "etc/acme/dns.d/bind.conf"
#define CA "usr/lib/acme/ca.d/letsencrypt.conf"

static inline void make_parents(const TestDirectory *d, const char *path)
{
        char parent[256];

        for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
                snprintf(parent, sizeof(parent), "%.*s", (int) (p - path), path);
                assert_true(mkdirat(d->fd, parent, 0755) == 0 || errno == EEXIST);
        }
}

static inline void
put_bytes(const TestDirectory *d, const char *path, const void *data, size_t length)
{
        int fd;

        make_parents(d, path);
        fd = openat(d->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, data, length), length);
        close(fd);
}

static inline void put(const TestDirectory *d, const char *path, const char *text)
{
        put_bytes(d, path, text, strlen(text));
}

static inline void put_ca(const TestDirectory *d)
{
        put(d, CA, "[CA]\nDirectory=https://ca.example/dir\n");
}

static inline Config *load(const TestDirectory *d, const char *name)
{
        Config *config = NULL;
        ConfigError error;
        int r = config_load(name, d->path, &config, &error);

        if (r != 0)
                fail_msg("%s", error.message);
        assert_null(error.message);
        config_error_done(&error);
        return config;
}

/* line 0: the message has none. file NULL: no file is told. */
static inline void expect_error(const TestDirectory *d,
                                const char *name,
                                const char *file,
                                unsigned line,
                                const char *key,
                                const char *words)
{
        char place[256] = "";
        Config *config = NULL;
        ConfigError error;

        assert_row(words, config_load(name, d->path, &config, &error) == CONFIG_E_INVALID);
        assert_null(config);
        if (file && line > 0)
                snprintf(place, sizeof(place), "%s/%s:%u: ", d->path, file, line);
        else if (file)
                snprintf(place, sizeof(place), "%s/%s: ", d->path, file);
        if (!startswith(error.message, place) || !strstr(error.message, words))
                fail_msg("wanted \"%s…%s\", got \"%s\"", place, words, error.message);
        assert_int_equal(error.line, line);
        assert_row(error.message, streq_ptr(error.key, key));
        assert_row(error.message, !!error.file == !!file);
        assert_null(strchr(error.message, '\n'));
        config_error_done(&error);
        assert_null(error.message);
}

static inline void assert_list(char *const *list, const char *joined)
{
        _cleanup_free_ char *text = NULL;

        assert_int_equal(strv_join(list, " ", &text), 0);
        assert_string_equal(text, joined);
}

static inline void assert_listen(const Config *config, const char *joined)
{
        char text[1024] = "", buffer[LISTEN_ADDRESS_MAX];

        for (size_t i = 0; i < config->n_listen; i++) {
                strcat(text, i > 0 ? " " : "");
                strcat(text, listen_address_format(&config->listen[i], buffer));
        }
        assert_string_equal(text, joined);
}
