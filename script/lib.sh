# Shared by the scripts beside it; read with `.`, never run. POSIX sh.

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# as_root COMMAND...: runs it as root, through sudo where needed. Answers 1 where neither is possible.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        return 1
    fi
}

# installed PACKAGE: is this Debian package there?
installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

# apt_install PACKAGE...: installs those that are missing (Debian, Ubuntu); does nothing elsewhere.
apt_install() {
    have apt-get || return 0
    missing=""
    for package in "$@"; do
        installed "$package" || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    say "Installing system packages:$missing"
    # shellcheck disable=SC2086  # a list of words on purpose
    install_now $missing && return 0
    as_root apt-get update -q || fail "Could not install:$missing. As an administrator: apt-get install$missing"
    # shellcheck disable=SC2086
    install_now $missing || fail "Could not install:$missing. As an administrator: apt-get install$missing"
}

install_now() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}
