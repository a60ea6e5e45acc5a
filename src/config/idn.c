/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libidn2, loaded when the first name needs it. Most configurations have plain ASCII names, and
 * each of a renewal's processes reads the configuration: those that run as root shall not have two
 * megabytes of Unicode tables mapped for nothing, and the loading costs 0.1 ms each time.
 *
 * Flags: non-transitional, so that "faß" is not "fass" (Unicode TR 46 section 2.2). STD3 rules are
 * left to the caller: libidn2 2.3.3 does not refuse a character that maps to what they forbid, but
 * drops it, and another name comes out. */

#include <dlfcn.h>
#include <idn2.h>

#include "config/idn.h"

#if IDN2_VERSION_NUMBER < 0x02030000
#error "libidn2 2.3 or newer is needed: older ones do not check A-labels."
#endif

/* The name that libidn2's ABI has had since 2.0.0. */
#define LIBIDN2 "libidn2.so.0"

#define LOOKUP_FLAGS (IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL)

typedef struct Idn2 {
        typeof(&idn2_lookup_u8) lookup;
        typeof(&idn2_to_unicode_8z8z) to_unicode;
        typeof(&idn2_strerror) strerror;
        typeof(&idn2_free) free;
} Idn2;

/* It stays loaded: its messages are handed on as constants. Return: NULL when it is not there. */
static const Idn2 *idn2_get(void)
{
        static Idn2 idn2;
        void *library;

        if (idn2.lookup)
                return &idn2;
        library = dlopen(LIBIDN2, RTLD_NOW | RTLD_LOCAL);
        if (!library)
                return NULL;
        idn2.to_unicode = (typeof(idn2.to_unicode)) dlsym(library, "idn2_to_unicode_8z8z");
        idn2.strerror = (typeof(idn2.strerror)) dlsym(library, "idn2_strerror");
        idn2.free = (typeof(idn2.free)) dlsym(library, "idn2_free");
        if (!idn2.to_unicode || !idn2.strerror || !idn2.free)
                return NULL;
        idn2.lookup = (typeof(idn2.lookup)) dlsym(library, "idn2_lookup_u8");
        return idn2.lookup ? &idn2 : NULL;
}

static int fail(const Idn2 *idn2, int error, const char **ret_reason)
{
        if (error == IDN2_MALLOC)
                return -ENOMEM;
        *ret_reason = idn2->strerror(error);
        return IDN_E_INVALID;
}

int idn_to_ascii(const char *name, char **ret, const char **ret_reason)
{
        const Idn2 *idn2 = idn2_get();
        uint8_t *ascii = NULL, *again = NULL;
        char *unicode = NULL;
        int r;

        if (!idn2) {
                *ret_reason = "an internationalised name needs " LIBIDN2 ", which cannot be loaded";
                return IDN_E_INVALID;
        }

        /* RFC 5891 section 5.4: an A-label is one only if its U-label leads back to it. */
        r = idn2->lookup((const uint8_t *) name, &ascii, LOOKUP_FLAGS);
        if (r == IDN2_OK)
                r = idn2->to_unicode((const char *) ascii, &unicode, 0);
        if (r == IDN2_OK)
                r = idn2->lookup((const uint8_t *) unicode, &again, LOOKUP_FLAGS);
        if (r == IDN2_OK && !streq((const char *) ascii, (const char *) again))
                r = IDN2_ALABEL_ROUNDTRIP_FAILED;
        if (r == IDN2_OK)
                r = free_and_strdup(ret, (const char *) ascii);
        else
                r = fail(idn2, r, ret_reason);

        idn2->free(again);
        idn2->free(unicode);
        idn2->free(ascii);
        return r;
}
