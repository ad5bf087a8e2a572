# shellcheck shell=bash
# machine.sh: machines that are booted from a tree, looked into, rebooted and ended. Sourced by parts, within namespaces that end with it.

declare -A nspawn # by machine: the process of systemd-nspawn
declare -A first  # by machine: the process that is its PID 1

bridge=posttroll0
network=10.212.0 # of the machines; nothing routes it anywhere

# make_network makes the bridge that joins the machines.
make_network() {
	ip link set lo up
	ip link add "$bridge" type bridge
	ip address add "$network.1/24" dev "$bridge"
	ip link set "$bridge" up
}

# boot starts a machine of its own on a tree: NAME NUMBER KIND. Its address ends with the number.
boot() {
	local dir=$machines/$1
	mkdir -p "$dir"/{upper,work,root}
	mount -t overlay -o "lowerdir=$(tree "$3"),upperdir=$dir/upper,workdir=$dir/work" "posttroll-e2e-$1" "$dir/root"
	echo "$1" >"$dir/root/etc/hostname"
	mkdir -p "$dir/root/etc/systemd/network"
	printf '%s\n' '[Match]' 'Name=host0' '[Network]' "Address=$network.$2/24" "Gateway=$network.1" LinkLocalAddressing=ipv6 IPv6AcceptRA=no \
		>"$dir/root/etc/systemd/network/10-host0.network"
	switch_on "$1"
}

# switch_on starts a machine that boot has made, and waits until it has booted.
switch_on() {
	local dir=$machines/$1
	(
		while read -r group; do
			mkdir -p "$group/$1"
			echo "$BASHPID" >"$group/$1/cgroup.procs"
		done <<<"$GROUPS_OF_MACHINES"
		# Without the options on registration it asks a system manager of this machine, which may not be there; bpf is what systemd's own filters need.
		SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 exec systemd-nspawn --quiet --boot --directory="$dir/root" --machine="$1" \
			--register=no --keep-unit --link-journal=no --network-bridge="$bridge" --resolv-conf=off --timezone=off \
			--console=pipe --kill-signal=SIGRTMIN+3 --system-call-filter=bpf
	) </dev/null >>"$dir/console" 2>&1 &
	nspawn[$1]=$!
	eventually 20 "$1 starts" find_first "$1"
	eventually 60 "$1 boots" has_booted "$1"
}

# find_first finds the process that is PID 1 of a machine.
find_first() {
	local pid
	for pid in $(cat "/proc/${nspawn[$1]}/task/${nspawn[$1]}/children"); do
		if [ "$(cat "/proc/$pid/comm")" = systemd ]; then
			first[$1]=$pid
			return 0
		fi
	done 2>/dev/null
	return 1
}

has_booted() {
	case "$(inside "$1" systemctl is-system-running 2>/dev/null)" in
	running | degraded) inside "$1" ip route get 8.8.8.8 >/dev/null 2>&1 ;;
	*) return 1 ;;
	esac
}

# inside runs a command on a machine as its root: NAME COMMAND...
inside() {
	nsenter --target "${first[$1]}" --all --root --wd env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "${@:2}"
}

# put copies a file into a machine: NAME FILE PLACE. What the machine has there, or a process has open, is replaced, not written to.
put() {
	rm -f "$machines/$1/root$3"
	install -D -m "$(stat -c %a "$2")" "$2" "$machines/$1/root$3"
}

# write puts what comes on standard input into a file of a machine: NAME PLACE.
write() { inside "$1" sh -c "mkdir -p \"\$(dirname '$2')\" && cat >'$2'"; }

# reboot lets a machine reboot itself. nspawn ends with 133 then, which tells whoever keeps it to start it again.
reboot() {
	local status=0
	inside "$1" systemctl reboot >/dev/null 2>&1 || true
	wait "${nspawn[$1]}" || status=$?
	[ $status = 133 ] || fail "$1 did not reboot: status $status"
	switch_on "$1"
}

# switch_off ends machines in good order, and takes them away.
switch_off() {
	local name
	for name in "$@"; do kill -TERM "${nspawn[$name]}"; done
	for name in "$@"; do
		wait "${nspawn[$name]}" || true
		unset "nspawn[$name]" "first[$name]"
		umount "$machines/$name/root"
		rm -rf "${machines:?}/$name"
	done
}
