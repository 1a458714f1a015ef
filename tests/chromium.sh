#!/bin/sh
# The browser tests drive Debian's Chromium.  Where it is missing and this user may install packages,
# install it; where not, say so: the browser tests then fail with the same sentence.
set -eu
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ -n "${NEXUS_CHROMIUM:-}" ] && [ -x "$NEXUS_CHROMIUM" ]; then exit 0; fi
if command -v apt-get >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ]; then sudo=""
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo="sudo -n"
  else sudo=none; fi
  if [ "$sudo" != none ]; then
    echo "installing Chromium for the browser tests"
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-liberation >/dev/null
    exit 0
  fi
fi
echo "no Chromium found: install it (Debian: apt-get install chromium) or set NEXUS_CHROMIUM to its path" >&2
exit 1
