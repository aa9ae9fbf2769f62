#!/usr/bin/env bash
# Draws burst.svg: where the processor's time goes while 500 customers at once talk to the bot on one machine.
# Needs perf, which must be allowed to sample (sysctl kernel.perf_event_paranoid=1), and `cargo install inferno`.
set -euo pipefail
cd "$(dirname "$0")/../.."
bench=${CARGO_TARGET_DIR:-target}/release/carquery-local
samples=$(mktemp)
trap 'rm -f "$samples"' EXIT

cargo rustc --release --package local --bin carquery-local -- -C strip=none
"$bench" bench --alone 1 &
until bot=$(pgrep --parent $! --full bench-bot); do sleep 0.01; done
perf record --freq 999 --event cpu-clock --call-graph dwarf,65528 --pid "$bot" --output "$samples"

# A frame is a crate, and a function of it if the crate is ours. What only passes calls on (the standard library, futures,
# the runtime) counts as the crate that uses it.
perf script --no-inline --input "$samples" | inferno-collapse-perf --kernel | awk '
    BEGIN {
        split("ai dealer delivery dialog embedded faq jobs lead machine relay sales settings storage talk telegram texts turn values webhook", crates)
        for (i in crates) ours[crates[i]]
        split("__rustc alloc bytes core futures_core futures_util hashbrown hyper_util std tokio tower tracing", crates)
        for (i in crates) passes[crates[i]]
    }
    function label(frame,    rest, crate) {
        if (frame ~ /_\[k\]$/) return "kernel"
        if (frame ~ /^sqlite3/) return "sqlite"
        if (frame ~ /^(__libc_)?(malloc|calloc|realloc|cfree|free)$|^_int_(malloc|free|realloc)/) return "malloc"
        rest = frame
        gsub(/>::[A-Za-z_0-9:]*/, ">", rest) # a method
        while (match(rest, /[a-z_][a-z_0-9]*(::[A-Za-z_0-9]+)+/)) {
            crate = substr(rest, RSTART, RLENGTH)
            rest = substr(rest, RSTART + RLENGTH)
            sub(/::.*/, "", crate)
            if (crate in passes) continue
            if (!(crate in ours)) return crate
            gsub(/::\{[^}]*\}|::<.*>$/, "", frame)
            return match(frame, /::[a-z_0-9]+$/) && frame !~ /::(poll|call|call_once)$/ ? crate substr(frame, RSTART) : crate
        }
        return ""
    }
    {
        count = $NF
        sub(/ [0-9]+$/, "")
        stack = last = crate_of_last = "bot"
        frames = split($0, frame, ";")
        for (i = 2; i <= frames; i++) {
            next_one = label(frame[i])
            if (next_one != "" && next_one != last && next_one != crate_of_last) {
                stack = stack ";" (last = next_one)
                crate_of_last = last
                sub(/::.*/, "", crate_of_last)
            }
        }
        total[stack] += count
    }
    END { for (stack in total) print stack, total[stack] }' |
    inferno-flamegraph --title "500 customers at once" --width 1400 --minwidth 0.3 > docs/profile/burst.svg
