# shellcheck shell=bash
# posttroll.sh: what operators do with posttroll on a machine, and what they look at. Sourced by parts.

# install_deb installs packages of ours by apt: NAME FILE...
install_deb() {
	local file names=()
	for file in "${@:2}"; do
		put "$1" "$file" "/root/${file##*/}"
		names+=("/root/${file##*/}")
	done
	inside "$1" apt-get install --quiet --yes "${names[@]}" </dev/null
}

# property prints a property of a unit: NAME UNIT PROPERTY.
property() { inside "$1" systemctl show --value --property="$3" "$2"; }

# has_property waits for nothing: NAME UNIT PROPERTY PATTERN.
has_property() {
	# shellcheck disable=SC2053 # it is a pattern
	[[ $(property "$1" "$2" "$3") == $4 ]]
}

# journal prints what the journal has of a unit from this boot on, a message a line: NAME UNIT [OPTION]...
journal() { inside "$1" journalctl --no-pager --quiet --boot --output=cat --unit="$2" "${@:3}"; }

# publish sends a message as a service as soon as one has subscribed to it: NAME SERVICE SUBJECT TEXT [OPTION]...
publish() { inside "$1" ptctl publish --name "$2" --wait 1 --wait-timeout 30s "${@:5}" "$3" info "$4"; }

# subscribe waits for one message of a service and prints its data: NAME SERVICE [OPTION]...
subscribe() { inside "$1" ptctl subscribe --service "$2" --count 1 --timeout 30s --json "${@:3}"; }

# passes sends a message on one machine, and wants it on another: FROM TO SERVICE TEXT.
passes() {
	local publisher status=0
	publish "$1" "$3" "/e2e/$3" "$4" &
	publisher=$!
	subscribe "$2" "$3" >"$machines/got" || status=$?
	wait "$publisher" || status=$?
	[ $status = 0 ] && grep -qF "$4" "$machines/got" || { cat "$machines/got" && return 1; }
}

# logged looks for words in the journal of a unit: NAME UNIT WORDS [OPTION]...
logged() { grep -qF "$3" <(journal "$1" "$2" "${@:4}"); }

# in_background runs a program as a unit that ends with the machine, or by systemctl stop: NAME UNIT COMMAND...
in_background() {
	inside "$1" systemd-run --quiet --unit="$2" --setenv=PYTHONUNBUFFERED=1 --service-type=exec "${@:3}"
}
