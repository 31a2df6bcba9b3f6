#!/bin/sh
# Asks a running server again and again how it is, and says when that changes.
#
#   healthcheck.sh [ADDRESS] [SECONDS]    defaults: http://localhost:8000/health/live 10
#
# API_KEY   sent as a key; `/health` needs one when keys are set
# FAILURES  so many in a row count as down (3)
# ON_DOWN   command that is run once when that happens
# ONCE=1    ask once and exit 0 or 1
set -u

address=${1:-http://localhost:8000/health/live}
pause_seconds=${2:-10}
limit=${FAILURES:-3}
failed=0
state=unknown

ask() {
    if [ -n "${API_KEY:-}" ]; then
        # From standard input, so that the key is not in the list of processes.
        printf 'header = "X-API-Key: %s"\n' "$API_KEY" |
            curl --silent --fail --output /dev/null --max-time 5 --config - "$address"
    else
        curl --silent --fail --output /dev/null --max-time 5 "$address"
    fi
}

say() {
    printf '%s %s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$address"
}

if [ -n "${ONCE:-}" ]; then
    if ask; then exit 0; else exit 1; fi
fi

while :; do
    if ask; then
        failed=0
        [ "$state" = up ] || say up
        state=up
    else
        failed=$((failed + 1))
        if [ "$failed" -ge "$limit" ] && [ "$state" != down ]; then
            state=down
            say down
            [ -z "${ON_DOWN:-}" ] || sh -c "$ON_DOWN" || say "ON_DOWN failed for"
        fi
    fi
    sleep "$pause_seconds"
done
