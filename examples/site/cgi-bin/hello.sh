#!/bin/sh
echo "Content-Type: text/plain"
echo
echo "Hello $REMOTE_ADDR, you asked for $REQUEST_URI"
