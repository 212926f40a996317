#!/bin/sh
# Layer 3 action of the soak: makes the target's path what the source's path is now.
# What vanished meanwhile is no error (its own event follows); a failed copy is (exit 1: again).
#   mirror.sh put SOURCE TARGET | remove SOURCE TARGET | move FROM_TARGET SOURCE TARGET
put() {
  if [ -L "$1" ]; then
    rm -rf -- "$2" && cp -a -T -- "$1" "$2"
  elif [ -d "$1" ]; then
    [ -d "$2" ] && [ ! -L "$2" ] || rm -rf -- "$2"
    mkdir -p -- "$2" && rsync -a --delete --force -- "$1/" "$2/"
  elif [ -e "$1" ]; then
    [ -d "$2" ] && [ ! -L "$2" ] && rm -rf -- "$2"
    cp -a -T --remove-destination -- "$1" "$2"
  else
    rm -rf -- "$2"
  fi
}
how=$1
shift
for path in "$@"; do
  case $path in
    /*/lsyncd-soak-?*/?*) ;;
    *) echo "mirror.sh: '$path' is not inside a soak's sandbox" >&2; exit 70 ;;
  esac
done
# A directory for it to stand in, whatever stood in the way.
room() {
  [ -d "$1" ] && [ ! -L "$1" ] && return
  case $1 in */disk/target) return 1 ;; esac
  room "$(dirname -- "$1")"
  rm -rf -- "$1"
  mkdir -- "$1"
}
# A parent that is gone has an event of its own; there is nothing to be done for its contents.
# So has a link in the place of a parent: what is below it is elsewhere.
there() {
  parent=$(dirname -- "$1")
  [ -d "$parent" ] && [ "$(realpath -- "$parent")" = "$(realpath -s -- "$parent")" ]
}
case $how in
  put) there "$1" || exit 0; room "$(dirname -- "$2")" && put "$1" "$2" ;;
  remove) put "$1" "$2" ;;
  move)
    if there "$2"; then
      room "$(dirname -- "$3")" && rm -rf -- "$3"
      mv -T -- "$1" "$3" 2>/dev/null
      put "$2" "$3"
    else
      rm -rf -- "$1"
    fi ;;
esac || { there "$1" && exit 1; exit 0; }
