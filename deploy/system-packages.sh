#!/bin/sh
# What the tests need from the operating system: a browser for the dashboard tests, fonts with Norwegian letters, and a Java runtime (17 or newer)
# for the Spark engine. Debian and its kin; needs root only for what is missing.
set -eu
missing=""
if command -v chromium >/dev/null 2>&1; then echo "chromium is there"; else missing="chromium fonts-dejavu-core"; fi
if command -v java >/dev/null 2>&1; then echo "java is there"; else missing="$missing openjdk-17-jre-headless"; fi
if [ -z "$missing" ]; then exit 0; fi
apt-get update -qq
# shellcheck disable=SC2086  # a list of packages
apt-get install -y -qq --no-install-recommends $missing
