/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What PID 1 says of its units. */

#include "base/strv.h"
#include "manager/manager-internal.h"

/* Where a property is. */
typedef struct Place {
        char *path;
        char *interface;
        const char *member;
} Place;

static void place_done(Place *place)
{
        free(place->path);
        free(place->interface);
}

/* property: "Service.ExecMainStatus". */
static int locate(const char *unit, const char *property, Place *place)
{
        const char *dot = strchr(property, '.');
        int n;

        assert(dot);
        place->member = dot + 1;
        n = asprintf(&place->interface, MANAGER_PREFIX "%.*s", (int) (dot - property), property);
        if (n < 0) {
                place->interface = NULL;
                return -ENOMEM;
        }
        return sd_bus_path_encode(MANAGER_PATH "/unit", unit, &place->path);
}

int manager_get(Manager *manager, const char *unit, const char *property, char type, void *ret)
{
        _cleanup_(place_done) Place p = {};
        int r;

        r = locate(unit, property, &p);
        if (r >= 0)
                r = sd_bus_get_property_trivial(manager->bus,
                                                MANAGER_DESTINATION,
                                                p.path,
                                                p.interface,
                                                p.member,
                                                NULL,
                                                type,
                                                ret);
        return r < 0 ? r : 0;
}

int manager_get_string(Manager *manager, const char *unit, const char *property, char **ret)
{
        _cleanup_(place_done) Place p = {};
        int r;

        r = locate(unit, property, &p);
        if (r >= 0)
                r = sd_bus_get_property_string(manager->bus,
                                               MANAGER_DESTINATION,
                                               p.path,
                                               p.interface,
                                               p.member,
                                               NULL,
                                               ret);
        return r < 0 ? r : 0;
}

int manager_get_message(Manager *manager,
                        const char *unit,
                        const char *property,
                        const char *type,
                        sd_bus_message **ret)
{
        _cleanup_(place_done) Place p = {};
        int r;

        r = locate(unit, property, &p);
        if (r >= 0)
                r = sd_bus_get_property(manager->bus,
                                        MANAGER_DESTINATION,
                                        p.path,
                                        p.interface,
                                        p.member,
                                        NULL,
                                        ret,
                                        type);
        return r < 0 ? r : 0;
}

int manager_has_job(Manager *manager, const char *unit)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        uint32_t id;
        int r;

        r = manager_get_message(manager, unit, "Unit.Job", "(uo)", &reply);
        if (r >= 0)
                r = sd_bus_message_read(reply, "(uo)", &id, NULL);
        return r < 0 ? r : id != 0;
}

typedef bool (*UnitChoice)(const char *active, uint32_t job_id);

static bool is_failed(const char *active, _unused_ uint32_t job_id)
{
        return streq(active, "failed");
}

static bool is_busy(const char *active, uint32_t job_id)
{
        return job_id != 0 || (!streq(active, "inactive") && !streq(active, "failed"));
}

/* One row of ListUnits. Return: 1; 0 at the end; -errno. */
static int read_unit(sd_bus_message *reply, UnitChoice is_wanted, char ***list)
{
        const char *unit, *active;
        uint32_t job_id;
        int r;

        r = sd_bus_message_read(reply,
                                "(ssssssouso)",
                                &unit,
                                NULL,
                                NULL,
                                &active,
                                NULL,
                                NULL,
                                NULL,
                                &job_id,
                                NULL,
                                NULL);
        if (r <= 0 || !is_wanted(active, job_id))
                return r;
        r = strv_append(list, unit);
        return r < 0 ? r : 1;
}

static int list_units(Manager *manager, const char *pattern, UnitChoice is_wanted, char ***ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_strv_free_ char **list = NULL;
        int r;

        r = manager_new_call(manager, "ListUnitsByPatterns", &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "asas", 0, 1, pattern);
        if (r >= 0)
                r = manager_call(manager, m, &reply);
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
        while (r >= 0 && (r = read_unit(reply, is_wanted, &list)) > 0)
                ;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(list);
        return 0;
}

int manager_list_busy(Manager *manager, const char *pattern, char ***ret)
{
        return list_units(manager, pattern, is_busy, ret);
}

int manager_list_failed(Manager *manager, const char *pattern, char ***ret)
{
        return list_units(manager, pattern, is_failed, ret);
}
