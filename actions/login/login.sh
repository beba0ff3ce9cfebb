# Logs a CI job in to a registry with the OpenID token of the job. docs/how-to/ci.md describes the variables.
# Needs curl, and docker, podman or nerdctl.
# A trace would show the token.
set -eu +x

# Prints the text of the registry or of an input as one line, because CI systems run commands that a line begins with.
fail() {
  if [ -n "${GITHUB_ACTIONS:-}" ]; then
    line="::error title=Login to $ACRUX_LOGIN_SERVER::$1"
  elif [ -n "${TF_BUILD:-}" ]; then
    line="##vso[task.logissue type=error]$1"
  else
    line="acrux: $1"
  fi
  line=$(printf %s "$line" | tr '\r\n' '  ')
  if [ -n "${GITHUB_ACTIONS:-}${TF_BUILD:-}" ]; then printf '%s\n' "$line"; else printf '%s\n' "$line" >&2; fi
  exit 1
}

# Requests in a bounded time.
request() {
  curl -sS --max-time 60 --max-filesize 1000000 "$@"
}

# Prints the text with this name in a JSON object.
text_of() {
  sed -nE 's/.*"'"$1"'" *: *"(([^"\\]|\\.)*)".*/\1/p'
}

# Prints the token of the job, which GitHub and Azure DevOps issue on request. Secrets are passed on standard input.
job_token() {
  if [ -n "${ACRUX_ID_TOKEN:-}" ]; then
    printf %s "$ACRUX_ID_TOKEN"
  elif [ -n "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ]; then
    printf 'Authorization: Bearer %s\n' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" |
      request -f -H @- -G --data-urlencode "audience=$ACRUX_LOGIN_SERVER" "$ACTIONS_ID_TOKEN_REQUEST_URL" | text_of value
  elif [ -n "${SYSTEM_OIDCREQUESTURI:-}" ]; then
    printf 'Authorization: Bearer %s\n' "$SYSTEM_ACCESSTOKEN" |
      request -f -H @- -H 'Content-Type: application/json' -d '' \
        "$SYSTEM_OIDCREQUESTURI?api-version=7.1&serviceConnectionId=$ACRUX_SERVICE_CONNECTION_ID" | text_of oidcToken
  fi
}

# Sends the token to the registry once more, and prints the headers and the body of the response.
denial() {
  authority=''
  for dir in /etc/docker /etc/containers; do
    if [ -r "$dir/certs.d/$ACRUX_LOGIN_SERVER/ca.crt" ]; then authority="$dir/certs.d/$ACRUX_LOGIN_SERVER/ca.crt"; fi
  done
  printf 'user = "%s:%s"\n' "$user" "$token" |
    request -i -K - ${authority:+--cacert "$authority"} "https://$ACRUX_LOGIN_SERVER/oauth2/token?service=$ACRUX_LOGIN_SERVER"
}

user=${ACRUX_CLIENT_ID:-00000000-0000-0000-0000-000000000000}
case ${ACRUX_LOGIN_SERVER:=} in
  '' | -* | *[!A-Za-z0-9.:-]*) fail "'$ACRUX_LOGIN_SERVER' is not a login server, such as registry.example.com" ;;
esac
case $user in
  *[!A-Fa-f0-9-]*) fail "'$user' is not a client id" ;;
esac

token=$(job_token)
case $token in
  '') fail 'the job got no OpenID token. On GitHub, add "permissions: { id-token: write }" to the job' ;;
  *[!A-Za-z0-9._-]*) fail 'the token of the job is not a JSON web token' ;;
esac
if [ -n "${GITHUB_ACTIONS:-}" ]; then printf '%s\n' "::add-mask::$token"; fi
if [ -n "${TF_BUILD:-}" ]; then printf '%s\n' "##vso[task.setsecret]$token"; fi

client=${ACRUX_CLIENT:-}
for each in docker podman nerdctl; do
  if [ -z "$client" ] && command -v "$each" >/dev/null; then client=$each; fi
done
if [ -z "$client" ]; then fail 'docker, podman and nerdctl are missing. Install one of them'; fi

if ! printf %s "$token" | "$client" login "$ACRUX_LOGIN_SERVER" -u "$user" --password-stdin; then
  response=$(denial) || fail "$client is not logged in, and the registry did not respond to curl"
  message=$(printf '%s\n' "$response" | text_of message)
  id=$(printf '%s\n' "$response" | tr -d '\r' | sed -nE 's/^[Xx]-[Mm][Ss]-[Cc]orrelation-[Rr]equest-[Ii]d: *([0-9A-Fa-f-]+) *$/\1/p' | tail -n 1)
  if [ -z "$message" ]; then fail "$client is not logged in, but the registry accepts the token of the job"; fi
  fail "$message. Correlation id: $id. To see the reason, run: acrux acr why $id -n REGISTRY"
fi
