/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Token files are made by openat(), exclusively, and no symbolic link is followed: a name that is
 * there already is removed first, whatever it is. Nothing here is a secret: a key authorization is
 * public as soon as the CA has named its token. */

#include <dirent.h>
#include <fcntl.h>

#include "acme/server-name.h"
#include "base/file.h"
#include "challenge/tokens.h"

static int open_directory(const char *path, int flags)
{
        int fd = open(path, flags | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

int tokens_open(Tokens *tokens, const char *lease_path, const char *const paths[], size_t n)
{
        int fd;

        assert(n <= TOKEN_DIRECTORIES_MAX);
        *tokens = (Tokens) TOKENS_CLOSED;

        fd = open_directory(lease_path, O_PATH);
        if (fd < 0)
                return fd;
        tokens->lease_fd = fd;
        for (size_t i = 0; i < n; i++) {
                tokens->fds[i] = open_directory(paths[i], O_PATH);
                tokens->paths[i] = paths[i];
        }
        tokens->n = n;
        return 0;
}

void tokens_close(Tokens *tokens)
{
        closep(&tokens->lease_fd);
        closep(&tokens->mark_fd);
        for (size_t i = 0; i < tokens->n; i++)
                closep(&tokens->fds[i]);
        *tokens = (Tokens) TOKENS_CLOSED;
}

static int remove_file(int directory_fd, const char *name)
{
        if (directory_fd < 0)
                return directory_fd == -ENOENT ? 0 : directory_fd;
        return unlinkat(directory_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

void tokens_set_alpn(Tokens *tokens)
{
        tokens->mode = 0640;
        tokens->is_name = acme_server_name_is_valid;
        tokens->is_exclusive = true;
}

/* A file that is there is a leftover: a CA does not give a token twice (RFC 8555 section 8). */
static int write_file(int directory_fd, const char *name, const char *text, mode_t mode)
{
        int r;

        if (directory_fd < 0)
                return directory_fd;
        r = file_create(directory_fd, name, text, strlen(text), mode);
        if (r != -EEXIST)
                return r;
        r = remove_file(directory_fd, name);
        if (r < 0)
                return r;
        return file_create(directory_fd, name, text, strlen(text), mode);
}

/* Nothing is marked that another room has: a mark says whose a file is. */
static bool is_anothers(const Tokens *tokens, const char *name)
{
        return tokens->is_exclusive && tokens->n > 0 && tokens->fds[0] >= 0 &&
               faccessat(tokens->mark_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
               faccessat(tokens->fds[0], name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Ours is replaced as a whole: somebody may be reading it. */
static int write_text(const Tokens *tokens, int fd, const char *name, const char *text)
{
        if (!tokens->is_exclusive || fd < 0)
                return write_file(fd, name, text, tokens->mode);
        return file_replace_unsynced(fd, name, text, strlen(text), tokens->mode);
}

int tokens_publish(Tokens *tokens, const char *token, const char *text, const char **ret_path)
{
        int r;

        if (is_anothers(tokens, token))
                return -EBUSY;
        r = write_file(tokens->mark_fd, token, "", 0644);
        if (r < 0) {
                *ret_path = "/run/acme/lease";
                return r;
        }
        for (size_t i = 0; i < tokens->n; i++) {
                r = write_text(tokens, tokens->fds[i], token, text);
                if (r < 0) {
                        *ret_path = tokens->paths[i];
                        (void) tokens_withdraw(tokens, token);
                        return r;
                }
        }
        return 0;
}

int tokens_withdraw(Tokens *tokens, const char *token)
{
        int r = 0;

        for (size_t i = 0; i < tokens->n; i++) {
                int k = remove_file(tokens->fds[i], token);

                if (k < 0)
                        r = k;
        }
        return r < 0 ? r : remove_file(tokens->mark_fd, token);
}

int tokens_withdraw_all(Tokens *tokens)
{
        DIR *directory;
        int fd, n = 0, r = 0;

        fd = openat(tokens->mark_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        directory = fdopendir(fd);
        if (!directory) {
                r = -errno;
                close(fd);
                return r;
        }
        for (struct dirent *entry; (entry = readdir(directory));) {
                int k;

                if (!tokens->is_name(entry->d_name))
                        continue;
                k = tokens_withdraw(tokens, entry->d_name);
                if (k < 0)
                        r = k;
                else
                        n++;
        }
        closedir(directory);
        return r < 0 ? r : n;
}
