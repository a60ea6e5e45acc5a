/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "writer/test-target.h"

#include <dirent.h>
#include <openssl/pem.h>

#include "config/test-tree.h"
#include "writer/material.h"
#include "x509/test-pki.h"

/* Keys take their time, tests do not wait for new ones. */
static char *stored[TARGET_GENERATIONS][4];
static const char *const files[] = {"privkey.pem", "cert.pem", "chain.pem", "fullchain.pem"};

static char *key_pem(EVP_PKEY *key)
{
        BIO *bio = BIO_new(BIO_s_mem());
        char *data, *text;
        long length;

        assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
        length = BIO_get_mem_data(bio, &data);
        text = strndup(data, (size_t) length);
        BIO_free(bio);
        return text;
}

static void make_generations(void)
{
        for (unsigned i = 0; i < TARGET_GENERATIONS && !stored[i][0]; i++) {
                Pki pki;

                pki_make(&pki, "DNS:www.example.org", NULL);
                stored[i][0] = key_pem(pki.leaf_key);
                stored[i][1] = pki_pem(pki.leaf, NULL);
                stored[i][2] = pki_pem(pki.ca, NULL);
                stored[i][3] = pki_pem(pki.leaf, pki.ca, NULL);
                pki_done(&pki);
        }
}

static void put_generation(Target *target, unsigned generation)
{
        char path[128];

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                snprintf(path,
                         sizeof(path),
                         "var/lib/acme/certs/" TARGET_NAME "/%u/%s",
                         generation,
                         files[i]);
                target_put(target, path, stored[generation - 1][i], i == 0 ? 0600 : 0644);
        }
}

static int open_in(Target *target, const char *path)
{
        int fd = openat(target->d->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

void target_make_live(Target *target, unsigned generation)
{
        _cleanup_close_ int fd = open_in(target, "var/lib/acme/live");
        char link[64];

        snprintf(link, sizeof(link), "../certs/" TARGET_NAME "/%u", generation);
        assert_int_equal(file_symlink_replace(fd, link, TARGET_NAME), 0);
}

int target_setup(void **state)
{
        Target *target = calloc(1, sizeof(*target));
        void *directory;

        make_generations();
        test_directory_setup(&directory);
        target->d = directory;
        put_ca(target->d);
        for (unsigned i = 1; i <= TARGET_GENERATIONS; i++)
                put_generation(target, i);
        target_put(target, "var/lib/acme/live/.keep", "", 0644);
        target_put(target, TARGET_DIRECTORY "/other", "not ours", 0600);
        target_put(target, "etc/web-public/other", "not ours", 0600);
        target_put(target, "credentials/pkcs12-password", TARGET_PASSWORD "\n", 0600);
        assert_true(asprintf(&target->credentials, "%s/credentials", target->d->path) > 0);
        target_make_live(target, 1);
        *state = target;
        return 0;
}

int target_teardown(void **state)
{
        Target *target = *state;
        void *directory = target->d;

        failure_done(&target->failure);
        test_directory_teardown(&directory);
        free(target->credentials);
        free(target);
        return 0;
}

void target_configure_owner(Target *target, const char *section)
{
        _cleanup_free_ char *text = NULL;

        assert_true(asprintf(&text,
                             "[Certificate]\nIdentifiers=www.example.org\n[Deploy web]\n%s",
                             section) > 0);
        target_put(target, CERTIFICATE, text, 0644);
}

void target_configure(Target *target, const char *section)
{
        _cleanup_free_ char *text = NULL;

        assert_true(asprintf(&text,
                             "Owner=%u\nGroup=%u\n%s",
                             (unsigned) getuid(),
                             (unsigned) getgid(),
                             section) > 0);
        target_configure_owner(target, text);
}

void target_put(Target *target, const char *path, const char *text, mode_t mode)
{
        (void) unlinkat(target->d->fd, path, 0);
        put(target->d, path, text);
        assert_int_equal(fchmodat(target->d->fd, path, mode, 0), 0);
}

char *target_read(Target *target, const char *path)
{
        _cleanup_close_ int fd = openat(target->d->fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        char *text;
        size_t length;

        if (fd < 0)
                fail_msg("%s: %s", path, strerror(errno));
        assert_int_equal(file_read_fd(fd, MATERIAL_BYTES_MAX, &text, &length), 0);
        return text;
}

bool target_has(Target *target, const char *path)
{
        return faccessat(target->d->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static struct stat status(Target *target, const char *path)
{
        struct stat st;

        assert_int_equal(fstatat(target->d->fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
        return st;
}

mode_t target_mode(Target *target, const char *path)
{
        return status(target, path).st_mode & 07777;
}

ino_t target_inode(Target *target, const char *path)
{
        return status(target, path).st_ino;
}

unsigned target_count(Target *target, const char *directory)
{
        DIR *d = fdopendir(open_in(target, directory));
        struct dirent *entry;
        unsigned n = 0;

        assert_non_null(d);
        while ((entry = readdir(d)))
                n += !streq(entry->d_name, ".") && !streq(entry->d_name, "..");
        closedir(d);
        return n;
}

int target_run(Target *target)
{
        const WriterRequest request = {
                        .root = target->d->path,
                        .name = TARGET_NAME,
                        .label = "web",
                        .credentials = target->credentials,
        };

        failure_done(&target->failure);
        target->is_written = false;
        return writer_run(&request, &target->is_written, &target->failure);
}

static void must(Target *target)
{
        int r = target_run(target);

        if (r != 0)
                fail_msg("%i: %s", r, target->failure.problem ?: "");
}

void target_must_write(Target *target)
{
        must(target);
        assert_true(target->is_written);
}

void target_must_rest(Target *target)
{
        must(target);
        assert_false(target->is_written);
}

bool target_is_of(Target *target, const char *path, const char *file, unsigned generation)
{
        _cleanup_free_ char *text = target_read(target, path);

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (streq(files[i], file))
                        return streq(text, stored[generation - 1][i]);
        fail_msg("%s is no file of a generation", file);
        return false;
}
