# Sourced by ./dev and by the scripts here: where things are, and how we speak.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rustc-relay
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin

say() {
    printf '== %s\n' "$*" >&2
}

die() {
    printf 'dev: %s\n' "$*" >&2
    exit 1
}

# Which of these Debian packages are not installed (in the root $1; / is this machine).
missing_packages() {
    local root=$1 name installed
    shift
    installed=$(dpkg-query --admindir="$root/var/lib/dpkg" -W \
        -f '<${db:Status-Status} ${Package}>' "$@" 2>/dev/null) || true
    for name in "$@"; do
        [[ $installed == *"<installed $name>"* ]] || echo "$name"
    done
}

# The Bazel of this machine, if it is recent enough: $BAZEL, or the one on PATH.
host_bazel() {
    local bazel version
    bazel=$(command -v "${BAZEL:-bazel}") || return 1
    version=$("$bazel" --version 2>/dev/null </dev/null) || return 1
    [[ $version =~ ^bazel\ ([0-9]+)\. ]] && ((BASH_REMATCH[1] >= 7)) || return 1
    echo "$bazel"
}

# Every C file we wrote, also before it is committed, each ended by a NUL.
c_files() {
    git -C "$project" ls-files -z --cached --others --exclude-standard '*.[ch]'
}
