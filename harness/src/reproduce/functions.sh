directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

# transfer NUMBER METHOD URL [OPTION…]: sends a request as it is.
transfer() {
  number=$1 method=$2 url=$3
  shift 3
  case $method in
    HEAD) set -- -I -o "$directory/none" "$@" ;;
    *) set -- -X "$method" -o "$directory/$number.body" "$@" ;;
  esac
  : > "$directory/$number.body"
  curl -sS --max-time 120 -H Accept: -H Expect: -A helm-oci-conformance -D "$directory/$number.head" \
    ${authorization:+-H "Authorization: $authorization"} ${CURL_OPTIONS-} "$@" "$url" 2> "$directory/$number.error"
  echo $? > "$directory/$number.exit"
}

# status NUMBER: the status of a response.
status() {
  sed -n 's|^HTTP/[0-9.]* \([0-9]*\).*|\1|p' "$directory/$1.head" 2> /dev/null | tail -n 1
}

# header NUMBER NAME: the values of a header.
header() {
  tr -d '\r' < "$directory/$1.head" 2> /dev/null |
    awk -v name="$2" 'index($0, ":") && tolower(substr($0, 1, index($0, ":") - 1)) == name {
      value = substr($0, index($0, ":") + 1); gsub(/^[ \t]+|[ \t]+$/, "", value)
      printf "%s%s", separator, value; separator = ", " }'
}

# location NUMBER: the `Location` of a response as a URL.
location() {
  location=$(header "$1" location)
  case $location in
    *://*) echo "$location" ;;
    //*) echo "${REGISTRY%%//*}$location" ;;
    /*) echo "$REGISTRY$location" ;;
    *) echo "${url%/*}/$location" ;;
  esac
}

# parameter NAME VALUE: a parameter of a challenge.
parameter() {
  printf '%s' "$2" | sed -n "s/.*[ ,]$1=\"\([^\"]*\)\".*/\1/p"
}

# token NUMBER: the token in a response.
token() {
  tr -d '\n ' < "$directory/$1.body" | sed -n 's/.*"\(access_token\|token\)":"\([^"]*\)".*/\2/p'
}

# learn NUMBER: keeps the challenge of a response for later requests.
learn() {
  challenge=$(header "$1" www-authenticate)
  case $challenge in
    *[Bb]earer*) REALM=$(parameter realm "$challenge") SERVICE=$(parameter service "$challenge") ;;
  esac
}

# log_in NUMBER: obtains the authorization that the challenge of a response asks for.
log_in() {
  challenge=$(header "$1" www-authenticate)
  case $challenge in
    [Bb]asic*)
      authorization="Basic $(printf '%s' "$USERNAME:$PASSWORD" | base64 | tr -d '\n')"
      ;;
    [Bb]earer*)
      curl -sS --max-time 60 ${USERNAME:+-u "$USERNAME:$PASSWORD"} ${CURL_OPTIONS-} -G -o "$directory/token.body" \
        "$(parameter realm "$challenge")" --data-urlencode "service=$(parameter service "$challenge")" \
        --data-urlencode "scope=$(parameter scope "$challenge")"
      authorization="Bearer $(token token)"
      ;;
    *) return 1 ;;
  esac
}

# send NUMBER METHOD URL [OPTION…]: sends a request, with a login if the registry asks for one.
send() {
  transfer "$@"
  if [ -n "${logs_in-}" ]; then
    learn "$1"
  elif [ "$(status "$1")" = 401 ] && log_in "$1"; then
    transfer "$@"
  fi
  error=$(head -n 1 "$directory/$1.error")
  printf '%3d  %s %s  %s\n' "$1" "$2" "${3#"$REGISTRY"}" "$(status "$1")$error"
}

# text: standard input without what differs from run to run.
text() {
  tr -d ' \t\r\n' | sed -E -e "s|$PREFIX|PREFIX|g; s|$REGISTRY|REGISTRY|g" \
    -e 's/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/UUID/g'
}

# The conditions under which a response has the defect. Each prints the observed part.
status_is() {
  echo "response $1 has status $(status "$1"); not allowed: $2"
  case " $2 " in *" $(status "$1") "*) ;; *) return 1 ;; esac
}
status_other_than() {
  echo "response $1 has status $(status "$1"); required: $2"
  case " $2 " in *" $(status "$1") "*) return 1 ;; esac
}
header_absent() {
  echo "response $1 has \`$2: $(header "$1" "$2")\`; required: a value"
  [ -z "$(header "$1" "$2")" ]
}
header_present() {
  echo "response $1 has \`$2: $(header "$1" "$2")\`; required: none"
  [ -n "$(header "$1" "$2")" ]
}
header_other_than() {
  value=$(header "$1" "$2")
  echo "response $1 has \`$2: $value\`; required: $3"
  [ "${4-}" = parameters ] && value=$(printf '%s' "${value%%;*}" | tr -d ' ')
  [ "$value" != "$3" ]
}
header_like() {
  echo "response $1 has \`$2: $(header "$1" "$2")\`"
  [ "$(header "$1" "$2" | text)" = "$(printf '%s' "$3" | text)" ]
}
body_other_than() {
  digest=$(sha256sum < "$directory/$1.body" | cut -d ' ' -f 1)
  echo "response $1 has a body of sha256:$digest; required: sha256:$2"
  [ "$digest" != "$2" ]
}
body_like() {
  echo "response $1 has the body $(head -c 300 "$directory/$1.body" | tr -d '\n')"
  [ "$(text < "$directory/$1.body")" = "$(printf '%s' "$2" | text)" ]
}
body_length() {
  length=$(wc -c < "$directory/$1.body" | tr -d ' ')
  echo "response $1 has a body of $length bytes"
  [ "$length" "$2" "$3" ]
}
no_response() {
  echo "response $1: ${error:-complete}"
  [ "$(cat "$directory/$1.exit")" != 0 ]
}
