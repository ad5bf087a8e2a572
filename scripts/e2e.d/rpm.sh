# shellcheck shell=bash
# rpm.sh: part rpm. Sourced by parts.

# part_rpm installs, upgrades and removes by dnf, from a repository in a directory of the machine.
part_rpm() {
	boot station 10 rpm
	make_repository
	files station >"$machines/before"
	check 'dnf installs what EL has from the start' dnf install e2e-el
	check 'dnf installs it with what it requires' dnf install posttroll
	check 'and the names of Python posttroll' dnf install posttroll-compat
	check 'rpm finds all its files as they were' inside station rpm --verify posttroll posttroll-compat
	check_not 'the nameserver is not enabled by that' inside station systemctl --quiet is-enabled posttroll-nameserver
	check_not 'nor started' inside station systemctl --quiet is-active posttroll-nameserver
	check 'the nameserver starts' inside station systemctl start posttroll-nameserver
	check 'a publisher and a subscriber find each other' passes station station e2e-rpm 'installed by dnf'
	rpm_upgrades
	rpm_leaves_nothing
}

# What EL 9 with EPEL provides of that which packages of ours may require. What is not in this list is not to be had there, and dnf says so.
el_provides='filesystem bash /bin/sh /usr/bin/sh systemd=252 libc.so.6()(64bit) libpthread.so.0()(64bit) libm.so.6()(64bit)
	libresolv.so.2()(64bit) ld-linux-x86-64.so.2()(64bit) libgcc_s.so.1()(64bit) rtld(GNU_HASH) zeromq=4.3.4 libzmq.so.5()(64bit)'
el_glibc='2.2.5 2.3 2.3.2 2.3.4 2.4 2.7 2.9 2.10 2.14 2.15 2.16 2.17 2.18 2.22 2.25 2.27 2.28 2.29 2.30 2.31 2.32 2.33 2.34'

# make_repository makes it from our packages and from one that provides what EL does: names, a directory, and the preset by which no service is enabled unasked.
make_repository() {
	local word preset=/usr/lib/systemd/system-preset units=/usr/lib/systemd/system # Debian 11 has neither
	{
		printf '%s\n' 'Name: e2e-el' 'Version: 9' 'Release: 1' 'Summary: What EL provides' 'License: none' 'BuildArch: noarch'
		for word in $el_provides; do echo "Provides: ${word/=/ = }"; done
		for word in $el_glibc; do echo "Provides: libc.so.6(GLIBC_$word)(64bit)"; done
		printf '%s\n' '%description' 'What EL provides.' '%install' "mkdir -p %{buildroot}$preset %{buildroot}$units %{buildroot}/usr/share/licenses" "echo 'disable *' >%{buildroot}$preset/99-e2e.preset" \
			'%files' "$preset/99-e2e.preset" "%dir $preset" "%dir $units" '%dir /usr/share/licenses'
	} | write station /root/e2e-el.spec
	inside station rpmbuild --quiet --define '_rpmdir /root/repository' -bb /root/e2e-el.spec >"$machines/rpmbuild" 2>&1 ||
		fail "rpmbuild: $(cat "$machines/rpmbuild")"
	put station "$packages/posttroll.rpm" /root/repository/posttroll.rpm
	put station "$packages/compat.rpm" /root/repository/compat.rpm
	printf '%s\n' '[e2e]' 'name=e2e' 'baseurl=file:///root/repository' 'gpgcheck=0' 'metadata_expire=0' | write station /etc/yum.repos.d/e2e.repo
	inside station createrepo_c --quiet /root/repository
}

dnf() { inside station dnf --assumeyes --releasever=9 "$@" </dev/null; }

# rpm_upgrades wants of an upgrade what part_upgrade does.
rpm_upgrades() {
	local pid before
	pid=$(property station posttroll-nameserver MainPID)
	inside station sed -i 's/^#max_age .*/max_age = "11m"/' /etc/posttroll/nameserver.toml
	before=$(inside station sha256sum /etc/posttroll/nameserver.toml)
	put station "$packages/next/posttroll.rpm" /root/repository/next.rpm
	put station "$packages/next/compat.rpm" /root/repository/next-compat.rpm
	inside station createrepo_c --quiet /root/repository
	dnf clean metadata >"$machines/clean" 2>&1 || fail "dnf clean: $(cat "$machines/clean")" # what it read within this second it does not read again
	check 'dnf upgrades it' dnf upgrade posttroll
	matches 'it is the next version' "$(inside station rpm --query posttroll)" 'posttroll-99999.0+git1.gnext-*'
	equal 'the file stays as it was edited' "$(inside station sha256sum /etc/posttroll/nameserver.toml)" "$before"
	check 'the new one lies beside it' inside station test -s /etc/posttroll/nameserver.toml.rpmnew
	[ "$(property station posttroll-nameserver MainPID)" != "$pid" ] || fail 'the nameserver is still the old one'
	equal 'the nameserver runs, and is the new one' "$(property station posttroll-nameserver SubState)" running
	equal 'the relay that did not run does not' "$(property station posttroll-relay ActiveState)" inactive
}

# rpm_leaves_nothing wants removal to stop the services, and to leave what was edited alone, under the names that rpm gives it.
rpm_leaves_nothing() {
	inside station systemctl enable --quiet posttroll-nameserver
	check 'dnf removes it' dnf remove posttroll posttroll-compat e2e-el
	check_not 'the nameserver has stopped' inside station pidof nameserverd
	inside station rm /etc/posttroll/nameserver.toml.rpmnew
	check 'what was edited is kept' inside station rm /etc/posttroll/nameserver.toml.rpmsave
	inside station rmdir /etc/posttroll
	files station >"$machines/after"
	check 'nothing else is left' diff "$machines/before" "$machines/after"
}
