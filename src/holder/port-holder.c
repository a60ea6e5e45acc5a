/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel is asked, over netlink, for the sockets that listen on one port, and for the cgroup of
 * who made each. It answers about all processes to anybody, as /proc/net/tcp would if it were
 * visible here. */

#include "holder/port-holder.h"

#include <ftw.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "base/time-util.h"

/* Since Linux 5.9; older headers lack it. */
#define DIAG_CGROUP_ID 21

#define TCP_STATE_LISTEN 10

#define CGROUP_ROOT "/sys/fs/cgroup"

/* The kernel answers at once, or something is wrong with it. */
#define ANSWER_TIMEOUT_SEC 2

int port_holder_parse(const struct nlmsghdr *message, PortHolder *ret)
{
        const struct inet_diag_msg *diag = NLMSG_DATA(message);
        const struct rtattr *attribute;
        PortHolder holder = {};
        size_t left;

        if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
            message->nlmsg_len < NLMSG_LENGTH(sizeof(*diag)) ||
            diag->idiag_state != TCP_STATE_LISTEN)
                return -EBADMSG;

        holder.family = diag->idiag_family;
        if (holder.family == AF_INET)
                memcpy(&holder.address.in, diag->id.idiag_src, sizeof(holder.address.in));
        else if (holder.family == AF_INET6)
                memcpy(&holder.address.in6, diag->id.idiag_src, sizeof(holder.address.in6));
        else
                return -EBADMSG;

        left = message->nlmsg_len - NLMSG_LENGTH(sizeof(*diag));
        attribute = (const struct rtattr *) (const void *) (diag + 1);
        for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
                const void *data = RTA_DATA(attribute);

                if (attribute->rta_type == INET_DIAG_SKV6ONLY && RTA_PAYLOAD(attribute) >= 1)
                        holder.is_v6_only = *(const uint8_t *) data != 0;
                if (attribute->rta_type == DIAG_CGROUP_ID &&
                    RTA_PAYLOAD(attribute) == sizeof(holder.cgroup_id))
                        memcpy(&holder.cgroup_id, data, sizeof(holder.cgroup_id));
        }
        *ret = holder;
        return 0;
}

static int ask(int fd, int family, uint16_t port)
{
        struct {
                struct nlmsghdr header;
                struct inet_diag_req_v2 request;
        } message = {
                        .header =
                                        {
                                                        .nlmsg_len = sizeof(message),
                                                        .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                                                        .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                                        },
                        .request =
                                        {
                                                        .sdiag_family = (uint8_t) family,
                                                        .sdiag_protocol = IPPROTO_TCP,
                                                        .idiag_states = 1U << TCP_STATE_LISTEN,
                                                        .id.idiag_sport = htons(port),
                                        },
        };

        if (send(fd, &message, sizeof(message), 0) < 0)
                return -errno;
        return 0;
}

/* Reads one datagram of the answer. Return: 0: more follows; 1: the end; -errno. */
static int read_answer(int fd, PortHolder ret[static PORT_HOLDERS_MAX], size_t *n)
{
        union {
                struct nlmsghdr header; /* for the alignment */
                char bytes[16384];
        } buffer;
        ssize_t length;
        size_t left;

        length = recv(fd, &buffer, sizeof(buffer), 0);
        if (length < 0)
                return -errno;
        left = (size_t) length;
        for (const struct nlmsghdr *m = &buffer.header; NLMSG_OK(m, left);
             m = NLMSG_NEXT(m, left)) {
                if (m->nlmsg_type == NLMSG_DONE)
                        return 1;
                if (m->nlmsg_type == NLMSG_ERROR) {
                        const struct nlmsgerr *e = NLMSG_DATA(m);

                        return m->nlmsg_len >= NLMSG_LENGTH(sizeof(*e)) && e->error < 0 ? e->error
                                                                                        : -EBADMSG;
                }
                if (*n < PORT_HOLDERS_MAX && port_holder_parse(m, ret + *n) == 0)
                        (*n)++;
        }
        return 0;
}

int port_holders_find(uint16_t port, PortHolder ret[static PORT_HOLDERS_MAX], size_t *ret_n)
{
        static const int families[] = {AF_INET, AF_INET6};
        const struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_SEC};
        _cleanup_close_ int fd = -EBADF;
        size_t n = 0;
        int r;

        fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
        if (fd < 0)
                return -errno;
        if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
                return -errno;
        FOREACH_ARRAY (family, families, ELEMENTSOF(families)) {
                r = ask(fd, *family, port);
                if (r < 0)
                        return r;
                do
                        r = read_answer(fd, ret, &n);
                while (r == 0);
                /* A kernel without IPv6 has nobody listening there. */
                if (r < 0 && !(r == -ENOENT && *family == AF_INET6))
                        return r;
        }
        *ret_n = n;
        return 0;
}

bool port_holder_is_wildcard(const PortHolder *holder)
{
        if (holder->family == AF_INET)
                return holder->address.in.s_addr == htonl(INADDR_ANY);
        return IN6_IS_ADDR_UNSPECIFIED(&holder->address.in6);
}

bool port_holder_is_loopback(const PortHolder *holder)
{
        if (holder->family == AF_INET)
                return ntohl(holder->address.in.s_addr) >> 24 == IN_LOOPBACKNET;
        return IN6_IS_ADDR_LOOPBACK(&holder->address.in6);
}

int unit_from_cgroup_path(const char *path, char **ret)
{
        static const char *const suffixes[] = {".service", ".scope", ".socket"};
        const char *found = NULL;
        size_t length = 0;

        *ret = NULL;
        while (*path) {
                size_t n = strcspn(path, "/");

                FOREACH_ARRAY (suffix, suffixes, ELEMENTSOF(suffixes))
                        if (n > strlen(*suffix) &&
                            strncmp(path + n - strlen(*suffix), *suffix, strlen(*suffix)) == 0) {
                                found = path;
                                length = n;
                        }
                path += n;
                path += strspn(path, "/");
        }
        if (!found)
                return 0;
        *ret = strndup(found, length);
        return *ret ? 0 : -ENOMEM;
}

/* nftw() has no userdata. */
static struct {
        uint64_t id;
        char *path;
} wanted;

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw _unused_)
{
        if (type != FTW_D || st->st_ino != wanted.id)
                return 0;
        wanted.path = strdup(path);
        return 1;
}

int port_holder_unit(const PortHolder *holder, char **ret)
{
        _cleanup_free_ char *path = NULL;

        *ret = NULL;
        if (holder->cgroup_id == 0)
                return 0;
        /* A cgroup's number is the inode of its directory. */
        wanted.id = holder->cgroup_id;
        wanted.path = NULL;
        (void) nftw(CGROUP_ROOT, visit, 16, FTW_PHYS | FTW_MOUNT);
        path = wanted.path;
        return path ? unit_from_cgroup_path(path + strlen(CGROUP_ROOT), ret) : 0;
}
