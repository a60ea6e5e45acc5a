/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A root with a store, a configuration and a directory to deploy to, and what a consumer sees of
 * it. */

#include <openssl/evp.h>
#include <sys/stat.h>

#include "base/test.h"
#include "writer/writer.h"

#define TARGET_NAME "www"
#define TARGET_DIRECTORY "etc/web"
#define TARGET_KEY TARGET_DIRECTORY "/key.pem"
#define TARGET_CERTIFICATE TARGET_DIRECTORY "/cert.pem"
#define TARGET_FULL_CHAIN "etc/web-public/full.pem"
#define TARGET_PASSWORD "correct horse"

/* A pair of files in one directory; and all six, in two. */
#define TARGET_PAIR "PrivateKey=/" TARGET_KEY "\nCertificate=/" TARGET_CERTIFICATE "\n"
#define TARGET_ALL                                                                                 \
        TARGET_PAIR "Bundle=/etc/web/bundle.pem\nPKCS12=/etc/web/store.p12\n"                      \
                    "PKCS12Password=/etc/password\nChain=/etc/web-public/chain.pem\n"              \
                    "FullChain=/" TARGET_FULL_CHAIN "\n"

/* Generations that can be made live. */
#define TARGET_GENERATIONS 3U

typedef struct Target {
        TestDirectory *d;
        Failure failure;
        bool is_written;
        char *credentials; /* with pkcs12-password in it */
} Target;

/* As setup and teardown of a test. Generation 1 is live. */
int target_setup(void **state);
int target_teardown(void **state);

/* Generations differ in key and certificates; they are made once for all tests. */
void target_make_live(Target *target, unsigned generation);

/* section: the lines of [Deploy web] beside Owner= and Group=, which are who runs the test. */
void target_configure(Target *target, const char *section);
/* The same without those two. */
void target_configure_owner(Target *target, const char *section);

void target_put(Target *target, const char *path, const char *text, mode_t mode);
char *target_read(Target *target, const char *path);
bool target_has(Target *target, const char *path);
mode_t target_mode(Target *target, const char *path);
ino_t target_inode(Target *target, const char *path);

/* How many names there are in a directory. */
unsigned target_count(Target *target, const char *directory);

/* One run. Return: as writer_run(); failure and is_written in target. */
int target_run(Target *target);

/* One run that has to do it, or has nothing to do. */
void target_must_write(Target *target);
void target_must_rest(Target *target);

/* Is the file of that generation? Its certificate or key is what counts, of whichever it is a
 * file: key.pem, cert.pem, fullchain.pem as the store calls them. */
bool target_is_of(Target *target, const char *path, const char *file, unsigned generation);
