/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asks PID 1 for the socket. Only what the unit listens on is said here; everything else
 * about it is a drop-in file, units/acme-webroot.socket.d/ or units/acme-alpn.socket.d/. A unit of
 * that name may be there already: one that is still stopping, or one that another lease has just
 * asked for anew. */

#include "listener/port-socket.h"

#include "base/log.h"

/* How the addresses reach the firewall's command line: $ACME_LISTEN in the drop-in file. */
#define LISTEN_VARIABLE "ACME_LISTEN="

typedef struct Addresses {
        const ListenAddress *addresses;
        size_t n;
        bool is_prolonged;
} Addresses;

/* "Listen", the firewall's variable, and its timer. */
static int append_properties(sd_bus_message *m, const void *userdata)
{
        char variable[sizeof(LISTEN_VARIABLE) + CONFIG_LISTEN_MAX * LISTEN_ADDRESS_MAX];
        char text[LISTEN_ADDRESS_MAX];
        const Addresses *wanted = userdata;
        size_t used = strlen(LISTEN_VARIABLE);
        int r;

        r = sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", "Listen");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a(ss)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(ss)");
        memcpy(variable, LISTEN_VARIABLE, used + 1);
        for (size_t i = 0; r >= 0 && i < wanted->n; i++) {
                listen_address_format(&wanted->addresses[i], text);
                used += (size_t) sprintf(variable + used, i ? " %s" : "%s", text);
                r = sd_bus_message_append(m, "(ss)", "Stream", text);
        }
        for (unsigned i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)", "Environment", "as", 1, variable);
        if (r >= 0 && wanted->is_prolonged)
                r = sd_bus_message_append(m, "(sv)", "Wants", "as", 1, PROLONG_TIMER_UNIT);
        return r;
}

static int try_to_listen(const PortSocket *s, const ListenAddress *addresses, size_t n)
{
        const Addresses wanted = {addresses, n, s->is_prolonged};
        Manager *manager = s->manager;

        while (manager_has_time(manager)) {
                int r;

                r = manager_start_transient(manager, s->unit, append_properties, &wanted);
                if (r <= 0)
                        return r;
                if (r == MANAGER_E_FAILED)
                        return LISTEN_E_BIND;
                /* The end of another lease has come between. */
        }
        return -ETIMEDOUT;
}

int port_socket_listen(const ListenAddress *addresses, size_t n, void *userdata)
{
        PortSocket *s = userdata;
        int r = 0;

        if (s->is_listening)
                r = manager_job(s->manager, "StopUnit", s->unit);
        s->is_listening = false;
        if (r >= 0 || r == -ENOENT)
                r = try_to_listen(s, addresses, n);
        s->is_listening = r == 0;
        if (r < 0)
                log_error_errno(r, "PID 1 did not make %s", s->unit);
        return r;
}

/* What the unit listens on, as PID 1 writes it; "" when there is no such unit. */
static int get_listen(Manager *manager, const char *unit, char **ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_strv_free_ char **list = NULL;
        const char *type, *address;
        int r;

        r = manager_get_message(manager, unit, "Socket.Listen", "a(ss)", &reply);
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(ss)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(ss)", &type, &address)) > 0)
                r = strv_append(&list, address);
        return r < 0 ? r : strv_join(list, " ", ret);
}

int port_socket_close(Manager *manager, const char *unit, char **ret_listen)
{
        _cleanup_free_ char *listen = NULL;
        int r;

        r = get_listen(manager, unit, &listen);
        if (r >= 0)
                r = manager_job(manager, "StopUnit", unit);
        /* That it is not there is why this is called when a search has failed, too. */
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return log_error_errno(r, "PID 1 did not stop %s", unit);
        *ret_listen = TAKE_PTR(listen);
        return 1;
}
