/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names become numbers through the C library's own look-up. In the unit that reads /etc/passwd and
 * /etc/group only: the services that know other users are out of reach there, and a key whose owner
 * depends on whether such a service answers would be a surprise. Numbers always work. */

#include "writer/identity.h"

#include <grp.h>
#include <pwd.h>

/* (uid_t) -1 means "leave it as it is" to chown(). */
#define NUMBER_DIGITS_MAX 10U
#define NUMBER_MAX (UINT32_MAX - 1U)

static bool parse_number(const char *s, uint32_t *ret)
{
        size_t n = strspn(s, "0123456789");
        unsigned long long number;

        if (n == 0 || n > NUMBER_DIGITS_MAX || s[n] != '\0')
                return false;
        number = strtoull(s, NULL, 10);
        if (number > NUMBER_MAX)
                return false;
        *ret = (uint32_t) number;
        return true;
}

/* The user's number, and its primary group if there is such a user. Return: 0; -ENOENT; -ENOMEM. */
static int find_user(const char *owner, Identity *ret, bool *ret_has_group)
{
        const struct passwd *user;

        errno = 0;
        *ret_has_group = false;
        if (parse_number(owner, &ret->uid))
                user = getpwuid(ret->uid);
        else if (!(user = getpwnam(owner)))
                return errno == ENOMEM ? -ENOMEM : -ENOENT;
        if (user) {
                *ret = (Identity){user->pw_uid, user->pw_gid};
                *ret_has_group = true;
        }
        return 0;
}

/* Return: 0; -ENOENT; -ENOMEM. */
static int find_group(const char *name, gid_t *ret)
{
        const struct group *group;

        if (parse_number(name, ret))
                return 0;
        errno = 0;
        group = getgrnam(name);
        if (!group)
                return errno == ENOMEM ? -ENOMEM : -ENOENT;
        *ret = group->gr_gid;
        return 0;
}

int identity_resolve(const DeployTarget *target, Identity *ret, Failure *failure)
{
        const char *owner = target->owner ?: "0";
        Identity identity = {};
        bool has_group;
        int r;

        r = find_user(owner, &identity, &has_group);
        if (r == -ENOENT)
                return failure_set(failure,
                                   FAILURE_UNKNOWN_OWNER,
                                   NULL,
                                   "there is no user \"%s\" (Owner=)",
                                   owner);
        if (r == 0 && target->group) {
                r = find_group(target->group, &identity.gid);
                if (r == -ENOENT)
                        return failure_set(failure,
                                           FAILURE_UNKNOWN_GROUP,
                                           NULL,
                                           "there is no group \"%s\" (Group=)",
                                           target->group);
        } else if (r == 0 && !has_group)
                return failure_set(failure,
                                   FAILURE_UNKNOWN_GROUP,
                                   NULL,
                                   "no user has the number %s, so that its group is not known; "
                                   "Group= must be given",
                                   owner);
        if (r < 0)
                return r;
        *ret = identity;
        return 0;
}
