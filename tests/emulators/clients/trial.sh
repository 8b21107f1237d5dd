#!/usr/bin/env bash
# Runs one trial against an emulator of its own: trial.sh COMMAND…, which reads the emulator's first line.
set -euo pipefail
emulators=${EMULATORS:-target/debug/emulators}
line=$(mktemp)
"$emulators" --creatio 127.0.0.1:0 --graph 127.0.0.1:0 --exchange 127.0.0.1:0 --control 127.0.0.1:0 --world empty --start 2026-11-23T08:00:00Z >"$line" &
trap 'kill $!; rm -f "$line"' EXIT
until [ -s "$line" ]; do sleep 0.1; done
head -1 "$line" | "$@"
