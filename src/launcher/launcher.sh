# Runs one agent inside its container: prompt in, database in, OpenCode, database out, exit code kept.
# POSIX sh (dash, busybox ash, bash). Arguments: the command to run.
#
# Environment, all removed before the command starts:
#   OPENCODE_K8S_NONCE         makes the marks of this run unlike any output
#   OPENCODE_K8S_RUN_ID        names what is saved
#   OPENCODE_K8S_RUN_DIR       private folder of this run (an emptyDir)
#   OPENCODE_K8S_CWD           working directory, made if missing
#   OPENCODE_K8S_PROMPT_FILE   the prompt, or
#   OPENCODE_K8S_PROMPT_PARTS  how many parts it has, and OPENCODE_K8S_PROMPT_0, _1, ... the parts
#   OPENCODE_K8S_SAVED_DB      where the agent's database is kept between runs; unset: it is not
#   OPENCODE_K8S_SAVED_DB_MAX  bytes; a larger database is not kept
#   OPENCODE_K8S_DISCARD_DB    1: do not use the kept database, set it aside
#   OPENCODE_K8S_BEAT_SEC      seconds between two signs of life
#
# Its own variables begin with _l_, so that none of the agent's is overwritten on its way to the command.
#
# Marks, each at the start of a line, N the nonce:
#   stdout  @N:start 1        the first line of all
#           @N:end CODE       the last line of all: everything before it is complete
#   stderr  @N:e TEXT         one line of the command's stderr, or its last piece
#           @N:p TEXT         a piece of a long line, more follows: the container runtime must not split it
#           @N:say TEXT       the launcher's own words
#           @N:beat           a sign of life
#           @N:done           stderr is complete
_l_lc_all_before=${LC_ALL-unset}
LC_ALL=C
_l_mark="@$OPENCODE_K8S_NONCE:"
# shellcheck disable=SC2153 # set by the Job
_l_run_dir=$OPENCODE_K8S_RUN_DIR
_l_saved=${OPENCODE_K8S_SAVED_DB-}
_l_piece=15000
_l_child=
_l_terminated=

say() { printf '%ssay %s\n' "$_l_mark" "$1" >&2; }
finish() { printf '%send %s\n' "$_l_mark" "$1"; exit "$1"; }
give_up() { say "$1"; printf '%sdone\n' "$_l_mark" >&2; finish 70; }

# OpenCode sometimes loses its first TERM and runs on (seen with 1.18.33); the second one ends it.
# shellcheck disable=SC2317 # called by the trap
on_term() {
  _l_terminated=1
  _l_interrupted=1
  [ -n "$_l_child" ] || return 0
  kill -TERM "$_l_child" 2>/dev/null
  (sleep 1; kill -TERM "$_l_child") > /dev/null 2>&1 &
}
trap on_term TERM INT HUP

printf '%sstart 1\n' "$_l_mark"
mkdir -p "$_l_run_dir/tmp" "$_l_run_dir/scratch" "$_l_run_dir/cache" "$_l_run_dir/state" "$_l_run_dir/home" "$_l_run_dir/db" || give_up "cannot write to $_l_run_dir"

if [ -n "${OPENCODE_K8S_PROMPT_FILE-}" ]; then
  _l_prompt=$OPENCODE_K8S_PROMPT_FILE
  [ -r "$_l_prompt" ] || give_up "the prompt is not at $_l_prompt"
else
  _l_prompt=$_l_run_dir/prompt
  _l_part=0
  while [ "$_l_part" -lt "${OPENCODE_K8S_PROMPT_PARTS:-0}" ]; do
    eval "printf %s \"\$OPENCODE_K8S_PROMPT_$_l_part\""
    eval "unset OPENCODE_K8S_PROMPT_$_l_part"
    _l_part=$((_l_part + 1))
  done > "$_l_prompt" || give_up "cannot write the prompt to $_l_prompt"
fi

# The agent's database is kept on the shared volume and used on this run's own disk: SQLite's WAL does not work on network
# file systems. Both files count: OpenCode ends without a checkpoint, the session may be in the WAL alone (seen with 1.18.33).
#
# Other agents can write on that volume. So no link below it is followed, what is read is copied before it is looked at, as
# the kind of file that it is (cp -R -P), and what is written is made anew (noclobber) and renamed.
_l_max=${OPENCODE_K8S_SAVED_DB_MAX:-524288000}
_l_own=${_l_saved##*/}
_l_top=${_l_saved%/*}
_l_root=${_l_top%/*}
_l_top=${_l_top##*/}

# enter FOLDER NAME...: goes to FOLDER, then down by names that must be plain folders.
enter() {
  cd -P "$1" 2> /dev/null || return 1
  shift
  for _l_step; do
    _l_above=$(pwd -P)
    cd -P "./$_l_step" 2> /dev/null || return 1
    [ "$(pwd -P)" = "${_l_above%/}/$_l_step" ] || return 1
  done
}

# take FILE TO BYTES: copies a plain file of at most so many bytes (at most twice as many in bash, whose blocks are larger).
take() {
  # A shell in between: one whose child meets the limit says so.
  ( (ulimit -f $(($3 / 512 + 1)) && exec cp -R -P "$1" "$2"); exit "$?") > /dev/null 2>&1 && [ -f "$2" ] && [ ! -L "$2" ] &&
    return 0
  rm -rf "$2"
  return 1
}

# The folder that `current` names, in _l_name; fails where that is not a name that a run gives.
read_pointer() {
  take ./current "$_l_run_dir/pointer" 1024 || return 1
  _l_name=$(cat "$_l_run_dir/pointer")
  case $_l_name in
    db- | *[!A-Za-z0-9._-]*) return 1 ;;
    db-*) return 0 ;;
    *) return 1 ;;
  esac
}

restore_database() (
  enter "$_l_root" "$_l_top" "$_l_own" && { [ -e ./current ] || [ -L ./current ]; } || exit 0
  if ! read_pointer || ! enter . "$_l_name"; then
    say "what stands in $_l_saved is no database that a run has kept; this run starts a fresh one"
  elif [ -n "${OPENCODE_K8S_DISCARD_DB-}" ]; then
    cd ..
    rm -rf ./set-aside
    mv "./$_l_name" ./set-aside && rm -f ./current &&
      say "the kept database is set aside in $_l_saved/set-aside; this run starts a fresh one"
  elif ! take ./opencode.db "$_l_run_dir/db/opencode.db" "$_l_max" ||
    { [ -e ./opencode.db-wal ] && ! take ./opencode.db-wal "$_l_run_dir/db/opencode.db-wal" "$_l_max"; }; then
    say "the kept database at $_l_saved/$_l_name cannot be read; this run starts a fresh one"
    rm -f "$_l_run_dir"/db/opencode.db*
  fi
)
[ -z "$_l_saved" ] || restore_database

# On a claim of its own the database is used where it lies.
if [ -z "$_l_saved" ] && [ -n "${OPENCODE_K8S_DISCARD_DB-}" ] && [ -f "$OPENCODE_DB" ]; then
  rm -f "$OPENCODE_DB.set-aside-wal"
  # By SQLite's own name for it, so that what stands in the WAL alone is not lost.
  [ ! -f "$OPENCODE_DB-wal" ] || mv "$OPENCODE_DB-wal" "$OPENCODE_DB.set-aside-wal"
  mv -f "$OPENCODE_DB" "$OPENCODE_DB.set-aside" &&
    say "the agent's database is set aside in $OPENCODE_DB.set-aside; this run starts a fresh one"
  rm -f "$OPENCODE_DB-shm"
fi

# Bytes of the run's own database and its WAL; the agent may have left anything in their place.
database_bytes() {
  _l_bytes=0
  for _l_file in "$_l_run_dir/db/opencode.db" "$_l_run_dir/db/opencode.db-wal"; do
    if [ -f "$_l_file" ] && [ ! -L "$_l_file" ]; then _l_bytes=$((_l_bytes + $(wc -c < "$_l_file"))); fi
  done
  echo "$_l_bytes"
}

make_folders() {
  cd -P "$_l_root" 2> /dev/null || return 1
  for _l_folder in "$_l_top" "$_l_own"; do
    mkdir "./$_l_folder" 2> /dev/null
    enter . "$_l_folder" || return 1
  done
}

# The pointer is renamed last: whoever reads it finds both files of one run, whole.
save_database() (
  _l_file=$_l_run_dir/db/opencode.db
  [ -n "$_l_saved" ] && [ -f "$_l_file" ] && [ ! -L "$_l_file" ] || exit 0
  _l_bytes=$(database_bytes)
  if ! make_folders; then
    say "the agent's database cannot be kept in $_l_saved; the next run may not continue this session"
    exit 0
  fi
  if [ "$_l_bytes" -gt "$_l_max" ]; then
    rm -rf ./current
    say "the agent's database has $_l_bytes bytes and is not kept; the next run starts a fresh session"
    exit 0
  fi
  _l_name=db-$OPENCODE_K8S_RUN_ID
  rm -rf "./$_l_name" "./current.$OPENCODE_K8S_RUN_ID"
  if mkdir "./$_l_name" && write_database "$_l_name" && (set -C; printf %s "$_l_name" > "./current.$OPENCODE_K8S_RUN_ID") &&
    { [ ! -d ./current ] || rm -rf ./current; } && mv -f "./current.$OPENCODE_K8S_RUN_ID" ./current; then
    for _l_old in ./db-*; do [ "$_l_old" = "./$_l_name" ] || rm -rf "$_l_old"; done
  else
    say "the agent's database cannot be kept in $_l_saved; the next run may not continue this session"
    rm -rf "./$_l_name"
  fi
)

write_database() (
  enter . "$1" && take "$_l_run_dir/db/opencode.db" "$_l_run_dir/outgoing" "$_l_max" && set -C &&
    cat "$_l_run_dir/outgoing" > ./opencode.db || exit 1
  [ -f "$_l_run_dir/db/opencode.db-wal" ] || exit 0
  rm -f "$_l_run_dir/outgoing"
  take "$_l_run_dir/db/opencode.db-wal" "$_l_run_dir/outgoing" "$_l_max" && cat "$_l_run_dir/outgoing" > ./opencode.db-wal
)

{ mkdir -p "$OPENCODE_K8S_CWD" && cd "$OPENCODE_K8S_CWD"; } || give_up "cannot use the working directory $OPENCODE_K8S_CWD"

# A signal ends a wait, not what is waited for: its own exit code is asked for once more (127: it was told already).
wait_for() {
  _l_interrupted=
  wait "$1"
  _l_ended=$?
  while [ -n "$_l_interrupted" ]; do
    _l_interrupted=
    wait "$1" 2> /dev/null
    _l_again=$?
    [ "$_l_again" -eq 127 ] || _l_ended=$_l_again
  done
  return "$_l_ended"
}

# One line of stderr, in pieces that the container runtime writes whole (it splits lines at 16384 bytes).
put() {
  if [ "${#1}" -gt "$_l_piece" ] && command -v fold > /dev/null; then
    printf '%s\n' "$1" | fold -b -w "$_l_piece" | while IFS= read -r _l_text; do printf '%sp %s\n' "$_l_mark" "$_l_text"; done
    printf '%se \n' "$_l_mark"
    return
  fi
  _l_text=$1
  while [ "${#_l_text}" -gt "$_l_piece" ]; do
    _l_head=$(printf "%.${_l_piece}s." "$_l_text")
    _l_head=${_l_head%.}
    printf '%sp %s\n' "$_l_mark" "$_l_head"
    _l_text=${_l_text#"$_l_head"}
  done
  printf '%se %s\n' "$_l_mark" "$_l_text"
}

# Copies stderr, marked. A sign of life or the end may meet a line that is not finished: its beginning is a piece then.
# The shell reads a pipe byte by byte, about a microsecond each; perl and most awks read what is there.
pump_with_shell() {
  _l_carry=
  while IFS= read -r _l_line; do
    case $_l_line in
      *"${_l_mark}beat")
        _l_carry=$_l_carry${_l_line%"${_l_mark}beat"}
        printf '%sbeat\n' "$_l_mark"
        ;;
      *"${_l_mark}done")
        _l_carry=$_l_carry${_l_line%"${_l_mark}done"}
        break
        ;;
      *)
        put "$_l_carry$_l_line"
        _l_carry=
        ;;
    esac
  done
  [ -z "$_l_carry" ] || put "$_l_carry"
  printf '%sdone\n' "$_l_mark"
}

# shellcheck disable=SC2016 # a program of perl's
pump_with_perl() {
  exec perl -e '
    my ($mark, $piece) = @ENV{"_l_mark", "_l_piece"}; my ($rest, $open) = ("", 0); $| = 1;
    sub cut { while (length($_[0]) > $piece) { print $mark, "p ", substr($_[0], 0, $piece, ""), "\n"; $open = 1 } }
    while (sysread(STDIN, my $more, 65536)) {
      $rest .= $more;
      while ((my $end = index($rest, "\n")) >= 0) {
        my $line = substr($rest, 0, $end); substr($rest, 0, $end + 1, "");
        my $word = $line =~ s/\Q$mark\E(beat|done)\z// ? $1 : "";
        cut($line);
        if ($word eq "") { print $mark, "e ", $line, "\n"; $open = 0; next }
        if ($line ne "") { print $mark, "p ", $line, "\n"; $open = 1 }
        if ($word eq "done" && $open) { print $mark, "e \n" }
        print $mark, $word, "\n";
        exit if $word eq "done";
      }
    }'
}

# shellcheck disable=SC2016 # a program of awk's
pump_with_awk() {
  exec awk '
    BEGIN { mark = ENVIRON["_l_mark"]; piece = ENVIRON["_l_piece"] + 0 }
    {
      word = ""; size = length(mark) + 4
      tail = length($0) < size ? "" : substr($0, length($0) - size + 1)
      if (tail == mark "beat" || tail == mark "done") { word = substr(tail, length(mark) + 1); $0 = substr($0, 1, length($0) - size) }
      from = 1
      while (length($0) - from + 1 > piece) { printf "%sp %s\n", mark, substr($0, from, piece); from += piece; open = 1 }
      line = from == 1 ? $0 : substr($0, from)
      if (word == "") { printf "%se %s\n", mark, line; open = 0 }
      else if (line != "") { printf "%sp %s\n", mark, line; open = 1 }
      if (word == "done" && open) printf "%se \n", mark
      if (word != "") printf "%s%s\n", mark, word
      fflush()
      if (word == "done") exit
    }'
}

# The mark is given to them by the environment: any list of processes shows arguments. mawk waits for a full buffer.
pump() {
  export _l_mark _l_piece
  if command -v perl > /dev/null; then pump_with_perl; fi
  case $(awk -W version 2>&1 < /dev/null) in
    *mawk* | *"not found"*) pump_with_shell ;;
    *) pump_with_awk ;;
  esac
}

_l_fifo=$_l_run_dir/stderr
rm -f "$_l_fifo"
mkfifo "$_l_fifo" || give_up "cannot make a pipe in $_l_run_dir"
# Open for reading and writing: opening does not wait, and the pump sees no end before the mark.
exec 4<> "$_l_fifo"
(trap '' TERM INT HUP; pump) < "$_l_fifo" >&2 4>&- &
_l_pump=$!
# Where this shell is killed and its container goes on, as in tests, the beat ends with it.
(
  trap - TERM INT HUP
  while sleep "${OPENCODE_K8S_BEAT_SEC:-60}" && kill -0 "$$"; do printf '%sbeat\n' "$_l_mark" >&4; done
) > /dev/null 2>&1 &
_l_beat=$!

cleanup_environment() {
  unset OPENCODE_K8S_NONCE OPENCODE_K8S_RUN_ID OPENCODE_K8S_RUN_DIR OPENCODE_K8S_CWD OPENCODE_K8S_PROMPT_FILE \
    OPENCODE_K8S_PROMPT_PARTS OPENCODE_K8S_SAVED_DB OPENCODE_K8S_SAVED_DB_MAX OPENCODE_K8S_DISCARD_DB OPENCODE_K8S_BEAT_SEC
  if [ "$_l_lc_all_before" = unset ]; then unset LC_ALL; else LC_ALL=$_l_lc_all_before; fi
}

_l_code=143
if [ -z "$_l_terminated" ]; then
  (cleanup_environment; trap - TERM INT HUP; exec "$@") < "$_l_prompt" 2>&4 4>&- &
  _l_child=$!
  [ -z "$_l_terminated" ] || kill -TERM "$_l_child" 2>/dev/null
  wait_for "$_l_child"
  _l_code=$?
fi
_l_child=
kill "$_l_beat" 2>/dev/null
printf '%sdone\n' "$_l_mark" >&4
wait_for "$_l_pump"
save_database
finish "$_l_code"
