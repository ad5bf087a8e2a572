# shellcheck shell=bash
# incident.sh: part incident. Sourced by parts.

# part_incident has the three hosts of the incident in doc/operations.md, breaks them as they are broken there, and walks through the page: each of its commands is run
# where the page says, and has to tell what the page shows.
part_incident() {
	local host
	boot names 10 tools
	boot reception 20 tools
	boot processing 30 tools
	for host in names reception processing; do
		install_deb "$host" "$packages/posttroll.deb" >/dev/null
		printf '%s\n' '127.0.0.1 localhost' "$network.10 names" "$network.20 reception" "$network.30 processing" | write "$host" /etc/hosts
	done
	set_up_names
	set_up_reception
	set_up_processing
	eventually 30 'segments arrive at the end of the chain' logged processing chain /segment/hrit
	eventually 30 'so does what the other program sends' logged processing chain /segment/eumetcast
	echo "$part: segments arrive" >&2
	break_reception
	eventually 120 'the relay tells of the link that is missing' logged processing posttroll-relay 'publisher is not connected, still trying'
	echo "$part: they do not any more" >&2
	walk
}

set_up_names() {
	echo 'http_listen = "127.0.0.1:9181"' | write names /etc/posttroll/nameserver.toml
	inside names systemctl enable --quiet --now posttroll-nameserver
}

# set_up_reception lets two programs publish segments: one within a range of ports, and one at a port and an address that are given. The firewall lets these ports in.
set_up_reception() {
	write reception /etc/nftables.conf <<-END
		table inet site {
			chain input {
				type filter hook input priority filter; policy accept;
				iifname host0 ct state new tcp dport != 9010-9019 drop
			}
		}
	END
	inside reception nft --file /etc/nftables.conf
	install_source hrit --name hrit
	install_source eumetcast --name eumetcast --address tcp://*:9019 --advertise "$network.20"
	printf '%s\n' POSTTROLL_PUB_MIN_PORT=9010 POSTTROLL_PUB_MAX_PORT=9019 | write reception /etc/default/hrit
	inside reception systemctl start hrit eumetcast
}

# install_source installs a program that publishes two segments a second under its name: NAME OPTION...
install_source() {
	write reception "/opt/$1" <<-END
		n=0
		while sleep 0.5; do
			n=\$((n + 1))
			echo "pytroll://segment/$1/0deg file $1@reception \$(date -u +%FT%T.%6N) v1.01 application/json {\\"uid\\": \\"$1-\$n\\"}"
		done | ptctl publish --nameserver names ${*:2}
	END
	write reception "/etc/systemd/system/$1.service" <<-END
		[Service]
		EnvironmentFile=-/etc/default/$1
		ExecStart=/bin/sh /opt/$1
	END
	inside reception systemctl daemon-reload
}

# set_up_processing has a relay that gathers what both publish, and a program that takes it from there.
set_up_processing() {
	write processing /etc/posttroll/relay.toml <<-'END'
		http_listen = "127.0.0.1:9180"
		[[route]]
		name = "gather"
		[route.source]
		services = ["hrit", "eumetcast"]
		nameservers = ["names"]
		[route.sink]
		port = 9100
		nameservers = ["names"]
	END
	inside processing systemctl enable --quiet --now posttroll-relay
	inside processing systemd-run --quiet --unit=chain ptctl subscribe --service gather --nameserver names
}

# break_reception plugs a second network in, which takes the default route, as one does that is set up by DHCP and has the better metric; and lets new settings come, in
# which two words are written together.
break_reception() {
	ip link add dish-far type veth peer name dish0 netns "${first[reception]}"
	ip link set dish-far up
	inside reception ip address add 172.20.0.20/24 dev dish0
	inside reception ip link set dish0 up
	inside reception ip route del default
	inside reception ip route add default via "$network.1" metric 1024
	inside reception ip route add default via 172.20.0.1 metric 100
	printf '%s\n' POSTTROLL_PUB_MINPORT=9010 POSTTROLL_PUB_MAXPORT=9019 | write reception /etc/default/hrit
	inside reception systemctl restart hrit eumetcast
}

# walk runs the commands of the page, or writes into it what they tell.
walk() {
	local options=()
	[ -z "$update" ] || options+=(--update)
	"$walk" "${options[@]}" doc/operations.md "names=${first[names]}" "reception=${first[reception]}" "processing=${first[processing]}" ||
		fail 'the page is not what the commands tell (scripts/e2e --update incident writes it anew)'
}
