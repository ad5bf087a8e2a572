# shellcheck shell=bash
# packages.sh: the packages that are tried, and what is made for that besides: a higher version, a program that hangs, and what walks through a page. Sourced by e2e.

# collect_packages puts into $work/packages what the parts named need: posttroll.deb and compat.deb, or .rpm; the higher version below next/; and hanging/nameserverd.
collect_packages() {
	local dir=$work/packages built=$given arch
	arch=$(dpkg --print-architecture)
	mkdir -p "$dir/next"
	if [ -z "$built" ]; then
		built=$work/dist
		package "$built"
	fi
	if wanted install services watchdog upgrade purge hosts incident; then
		take "$built/posttroll_*_$arch.deb" "$dir/posttroll.deb"
		take "$built/posttroll-compat_*_all.deb" "$dir/compat.deb"
	fi
	if wanted upgrade; then raise_deb "$dir/posttroll.deb" "$dir/next/posttroll.deb"; fi
	if wanted rpm; then
		take "$built/posttroll-[0-9]*.$(uname -m).rpm" "$dir/posttroll.rpm"
		take "$built/posttroll-compat-[0-9]*.noarch.rpm" "$dir/compat.rpm"
		build_next_rpms "$dir/next"
	fi
	if wanted watchdog; then build_hanging "$dir/hanging"; fi
	if wanted incident; then build_walk; fi
}

# package builds packages for the suite: DIR [SOURCES]. Programs that are built here want the glibc of here or a newer one, which bullseye has not.
package() {
	local script=${2:-.}/scripts/package
	if [ "$suite" = bullseye ]; then
		"$script" --tree "$cache/build-bullseye" "$1"
	else
		"$script" "$1"
	fi
}

# build_hanging builds a nameserver that hangs when it is told to.
build_hanging() {
	if [ "$suite" = bullseye ]; then
		GOFLAGS=-tags=hangtest package "$work/hangs"
		take "$work/hangs/posttroll_*.deb" "$work/hangs.deb"
		dpkg-deb --extract "$work/hangs.deb" "$work/hangs"
		install -D -t "$1" "$work/hangs/usr/bin/nameserverd"
		return
	fi
	need_go
	need_c
	go build -trimpath -tags hangtest -o "$1/" ./cmd/nameserverd
}

# build_walk builds what walks through the incident of doc/operations.md.
build_walk() {
	need_go
	walk=$work/walk
	CGO_ENABLED=0 go build -o "$walk" ./internal/walk
}

# wanted tells whether one of these parts is to run.
wanted() {
	local part
	for part in "${parts[@]}"; do
		[[ " $* " != *" $part "* ]] || return 0
	done
	return 1
}

# take copies the one file that a pattern finds.
take() {
	local found
	mapfile -t found < <(compgen -G "$1")
	[ ${#found[@]} = 1 ] || die "${#found[@]} packages are $1, and one was expected" 'scripts/package DIR makes them'
	cp "${found[0]}" "$2"
}

# raise_deb makes the next version of a package: a higher number, and a new line in a file of settings. It is packed again and not built, so that this
# works for packages from elsewhere too.
raise_deb() {
	local tmp=$work/raise
	dpkg-deb --raw-extract "$1" "$tmp"
	sed -i 's/^Version: .*/&+next/' "$tmp/DEBIAN/control"
	echo '# This line is new in the next version.' >>"$tmp/etc/posttroll/nameserver.toml"
	dpkg-deb --root-owner-group -Zgzip -z1 --build "$tmp" "$2" >/dev/null
}

# build_next_rpms builds the same for rpm: an rpm is not unpacked here, since root would unpack it over the files of this machine.
build_next_rpms() {
	local tmp=$work/next
	mkdir "$tmp"
	git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --target-directory="$tmp"
	echo '# This line is new in the next version.' >>"$tmp/deploy/etc/nameserver.toml"
	VERSION=99999.0+git1.gnext SOURCE_DATE_EPOCH=$(date +%s) package "$tmp/dist" "$tmp"
	take "$tmp/dist/posttroll-[0-9]*.rpm" "$1/posttroll.rpm"
	take "$tmp/dist/posttroll-compat-[0-9]*.rpm" "$1/compat.rpm"
}
