# shellcheck shell=bash
# install.sh: part install. Sourced by parts.

part_install() {
	boot station 10 deb
	check 'apt installs it without a network' install_deb station "$packages/posttroll.deb"
	check 'dpkg finds all its files as they were' dpkg_verifies station
	check_not 'the nameserver is not enabled by that' inside station systemctl --quiet is-enabled posttroll-nameserver
	check_not 'nor started' inside station systemctl --quiet is-active posttroll-nameserver
	check_not 'nor is the relay' inside station systemctl --quiet is-active posttroll-relay
	local program
	for program in nameserverd ptrelay ptctl ptkeys; do
		check "$program says its version" inside station "$program" --version
	done
	check 'the nameserver takes the settings as installed' inside station nameserverd --check
	check 'the relay too' inside station ptrelay --check
	check 'apt installs the names of Python posttroll beside it' install_deb station "$packages/compat.deb"
	for program in nameserver posttroll-generate-keys; do
		check "$program is there" inside station "$program" --help
	done
	local unit
	for unit in posttroll-nameserver.service posttroll-nameserver.socket posttroll-relay.service posttroll-relay@x.service; do
		check "systemd finds nothing wrong with $unit" unit_verifies station "$unit"
	done
}

# dpkg_verifies wants files as the package has them. minbase leaves documentation out where dpkg is told so; nothing else may be missing.
dpkg_verifies() {
	local found
	found=$(inside "$1" dpkg --verify posttroll)
	[ -z "$found" ] || { echo "$found" && return 1; }
}

# unit_verifies wants no word from systemd about a unit.
unit_verifies() {
	local found
	found=$(inside "$1" systemd-analyze verify --man=no "$2" 2>&1) && [ -z "$found" ] || { echo "$found" && return 1; }
}
