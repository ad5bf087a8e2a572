# shellcheck shell=bash
# lib.sh: what the scripts beside it share: messages, the repository's root, and the set-up of a machine. Sourced, never run.

script=$(realpath "$0")
cd "$(dirname "$script")/.." || exit 1

# usage prints the head of the script: with status 0 for one who asked, else with 2.
usage() {
	local text
	text=$(sed -n '2,/^set/s/^#\( \|$\)//p' "$script")
	case "$1" in
	-h | --help) echo "$text" && exit 0 ;;
	*) echo "$text" >&2 && say "not understood: $1" && exit 2 ;;
	esac
}
say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
	say "$1"
	[ $# -lt 2 ] || printf 'hint: %s\n' "${@:2}" >&2
	exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# at_least WANT HAVE: compares versions.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# need_go ends the script unless the go command can build this module. From Go 1.21 on it fetches the toolchain that
# go.mod asks for by itself, unless GOTOOLCHAIN=local forbids that.
need_go() {
	have go || die 'Go is not installed, or not in PATH' 'install Go 1.21 or newer: https://go.dev/doc/install'
	local version want
	version=$(cd / && GOTOOLCHAIN=local go env GOVERSION)
	version=${version#go}
	want=$(sed -n 's/^go //p' go.mod)
	at_least 1.21 "$version" ||
		die "Go $version is too old: 1.21 fetches the toolchain that go.mod asks for by itself, older ones do not" \
			'install Go 1.21 or newer: https://go.dev/doc/install'
	case "$(cd / && go env GOTOOLCHAIN)" in
	local | path)
		at_least "$want" "$version" ||
			die "Go $version is too old, and GOTOOLCHAIN forbids to fetch the one that go.mod asks for" \
				"install Go $want or newer, or set GOTOOLCHAIN=auto"
		;;
	esac
}

# as_root runs a command as root: directly, or through sudo, which asks for a password only where somebody can type it.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

# apt_install installs Debian packages and fails where that is not to be had.
apt_install() {
	have apt-get || return 1
	[ "$(id -u)" = 0 ] || have sudo || return 1
	say "installing $* (apt)"
	local log
	log=$(mktemp)
	as_root apt-get update -qq >"$log" 2>&1 || say 'apt-get update did not work; trying with the package lists as they are'
	if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "$@" </dev/null >>"$log" 2>&1; then
		cat "$log" >&2
		rm "$log"
		return 1
	fi
	rm "$log"
}

has_zmq() { have pkg-config && pkg-config --exists 'libzmq >= 4.2.3'; }

# need_c ends the script unless a C compiler, pkg-config and libzmq's development files are there or could be installed.
need_c() {
	local missing=()
	have "${CC:-gcc}" || missing+=(gcc libc6-dev)
	have pkg-config || missing+=(pkg-config)
	has_zmq || missing+=(libzmq3-dev)
	if [ ${#missing[@]} -gt 0 ]; then
		if ! apt_install "${missing[@]}" || ! has_zmq; then
			die "a C compiler, pkg-config and libzmq's development files are needed and could not be installed" \
				'Debian, Ubuntu: apt-get install gcc libc6-dev pkg-config libzmq3-dev' \
				'Fedora, EL with EPEL: dnf install gcc pkgconf-pkg-config zeromq-devel'
		fi
	fi
	[ "$(go env CGO_ENABLED)" = 1 ] ||
		die 'CGO_ENABLED is 0, and the transport is a C library' 'unset CGO_ENABLED, or set it to 1'
}

# need_pyzmq ends the script unless Debian's Python has zmq or could be given it.
need_pyzmq() {
	has_pyzmq || { apt_install python3 python3-zmq && has_pyzmq; } ||
		die 'Python with zmq is needed at /usr/bin/python3 and could not be installed' \
			'Debian, Ubuntu: apt-get install python3 python3-zmq' \
			'Fedora, EL with EPEL: dnf install python3-zmq'
}
# need_python MODULE... ends the script unless Debian's Python has these modules too, or could be given them.
need_python() {
	local module
	for module; do
		has_python "$module" || { apt_install "python3-$module" && has_python "$module"; } ||
			die "Python with $module is needed at /usr/bin/python3 and could not be installed" \
				"Debian, Ubuntu: apt-get install python3-$module" \
				"Fedora, EL with EPEL: dnf install python3-$module"
	done
}
has_python() { /usr/bin/python3 -c "import $1" 2>/dev/null; }
has_pyzmq() { has_python zmq; }

# in_ci tells whether a skipped test is a failure.
in_ci() { [ -n "${CI:-}" ] && [ "${CI:-}" != false ]; }
