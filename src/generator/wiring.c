/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each address is a socket unit of its own, an instance of a template: one that others hold keeps
 * none of the rest from being bound. Who takes the sockets is told so in a drop-in: what answers,
 * and the firewall, which opens for what is really listened on. */

#include "generator/wiring.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/strv.h"

#define DROP_IN "50-acme.conf"
#define UNIT_NAME_MAX 256U

/* Where tokens are in any case; another one has to be made. */
#define TOKEN_DIRECTORY "/run/acme/challenges"

/* Where acme-directory.service has the directory above that one. */
#define PARENT "/run/acme/parent"

/* One row for each type of challenge that is looked at by a port. */
typedef struct Port {
        const char *socket;   /* a template, without its suffix */
        const char *service;  /* what answers there */
        const char *firewall; /* what opens the packet filter */
} Port;

static const Port webroot_port = {"acme-webroot",
                                  "acme-webroot.service",
                                  "acme-firewall@webroot.service"};
static const Port alpn_port = {"acme-alpn", "acme-alpn.service", "acme-firewall@alpn.service"};

/* Return: 0; -errno. */
_printf_(3, 4) static int write_drop_in(int directory_fd, const char *unit, const char *format, ...)
{
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        char name[UNIT_NAME_MAX];
        va_list args;
        int length;

        if (snprintf(name, sizeof(name), "%s.d", unit) >= (int) sizeof(name))
                return -ENAMETOOLONG;
        va_start(args, format);
        length = vasprintf(&text, format, args);
        va_end(args);
        if (length < 0) {
                text = NULL;
                return -ENOMEM;
        }
        if (mkdirat(directory_fd, name, 0755) < 0)
                return -errno;
        fd = openat(directory_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return file_create_unsynced(fd, DROP_IN, text, (size_t) length, 0644);
}

/* The instance is the address, with the brackets of IPv6 as unit names can have them
 * (systemd-escape(1)); and the backslash of that once more, since Sockets= takes one away. */
static void format_socket(const Port *port, const char *address, char ret[static UNIT_NAME_MAX])
{
        char *p = ret + snprintf(ret, UNIT_NAME_MAX, "%s@", port->socket);

        for (const char *c = address; *c; c++)
                if (*c == '[')
                        p = stpcpy(p, "\\\\x5b");
                else if (*c == ']')
                        p = stpcpy(p, "\\\\x5d");
                else
                        *p++ = *c;
        strcpy(p, ".socket");
}

static int write_port(const Port *port,
                      const ListenAddress *addresses,
                      size_t n,
                      bool has_ipv6,
                      const char *unit_lines,
                      int directory_fd)
{
        _cleanup_strv_free_ char **sockets = NULL, **words = NULL;
        _cleanup_free_ char *socket_list = NULL, *listen = NULL;
        char text[LISTEN_ADDRESS_MAX], unit[UNIT_NAME_MAX];
        int r = 0;

        FOREACH_ARRAY (address, addresses, n) {
                if (address->sa.sa_family == AF_INET6 && !has_ipv6)
                        continue;
                listen_address_format(address, text);
                format_socket(port, text, unit);
                r = strv_append(&sockets, unit);
                if (r == 0)
                        r = strv_append(&words, text);
                if (r < 0)
                        return r;
        }
        r = strv_join(sockets, " ", &socket_list);
        if (r == 0)
                r = strv_join(words, " ", &listen);
        if (r == 0)
                r = write_drop_in(directory_fd,
                                  port->service,
                                  "[Service]\nSockets=%s\n",
                                  socket_list);
        if (r < 0)
                return r;
        return write_drop_in(directory_fd,
                             port->firewall,
                             "%s[Service]\nSockets=%s\nEnvironment=\"ACME_LISTEN=%s\"\n",
                             unit_lines,
                             socket_list,
                             listen);
}

/* As a unit file has it between double quotes. Return: 0; -ENOMEM. */
static int quote(const char *path, size_t length, char **ret)
{
        char *q = malloc(length * 2 + 1), *p = q;

        if (!q)
                return -ENOMEM;
        for (const char *c = path; c < path + length; c++) {
                if (strchr("%\"\\", *c))
                        *p++ = *c == '%' ? '%' : '\\';
                *p++ = *c;
        }
        *p = 0;
        *ret = q;
        return 0;
}

/* Not with what is mounted below the directory above: that is nobody's business. Passed over when
 * it is not there: the program tells then. */
static int write_directory(const char *path, int directory_fd)
{
        static const char *const units[] = {"acme-directory.service",
                                            "acme-directory-remove@stopped.service",
                                            "acme-directory-remove@failed.service"};
        size_t length = MAX((size_t) (strrchr(path, '/') - path), (size_t) 1);
        _cleanup_free_ char *parent = NULL, *whole = NULL;
        int r;

        r = quote(path, length, &parent);
        if (r == 0)
                r = quote(path, strlen(path), &whole);
        FOREACH_ARRAY (unit, units, ELEMENTSOF(units))
                if (r == 0)
                        r = write_drop_in(directory_fd,
                                          *unit,
                                          "[Service]\nEnvironment=\"ACME_DIRECTORY=%s\"\n"
                                          "BindPaths=\"-%s\":" PARENT ":norbind\n",
                                          whole,
                                          parent);
        if (r < 0)
                return r;
        return write_drop_in(directory_fd,
                             "acme-challenge@.service",
                             "[Unit]\nWants=%s\nAfter=%s\n",
                             units[0],
                             units[0]);
}

int wiring_write(const Config *config, bool has_ipv6, int directory_fd)
{
        /* An element of a set ends by itself. */
        const char *lines = config->firewall_mode == FIREWALL_SET
                                            ? "[Unit]\nWants=acme-firewall-prolong.timer\n"
                                            : "";
        int r;

        r = write_port(&webroot_port,
                       config->listen,
                       config->n_listen,
                       has_ipv6,
                       lines,
                       directory_fd);
        if (r == 0)
                r = write_port(&alpn_port,
                               config->alpn_listen,
                               config->n_alpn_listen,
                               has_ipv6,
                               lines,
                               directory_fd);
        if (r == 0 && !streq(config->webroot_directory, TOKEN_DIRECTORY))
                r = write_directory(config->webroot_directory, directory_fd);
        return r;
}
