package config_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/config"
)

func TestEnvironmentValues(t *testing.T) {
	t.Parallel()
	set := func(change func(*config.Settings)) config.Settings { return config.DefaultSettings().With(change) }
	hosts := func(h ...string) config.Settings {
		return set(func(s *config.Settings) { s.AuthorizedClientAddresses = h })
	}
	port := func(n int) config.Settings { return set(func(s *config.Settings) { s.NameserverPort = n }) }
	group := func(g string) config.Settings { return set(func(s *config.Settings) { s.MulticastGroup = g }) }
	keepalive := func(k config.Switch) config.Settings {
		return set(func(s *config.Settings) { s.TCPKeepalive = k })
	}
	tests := []struct {
		variable string
		want     config.Settings
		problem  string
	}{
		{variable: "POSTTROLL_NAMESERVER_PORT=5000", want: port(5000)},
		{variable: "POSTTROLL_NAMESERVER_PORT='5000'", want: port(5000)},
		{variable: "POSTTROLL_NAMESERVER_PORT= 5000 ", want: port(5000)},
		{variable: "POSTTROLL_NAMESERVER_PORT=05000", want: port(5000)},
		{variable: "POSTTROLL_NAMESERVER_PORT=5_000", want: port(5000)},
		{variable: "POSTTROLL_NAMESERVER_PORT=0x1388", want: port(5000)},
		{variable: "POSTTROLL_nameserver_port=5000", want: port(5000)},
		{variable: "POSTTROLL_NAMESERVER_PORT=", want: port(5557)},
		{variable: "POSTTROLL_NAMESERVER_PORT=None", want: port(5557)},
		{variable: "POSTTROLL_NAMESERVER_PORT=abc", problem: `POSTTROLL_NAMESERVER_PORT: want a whole number, got the text "abc"`},
		{variable: "POSTTROLL_NAMESERVER_PORT=5557.5", problem: "POSTTROLL_NAMESERVER_PORT: want a whole number, got the number 5557.5"},
		{variable: "POSTTROLL_NAMESERVER_PORT=[1]", problem: "POSTTROLL_NAMESERVER_PORT: want a whole number, got a list"},
		{variable: "POSTTROLL_NAMESERVER_PORT=99999999999999999999", problem: "POSTTROLL_NAMESERVER_PORT: want a whole number, got the number 99999999999999999999"},
		{variable: "POSTTROLL_NAMESERVER_PORT=70000", problem: "POSTTROLL_NAMESERVER_PORT: 70000 is out of range, want 0 to 65535"},
		{variable: "POSTTROLL_NAMESERVER_PORT=None", want: port(5557)},
		{variable: "NAMESERVER_PORT=5000", want: port(5000)},
		{variable: "PYTROLL_MC_TTL=5", want: set(func(s *config.Settings) { s.MulticastTTL = 5 })},
		{variable: "PYTROLL_MC_GROUP=224.1.2.3", want: group("224.1.2.3")},
		{variable: "POSTTROLL_MC_GROUP=224.1.2.3", want: group("224.1.2.3")},
		{variable: "POSTTROLL_MC_GROUP='224.1.2.3'", want: group("224.1.2.3")},
		{variable: "POSTTROLL_MC_GROUP=", want: group("")},
		{variable: "POSTTROLL_MC_GROUP=5", problem: `POSTTROLL_MC_GROUP: "5" is no IPv4 multicast group, want 224.0.0.0 to 239.255.255.255`},
		{variable: "POSTTROLL_MC_GROUP=['a']", problem: "POSTTROLL_MC_GROUP: want a text, got a list"},
		{variable: "POSTTROLL_MULTICAST_INTERFACE=127.0.0.1",
			want: set(func(s *config.Settings) { s.MulticastInterface = netip.MustParseAddr("127.0.0.1") })},
		{variable: "POSTTROLL_MULTICAST_INTERFACE=", want: config.DefaultSettings()},
		{variable: "POSTTROLL_SERVER_SECRET_KEY_FILE=1.50", want: set(func(s *config.Settings) { s.ServerSecretKeyFile = "1.50" })},
		{variable: "POSTTROLL_MESSAGE_VERSION=v1.01", want: set(func(s *config.Settings) { s.MessageVersion = "v1.01" })},
		{variable: "POSTTROLL_TCP_KEEPALIVE=1", want: keepalive(config.On)},
		{variable: "POSTTROLL_TCP_KEEPALIVE=True", want: keepalive(config.On)},
		{variable: "POSTTROLL_TCP_KEEPALIVE=yes", want: keepalive(config.On)},
		{variable: "POSTTROLL_TCP_KEEPALIVE=0", want: keepalive(config.Off)},
		{variable: "POSTTROLL_TCP_KEEPALIVE=-1", want: keepalive(config.System)},
		{variable: "POSTTROLL_TCP_KEEPALIVE=", want: keepalive(config.System)},
		{variable: "POSTTROLL_TCP_KEEPALIVE=None", want: keepalive(config.System)},
		{variable: "POSTTROLL_TCP_KEEPALIVE=2", problem: `POSTTROLL_TCP_KEEPALIVE: want true, false or "system", got "2"`},
		{variable: "POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES=['10.0.0.1', '10.0.0.2']", want: hosts("10.0.0.1", "10.0.0.2")},
		{variable: "POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES=('10.0.0.1',)", want: hosts("10.0.0.1")},
		{variable: "POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES=10.0.0.1 10.0.0.2", want: hosts("10.0.0.1", "10.0.0.2")},
		{variable: "POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES=10.0.0.1, 10.0.0.2,", want: hosts("10.0.0.1", "10.0.0.2")},
		{variable: "POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES=lx1", want: hosts("lx1")},
		{variable: "POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES=", want: hosts()},
		{variable: "POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES=[['a']]", problem: "POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES: want a text, got a list"},
		{variable: "POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES=['']", problem: "POSTTROLL_AUTHORIZED_CLIENT_ADDRESSES: holds an empty address"},
	}
	for _, tt := range tests {
		t.Run(tt.variable, func(t *testing.T) {
			t.Parallel()
			got := config.DefaultSettings()
			_, err := config.Load(config.Sources{Environ: []string{tt.variable}}, &got)
			if tt.problem != "" {
				if err == nil || err.Error() != tt.problem {
					t.Fatalf("got %v, want %s", err, tt.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, equal); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestNoneOverridesFile(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"posttroll.toml": "multicast_interface = \"10.0.0.1\"\n"})
	got := config.DefaultSettings()
	report, err := config.Load(config.Sources{
		Shared:  []string{dir + "/posttroll.toml"},
		Environ: []string{"POSTTROLL_MULTICAST_INTERFACE=None"},
	}, &got)
	if err != nil {
		t.Fatal(err)
	}
	if got.MulticastInterface.IsValid() {
		t.Errorf("got %s, want none", got.MulticastInterface)
	}
	if o := report.Origin("multicast_interface").String(); o != "POSTTROLL_MULTICAST_INTERFACE" {
		t.Errorf("origin: got %s", o)
	}
}

func TestEnvironmentWarnings(t *testing.T) {
	t.Parallel()
	unknown := func(name, hint string) []string {
		w := name + ": unknown setting, ignored"
		if hint != "" {
			w += "; did you mean " + hint + "?"
		}
		return []string{w}
	}
	tests := []struct {
		variable string
		want     []string
	}{
		// Misspelt so in production (doc/protocol.md).
		{"POSTTROLL_KEEPALIVE_INTVL=1", unknown("POSTTROLL_KEEPALIVE_INTVL", "POSTTROLL_TCP_KEEPALIVE_INTVL")},
		{"POSTTROLL_KEEPALIVE=1", unknown("POSTTROLL_KEEPALIVE", "POSTTROLL_TCP_KEEPALIVE")},
		{"POSTTROLL_NAMESERVERPORT=1", unknown("POSTTROLL_NAMESERVERPORT", "POSTTROLL_NAMESERVER_PORT")},
		{"POSTTROLL_MC_GRUOP=1", unknown("POSTTROLL_MC_GRUOP", "POSTTROLL_MC_GROUP")},
		{"POSTTROLL_MULTICAST_GROUP=1", unknown("POSTTROLL_MULTICAST_GROUP", "")},
		{"POSTTROLL_A__B=1", unknown("POSTTROLL_A__B", "")},
		{"POSTTROLL_=1", unknown("POSTTROLL_", "")},
		{"POSTROLL_BACKEND=secure_zmq", []string{"POSTROLL_BACKEND: no setting of posttroll, ignored; did you mean POSTTROLL_BACKEND?"}},
		{"POSTTROLL_CONFIG=/etc/posttroll/posttroll.yaml", nil},
		{"POSTTROLL_ROOT_CONFIG=/etc/posttroll", nil},
		{"POSTTROLL_CONFIG=/etc/posttroll/posttroll.toml", []string{"POSTTROLL_CONFIG: names a TOML file, which ends Python programs when they start; " +
			"it is not read here either; unset it: programs read /etc/posttroll/posttroll.toml by themselves, and --config names another"}},
		{"NAMESERVER_PORTS=1", nil},
		{"PATH=/bin", nil},
		{"no equals sign", nil},
		{"", nil},
	}
	for _, tt := range tests {
		settings := config.DefaultSettings()
		report, err := config.Load(config.Sources{Environ: []string{tt.variable}}, &settings)
		if err != nil {
			t.Errorf("%s: %v", tt.variable, err)
		}
		if diff := cmp.Diff(tt.want, warnings(report)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.variable, diff)
		}
	}
}

func TestProgramSources(t *testing.T) {
	t.Parallel()
	tests := []struct {
		environ []string
		want    []string
	}{
		{nil, nil},
		{[]string{"HOME=/home/sat"}, []string{"/home/sat/.config/posttroll/posttroll.toml"}},
		{[]string{"HOME=/home/sat", "XDG_CONFIG_HOME=/cfg"}, []string{"/cfg/posttroll/posttroll.toml"}},
		{[]string{"HOME=/home/sat", "XDG_CONFIG_HOME=relative"}, []string{"/home/sat/.config/posttroll/posttroll.toml"}},
	}
	for _, tt := range tests {
		want := append([]string{"/etc/posttroll/posttroll.toml"}, tt.want...)
		if diff := cmp.Diff(want, config.ProgramSources("", tt.environ).Shared); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", tt.environ, diff)
		}
	}
}
