#!/usr/bin/env bash
# Programs the tests compare with or talk to. Installs what is missing where it may; tests that need one say so.
set -uo pipefail
declare -A packages=([rsync]=rsync [lsyncd]=lsyncd [lua5.3]=lua5.3 [sshd]=openssh-server)
missing=()
for program in "${!packages[@]}"; do
  PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null || missing+=("${packages[$program]}")
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Not installed, and not to be installed from here: ${missing[*]} (Debian packages). Their tests are skipped."
  exit 0
fi
echo "Installing Debian packages for the tests: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; }
# A fresh machine has no package lists.
install 2>/dev/null || { apt-get update -qq && install; } ||
  echo "Could not install ${missing[*]}; their tests are skipped."
