/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Why a target is not written: FAILURE_REASON(NAME, word, exit status, advice). The word is what
 * ACME_REASON= says; acme-deploy@.service(8) and README.md list them. The advice ends the message.
 * No include guard: it is included once for every table made from it. */

/* A person must act: the section asks for what is not done. */
FAILURE_REASON(LABEL,
               "unknownTarget",
               EXIT_CONFIGURATION,
               "Start acme-deploy@NAME.service; it knows which sections there are")
FAILURE_REASON(UNFIT_PLACE,
               "unfitPlace",
               EXIT_CONFIGURATION,
               "Name a place that stays over a reboot, or use credentials: acme-credentials(8)")
FAILURE_REASON(NAME_TOO_LONG,
               "nameTooLong",
               EXIT_CONFIGURATION,
               "Name a file whose name is shorter")
FAILURE_REASON(SYMLINK,
               "symlink",
               EXIT_CONFIGURATION,
               "Name the place that it leads to in the section, or remove the link")
FAILURE_REASON(NOT_REGULAR,
               "notRegular",
               EXIT_CONFIGURATION,
               "Move away what is there, or name another path in the section")
FAILURE_REASON(NO_DIRECTORY,
               "noDirectory",
               EXIT_CONFIGURATION,
               "Make the directory, with the owner and mode that your service wants")
FAILURE_REASON(DIRECTORY_WRITABLE,
               "directoryWritable",
               EXIT_CONFIGURATION,
               "Take that right away (chown, chmod go-w). Owner= or Group= of the section may name "
               "who is to have it, but not everybody")
FAILURE_REASON(UNKNOWN_OWNER,
               "unknownOwner",
               EXIT_CONFIGURATION,
               "Correct Owner=, or install what brings that user with it")
FAILURE_REASON(UNKNOWN_GROUP,
               "unknownGroup",
               EXIT_CONFIGURATION,
               "Correct Group=, or install what brings that group with it")
FAILURE_REASON(PASSWORD,
               "password",
               EXIT_CONFIGURATION,
               "PKCS12Password= is to name a file or a credential with one line, the password")

/* What may be otherwise at the next try. */
FAILURE_REASON(NOT_LIVE,
               "notLive",
               EXIT_TRY_AGAIN,
               "systemctl start acme-renew@NAME gets a certificate")
FAILURE_REASON(MISMATCH,
               "mismatch",
               EXIT_TRY_AGAIN,
               "Somebody has changed the store; the next renewal replaces what does not fit")
FAILURE_REASON(NO_SPACE, "noSpace", EXIT_TRY_AGAIN, "Make room there; the next run tries again")
FAILURE_REASON(READ_ONLY,
               "readOnly",
               EXIT_TRY_AGAIN,
               "Mount the file system for writing; the next run tries again")
FAILURE_REASON(FAILED, "failed", EXIT_TRY_AGAIN, "The next run tries again")
