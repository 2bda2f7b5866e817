# Looks from inside an agent's pod whether a run would work there. POSIX sh (dash, busybox ash, bash).
# Argument: the model. Environment: that of a run. Its own files go into the working directory, which is the run's alone.
#
# One result a line, on stdout; what the programs themselves say goes to files:
#   preflight opencode version TEXT
#   preflight opencode missing
#   preflight opencode failed CODE WORDS
#   preflight model listed
#   preflight model unlisted ALL SAME       how many models are listed, and how many of them have the same provider
#   preflight model offer MODEL             one of the same provider
#   preflight model failed CODE WORDS
#   preflight api status NUMBER             of HTTP
#   preflight api failed WORDS
#   preflight api untested                  no program for it is in the image
# CODE is the program's exit code, 124 when it did not end in time.
model=$1
# Nothing is to be kept of this, and the launcher keeps a database that is a file.
export OPENCODE_DB=:memory:
trap 'exit 143' TERM INT HUP

tell() { printf 'preflight %s\n' "$1"; }

# Runs a program for at most so many seconds; not every image has timeout(1).
within() {
  seconds=$1
  shift
  "$@" < /dev/null &
  pid=$!
  (sleep "$seconds"; : > "late.$pid"; kill -KILL "$pid") > /dev/null 2>&1 &
  guard=$!
  wait "$pid"
  code=$?
  # Not TERM: a shell that has just forked may still have its parent's trap, and lose it (seen with dash).
  { kill -KILL "$guard"; wait "$guard"; } > /dev/null 2>&1
  [ ! -f "late.$pid" ] || code=124
  return "$code"
}

# A line with the values of this pod's variables taken out: any of them may be a secret. The longest first, as one may be
# part of another; what is shorter than 8 characters is no key.
# shellcheck disable=SC2016 # a program of awk's
without_values() {
  if ! command -v awk > /dev/null; then
    cat > /dev/null
    return
  fi
  awk '
    BEGIN {
      for (name in ENVIRON) {
        if (name ~ /^(HOME|PWD|TMPDIR|XDG_.*)$/) continue
        count = split(ENVIRON[name], parts, "\n")
        for (part = 1; part <= count; part++) if (length(parts[part]) >= 8) hidden[parts[part]]
      }
    }
    {
      for (;;) {
        longest = ""
        for (value in hidden) if (length(value) > length(longest) && index($0, value)) longest = value
        if (longest == "") break
        at = index($0, longest)
        $0 = substr($0, 1, at - 1) "***" substr($0, at + length(longest))
      }
      print
    }'
}

# The first (or with `tail` the last) line of a file that says something. OpenCode shows parts of its configuration after
# the first line of an error (1.18.33).
words() {
  escape=$(printf '\033')
  LC_ALL=C sed -e "s/$escape\\[[0-9;]*m//g" -e '/^[[:space:]]*$/d' "$1" | "${2:-head}" -n 1 |
    without_values | LC_ALL=C tr -cd ' -~' | LC_ALL=C cut -c 1-200
}

check_opencode() {
  if ! command -v opencode > /dev/null; then
    tell "opencode missing"
    return
  fi
  within 20 opencode --version > version 2> version.err
  code=$?
  if [ "$code" -ne 0 ]; then
    tell "opencode failed $code $(words version.err)"
    return
  fi
  tell "opencode version $(words version)"
  check_model
}

check_model() {
  within 25 opencode models > list 2> list.err
  code=$?
  if [ "$code" -ne 0 ]; then
    tell "model failed $code $(words list.err)"
    return
  fi
  if grep -Fqx -e "$model" list; then
    tell "model listed"
    return
  fi
  all=0
  same=0
  while IFS= read -r id; do
    case $id in
      *[[:space:]]*) ;;
      "${model%%/*}"/*)
        all=$((all + 1))
        same=$((same + 1))
        [ "$same" -gt 40 ] || tell "model offer $id"
        ;;
      */*) all=$((all + 1)) ;;
    esac
  done < list
  tell "model unlisted $all $same"
}

check_api() {
  url=${PAPERCLIP_API_URL%/}/api/health
  if command -v curl > /dev/null; then
    within 12 curl -sS -o /dev/null -w '%{http_code}' --connect-timeout 5 --max-time 10 "$url" > status 2> api.err
  elif command -v wget > /dev/null; then
    ask_wget
  elif command -v node > /dev/null; then
    # shellcheck disable=SC2016 # a program of node's
    within 12 node -e '
      const url = process.argv[1];
      require(url.startsWith("https:") ? "https" : "http")
        .get(url, ({ statusCode }) => { console.log(statusCode); process.exit(); })
        .on("error", ({ message, code }) => { console.error(message || code); process.exit(1); });
    ' "$url" > status 2> api.err
  else
    tell "api untested"
    return
  fi
  code=$?
  case $code in
    0) tell "api status $(cat status)" ;;
    124) tell "api failed no answer in time" ;;
    *) tell "api failed $(words api.err tail)" ;;
  esac
}

# It tells a status only where that is an error, and each wget in words of its own.
ask_wget() {
  within 12 wget -O /dev/null "$url" > /dev/null 2> api.err
  code=$?
  [ "$code" -ne 0 ] || echo 200 > status
  refused=$(sed -n -e 's/.*HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' -e 's/.*response\.\.\. \([0-9][0-9][0-9]\).*/\1/p' api.err |
    tail -n 1)
  if [ "$code" -ne 0 ] && [ "$code" -ne 124 ] && [ -n "$refused" ]; then
    echo "$refused" > status
    return 0
  fi
  return "$code"
}

check_api &
api=$!
check_opencode
wait "$api"
exit 0
