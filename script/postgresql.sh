# A private, throw-away PostgreSQL server for tests; read with `.`, never run. POSIX sh. Needs lib.sh.
# start_postgresql sets LMS_TEST_POSTGRESQL_URL; stop_postgresql removes every trace.

cluster=""

# postgres_bin: the folder of the newest installed server.
postgres_bin() {
    for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n -r) \
        "$(brew --prefix postgresql 2>/dev/null || true)/bin"; do
        if [ -x "$folder/initdb" ]; then
            printf '%s' "$folder"
            return 0
        fi
    done
    if have initdb; then
        dirname "$(command -v initdb)"
        return 0
    fi
    return 1
}

# as_server COMMAND...: PostgreSQL refuses to run as root, so root steps aside to the account of the package.
as_server() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    elif have runuser; then
        (cd / && runuser -u postgres -- "$@")
    else
        fail "PostgreSQL refuses to run as root, and runuser is missing."
    fi
}

free_port() {
    .venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start_postgresql() {
    if ! postgres_bin >/dev/null; then
        # The package would start a server of its own, which nobody asked for.
        if have apt-get && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
            apt_install postgresql-common
            echo 'create_main_cluster = false' | as_root tee -a /etc/postgresql-common/createcluster.conf >/dev/null
        fi
        apt_install postgresql
    fi
    bin=$(postgres_bin) || fail "PostgreSQL is needed for the second half of the tests (or WITHOUT_POSTGRESQL=1)."
    cluster=$(mktemp -d "${TMPDIR:-/tmp}/lms-postgresql.XXXXXX")
    [ "$(id -u)" -ne 0 ] || chown postgres "$cluster"
    port=$(free_port)
    as_server "$bin/initdb" -D "$cluster/data" -U lms -A trust -E UTF8 --locale=C --no-sync >"$cluster.log" 2>&1 ||
        { cat "$cluster.log" >&2; fail "The test database could not be made."; }
    # Tests lose nothing in a crash: waiting for the disk would only make them slower. Who measures sets DURABLE=1.
    haste="-c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    [ -z "${DURABLE:-}" ] || haste="-c shared_buffers=512MB -c work_mem=32MB"
    as_server "$bin/pg_ctl" -D "$cluster/data" -w -s -l "$cluster/data/server.log" \
        -o "-p $port -k $cluster -c listen_addresses=127.0.0.1 $haste -c max_connections=200" start ||
        { cat "$cluster/data/server.log" >&2; fail "The test database did not start."; }
    as_server "$bin/createdb" -h 127.0.0.1 -p "$port" -U lms lms_test
    export LMS_TEST_POSTGRESQL_URL="postgresql+psycopg://lms@127.0.0.1:$port/lms_test"
}

stop_postgresql() {
    [ -n "$cluster" ] || return 0
    as_server "$bin/pg_ctl" -D "$cluster/data" -m immediate -s stop >/dev/null 2>&1 || true
    rm -rf "$cluster" "$cluster.log"
    cluster=""
}
