# What a LinuxCNC session leaves when it dies: shared memory, semaphores, the socket of rtapi_app, the
# tool table's memory, the lock of the launcher. Sourced by preflight and cleanup.
#   remains_of NML SHMEM_KEY    sets keys, fifo, tools, lock

lock=/tmp/linuxcnc.lock  # LinuxCNC's launcher (scripts/linuxcnc) asks before it starts where this is
fifo=${RTAPI_FIFO_PATH:-$HOME/.rtapi_fifo}
tools=$HOME/.tool.mmap  # of io, which removes it when it ends in order

# HAL (0x48414c32), RTAPI (0x48484c34, 0x90280a48; the kernel shows keys as signed numbers), motion,
# the realtime components with memory of their own (a killed rtapi_app leaves it, and the next one takes
# it as it is, or cannot load the component because it is too small): classicladder (0x434c522b),
# halscope (0x130cf406), streamer and sampler (0x48535430 and 0x48534130, eight of each),
# and the buffers of the .nml: "B name SHMEM host size neutral 0 number processes KEY ...".
remains_of() {
  keys=" 1212238898 1212697652 -1876424120 $(($2)) 1129075243 319616006 "
  for n in 0 1 2 3 4 5 6 7; do keys="$keys$((0x48535430 + n)) $((0x48534130 + n)) "; done
  while read -r kind _ type _ _ _ _ _ _ key _; do
    [ "$kind $type" = "B SHMEM" ] && keys="$keys$key "
  done <"$1"
}

# Calls `$1 key id pid-of-maker attached uid` for each segment that is there.
each_segment() {
  while read -r key id _ _ maker _ attached uid _; do
    case $keys in *" $key "*) "$1" "$key" "$id" "$maker" "$attached" "$uid" ;; esac
  done </proc/sysvipc/shm
}

# Removes the semaphores of the .nml's buffers: their keys are those of the buffers.
remove_semaphores() {
  while read -r key id _; do
    case $keys in *" $key "*) ipcrm -s "$id" ;; esac
  done </proc/sysvipc/sem
}

fifo_listens() {
  while read -r _ _ _ flags _ _ _ path; do
    [ "$flags" = 00010000 ] && [ "$path" = "$fifo" ] && return 0  # __SO_ACCEPTCON
  done </proc/net/unix
  return 1
}

# Of a process that lives; empty for none. A pid alone may have come to somebody else.
start_of() {
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
  set -- ${stat##*) }
  shift 19
  echo "$1"
}
