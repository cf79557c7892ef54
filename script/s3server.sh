# A private, throw-away storage server that speaks S3, for tests; read with `.`, never run. POSIX sh. Needs lib.sh and free_port.
# start_s3server sets LMS_TEST_S3_URL; stop_s3server ends it. What it stored was in its memory alone.

s3server=""
s3server_log=""

# An environment of its own: the server's many requirements must not decide which versions the suite is tested with.
install_s3server() {
    sum=$(cksum <requirements/s3server.txt)
    if [ -x .venv/s3server/bin/moto_server ] && [ "$(cat .venv/s3server/.installed 2>/dev/null)" = "$sum" ]; then
        return 0
    fi
    say "Installing the storage server for tests"
    .venv/bin/python -m venv --clear .venv/s3server &&
        .venv/s3server/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/s3server.txt &&
        printf '%s' "$sum" >.venv/s3server/.installed
}

start_s3server() {
    install_s3server || fail "The storage server is needed for some of the tests (or WITHOUT_S3=1)."
    s3server_log=$(mktemp "${TMPDIR:-/tmp}/lms-s3server.XXXXXX")
    port=$(free_port)
    .venv/s3server/bin/moto_server -H 127.0.0.1 -p "$port" >"$s3server_log" 2>&1 &
    s3server=$!
    tries=0
    until .venv/bin/python -c "import socket; socket.create_connection(('127.0.0.1', $port), 1)" 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 60 ] || ! kill -0 "$s3server" 2>/dev/null; then
            cat "$s3server_log" >&2
            fail "The storage server did not start."
        fi
        sleep 1
    done
    export LMS_TEST_S3_URL="http://127.0.0.1:$port"
}

stop_s3server() {
    [ -n "$s3server" ] || return 0
    kill "$s3server" 2>/dev/null || true
    wait "$s3server" 2>/dev/null || true
    rm -f "$s3server_log"
    s3server=""
}
