# shellcheck shell=bash
# check.sh: how the parts say what they find. Sourced by parts.

# fail ends the part.
fail() {
	printf '%s: FAILED: %s\n' "$part" "$*" >&2
	exit 1
}

# check runs a command that has to succeed: WHAT COMMAND...
check() {
	local out
	if ! out=$("${@:2}" 2>&1); then
		printf '%s\n' "$out" >&2
		fail "$1: ${*:2}"
	fi
	printf '%s: %s\n' "$part" "$1" >&2
}

# check_not runs a command that has to fail.
check_not() {
	local out
	if out=$("${@:2}" 2>&1); then
		printf '%s\n' "$out" >&2
		fail "$1: ${*:2} succeeded"
	fi
	printf '%s: %s\n' "$part" "$1" >&2
}

# equal compares what was got with what was wanted: WHAT GOT WANT.
equal() {
	[ "$2" = "$3" ] || fail "$1: got \"$2\", want \"$3\""
	printf '%s: %s\n' "$part" "$1" >&2
}

# matches compares with a pattern of the shell.
matches() {
	# shellcheck disable=SC2053 # it is a pattern
	[[ $2 == $3 ]] || fail "$1: got \"$2\", want \"$3\""
	printf '%s: %s\n' "$part" "$1" >&2
}

# eventually waits until a command succeeds: SECONDS WHAT COMMAND...
eventually() {
	local end=$((SECONDS + $1))
	until "${@:3}"; do
		[ $SECONDS -lt $end ] || fail "$2: not within $1 s"
		sleep 0.1
	done
}
