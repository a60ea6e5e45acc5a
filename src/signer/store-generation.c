/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Generations: read, made, switched to, pruned. The order of the steps in store_install() is the
 * whole promise of the store; test-crash.c kills it at each of them. */

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "signer/store-internal.h"
#include "x509/certificate.h"

#define LINK_BYTES_MAX 256U

static void dir_closep(DIR **d)
{
        if (*d)
                closedir(*d);
}

int generation_parse(const char *s, unsigned *ret)
{
        size_t n = strspn(s, "0123456789");
        unsigned number = 0;

        if (n == 0 || n > GENERATION_DIGITS_MAX || s[n] != '\0' || *s == '0')
                return -EINVAL;
        for (; *s; s++)
                number = number * 10 + (unsigned) (*s - '0');
        *ret = number;
        return 0;
}

int generation_compare(const char *a, const char *b)
{
        unsigned x, y;

        if (generation_parse(a, &x) < 0 || generation_parse(b, &y) < 0 || x == y)
                return 0;
        return x < y ? -1 : 1;
}

static int compare_numbers(const void *a, const void *b)
{
        unsigned x = *(const unsigned *) a, y = *(const unsigned *) b;

        return (x > y) - (x < y);
}

/* Return: 0, -ENOMEM. */
static int append_number(unsigned **numbers, size_t *n, unsigned number)
{
        unsigned *grown = reallocarray(*numbers, *n + 1, sizeof(unsigned));

        if (!grown)
                return -ENOMEM;
        grown[(*n)++] = number;
        *numbers = grown;
        return 0;
}

int generation_list(Store *store, unsigned **ret, size_t *ret_n)
{
        _cleanup_(dir_closep) DIR *d = NULL;
        _cleanup_free_ unsigned *numbers = NULL;
        struct dirent *entry;
        unsigned number;
        size_t n = 0;
        int fd;

        fd = openat(store->certs_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        d = fdopendir(fd);
        if (!d) {
                close(fd);
                return -ENOMEM;
        }
        while (errno = 0, (entry = readdir(d)))
                if (generation_parse(entry->d_name, &number) == 0 &&
                    append_number(&numbers, &n, number) < 0)
                        return -ENOMEM;
        if (errno != 0)
                return -errno;
        if (n > 0)
                qsort(numbers, n, sizeof(unsigned), compare_numbers);
        *ret = TAKE_PTR(numbers);
        *ret_n = n;
        return 0;
}

void store_live_done(StoreLive *live)
{
        free(live->generation);
        chain_free(live->chain);
        EVP_PKEY_free(live->key);
        *live = (StoreLive){};
}

int store_read_link(Store *store, char **ret)
{
        _cleanup_free_ char *prefix = NULL;
        char target[LINK_BYTES_MAX];
        const char *generation;
        unsigned number;
        ssize_t n;

        n = readlinkat(store->live_fd, store->name, target, sizeof(target));
        if (n < 0)
                return errno == EINVAL ? -EBADMSG : -errno;
        if ((size_t) n >= sizeof(target))
                return -EBADMSG;
        target[n] = '\0';
        if (asprintf(&prefix, "../certs/%s/", store->name) < 0)
                return -ENOMEM;
        generation = startswith(target, prefix);
        if (!generation || generation_parse(generation, &number) < 0)
                return -EBADMSG;
        *ret = strdup(generation);
        return *ret ? 0 : -ENOMEM;
}

/* Return: 0; -ENOENT when there is none of that variant; -EBADMSG when it is no chain; -errno. */
static int read_chain(int dir_fd, const char *variant, Chain **ret)
{
        _cleanup_free_ char *text = NULL;
        char file[VARIANT_FILE_MAX];
        size_t length, at;
        int r;

        r = file_read(dir_fd,
                      variant_file(FULLCHAIN_FILE, variant, file),
                      CHAIN_BYTES_MAX,
                      O_NOFOLLOW,
                      &text,
                      &length);
        if (r == -ENOENT)
                return variant ? -ENOENT : -EBADMSG;
        if (r < 0)
                return r;
        r = chain_parse(text, length, ret, &at);
        return r > 0 ? -EBADMSG : r;
}

int store_read_variant(Store *store, const char *generation, const char *variant, StoreLive *ret)
{
        _cleanup_(store_live_done) StoreLive live = {};
        _cleanup_close_ int fd = -EBADF;
        char file[VARIANT_FILE_MAX];
        unsigned number;
        struct stat st;
        int r;

        if (generation_parse(generation, &number) < 0)
                return -EBADMSG;
        live.generation = strdup(generation);
        if (!live.generation)
                return -ENOMEM;
        fd = openat(store->certs_fd,
                    live.generation,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? -EBADMSG : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        /* To the microsecond: what was asked for in the same second was asked for before. */
        live.installed_usec = (usec_t) st.st_mtim.tv_sec * USEC_PER_SEC +
                              (usec_t) st.st_mtim.tv_nsec / 1000;
        r = read_chain(fd, variant, &live.chain);
        if (r < 0)
                return r;
        r = key_read_file(fd, variant_file(PRIVKEY_FILE, variant, file), &live.key);
        if (r == -ENOMEM)
                return r;
        *ret = live;
        live = (StoreLive){};
        return 0;
}

int store_read_generation(Store *store, const char *generation, StoreLive *ret)
{
        return store_read_variant(store, generation, store->variant, ret);
}

int store_read_live(Store *store, StoreLive *ret)
{
        _cleanup_free_ char *generation = NULL;
        int r;

        r = store_read_link(store, &generation);
        return r < 0 ? r : store_read_generation(store, generation, ret);
}

/* Certificates from first to the last but end, as a file. */
static int
write_certificates(int dir_fd, const char *name, const Chain *chain, size_t first, size_t end)
{
        _cleanup_free_ char *text = NULL;
        int r;

        r = chain_format(chain, first, end, &text);
        if (r < 0)
                return r;
        return file_create_unsynced(dir_fd, name, text, strlen(text), 0644);
}

/* For who looks at names of files alone: conditions of units, and people. */
static int write_mark(Store *store, int dir_fd, const Chain *chain)
{
        if (!certificate_is_placeholder(chain_get(chain, 0)))
                return 0;
        return file_create(dir_fd, STORE_FILE(store, PLACEHOLDER_FILE), "", 0, 0644);
}

static int write_generation(Store *store, int dir_fd, const Chain *chain, EVP_PKEY *key)
{
        size_t n = chain_length(chain);
        int r = 0;

        if (key)
                r = key_create_file_unsynced(dir_fd, STORE_FILE(store, PRIVKEY_FILE), key);
        if (r == 0)
                r = write_certificates(dir_fd, STORE_FILE(store, CERT_FILE), chain, 0, 1);
        if (r == 0)
                r = write_certificates(dir_fd, STORE_FILE(store, CHAIN_FILE), chain, 1, n);
        if (r == 0)
                r = write_certificates(dir_fd, STORE_FILE(store, FULLCHAIN_FILE), chain, 0, n);
        if (r == 0)
                r = write_mark(store, dir_fd, chain);
        return r;
}

/* All files of a generation, then each synced, then the directory. All are written before the first
 * is synced: file systems with a journal then have one commit to wait for, not four. What is taken
 * along has been synced when it was new. */
static int fill_generation(Store *store, int dir_fd, const Chain *chain, EVP_PKEY *key)
{
        static const char *const files[] = {PRIVKEY_FILE, CERT_FILE, CHAIN_FILE, FULLCHAIN_FILE};
        int r;

        r = store_carry_other(store, dir_fd);
        if (r == 0)
                r = write_generation(store, dir_fd, chain, key);
        for (size_t i = key ? 0 : 1; r == 0 && i < ELEMENTSOF(files); i++)
                r = file_sync(dir_fd, STORE_FILE(store, files[i]));
        /* Whatever the umask was. The key inside has a mode of its own. */
        if (r == 0 && fchmod(dir_fd, 0755) < 0)
                r = -errno;
        if (r == 0 && fsync(dir_fd) < 0)
                r = -errno;
        return r;
}

static int make_unfinished(Store *store, const Chain *chain, EVP_PKEY *key)
{
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = file_remove_tree(store->certs_fd, UNFINISHED_DIRECTORY);
        if (r < 0)
                return r;
        if (mkdirat(store->certs_fd, UNFINISHED_DIRECTORY, 0700) < 0)
                return -errno;
        fd = openat(store->certs_fd,
                    UNFINISHED_DIRECTORY,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return fill_generation(store, fd, chain, key);
}

/* Gives the generation that is whole its number. Return: 0, -errno. */
static int name_generation(Store *store, char **ret)
{
        _cleanup_free_ unsigned *numbers = NULL;
        _cleanup_free_ char *name = NULL;
        size_t n;
        int r;

        r = generation_list(store, &numbers, &n);
        if (r < 0)
                return r;
        if (asprintf(&name, "%u", n > 0 ? numbers[n - 1] + 1 : 1) < 0)
                return -ENOMEM;
        if (renameat2(store->certs_fd,
                      UNFINISHED_DIRECTORY,
                      store->certs_fd,
                      name,
                      RENAME_NOREPLACE) < 0)
                return -errno;
        r = file_sync_directory(store->certs_fd);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(name);
        return 0;
}

static int switch_live(Store *store, const char *generation)
{
        _cleanup_free_ char *target = NULL;

        if (asprintf(&target, "../certs/%s/%s", store->name, generation) < 0)
                return -ENOMEM;
        return file_symlink_replace(store->live_fd, target, store->name);
}

/* After a failed switch: away with a generation that nothing points at. The link may have been
 * switched and only the sync failed; then it stays. */
static void abandon_generation(Store *store, const char *generation)
{
        _cleanup_free_ char *live = NULL;
        int r;

        r = store_read_link(store, &live);
        if (r == -ENOENT || r == -EBADMSG || (r == 0 && !streq(live, generation)))
                (void) file_remove_tree(store->certs_fd, generation);
}

int store_install(Store *store, const Chain *chain, EVP_PKEY *key, char **ret_generation)
{
        _cleanup_free_ char *generation = NULL;
        int r;

        r = make_unfinished(store, chain, key);
        if (r == 0)
                r = name_generation(store, &generation);
        if (r < 0) {
                (void) file_remove_tree(store->certs_fd, UNFINISHED_DIRECTORY);
                return r;
        }
        r = switch_live(store, generation);
        if (r < 0) {
                abandon_generation(store, generation);
                return r;
        }
        *ret_generation = TAKE_PTR(generation);
        return 0;
}

int store_prune(Store *store, const char *live_generation)
{
        _cleanup_free_ unsigned *numbers = NULL;
        unsigned live, kept = 0;
        char name[GENERATION_DIGITS_MAX + 2];
        size_t n;
        int r;

        r = generation_parse(live_generation, &live);
        if (r == 0)
                r = generation_list(store, &numbers, &n);
        for (size_t i = 0; r == 0 && i < n; i++) {
                unsigned number = numbers[n - 1 - i];

                if (number == live || kept++ < STORE_OLD_GENERATIONS)
                        continue;
                (void) snprintf(name, sizeof(name), "%u", number);
                r = file_remove_tree(store->certs_fd, name);
        }
        return r;
}
