/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.varlink.service, the interface that every varlink service has (varlink.org/Service). It tells
 * anybody behind the door what the room can do, and nothing about the certificate. */

#include "varlink/varlink-internal.h"
#include "varlink/varlink-limits.h"
#include "version.h"

#define SERVICE_NAME "org.varlink.service"

static const char description[] =
                "# The Varlink Service Interface is provided by every varlink service. It "
                "describes the\n"
                "# service and the interfaces it implements.\n"
                "interface org.varlink.service\n"
                "\n"
                "# Who made the service, and which interfaces it has.\n"
                "method GetInfo() -> (\n"
                "  vendor: string,\n"
                "  product: string,\n"
                "  version: string,\n"
                "  url: string,\n"
                "  interfaces: []string\n"
                ")\n"
                "\n"
                "# The description of one of its interfaces.\n"
                "method GetInterfaceDescription(interface: string) -> (description: string)\n"
                "\n"
                "# The service does not have this interface.\n"
                "error InterfaceNotFound(interface: string)\n"
                "\n"
                "# The interface does not have this method.\n"
                "error MethodNotFound(method: string)\n"
                "\n"
                "# The method cannot be called in this way.\n"
                "error MethodNotImplemented(method: string)\n"
                "\n"
                "# A parameter is missing, unknown, or not what the method allows.\n"
                "error InvalidParameter(parameter: string)\n"
                "\n"
                "# The caller may not do that.\n"
                "error PermissionDenied()\n"
                "\n"
                "# The method can be called with the flag \"more\" only.\n"
                "error ExpectedMore()\n";

static int handle_get_info(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        const VarlinkServer *server = userdata;
        const char *interfaces[] = {server->interface->name, SERVICE_NAME, NULL};
        _cleanup_json_ struct json_object *info = NULL;

        info = json_object_new_object();
        if (!info || json_add_string(info, "vendor", "acmeward") < 0 ||
            json_add_string(info, "product", "acmeward") < 0 ||
            json_add_string(info, "version", ACMEWARD_VERSION) < 0 ||
            json_add_string(info, "url", ACMEWARD_URL) < 0 ||
            json_add_strv(info, "interfaces", (char *const *) interfaces) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(info));
}

typedef struct Description {
        const char *interface;
} Description;

static const JsonField description_fields[] = {
                {"interface",
                 JSON_STRING,
                 offsetof(Description, interface),
                 VARLINK_NAME_MAX,
                 NULL,
                 JSON_MANDATORY},
                {},
};

static int handle_get_description(VarlinkCall *call, const void *parameters, void *userdata)
{
        const VarlinkServer *server = userdata;
        const Description *p = parameters;
        _cleanup_json_ struct json_object *reply = NULL;
        const char *text;

        if (streq(p->interface, server->interface->name))
                text = server->interface->description;
        else if (streq(p->interface, SERVICE_NAME))
                text = description;
        else
                return varlink_error_string(call,
                                            VARLINK_ERROR_INTERFACE_NOT_FOUND,
                                            "interface",
                                            p->interface);
        reply = json_object_new_object();
        if (!reply || json_add_string(reply, "description", text) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(reply));
}

static const VarlinkMethod methods[] = {
                {"GetInfo", NULL, 0, handle_get_info},
                {"GetInterfaceDescription",
                 description_fields,
                 sizeof(Description),
                 handle_get_description},
                {},
};

const VarlinkInterface varlink_service_interface = {
                .name = SERVICE_NAME,
                .description = description,
                .methods = methods,
};
