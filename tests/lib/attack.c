/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An attacker for rooms whose system call filter does not let an interpreter run: tries what the
 * lines of a file say and tells what came of it. Compiled in the machine by lib/room.py.
 *
 *     read PATH | write PATH | create DIRECTORY       an answer only when it is allowed
 *     socket FAMILY TYPE PROTOCOL                     numbers
 *     unix PATH | inet ADDRESS PORT                   connect
 *     signal PID | status FIELD | uid | flush         flush: delete every nftables table
 *     accept                                          at the first socket of systemd's
 *     stay SECONDS                                    be there, deaf to signals, with a child of
 * our own
 *
 * Each answer is a line "ATTACK", a tab, the line, a tab, and "ok", an errno's name or a value. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *outcome(int r)
{
        return r >= 0 ? "ok" : strerrorname_np(errno);
}

static int try_connect(int family, const struct sockaddr *address, socklen_t length)
{
        int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

        if (fd < 0)
                return fd;
        r = connect(fd, address, length);
        close(fd);
        return r;
}

static const char *connect_unix(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        return outcome(try_connect(AF_UNIX, (struct sockaddr *) &address, sizeof(address)));
}

static const char *connect_inet(const char *host, const char *port)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};

        inet_pton(AF_INET, host, &address.sin_addr);
        return outcome(try_connect(AF_INET, (struct sockaddr *) &address, sizeof(address)));
}

static const char *create(const char *folder)
{
        char path[4096];
        int fd;

        snprintf(path, sizeof(path), "%s/left-behind-by-an-attacker", folder);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        return outcome(fd);
}

static const char *try_open(const char *path, int flags)
{
        int fd = open(path, flags | O_CLOEXEC);
        const char *answer = outcome(fd);

        if (fd >= 0)
                close(fd);
        return answer;
}

/* A netlink batch: NFNL_MSG_BATCH_BEGIN, NFT_MSG_DELTABLE with an acknowledgement,
 * NFNL_MSG_BATCH_END. */
static const char *flush_ruleset(void)
{
        static const unsigned char batch[] = {20, 0, 0, 0, 0x10, 0,  1, 0, 1, 0, 0,  0, 0, 0, 0,
                                              0,  0, 0, 0, 10,   20, 0, 0, 0, 2, 10, 5, 0, 2, 0,
                                              0,  0, 0, 0, 0,    0,  0, 0, 0, 0, 20, 0, 0, 0, 0x11,
                                              0,  1, 0, 3, 0,    0,  0, 0, 0, 0, 0,  0, 0, 0, 10};
        unsigned char reply[4096];
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 12), error = 0;

        if (fd < 0 || send(fd, batch, sizeof(batch), 0) < 0 ||
            recv(fd, reply, sizeof(reply), 0) < 20)
                return outcome(-1);
        memcpy(&error, reply + 16, sizeof(error));
        errno = -error;
        return error == 0 ? "ok" : outcome(-1);
}

static const char *status_field(const char *field)
{
        static char text[16384];
        int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
        char *found;

        if (n < 0)
                return outcome(-1);
        text[n] = '\0';
        found = strstr(text, field);
        if (!found)
                return "absent";
        found += strlen(field) + 1;
        found += strspn(found, " \t:");
        found[strcspn(found, "\n")] = '\0';
        return found;
}

static const char *stay(const char *seconds)
{
        static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};
        unsigned left = (unsigned) atoi(seconds);
        pid_t child;

        for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
                signal(signals[i], SIG_IGN);
        child = fork();
        if (child < 0)
                return outcome(-1);
        if (child == 0) {
                (void) setsid();
                while (left > 0)
                        left = sleep(left);
                _exit(0);
        }
        return "ok";
}

static const char *obey(char *line)
{
        char *word[4] = {}, *rest = line;

        for (size_t i = 0; i < 4 && rest; i++)
                word[i] = strsep(&rest, " ");
        if (strcmp(word[0], "read") == 0)
                return try_open(word[1], O_RDONLY);
        if (strcmp(word[0], "write") == 0)
                return try_open(word[1], O_WRONLY);
        if (strcmp(word[0], "create") == 0)
                return create(word[1]);
        if (strcmp(word[0], "socket") == 0)
                return outcome(socket(atoi(word[1]), atoi(word[2]) | SOCK_CLOEXEC, atoi(word[3])));
        if (strcmp(word[0], "unix") == 0)
                return connect_unix(word[1]);
        if (strcmp(word[0], "inet") == 0)
                return connect_inet(word[1], word[2]);
        if (strcmp(word[0], "signal") == 0)
                return outcome(kill(atoi(word[1]), SIGTERM));
        if (strcmp(word[0], "status") == 0)
                return status_field(word[1]);
        if (strcmp(word[0], "uid") == 0)
                return getuid() == 0 ? "0" : "other";
        if (strcmp(word[0], "flush") == 0)
                return flush_ruleset();
        if (strcmp(word[0], "accept") == 0)
                return outcome(accept4(3, NULL, NULL, SOCK_CLOEXEC));
        if (strcmp(word[0], "stay") == 0)
                return stay(word[1]);
        return "unknown";
}

static void answer(const char *line, const char *result)
{
        char text[8192];
        int n = snprintf(text, sizeof(text), "ATTACK\t%s\t%s\n", line, result);

        if (write(STDOUT_FILENO, text, (size_t) n) < 0)
                _exit(1);
}

int main(int argc, char *argv[])
{
        static char script[1 << 20];
        int fd = argc >= 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1, tried = 0;
        size_t length = 0;
        char count[32], *rest = script, *line;
        ssize_t n;

        if (fd < 0)
                return 1;
        while ((n = read(fd, script + length, sizeof(script) - 1 - length)) > 0)
                length += (size_t) n;
        close(fd);
        while ((line = strsep(&rest, "\n")) && *line) {
                char *copy = strdup(line);
                const char *result = obey(copy);
                int quiet = strncmp(line, "read", 4) == 0 || strncmp(line, "write", 5) == 0 ||
                            strncmp(line, "create", 6) == 0;

                tried++;
                if (!quiet || strcmp(result, "ok") == 0)
                        answer(line, result);
                free(copy);
        }
        snprintf(count, sizeof(count), "%i", tried);
        answer("done", count);
        if (argc >= 3)
                sleep((unsigned) atoi(argv[2]));
        return 0;
}
