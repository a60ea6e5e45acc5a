/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of a target are to hold: key and certificates of one generation, that fit. */

#include <openssl/evp.h>

#include "config/deploy-target.h"
#include "live/live.h"
#include "writer/failure.h"

/* Longer than any file that is made here. */
#define MATERIAL_BYTES_MAX (512U * 1024U)

typedef struct Material {
        const char *name; /* the certificate's; borrowed */
        Live *live;
        EVP_PKEY *key;
        char *password; /* of the PKCS #12 file; NULL when none is wanted */
        char *texts[DEPLOY_FILE_MAX];
        size_t lengths[DEPLOY_FILE_MAX];
} Material;

/* Erases what is secret. */
void material_done(Material *material);

/* Once, before anything of OpenSSL's is used. */
void material_library_init(void);

/* 1 and 2 are WRITER_E_FAILED and TARGET_FILES_CHANGED. */
enum {
        WRITER_E_NOTHING = 3,
};

/* name: the certificate. variant: of the second key type, or NULL; it outlives the material, and
 * WRITER_E_NOTHING says that there is no such certificate yet. credentials: the directory in which
 * the file pkcs12-password is; NULL: none. Return: 0; WRITER_E_FAILED (notLive, mismatch, password,
 * …); -ENOMEM; -EIO. */
int material_load(const char *root,
                  const char *name,
                  const char *variant,
                  const DeployTarget *target,
                  const char *credentials,
                  Material *ret,
                  Failure *failure);

/* What the file is to hold; owned by material, made at the first call. Return: 0; -ENOMEM; -EIO. */
int material_get(Material *material, DeployFile file, const char **ret, size_t *ret_length);

/* Does the file hold already what it is to hold? data: length bytes that nobody has checked.
 * Return: 1; 0; -ENOMEM; -EIO. */
int material_is_same(Material *material, DeployFile file, const char *data, size_t length);

/* The public key of what a file of this kind holds, or NULL when it is no such file, or another
 * than PrivateKey=, Certificate= and FullChain=. */
EVP_PKEY *material_public_key(DeployFile file, const char *data, size_t length);
