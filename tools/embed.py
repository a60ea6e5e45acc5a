#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turn a text file into a C header with one string constant: embed.py INPUT OUTPUT SYMBOL."""

import json
import sys

source, target, symbol = sys.argv[1:]
with open(source, encoding="ascii") as f:
    lines = f.read().splitlines(keepends=True)
with open(target, "w", encoding="ascii") as f:
    f.write(f"/* Made from {source.rsplit('/', 1)[-1]}. */\n")
    f.write(f"static const char {symbol}[] =\n")
    f.writelines(f"        {json.dumps(line)}\n" for line in lines)
    f.write("        ;\n")
