/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "acme/problem.h"

/* What follows from an error whose type is not in the table, or that has none. Never NULL. */
const ProblemRule *problem_rule_for_status(ProblemStage stage, unsigned http_status);
