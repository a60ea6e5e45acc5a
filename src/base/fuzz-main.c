/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs a fuzz target over files, and over the files of directories: so the corpora are plain tests,
 * with any compiler. With -Dfuzzers=true libFuzzer brings a main() of its own, and this file is
 * left out. Arguments that begin with '-' are libFuzzer's and are passed over. */

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/macro.h"

/* The targets' limits lie below. */
#define INPUT_MAX (1024U * 1024U)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_fd(int fd, const char *name)
{
        _cleanup_free_ uint8_t *data = NULL, *exact = NULL;
        size_t size = 0;
        ssize_t n;

        data = malloc(INPUT_MAX);
        if (!data)
                return -ENOMEM;
        while (size < INPUT_MAX && (n = read(fd, data + size, INPUT_MAX - size)) > 0)
                size += (size_t) n;
        /* A buffer of exactly this size, so that ASan sees one byte too many. */
        exact = malloc(size + !size);
        if (!exact)
                return -ENOMEM;
        memcpy(exact, data, size);
        if (getenv("V"))
                fprintf(stderr, "%s\n", name);
        (void) LLVMFuzzerTestOneInput(exact, size);
        return 0;
}

/* Return: the number of inputs, -errno. */
static int run_path(int dir_fd, const char *name)
{
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
        struct dirent *entry;
        struct stat st;
        int count = 0, r;
        DIR *dir;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISDIR(st.st_mode)) {
                r = run_fd(fd, name);
                return r < 0 ? r : 1;
        }
        dir = fdopendir(fd);
        if (!dir)
                return -errno;
        fd = -EBADF;
        while ((entry = readdir(dir))) {
                if (entry->d_name[0] == '.')
                        continue;
                r = run_path(dirfd(dir), entry->d_name);
                if (r < 0) {
                        count = r;
                        break;
                }
                count += r;
        }
        closedir(dir);
        return count;
}

int main(int argc, char *argv[])
{
        int count = 0;

        for (int i = 1; i < argc; i++) {
                int r;

                if (argv[i][0] == '-')
                        continue;
                r = run_path(AT_FDCWD, argv[i]);
                if (r < 0) {
                        fprintf(stderr,
                                "Failed to read the corpus \"%s\": %s\n",
                                argv[i],
                                strerror(-r));
                        return EXIT_FAILURE;
                }
                count += r;
        }
        /* An empty corpus is a mistake in the test's arguments. */
        if (count == 0) {
                fprintf(stderr, "%s: no input. Name the corpus's directory.\n", argv[0]);
                return EXIT_FAILURE;
        }
        printf("%i inputs\n", count);
        return EXIT_SUCCESS;
}
