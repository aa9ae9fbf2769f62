#!/bin/sh
# Starts the local stack on a free port with a folder of its own, plays the stories in a browser, and ends the stack.
#
#   tests/browser/run.sh [SCRIPT]      SCRIPT is dialog.mjs unless named
#
# The stack gets the files of the folder that is named like the script: its settings and the dealer's file.
# CARQUERY_LOCAL_BIN and CARQUERY_BIN name the programs (default: those in target/debug), CHROMIUM the browser. Builds nothing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
built=${CARGO_TARGET_DIR:-$root/target}/debug
program=${CARQUERY_LOCAL_BIN:-$built/carquery-local}
export CARQUERY_BIN=${CARQUERY_BIN:-$built/carquery}
script=${1:-dialog.mjs}

case $program in /*) ;; *) program=$PWD/$program ;; esac
for needed in "$program" "$CARQUERY_BIN"; do
    [ -x "$needed" ] || { echo "no $needed: build it with cargo build" >&2; exit 2; }
done
[ -d "$here/node_modules/playwright-core" ] || (cd "$here" && npm ci --ignore-scripts --no-audit --no-fund)

folder=$(mktemp -d)
stack=
finish() {
    [ -z "$stack" ] || { kill "$stack" 2>/dev/null || true; wait "$stack" 2>/dev/null || true; }
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

# A bare environment and a folder of its own: nothing of the operator's is used.
given=$here/${script%.mjs}
[ ! -d "$given" ] || cp "$given"/.[!.]* "$given"/* "$folder"
cd "$folder"
: >"$folder/log"
env -i PATH="$PATH" HOME="$folder" CARQUERY_PORT=0 CARQUERY_DATA_DIR="$folder/data" "$program" >"$folder/log" 2>&1 &
stack=$!

url=
for _ in $(seq 300); do
    url=$(sed -n 's/^CarQuery runs at //p' "$folder/log")
    [ -z "$url" ] || break
    kill -0 "$stack" 2>/dev/null || { cat "$folder/log" >&2; exit 1; }
    sleep 0.1
done
[ -n "$url" ] || { echo "the stack did not start in 30 s" >&2; cat "$folder/log" >&2; exit 1; }

cd "$here"
status=0
node "$script" "$url" || status=$?
[ "$status" -eq 0 ] || { echo "--- the end of the stack's log" >&2; tail -40 "$folder/log" >&2; }
exit "$status"
