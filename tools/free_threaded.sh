#!/bin/sh
# Builds CPython 3.13 without a GIL into a cache folder, where the lab finds it: sh tools/free_threaded.sh [SOURCE]
#
# SOURCE is a folder or a tar file of CPython's source, 3.13 or later. Without it, the source is Debian's package python3.13
# of trixie, from the mirror that apt is configured with; apt checks its signature. Lists and caches of apt stay as they are.
# JOBS says how many compilers run at once.
set -eu

source=${1:-}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/gil-lab
prefix=$cache/free-threaded
built() {
    find "$1/bin" -name 'python3.*t' 2> /dev/null
}
if [ -n "$(built "$prefix")" ] && [ -z "$source" ]; then
    echo "there is one already: $(built "$prefix")"
    exit 0
fi
mkdir -p "$cache"
work=$(mktemp -d "$cache/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

fail() {
    echo "$1" >&2
    exit 2
}

download() {
    command -v apt-get > /dev/null || fail "there is no apt here; name CPython's source: make free-threaded SOURCE=..."
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' | head -n 1)
    [ -n "$mirror" ] || fail "apt knows no mirror of Debian (apt-get update?); name the source: make free-threaded SOURCE=..."
    mkdir -p "$work/lists/partial" "$work/archives/partial"
    echo "deb-src $mirror trixie main" > "$work/sources.list"
    cat > "$work/apt.conf" <<END
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::Cache "$work";
Acquire::Languages "none";
APT::Sandbox::User "";
END
    export APT_CONFIG="$work/apt.conf"
    apt-get --quiet update || fail "the list of trixie's source packages cannot be had from $mirror"
    (cd "$work" && apt-get --quiet source --download-only python3.13) || fail "$mirror has no source of python3.13"
    source=$(echo "$work"/python3.13_*.orig.tar.xz)
}

[ -n "$source" ] || download
if [ -d "$source" ]; then
    tree=$(cd "$source" && pwd)
elif [ -f "$source" ]; then
    mkdir "$work/tree"
    tar -xf "$source" -C "$work/tree" --strip-components=1
    tree=$work/tree
else
    fail "there is no source in $source"
fi
[ -f "$tree/configure" ] && grep -q -e --disable-gil "$tree/configure" || fail "$source is no source of CPython 3.13 or later"

mkdir "$work/build"
cd "$work/build"
step() {
    echo "$1"
    shift
    "$@" > log 2>&1 || {
        tail -n 20 log >&2
        fail "that failed; the last lines stand above"
    }
}
step "configuring" "$tree/configure" --disable-gil --disable-test-modules --without-ensurepip --prefix="$prefix"
step "building, which takes ten minutes or so" make -j"${JOBS:-$(nproc 2> /dev/null || echo 1)}"
step "installing" make altinstall DESTDIR="$work/root"
python=$(built "$work/root$prefix")
[ -n "$python" ] && [ "$("$python" -c 'import sys; print(sys._is_gil_enabled())')" = False ] || fail "what was built has a GIL"
rm -rf "$prefix"
mv "$work/root$prefix" "$prefix"
echo "$(built "$prefix")"
