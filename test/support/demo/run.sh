#!/usr/bin/env bash
# npm run demo [-- --once]: everything a fresh clone needs, then the demo.
set -euo pipefail
cd "$(dirname "$0")/../../.."
bash test/support/ready.sh dist dist-test
exec node dist-test/demo/main.js "$@"
