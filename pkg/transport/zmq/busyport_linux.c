// Ports at which nobody is let in for now: see busyport.go.

#include "limits_linux.h"

#include <netinet/in.h>
#include <sys/socket.h>

void ptz_limits_busy(ptz_limits *l, int port, int begins) {
	int i = 0;
	pthread_mutex_lock(&l->mu);
	if (begins && l->busy_ports < PTZ_BUSY_PORTS) {
		l->busy[l->busy_ports++] = port;
	} else if (!begins) {
		while (i < l->busy_ports && l->busy[i] != port)
			i++;
		if (i < l->busy_ports)
			l->busy[i] = l->busy[--l->busy_ports];
	}
	pthread_mutex_unlock(&l->mu);
}

int ptz_limits_is_busy(const ptz_limits *l, int listener) {
	struct sockaddr_storage at;
	socklen_t size = sizeof at;
	int port = 0;
	if (l->busy_ports == 0 || getsockname(listener, (struct sockaddr *)&at, &size) != 0)
		return 0;
	if (at.ss_family == AF_INET)
		port = ntohs(((const struct sockaddr_in *)&at)->sin_port);
	else if (at.ss_family == AF_INET6)
		port = ntohs(((const struct sockaddr_in6 *)&at)->sin6_port);
	for (int i = 0; i < l->busy_ports; i++)
		if (l->busy[i] == port)
			return 1;
	return 0;
}
