# shellcheck shell=bash
# hosts.sh: part hosts. Sourced by parts.

# part_hosts has three hosts, and on each a service that starts with it: the nameserver, a publisher, a subscriber. Each of them reboots in turn.
part_hosts() {
	local host
	boot names 10 deb
	boot sender 20 deb
	boot receiver 30 deb
	for host in names sender receiver; do install_deb "$host" "$packages/posttroll.deb" >/dev/null; done
	inside names systemctl enable --quiet --now posttroll-nameserver
	install_sender
	install_receiver
	eventually 30 'the receiver gets messages' receives_from_this_boot
	echo "$part: messages of one host arrive on another, by the nameserver on a third" >&2

	reboot sender
	eventually 60 'messages arrive again after the sender rebooted' receives_from_this_boot
	echo "$part: they do again when the sender has rebooted" >&2

	reboot receiver
	eventually 60 'messages arrive again after the receiver rebooted' receives_from_this_boot
	echo "$part: and when the receiver has" >&2

	reboot names
	eventually 60 'the nameserver knows the sender again after it rebooted' knows_sender
	echo "$part: and the nameserver knows the sender again when it has" >&2
	check 'the receiver, which did not reboot, hears of a new publisher from it' publish names e2e-hosts /e2e/hosts 'from the third host' --wait-timeout 60s
	eventually 10 'the message of the new publisher' logged receiver e2e-receiver 'from the third host'
}

# install_sender lets a host publish five messages a second; they say in which boot it is.
install_sender() {
	write sender /opt/e2e-sender <<-'END'
		n=0
		while sleep 0.2; do
			n=$((n + 1))
			echo "pytroll://e2e/hosts info e2e@sender $(date -u +%FT%T.%6N) v1.01 text/ascii boot $(cat /proc/sys/kernel/random/boot_id) message $n"
		done | ptctl publish --name e2e-hosts
	END
	install_service sender '/bin/sh /opt/e2e-sender'
}

install_receiver() { install_service receiver "/usr/bin/ptctl subscribe --verbose --service e2e-hosts --nameserver $network.10"; }

# install_service lets a host run a command as e2e-HOST from its next start on, and now. As ours, it does not wait for the network.
install_service() {
	printf '%s\n' '[Service]' "ExecStart=$2" '[Install]' 'WantedBy=multi-user.target' | write "$1" "/etc/systemd/system/e2e-$1.service"
	inside "$1" systemctl daemon-reload
	inside "$1" systemctl enable --quiet --now "e2e-$1"
}

# receives_from_this_boot looks for what the sender has sent since it was started.
receives_from_this_boot() { logged receiver e2e-receiver "$(inside sender cat /proc/sys/kernel/random/boot_id)"; }

knows_sender() { [[ $(inside receiver ptctl lookup e2e-hosts --nameserver "$network.10" --timeout 5s 2>&1) == *"//$network.20:"* ]]; }
