# Outlives the app host and cleans up if it dies without doing so itself.
# $1: a named pipe that the app host keeps open for writing. Every process writes `start PID SIGNAL` to it before it becomes
#     what it is to be; the app host writes `end PID` when a process and all of its session are gone.
# $2: the directory to remove at the end; empty to keep it.
# The pipe ends when its last writer does, that is with the app host.
exec >/dev/null 2>&1
trap '' HUP INT QUIT TERM

# Open for both first: a plain open for reading would block for ever if the app host were dead already.
exec 3<>"$1"
exec 0<"$1"
exec 3<&-

sessions=''
while read -r verb id signal; do
  case $verb in
    start) sessions="$sessions $id:$signal" ;;
    end)
      kept=''
      for session in $sessions; do
        [ "${session%%:*}" = "$id" ] || kept="$kept $session"
      done
      sessions=$kept
      ;;
  esac
done

# The processes of all sessions: from /proc where there is one, else the process groups as a whole.
left() {
  ids=' '
  for session in $sessions; do ids="$ids${session%%:*} "; done
  if [ ! -r /proc/self/stat ]; then
    for id in $ids; do kill -0 -- "-$id" && echo "-$id"; done
    return
  fi
  for stat in /proc/[0-9]*/stat; do
    # PID (COMM) STATE PPID PGRP SESSION ...; COMM may hold anything.
    read -r line <"$stat" || continue
    set -- ${line##*) }
    case $ids in *" $4 "*) [ "$1" = Z ] || echo "${line%% *}" ;; esac
  done
}

for session in $sessions; do
  kill -s "${session#*:}" "${session%%:*}"
done
tries=0
while [ -n "$(left)" ] && [ "$tries" -lt 15 ]; do
  sleep 0.2
  tries=$((tries + 1))
done
for process in $(left); do kill -s KILL -- "$process"; done

rm -f "$1" "$0"
tries=0
while [ -n "$2" ] && [ -e "$2" ] && [ "$tries" -lt 10 ]; do
  rm -rf "$2" || sleep 0.2
  tries=$((tries + 1))
done
