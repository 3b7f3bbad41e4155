#!/bin/sh
printf 'Content-Type: text/event-stream\nCache-Control: no-store\n\n'
while :; do
    printf 'data: %s\n\n' "$(date +%T)"
    sleep 1
done
