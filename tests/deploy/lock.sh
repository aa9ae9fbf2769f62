#!/usr/bin/env bash
# Writes the hash of every package that the lists (requirements*.in) need into requirements*.txt, which pip is held to.
# Needs uv (`pip install uv`).
set -euo pipefail
cd "$(dirname "$0")"
for list in requirements*.in; do
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command tests/deploy/lock.sh \
        "$list" --output-file "${list%.in}.txt"
done
