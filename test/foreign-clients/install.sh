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

# Python's qsctl (v1), with the last SDK it works with. The SDK asks for pycrypto, which no Python of today builds;
# pycryptodome has the same modules.
install_qsctl() {
  rm -rf "${qsctl:?}" &&
    python3 -m venv "$qsctl" &&
    pip install setuptools wheel &&
    pip install --no-build-isolation 'PyYAML==5.3.1' &&
    pip install docutils pycryptodome requests tqdm &&
    pip install --no-build-isolation --no-deps 'qingstor-sdk==2.2.6' 'qsctl==1.7.7' &&
    "$qsctl/bin/python" -c 'import qingstor.qsctl.driver' &&
    touch "$qsctl/done"
}
pip() { "$qsctl/bin/pip" --quiet --disable-pip-version-check "$@"; }

# Debian builds rclone without its QingStor backend.
install_rclone() {
  rm -rf "${rclone:?}" &&
    mkdir "$rclone" &&
    cp "$here/rclone/main.go.txt" "$rclone/main.go" &&
    cd "$rclone" &&
    go mod init rclone-qingstor &&
    go mod edit -require=github.com/rclone/rclone@v1.69.3 &&
    go mod tidy &&
    go build -o rclone.new . &&
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
