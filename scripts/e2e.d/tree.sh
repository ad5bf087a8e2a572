# shellcheck shell=bash
# tree.sh: the trees of Debian that machines boot from, and what it takes to make them. Sourced by e2e.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/posttroll-e2e

# What is in a tree: systemd; the libraries that posttroll's packages depend on, since they are installed without a network; python3-zmq for Python peers.
# A tree is made anew when this changes.
tree_packages() {
	local list=systemd,systemd-sysv,dbus,iproute2,libzmq5,python3-zmq
	case "$1" in
	deb) echo "$list" ;;
	tools) echo "$list,curl,nftables" ;;
	rpm) echo "$list,dnf,rpm,createrepo-c" ;;
	esac
}

# tree prints where a tree is: of posttroll's own package (deb), with what operators have besides (tools), or of dnf and rpm (rpm).
tree() { echo "$cache/$suite-$1"; }

# need_tools ends the script unless what makes and boots trees is there or could be installed.
need_tools() {
	[ -r /etc/debian_version ] && have apt-get ||
		die 'trees are made from the sources of apt, and this is not Debian' 'run it on Debian, or in a container of it that may mount'
	local missing=()
	have mmdebstrap || missing+=(mmdebstrap)
	have systemd-nspawn || missing+=(systemd-container)
	have ip || missing+=(iproute2)
	have unshare || missing+=(util-linux)
	[ ${#missing[@]} = 0 ] || apt_install "${missing[@]}" ||
		die 'the tools that make and boot trees could not be installed' "apt-get install ${missing[*]}"
}

# debian_sources prints this machine's sources of Debian as lines of sources.list, for the suite wanted: that one, its updates, its security updates.
debian_sources() {
	local here
	# shellcheck source=/dev/null
	here=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	# shellcheck disable=SC2016 # the names are apt's
	apt-get indextargets --format '$(ORIGIN)|$(CODENAME)|$(REPO_URI)|$(COMPONENT)' 'Created-By: Packages' |
		awk -F'|' -v here="$here" -v suite="$suite" '
			$1 == "Debian" && $4 == "main" && ($2 == here || $2 == here "-updates" || $2 == here "-security") && !seen[$2]++ {
				print "deb", $3, suite substr($2, length(here) + 1), "main"
			}'
}

# make_tree makes a tree unless the cache has it.
make_tree() {
	local dir list log
	dir=$(tree "$1")
	list=$(tree_packages "$1")
	mkdir -p "$cache"
	exec 8>"$dir.lock"
	flock 8
	if [ -n "$fresh" ] || [ "$(cat "$dir.packages" 2>/dev/null)" != "$list" ]; then
		say "making a tree of $suite with $list"
		rm -rf "$dir.new" "$dir" "$dir.packages"
		log=$work/mmdebstrap.log
		debian_sources >"$work/sources.list"
		[ -s "$work/sources.list" ] || apt_lists
		mmdebstrap --mode=root --variant=minbase --include="$list" "$suite" "$dir.new" - <"$work/sources.list" >"$log" 2>&1 || {
			cat "$log" >&2
			die "no tree of $suite could be made" 'it takes the sources of apt on this machine: do they reach it, and have they that release?'
		}
		settle_tree "$dir.new"
		mv "$dir.new" "$dir"
		echo "$list" >"$dir.packages"
	fi
	flock -u 8
}

# apt_lists fetches the lists of a machine that has none yet: they tell which sources are Debian's.
apt_lists() {
	apt-get update -qq >"$work/apt.log" 2>&1 || cat "$work/apt.log" >&2
	debian_sources >"$work/sources.list"
	[ -s "$work/sources.list" ] || die 'apt has no source of Debian on this machine' 'apt-get update'
}

# settle_tree turns a tree into that of a machine which is new: it gets name, identity and network when it boots.
settle_tree() {
	rm -f "$1/etc/hostname" "$1/etc/resolv.conf"
	: >"$1/etc/machine-id"
	printf '%s\n' '127.0.0.1 localhost' '::1 localhost ip6-localhost ip6-loopback' >"$1/etc/hosts" # as Debian's installer writes it
	systemctl --root="$1" --quiet enable systemd-networkd.service
	# The console is nobody's, and nothing is to be mounted or waited for.
	systemctl --root="$1" --quiet mask console-getty.service systemd-networkd-wait-online.service
}
