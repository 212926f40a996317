#!/usr/bin/env bash
# npm test: everything on a fresh clone; with --ci also types, lint and format. Ends non-zero when anything failed.
set -uo pipefail
cd "$(dirname "$0")/.."
ci=false
[ "${1:-}" = --ci ] && ci=true

failed=()
step() {
  local name=$1
  shift
  echo
  echo "== $name"
  "$@" || failed+=("$name")
}

step 'set-up' bash test/support/setup.sh
step 'packages and build' bash test/support/ready.sh dist dist-test
if [ ${#failed[@]} -gt 0 ]; then
  echo "Nothing can be tested: ${failed[*]} failed."
  exit 1
fi
if $ci; then
  step 'types' npx tsc -p tsconfig.json --noEmit
  step 'lint' npx eslint .
  step 'format' npx prettier --check --log-level warn .
  step 'unused code' npx knip
fi

# Temporary files of the tests go here, and every process of theirs has its name in the environment: both are looked
# for afterwards.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/lsyncd-tests-XXXXXX") || exit 1
# Some tests run programs as another user.
chmod 755 "$scratch"
with_scratch() { env TMPDIR="$scratch" "$@"; }
ours() {
  local pid
  for pid in $(grep -lzxF "TMPDIR=$scratch" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3); do
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | sed "s/^/  $pid /"
    echo
  done | grep .
}
nothing_left() {
  local tries=0 orphans leftovers clean=0
  # Somebody just killed may take a moment to be gone.
  while orphans=$(ours) && [ $((tries += 1)) -le 50 ]; do sleep 0.1; done
  if [ -n "$orphans" ]; then
    echo 'Processes left running:'
    echo "$orphans"
    clean=1
  fi
  # What npm and Node keep for next time is no leftover.
  leftovers=$(ls -A -I node-compile-cache -I 'npm-*' "$scratch")
  if [ -n "$leftovers" ]; then
    echo "Left in the directory for temporary files: $leftovers"
    clean=1
  fi
  rm -rf "${scratch:?}"
  [ $clean -eq 0 ] && echo 'No process and no file is left.'
  return $clean
}

if [ -e test/differential/vitest.config.ts ]; then
  step 'differential suite: the same configs under lsyncd and under lsyncd-ts' \
    with_scratch npx vitest run --config test/differential/vitest.config.ts
fi
step 'tests' with_scratch npx vitest run
step 'what is left' nothing_left

echo
if [ ${#failed[@]} -gt 0 ]; then
  echo "FAILED: ${failed[*]}"
  exit 1
fi
echo 'All passed.'
