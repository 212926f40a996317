#!/bin/bash
# First process of a soak's own mount and pid namespace (run by run.js through unshare).
# Everything but the sandbox becomes read-only, so whatever a program under test deletes or
# overwrites by mistake can only be inside the sandbox. Ends with the soak's exit status.
#   jail.sh SANDBOX TARGET_MIB COMMAND...
set -eu
sandbox=$1 size=$2
shift 2
case $sandbox in
  /?*/lsyncd-soak-?*) ;;
  *) echo "jail.sh: '$sandbox' is not a soak's sandbox" >&2; exit 70 ;;
esac
[ -d "$sandbox" ] || exit 70
mount --bind "$sandbox" "$sandbox"
mkdir -p "$sandbox/disk"
mount -t tmpfs -o "size=${size}m" soak "$sandbox/disk"
while read -r _ point _; do
  case $point in
    "$sandbox" | "$sandbox"/* | /proc | /proc/* | /dev) ;;
    *) mount -o remount,bind,ro "$point" 2>/dev/null || true ;;
  esac
done < <(cat /proc/self/mounts)
if (: > "${sandbox%/*}/.lsyncd-soak-leak") 2>/dev/null; then
  echo 'jail.sh: the rest of the file system is still writable' >&2
  rm -f "${sandbox%/*}/.lsyncd-soak-leak"
  exit 70
fi
# Not exec: as the namespace's init this shell reaps what a killed program leaves behind.
"$@" && code=0 || code=$?
exit "$code"
