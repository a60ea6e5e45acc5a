/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/challenge-type.h"

#include "acme/identifier.h"

static const struct {
        const char *name;
        bool has_room;
        bool proves_names, proves_wildcards, proves_addresses;
} types[CHALLENGE_TYPE_MAX] = {
                [CHALLENGE_TYPE_HTTP01] = {"http-01", true, true, false, true},
                [CHALLENGE_TYPE_DNS01] = {"dns-01", true, true, true, false},
                [CHALLENGE_TYPE_TLS_ALPN01] = {"tls-alpn-01", true, true, false, true},
};

const char *challenge_type_to_string(ChallengeType type)
{
        assert(type >= 0 && type < CHALLENGE_TYPE_MAX);
        return types[type].name;
}

ChallengeType challenge_type_from_string(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq(types[i].name, name))
                        return (ChallengeType) i;
        return CHALLENGE_TYPE_INVALID;
}

bool challenge_type_has_room(ChallengeType type)
{
        return types[type].has_room;
}

bool challenge_type_can_prove(ChallengeType type, const char *identifier, bool is_wildcard)
{
        if (is_wildcard)
                return types[type].proves_wildcards;
        return acme_is_address(identifier) ? types[type].proves_addresses
                                           : types[type].proves_names;
}
