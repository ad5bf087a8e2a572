# shellcheck shell=bash
# upgrade.sh: parts watchdog, upgrade and purge. Sourced by parts.

# part_watchdog puts a nameserver in place that hangs when it is told to, and wants systemd to end and start it.
part_watchdog() {
	boot station 10 deb
	install_deb station "$packages/posttroll.deb" >/dev/null
	put station "$packages/hanging/nameserverd" /usr/bin/nameserverd
	printf '%s\n' '[Service]' 'WatchdogSec=4' | write station /etc/systemd/system/posttroll-nameserver.service.d/e2e.conf
	inside station systemctl daemon-reload
	inside station systemctl start posttroll-nameserver
	check 'the nameserver is told to hang' inside station systemctl kill --signal=USR2 --kill-who=main posttroll-nameserver
	eventually 30 'systemd ends a nameserver that hangs' has_property station posttroll-nameserver NRestarts 1
	echo "$part: systemd ends a nameserver that hangs" >&2
	check 'the journal says why' logged station posttroll-nameserver watchdog
	check 'and where it hung' logged station posttroll-nameserver daemon.hang
	eventually 10 'it comes back' has_property station posttroll-nameserver SubState running
	check 'it comes back, and serves' passes station station e2e-back 'after the hang'
}

# part_upgrade goes to a higher version: settings that were edited stay, a running service is started anew, others are left alone.
part_upgrade() {
	boot station 10 deb
	install_deb station "$packages/posttroll.deb" >/dev/null
	inside station sed -i 's/^#max_age .*/max_age = "11m"/' /etc/posttroll/nameserver.toml
	local before after pid
	before=$(inside station sha256sum /etc/posttroll/nameserver.toml)
	inside station systemctl start posttroll-nameserver
	pid=$(property station posttroll-nameserver MainPID)
	check 'apt installs the next version over an edited file' install_next
	matches 'it is the next version' "$(inside station dpkg-query --show --showformat='${Version} ${Status}' posttroll)" '*+next install ok installed'
	after=$(inside station sha256sum /etc/posttroll/nameserver.toml)
	equal 'the file stays as it was edited' "$after" "$before"
	check 'the new one lies beside it' inside station test -s /etc/posttroll/nameserver.toml.dpkg-dist
	equal 'the nameserver runs' "$(property station posttroll-nameserver SubState)" running
	[ "$(property station posttroll-nameserver MainPID)" != "$pid" ] || fail 'the nameserver is still the old one'
	echo "$part: it is the new one" >&2
	equal 'the relay that did not run does not' "$(property station posttroll-relay ActiveState)" inactive
	check 'the nameserver serves' passes station station e2e-next 'to the next version'
	inside station systemctl stop posttroll-nameserver
	check 'the version before is installed again' install_deb_back
	equal 'the nameserver that was stopped stays stopped' "$(property station posttroll-nameserver ActiveState)" inactive
}

# install_next upgrades as unattended upgrades do: what was edited stays.
install_next() {
	put station "$packages/next/posttroll.deb" /root/next.deb
	inside station apt-get install --quiet --yes -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold /root/next.deb </dev/null
}

install_deb_back() {
	inside station apt-get install --quiet --yes --allow-downgrades -o Dpkg::Options::=--force-confold /root/posttroll.deb </dev/null
}

# part_purge wants remove to stop the services and to leave the settings, and purge to leave nothing.
part_purge() {
	boot station 10 deb
	files station >"$machines/before"
	install_deb station "$packages/posttroll.deb" >/dev/null
	inside station systemctl enable --quiet --now posttroll-nameserver
	inside station sed -i 's/^#max_age .*/max_age = "11m"/' /etc/posttroll/nameserver.toml
	printf '%s\n' '[[route]]' 'name = "gather"' '[route.source]' 'services = ["e2e-raw"]' '[route.sink]' 'port = 9100' >"$machines/relay.toml"
	write station /etc/posttroll/relay.toml <"$machines/relay.toml"
	inside station systemctl start posttroll-relay
	check 'apt removes it' inside station apt-get remove --quiet --yes posttroll
	check_not 'the nameserver has stopped' inside station pidof nameserverd
	check_not 'the relay has stopped' inside station pidof ptrelay
	check 'what was edited is still there' inside station grep -q '^max_age = "11m"' /etc/posttroll/nameserver.toml
	check 'apt purges it' inside station apt-get purge --quiet --yes posttroll
	files station >"$machines/after"
	check 'nothing is left' diff "$machines/before" "$machines/after"
	check_not 'systemd knows no unit of it' grep -q posttroll <(inside station systemctl list-units --all --plain 'posttroll*')
}

# files prints all files of a machine, but those that any machine writes: logs, what package managers keep for themselves, root's files.
files() {
	inside "$1" find / -xdev \( -path /var/log -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/dnf -o -path /var/cache -o -path /root -o -path /tmp -o -path /var/tmp \
		-o -path /var/lib/systemd/catalog -o -path /proc -o -path /sys -o -path /run -o -path /dev \) -prune -o -print | sort
}
