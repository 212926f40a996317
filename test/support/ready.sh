#!/usr/bin/env bash
# Makes a clone ready: npm's packages where the lock file is newer, our patches, and what is built (names as arguments).
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "Installing npm's packages."
  npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
  npx patch-package
  touch node_modules/.package-lock.json
fi
node test/support/build.js "$@"
