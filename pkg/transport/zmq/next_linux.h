// The functions of the C library that this package stands before, as the program would have them without it: those of a library that was loaded before all others
// (LD_PRELOAD), or the C library's own, with what belongs to them, such as being points where a thread can be cancelled.

#ifndef PTZ_NEXT_H
#define PTZ_NEXT_H

#include <sys/epoll.h>
#include <sys/socket.h>

int ptz_next_accept(int listener, struct sockaddr *from, socklen_t *size);
int ptz_next_accept4(int listener, struct sockaddr *from, socklen_t *size, int flags);
int ptz_next_close(int fd);
ssize_t ptz_next_recv(int fd, void *data, size_t size, int flags);
ssize_t ptz_next_send(int fd, const void *data, size_t size, int flags);
int ptz_next_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
int ptz_next_epoll_wait(int epfd, struct epoll_event *events, int max, int timeout);

#endif
