#!/bin/sh
# What the tests need from the operating system: a browser for the dashboard tests, fonts with Norwegian letters. Debian and its kin; needs root.
set -eu
if command -v chromium >/dev/null 2>&1; then
  echo "chromium is there"
  exit 0
fi
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
