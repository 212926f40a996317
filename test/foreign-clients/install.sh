#!/usr/bin/env bash
# install.sh qsctl|rclone: prints the path of a QingStor client nobody here wrote; fetches and builds it the first time,
# into a cache that outlives the clone. Fails, with the reason in the cache's log, where that cannot be done.
set -euo pipefail
client=$1
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/lsyncd-ts-foreign
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9

qsctl=$cache/qsctl-1.7.7
rclone=$cache/rclone-1.69.3

# Python's qsctl (v1), with the last SDK it works with.
install_qsctl() {
  rm -rf "${qsctl:?}"
  python3 -m venv "$qsctl"
  "$qsctl/bin/pip" install --quiet --disable-pip-version-check setuptools wheel
  "$qsctl/bin/pip" install --quiet --disable-pip-version-check 'qsctl==1.7.7' 'qingstor-sdk==2.2.6'
  "$qsctl/bin/qsctl" --help
  touch "$qsctl/done"
}

# Debian builds rclone without its QingStor backend.
install_rclone() {
  rm -rf "${rclone:?}"
  mkdir "$rclone"
  cd "$rclone"
  cp "$here/rclone/main.go.txt" main.go
  go mod init rclone-qingstor
  go mod edit -require=github.com/rclone/rclone@v1.69.3
  go mod tidy
  go build -o rclone.new .
  mv rclone.new rclone
}

case $client in
  qsctl)
    [ -e "$qsctl/done" ] || install_qsctl >"$cache/qsctl.log" 2>&1 || { echo "see $cache/qsctl.log" >&2; exit 1; }
    echo "$qsctl/bin/qsctl"
    ;;
  rclone)
    [ -x "$rclone/rclone" ] || install_rclone >"$cache/rclone.log" 2>&1 || { echo "see $cache/rclone.log" >&2; exit 1; }
    echo "$rclone/rclone"
    ;;
  *)
    echo "no such client: $client" >&2
    exit 1
    ;;
esac
