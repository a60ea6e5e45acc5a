/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Plans for a set of the administrator's, whose own rules decide what it opens. Each of our
 * elements has a timeout, so that the kernel takes it out even if we die, and our comment, so that
 * a port that the administrator has put there is never taken out. */

#include "firewall/comment.h"
#include "firewall/plan-internal.h"

#define ELEMENT_PLACE "\"family\":%s,\"table\":%s,\"name\":%s,\"elem\":"
#define ADD_FORMAT                                                                                 \
        "{\"add\":{\"element\":{" ELEMENT_PLACE "[{\"elem\":{\"val\":%u,\"timeout\":%u,"           \
        "\"comment\":\"%s\"}}]}}}"
#define DELETE_FORMAT "{\"delete\":{\"element\":{" ELEMENT_PLACE "[%u]}}}"

/* Our element's port, or a range that somebody else put there. */
typedef struct Element {
        int64_t from, to;
        bool is_ours;
} Element;

/* item: 80, {"range": [80, 90]}, or either as {"elem": {"val": …, "comment": …}}.
 * Return: 0; 1 when it is something else. */
static int parse_element(struct json_object *item, Element *ret)
{
        struct json_object *elem, *comment, *range, *value = item;

        *ret = (Element){};
        if (json_object_object_get_ex(item, "elem", &elem)) {
                if (!json_object_object_get_ex(elem, "val", &value))
                        return 1;
                if (json_object_object_get_ex(elem, "comment", &comment))
                        ret->is_ours = streq_ptr(json_object_get_string(comment),
                                                 firewall_comment());
        }
        if (json_object_object_get_ex(value, "range", &range)) {
                if (!json_object_is_type(range, json_type_array) ||
                    json_object_array_length(range) != 2)
                        return 1;
                ret->from = json_object_get_int64(json_object_array_get_idx(range, 0));
                ret->to = json_object_get_int64(json_object_array_get_idx(range, 1));
                return 0;
        }
        if (!json_object_is_type(value, json_type_int))
                return 1;
        ret->from = ret->to = json_object_get_int64(value);
        return 0;
}

typedef struct SetItem {
        struct json_object *type, *flags, *elements; /* any may be NULL */
} SetItem;

/* The one set among the items, which also have "metainfo". Return: 0, -EBADMSG. */
static int find_set(struct json_object *items, SetItem *ret)
{
        for (size_t i = 0; i < json_object_array_length(items); i++) {
                struct json_object *set;

                if (!json_object_object_get_ex(json_object_array_get_idx(items, i), "set", &set))
                        continue;
                *ret = (SetItem){};
                json_object_object_get_ex(set, "type", &ret->type);
                json_object_object_get_ex(set, "flags", &ret->flags);
                json_object_object_get_ex(set, "elem", &ret->elements);
                if (ret->elements && !json_object_is_type(ret->elements, json_type_array))
                        return -EBADMSG;
                return 0;
        }
        return -EBADMSG;
}

static size_t count_elements(const SetItem *set)
{
        return set->elements ? json_object_array_length(set->elements) : 0;
}

/* flags: "timeout", or a list of words. */
static bool has_timeout(struct json_object *flags)
{
        if (json_object_is_type(flags, json_type_string))
                return streq(json_object_get_string(flags), "timeout");
        if (!json_object_is_type(flags, json_type_array))
                return false;
        for (size_t i = 0; i < json_object_array_length(flags); i++)
                if (streq_ptr(json_object_get_string(json_object_array_get_idx(flags, i)),
                              "timeout"))
                        return true;
        return false;
}

/* Is the port in the set, by somebody else's element? */
static bool has_port(const SetItem *set, uint16_t port)
{
        for (size_t i = 0; i < count_elements(set); i++) {
                Element e;

                if (parse_element(json_object_array_get_idx(set->elements, i), &e) == 0 &&
                    !e.is_ours && e.from <= port && port <= e.to)
                        return true;
        }
        return false;
}

static int add_element(Plan *plan, const SetName *name, const QuotedName *quoted, uint16_t port)
{
        _cleanup_free_ char *opened = NULL;
        char *text;
        int r;

        if (asprintf(&text,
                     ADD_FORMAT,
                     quoted->family,
                     quoted->table,
                     quoted->name,
                     port,
                     FIREWALL_ELEMENT_TIMEOUT_SEC,
                     firewall_comment()) < 0)
                return -ENOMEM;
        r = plan_add_command(plan, name->family, name->table, text);
        if (r < 0)
                return r;
        if (asprintf(&opened, "%s %s @%s", name->family, name->table, name->set) < 0)
                return -ENOMEM;
        return strv_contains(plan->opened, opened) ? 0 : strv_append(&plan->opened, opened);
}

/* again: and put them in anew. */
static int add_deletes(Plan *plan,
                       const SetName *name,
                       const QuotedName *quoted,
                       const SetItem *set,
                       bool again)
{
        for (size_t i = 0; i < count_elements(set); i++) {
                Element e;
                char *text;
                int r;

                if (parse_element(json_object_array_get_idx(set->elements, i), &e) != 0 ||
                    !e.is_ours)
                        continue;
                if (asprintf(&text,
                             DELETE_FORMAT,
                             quoted->family,
                             quoted->table,
                             quoted->name,
                             (unsigned) e.from) < 0)
                        return -ENOMEM;
                r = plan_add_command(plan, name->family, name->table, text);
                if (r >= 0 && again)
                        r = add_element(plan, name, quoted, (uint16_t) e.from);
                if (r < 0)
                        return r;
                plan->n_closed++;
        }
        return 0;
}

/* Both directions. addresses: none to close. */
static int plan_set(const SetName *name,
                    const SetItem *set,
                    const ListenAddress *addresses,
                    size_t n_addresses,
                    Plan *ret)
{
        _cleanup_(quoted_name_done) QuotedName quoted = {};
        _cleanup_plan_ Plan plan = {};
        int r;

        r = quoted_name_init(&quoted, name->family, name->table, name->set);
        if (r < 0)
                return r;
        r = add_deletes(&plan, name, &quoted, set, false);
        for (size_t i = 0; r >= 0 && i < n_addresses; i++) {
                uint16_t port = listen_address_port(&addresses[i]);
                bool done = has_port(set, port);

                for (size_t k = 0; k < i && !done; k++)
                        done = listen_address_port(&addresses[k]) == port;
                if (!done)
                        r = add_element(&plan, name, &quoted, port);
        }
        if (r < 0)
                return r;
        *ret = plan;
        plan = (Plan){};
        return 0;
}

int plan_set_open(const SetName *name,
                  struct json_object *items,
                  const ListenAddress *addresses,
                  size_t n_addresses,
                  Plan *ret)
{
        SetItem set;
        int r;

        r = find_set(items, &set);
        if (r < 0)
                return r;
        /* A set of "typeof tcp dport" is an object here, and the kernel's to judge. */
        if (json_object_is_type(set.type, json_type_array) ||
            (json_object_is_type(set.type, json_type_string) &&
             !streq(json_object_get_string(set.type), "inet_service")))
                return PLAN_E_SET_TYPE;
        if (!has_timeout(set.flags))
                return PLAN_E_SET_TIMEOUT;
        return plan_set(name, &set, addresses, n_addresses, ret);
}

int plan_set_close(const SetName *name, struct json_object *items, Plan *ret)
{
        SetItem set;
        int r;

        r = find_set(items, &set);
        if (r < 0)
                return r;
        return plan_set(name, &set, NULL, 0, ret);
}

int plan_set_prolong(const SetName *name, struct json_object *items, Plan *ret)
{
        _cleanup_(quoted_name_done) QuotedName quoted = {};
        _cleanup_plan_ Plan plan = {};
        SetItem set;
        int r;

        r = find_set(items, &set);
        if (r >= 0)
                r = quoted_name_init(&quoted, name->family, name->table, name->set);
        if (r >= 0)
                r = add_deletes(&plan, name, &quoted, &set, true);
        if (r < 0)
                return r;
        *ret = plan;
        plan = (Plan){};
        return 0;
}
