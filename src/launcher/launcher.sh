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
# Marks, each at the start of a line, N the nonce:
#   stdout  @N:start 1        the first line of all
#           @N:end CODE       the last line of all: everything before it is complete
#   stderr  @N:e TEXT         one line of the command's stderr, or its last piece
#           @N:p TEXT         a piece of a long line, more follows: the container runtime must not split it
#           @N:say TEXT       the launcher's own words
#           @N:beat           a sign of life
#           @N:done           stderr is complete
LC_ALL_BEFORE=${LC_ALL-unset}
LC_ALL=C
mark="@$OPENCODE_K8S_NONCE:"
# shellcheck disable=SC2153 # set by the Job
run_dir=$OPENCODE_K8S_RUN_DIR
saved=${OPENCODE_K8S_SAVED_DB-}
piece=15000
child=
terminated=

say() { printf '%ssay %s\n' "$mark" "$1" >&2; }
finish() { printf '%send %s\n' "$mark" "$1"; exit "$1"; }
give_up() { say "$1"; printf '%sdone\n' "$mark" >&2; finish 70; }

# OpenCode sometimes loses its first TERM and runs on (seen with 1.18.33); the second one ends it.
# shellcheck disable=SC2317 # called by the trap
on_term() {
  terminated=1
  interrupted=1
  [ -n "$child" ] || return 0
  kill -TERM "$child" 2>/dev/null
  (sleep 1; kill -TERM "$child") > /dev/null 2>&1 &
}
trap on_term TERM INT HUP

printf '%sstart 1\n' "$mark"
mkdir -p "$run_dir/tmp" "$run_dir/cache" "$run_dir/state" "$run_dir/home" "$run_dir/db" || give_up "cannot write to $run_dir"

if [ -n "${OPENCODE_K8S_PROMPT_FILE-}" ]; then
  prompt=$OPENCODE_K8S_PROMPT_FILE
  [ -r "$prompt" ] || give_up "the prompt is not at $prompt"
else
  prompt=$run_dir/prompt
  part=0
  while [ "$part" -lt "${OPENCODE_K8S_PROMPT_PARTS:-0}" ]; do
    eval "printf %s \"\$OPENCODE_K8S_PROMPT_$part\""
    eval "unset OPENCODE_K8S_PROMPT_$part"
    part=$((part + 1))
  done > "$prompt" || give_up "cannot write the prompt to $prompt"
fi

# The agent's database, from the shared volume to this run's own disk: SQLite's WAL does not work on network file systems.
# Both files count: OpenCode ends without a checkpoint, the session may be in the WAL alone (seen with 1.18.33).
if [ -n "$saved" ]; then
  if [ -n "${OPENCODE_K8S_DISCARD_DB-}" ] && [ -f "$saved/current" ]; then
    rm -rf "$saved/set-aside"
    mv "$saved/$(cat "$saved/current")" "$saved/set-aside" && rm -f "$saved/current" &&
      say "the kept database is set aside in $saved/set-aside; this run starts a fresh one"
  fi
  if [ -f "$saved/current" ]; then
    kept=$saved/$(cat "$saved/current")
    if ! cp "$kept"/opencode.db* "$run_dir/db/"; then
      say "the kept database at $kept cannot be read; this run starts a fresh one"
      rm -f "$run_dir"/db/opencode.db*
    fi
  fi
fi

# On a claim of its own the database is used where it lies.
if [ -z "$saved" ] && [ -n "${OPENCODE_K8S_DISCARD_DB-}" ] && [ -f "$OPENCODE_DB" ]; then
  rm -f "$OPENCODE_DB.set-aside-wal"
  # By SQLite's own name for it, so that what stands in the WAL alone is not lost.
  [ ! -f "$OPENCODE_DB-wal" ] || mv "$OPENCODE_DB-wal" "$OPENCODE_DB.set-aside-wal"
  mv -f "$OPENCODE_DB" "$OPENCODE_DB.set-aside" &&
    say "the agent's database is set aside in $OPENCODE_DB.set-aside; this run starts a fresh one"
  rm -f "$OPENCODE_DB-shm"
fi

save_database() {
  [ -n "$saved" ] && [ -f "$run_dir/db/opencode.db" ] || return 0
  bytes=$(cat "$run_dir"/db/opencode.db "$run_dir"/db/opencode.db-wal 2>/dev/null | wc -c)
  if [ "$bytes" -gt "${OPENCODE_K8S_SAVED_DB_MAX:-524288000}" ]; then
    rm -f "$saved/current"
    say "the agent's database has $bytes bytes and is not kept; the next run starts a fresh session"
    return 0
  fi
  name=db-$OPENCODE_K8S_RUN_ID
  rm -rf "${saved:?}/$name"
  # The pointer is renamed last: whoever reads it finds both files of one run, whole.
  if mkdir -p "$saved/$name" && cp "$run_dir"/db/opencode.db "$saved/$name/" &&
    { [ ! -f "$run_dir/db/opencode.db-wal" ] || cp "$run_dir/db/opencode.db-wal" "$saved/$name/"; } &&
    printf %s "$name" > "$saved/current.$OPENCODE_K8S_RUN_ID" && mv -f "$saved/current.$OPENCODE_K8S_RUN_ID" "$saved/current"; then
    for old in "$saved"/db-*; do [ "$old" = "$saved/$name" ] || rm -rf "$old"; done
  else
    say "the agent's database cannot be kept in $saved; the next run may not continue this session"
    rm -rf "${saved:?}/$name"
  fi
}

{ mkdir -p "$OPENCODE_K8S_CWD" && cd "$OPENCODE_K8S_CWD"; } || give_up "cannot use the working directory $OPENCODE_K8S_CWD"

# A signal ends a wait, not what is waited for: its own exit code is asked for once more (127: it was told already).
wait_for() {
  interrupted=
  wait "$1"
  ended=$?
  while [ -n "$interrupted" ]; do
    interrupted=
    wait "$1" 2> /dev/null
    again=$?
    [ "$again" -eq 127 ] || ended=$again
  done
  return "$ended"
}

# One line of stderr, in pieces that the container runtime writes whole (it splits lines at 16384 bytes).
put() {
  if [ "${#1}" -gt "$piece" ] && command -v fold > /dev/null; then
    printf '%s\n' "$1" | fold -b -w "$piece" | while IFS= read -r text; do printf '%sp %s\n' "$mark" "$text"; done
    printf '%se \n' "$mark"
    return
  fi
  text=$1
  while [ "${#text}" -gt "$piece" ]; do
    head=$(printf "%.${piece}s." "$text")
    head=${head%.}
    printf '%sp %s\n' "$mark" "$head"
    text=${text#"$head"}
  done
  printf '%se %s\n' "$mark" "$text"
}

# Copies stderr, marked. A sign of life or the end may meet a line that is not finished: its beginning is a piece then.
# The shell reads a pipe byte by byte, about a microsecond each; perl and most awks read what is there.
pump_with_shell() {
  carry=
  while IFS= read -r line; do
    case $line in
      *"${mark}beat")
        carry=$carry${line%"${mark}beat"}
        printf '%sbeat\n' "$mark"
        ;;
      *"${mark}done")
        carry=$carry${line%"${mark}done"}
        break
        ;;
      *)
        put "$carry$line"
        carry=
        ;;
    esac
  done
  [ -z "$carry" ] || put "$carry"
  printf '%sdone\n' "$mark"
}

# shellcheck disable=SC2016 # a program of perl's
pump_with_perl() {
  exec perl -e '
    my ($mark, $piece) = @ENV{"mark", "piece"}; my ($rest, $open) = ("", 0); $| = 1;
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
    BEGIN { mark = ENVIRON["mark"]; piece = ENVIRON["piece"] + 0 }
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
  export mark piece
  if command -v perl > /dev/null; then pump_with_perl; fi
  case $(awk -W version 2>&1 < /dev/null) in
    *mawk* | *"not found"*) pump_with_shell ;;
    *) pump_with_awk ;;
  esac
}

fifo=$run_dir/stderr
rm -f "$fifo"
mkfifo "$fifo" || give_up "cannot make a pipe in $run_dir"
# Open for reading and writing: opening does not wait, and the pump sees no end before the mark.
exec 4<> "$fifo"
(trap '' TERM INT HUP; pump) < "$fifo" >&2 4>&- &
pump=$!
(
  trap - TERM INT HUP
  while sleep "${OPENCODE_K8S_BEAT_SEC:-60}"; do printf '%sbeat\n' "$mark" >&4; done
) > /dev/null 2>&1 &
beat=$!

cleanup_environment() {
  unset OPENCODE_K8S_NONCE OPENCODE_K8S_RUN_ID OPENCODE_K8S_RUN_DIR OPENCODE_K8S_CWD OPENCODE_K8S_PROMPT_FILE \
    OPENCODE_K8S_PROMPT_PARTS OPENCODE_K8S_SAVED_DB OPENCODE_K8S_SAVED_DB_MAX OPENCODE_K8S_DISCARD_DB OPENCODE_K8S_BEAT_SEC
  if [ "$LC_ALL_BEFORE" = unset ]; then unset LC_ALL; else LC_ALL=$LC_ALL_BEFORE; fi
}

code=143
if [ -z "$terminated" ]; then
  (cleanup_environment; trap - TERM INT HUP; exec "$@") < "$prompt" 2>&4 4>&- &
  child=$!
  [ -z "$terminated" ] || kill -TERM "$child" 2>/dev/null
  wait_for "$child"
  code=$?
fi
child=
kill "$beat" 2>/dev/null
printf '%sdone\n' "$mark" >&4
wait_for "$pump"
save_database
finish "$code"
