# shellcheck shell=bash
# services.sh: part services. Sourced by parts.

part_services() {
	boot station 10 deb
	install_deb station "$packages/posttroll.deb" >/dev/null
	nameserver_serves
	journal_has_fields
	python_peers_are_served
	reload_keeps_clients
	reloads_drop_nobody
	bad_settings_are_refused
	daemon_option_drives_the_unit
	relays_carry
	relays_tell_of_lost_links
	relays_take_commands
	services_stop
	sockets_refuse_nobody
	sockets_fit_the_settings
}

nameserver_serves() {
	check 'the nameserver starts' inside station systemctl start posttroll-nameserver
	equal 'and is running' "$(property station posttroll-nameserver SubState)" running
	check 'a publisher and a subscriber find each other' passes station station e2e-first 'the first message'
	check 'STATUS tells of publishers' has_property station posttroll-nameserver StatusText '*[0-9] publisher*'
	say_status posttroll-nameserver
}

say_status() { echo "$part: STATUS of $1: $(property station "$1" StatusText)" >&2; }

# journal_has_fields reads the journal back as JSON: the message of a change has its values as fields, and no time in its text.
journal_has_fields() {
	check 'the journal has what is logged, as fields' inside station python3 -c '
import json, re, subprocess
out = subprocess.run(["journalctl", "--output=json", "--unit=posttroll-nameserver"], check=True, capture_output=True, text=True).stdout
entries = [json.loads(line) for line in out.splitlines()]
ours = [e for e in entries if "POSTTROLL_MESSAGE" in e]
assert ours, "nothing has fields"
for e in ours:
    assert e["SYSLOG_IDENTIFIER"] == "nameserverd", e
    assert e["PRIORITY"] in ("4", "6"), e
    assert not re.match(r"[{<]|\d{4}-\d\d-\d\d", e["MESSAGE"]), e
added = [e for e in ours if e["POSTTROLL_MESSAGE"] == "publisher added" and "e2e-first" in e["POSTTROLL_SERVICE"]]
assert len(added) == 1, added or ours
assert added[0]["PRIORITY"] == "6", added
assert added[0]["POSTTROLL_URI"].startswith("tcp://10.212.0.10:"), added
assert added[0]["POSTTROLL_PEER"].startswith("10.212.0.10"), added
'
	check 'and finds it by the name of a service' grep -q 'publisher added' <(journal station posttroll-nameserver POSTTROLL_SERVICE=e2e-first)
	check_not 'nothing in it is a warning or worse' grep . <(journal station posttroll-nameserver --priority=warning)
}

# python_peers_are_served lets programs in Python, that speak as posttroll 1.16 does, find programs in Go by the nameserver, and the other way round.
python_peers_are_served() {
	local file
	for file in internal/interop/peers/*.py; do put station "$file" "/opt/peers/${file##*/}"; done
	in_background station e2e-publisher python3 /opt/peers/publisher.py 1.16 e2e-python
	check 'a subscriber finds a publisher in Python' inside station ptctl subscribe --service e2e-python --count 2 --timeout 30s
	in_background station e2e-subscriber python3 /opt/peers/subscriber.py 1.16 e2e-go --texts
	check 'a subscriber in Python finds a publisher' publish station e2e-go /e2e/go 'to Python'
	eventually 10 'the message reaches Python' logged station e2e-subscriber 'to Python'
	inside station systemctl stop e2e-publisher e2e-subscriber
}

# reload_keeps_clients wants a subscriber to keep its connection to the change feed through a reload: it hears of a publisher that comes after.
reload_keeps_clients() {
	local pid subscriber status=0
	pid=$(property station posttroll-nameserver MainPID)
	inside station ptctl subscribe --verbose --service e2e-reload --count 2 --timeout 30s >"$machines/got" 2>"$machines/errors" &
	subscriber=$!
	publish station e2e-reload /e2e/reload before
	inside station sed -i 's/^#max_age .*/max_age = "11m"/' /etc/posttroll/nameserver.toml
	check 'the nameserver reloads' inside station systemctl reload posttroll-nameserver
	publish station e2e-reload /e2e/reload after
	wait "$subscriber" || status=$?
	equal 'a subscriber hears of publishers before and after' "$status $(grep -cE ' (before|after)$' "$machines/got")" '0 2'
	check_not 'and keeps its connections' grep 'feed lost' "$machines/errors"
	equal 'the process is the same' "$(property station posttroll-nameserver MainPID)" "$pid"
	check 'the new settings count' logged station posttroll-nameserver max_age
}

# reloads_drop_nobody reloads twenty times with other settings, while one client keeps asking over one connection, and another one listens to the change feed.
reloads_drop_nobody() {
	local round levels=(info debug)
	put station scripts/e2e.d/clients.py /opt/clients.py
	in_background station e2e-clients python3 /opt/clients.py
	eventually 10 'the clients are served' logged station e2e-clients served
	for ((round = 1; round <= 20; round++)); do
		inside station sed -i -e '/^log_level/d' -e "1ilog_level = \"${levels[round % 2]}\"" /etc/posttroll/nameserver.toml
		inside station systemctl reload posttroll-nameserver || fail 'a reload failed'
	done
	inside station systemctl kill --signal=TERM e2e-clients
	eventually 10 'the clients end' logged station e2e-clients lookups
	matches 'twenty reloads drop no client, and leave no question open' "$(journal station e2e-clients | grep lookups)" '*0 connections lost, 0 questions open'
}

# bad_settings_are_refused wants a running service to stay as it is, and one that is not running to say why and not to be tried again.
bad_settings_are_refused() {
	local pid
	pid=$(property station posttroll-nameserver MainPID)
	echo 'max_agee = "1m"' | write station /etc/posttroll/bad
	inside station sh -c 'cp /etc/posttroll/nameserver.toml /root/good.toml; cat /etc/posttroll/bad >>/etc/posttroll/nameserver.toml; rm /etc/posttroll/bad'
	check_not 'systemctl reload refuses a bad setting' inside station systemctl reload posttroll-nameserver
	check 'and the journal says which' logged station posttroll-nameserver max_agee SYSLOG_IDENTIFIER=nameserverd
	equal 'the nameserver keeps running' "$(property station posttroll-nameserver MainPID)" "$pid"
	check 'and serving' passes station station e2e-bad 'over bad settings'
	inside station systemctl stop posttroll-nameserver
	check_not 'it does not start with them' inside station systemctl start posttroll-nameserver
	equal 'and is not tried again' "$(property station posttroll-nameserver ActiveState) $(property station posttroll-nameserver NRestarts)" 'failed 0'
	matches 'its STATUS says why' "$(property station posttroll-nameserver StatusText)" '*max_agee: unknown key'
	inside station cp /root/good.toml /etc/posttroll/nameserver.toml
	check 'it starts with good ones' inside station systemctl start posttroll-nameserver
}

# daemon_option_drives_the_unit does with "nameserverd -d" what systemctl does.
daemon_option_drives_the_unit() {
	local unit=posttroll-nameserver.service status=0
	matches 'nameserverd -d status tells of the unit' "$(inside station nameserverd -d status)" "$unit is active (running) since *, pid *: * publisher*"
	matches '-d restart restarts it' "$(inside station nameserverd -d restart)" "$unit restarted, pid *"
	matches '-d start leaves it alone' "$(inside station nameserverd -d start)" "$unit runs already, pid *"
	equal '-d stop stops it' "$(inside station nameserverd -d stop)" "$unit stopped"
	inside station nameserverd -d status >"$machines/got" || status=$?
	matches 'and then -d status ends with 3' "$status $(cat "$machines/got")" "3 $unit is inactive (dead)*"
	in_background station e2e-occupier python3 -c 'import socket, time; s = socket.create_server(("", 5557)); time.sleep(60)'
	eventually 10 'the port is taken' taken 5557
	inside station nameserverd -d start >"$machines/got" 2>&1 && fail 'it started on a port that is taken'
	matches '-d start says what keeps it from starting' "$(cat "$machines/got")" '*bind tcp://\*:5557: address already in use*'
	inside station systemctl stop e2e-occupier
	eventually 10 'it comes up by itself' has_property station posttroll-nameserver SubState running
	matches 'and it comes up by itself when the port is free' "$(inside station nameserverd -d status)" "$unit is active (running)*"
}

# taken tells whether a program listens at a port.
taken() { [ -n "$(inside station ss -Hltn "sport = :$1")" ]; }

relays_carry() {
	printf '%s\n' '[[route]]' 'name = "gather"' '[route.source]' 'services = ["e2e-raw"]' '[route.sink]' 'port = 9100' | write station /etc/posttroll/relay.toml
	printf '%s\n' '[[route]]' 'name = "second"' '[route.source]' 'addresses = ["tcp://127.0.0.1:9100"]' '[route.sink]' 'port = 9200' |
		write station /etc/posttroll/relay.d/x.toml
	check 'the relay starts' inside station systemctl start posttroll-relay
	check 'and one with settings of its own' inside station systemctl start posttroll-relay@x
	check 'a message passes through both' relayed 'through two relays'
	check 'the relay reloads' inside station systemctl reload posttroll-relay posttroll-relay@x
	check 'a message passes after that' relayed 'after the reload'
	say_status posttroll-relay
	say_status posttroll-relay@x
	check_not 'no relay has a warning to give' grep . <(journal station 'posttroll-relay*' --priority=warning)
}

# relays_tell_of_lost_links ends the first relay, which is all that the second one listens to.
relays_tell_of_lost_links() {
	inside station systemctl stop posttroll-relay
	eventually 3 'STATUS of the second relay tells of that' has_property station posttroll-relay@x StatusText '*0 of 1 publisher connected*'
	inside station systemctl start posttroll-relay
	eventually 15 'STATUS tells that it is connected again' has_property station posttroll-relay@x StatusText '*1 publisher connected*'
	echo "$part: STATUS of a relay follows its links" >&2
}

# relayed sends a message to the first relay, and wants it from the second.
relayed() {
	local subscriber status=0
	inside station ptctl subscribe --service second --count 1 --timeout 20s >"$machines/got" &
	subscriber=$!
	eventually 20 'the subscriber is there' subscribers_are posttroll-relay@x 1
	publish station e2e-raw /e2e/raw "$1" || status=$?
	wait "$subscriber" || status=$?
	eventually 20 'the subscriber is gone' subscribers_are posttroll-relay@x 0
	[ $status = 0 ] && grep -qF "$1" "$machines/got"
}

# subscribers_are asks a relay how many its only route has.
subscribers_are() {
	inside station ptrelay routes --json --config "$(relay_settings "$1")" | grep -qE "\"subscribers\": ?$2\b"
}

# relay_settings prints the file that says which relay a unit is.
relay_settings() {
	case "$1" in
	*@*) echo "/etc/posttroll/relay.d/${1#*@}.toml" ;;
	*) echo /etc/posttroll/relay.toml ;;
	esac
}

relays_take_commands() {
	check 'a route is paused' inside station ptrelay pause gather
	check_not 'and then not subscribed to any more' publish station e2e-raw /e2e/raw 'while paused' --wait-timeout 3s
	check 'and resumed' inside station ptrelay resume gather
	check 'and carries again' relayed 'after the pause'
	local answer
	answer=$(inside station setpriv --reuid=nobody --clear-groups ptrelay pause gather 2>&1) && fail 'anybody may pause a route'
	matches 'other users have no say' "$answer" '*permission denied*'
}

services_stop() {
	local begun
	begun=$(date +%s%N)
	check 'the nameserver stops' inside station systemctl stop posttroll-nameserver
	[ $(($(date +%s%N) - begun)) -lt 1000000000 ] || fail 'it took a second or more'
	check 'the relays stop' inside station systemctl stop posttroll-relay posttroll-relay@x
	local unit
	for unit in posttroll-nameserver posttroll-relay posttroll-relay@x; do
		equal "$unit ended well" "$(property station $unit Result) $(property station $unit ExecMainStatus)" 'success 0'
	done
}

# sockets_refuse_nobody has systemd hold the sockets: the first lookup starts the nameserver, and those that come while it restarts wait for their answer.
sockets_refuse_nobody() {
	local answered refused
	check 'systemd binds the sockets' inside station systemctl start posttroll-nameserver.socket
	equal 'the nameserver is not started by that' "$(property station posttroll-nameserver ActiveState)" inactive
	check 'a lookup starts it' inside station ptctl services --timeout 10s
	equal 'and it runs' "$(property station posttroll-nameserver SubState)" running
	in_background station e2e-asker /bin/bash -c 'for ((;;)); do
		(exec 3<>/dev/tcp/127.0.0.1/5557) && echo connected || echo refused; done'
	eventually 10 'connections before the restart' logged station e2e-asker connected
	check 'it restarts' inside station systemctl restart posttroll-nameserver
	check 'and serves' passes station station e2e-socket 'after the restart'
	inside station systemctl stop e2e-asker
	answered=$(journal station e2e-asker | grep -c '^connected$') refused=$(journal station e2e-asker | grep -c '^refused$' || true)
	equal "none of $answered connections was refused meanwhile" "$refused" 0
	matches '-d stop names the socket that starts it again' "$(inside station nameserverd -d stop)" '*posttroll-nameserver.socket starts it as soon as somebody connects*'
	inside station systemctl stop posttroll-nameserver.socket posttroll-nameserver
}

# sockets_fit_the_settings gives the nameserver keys, which want more sockets than the unit has: it says which, and that is what the unit gets. A client that
# keeps connecting meanwhile does not have systemd give up the sockets.
sockets_fit_the_settings() {
	inside station mkdir -p /etc/posttroll/keys /etc/posttroll/clients
	inside station ptkeys generate server -d /etc/posttroll/keys >/dev/null 2>&1
	printf '%s\n' '[Service]' 'LoadCredential=server.key_secret:/etc/posttroll/keys/server.key_secret' \
		'Environment=POSTTROLL_SERVER_SECRET_KEY_FILE=/run/credentials/%n/server.key_secret' 'Environment=POSTTROLL_CLIENTS_PUBLIC_KEYS_DIRECTORY=/etc/posttroll/clients' |
		write station /etc/systemd/system/posttroll-nameserver.service.d/keys.conf
	inside station systemctl daemon-reload
	inside station systemctl start posttroll-nameserver.socket
	in_background station e2e-asker /bin/bash -c 'for ((;;)); do exec 3<>/dev/tcp/127.0.0.1/5557; sleep 0.05; done'
	check_not 'it does not start with sockets that do not fit' inside station systemctl start posttroll-nameserver
	eventually 5 'STATUS says which are missing' has_property station posttroll-nameserver StatusText '*none for tcp://\*:5558*'
	sleep 3 # systemd gives sockets up that start a service 20 times within 2 s
	equal 'and the sockets are not given up' "$(property station posttroll-nameserver.socket ActiveState)" active
	{
		echo '[Socket]'
		journal station posttroll-nameserver | grep '^hint: the settings want these sockets' | tail -n 1 | grep -oE 'ListenStream=[0-9]*'
	} | write station /etc/systemd/system/posttroll-nameserver.socket.d/ports.conf
	inside station systemctl stop e2e-asker posttroll-nameserver.socket posttroll-nameserver
	inside station systemctl daemon-reload
	check 'it starts with those that the hint names' inside station systemctl start posttroll-nameserver.socket posttroll-nameserver
	check 'and has them from systemd' logged station posttroll-nameserver 'listening with keys' POSTTROLL_LOOKUPS=tcp://*:5558
	inside station systemctl stop posttroll-nameserver.socket posttroll-nameserver
}
