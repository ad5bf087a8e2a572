package zmq

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"github.com/pebbe/zmq4"
	"github.com/pytroll/posttroll-go/pkg/transport"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"
)

const (
	batchFrames   = 128       // frames received in one call of libzmq
	maxBatchBytes = 512 << 10 // and their bytes, or one frame: as much as stays near the processor while it is copied
)

// socket is a libzmq socket that several goroutines may use in turns: mu is held around every call, which libzmq asks
// for and which is all that it asks for.
//
// One goroutine at a time reads, as a rule one that watch has started. It sleeps in Go's network poller on the socket's signal descriptor (ZMQ_FD),
// so an idle socket costs no thread and no wake-up. That signal is edge-like: any call on the socket may consume it.
// Hence the rule that whoever else calls libzmq must make the reader look again, by kick, unless the call can't have
// taken a signal.
type socket struct {
	owner  *Transport
	log    *zap.Logger
	signal *os.File // our duplicate of ZMQ_FD
	port   int      // of a publisher's tcp endpoint, once it is followed; else 0
	reader sync.WaitGroup
	once   sync.Once
	done   chan struct{} // closed when the socket begins to close

	mu      sync.Mutex // guards what follows, and each call on the libzmq sockets
	zs      *zmq4.Socket
	raw     unsafe.Pointer
	closed  bool
	batch   *batch
	monitor *monitor
}

// newSocket makes a socket in the transport's context. The caller closes it.
func newSocket(t *Transport, kind zmq4.Type, frames, want int) (*socket, error) {
	return newSocketSignalled(t, kind, frames, want, newSignal)
}

// newSocketSignalled makes one with a signal of its own kind.
func newSocketSignalled(t *Transport, kind zmq4.Type, frames, want int, newSignal func(*zmq4.Socket) (*os.File, error)) (*socket, error) {
	zs, err := t.rawSocketOf(kind)
	if err != nil {
		return nil, t.newSocketError(err)
	}
	if err := t.checkLimited(outlivesResets()); err != nil {
		return nil, errors.Join(err, zs.Close())
	}
	s := &socket{owner: t, log: t.log, done: make(chan struct{}), zs: zs, raw: rawSocket(zs)}
	if s.signal, err = newSignal(zs); err != nil {
		return nil, errors.Join(err, zs.Close())
	}
	if s.batch, err = newBatch(frames, want); err != nil {
		return nil, errors.Join(err, s.signal.Close(), zs.Close())
	}
	return s, nil
}

// newSignal makes a file of the socket's signal descriptor, known to Go's network poller.
func newSignal(zs *zmq4.Socket) (*os.File, error) {
	dup, err := dupSignal(zs)
	if err != nil {
		return nil, err
	}
	return pollable(dup)
}

// dupSignal duplicates the socket's signal descriptor, since closing ours must not close libzmq's.
func dupSignal(zs *zmq4.Socket) (int, error) {
	fd, err := zs.GetFd()
	if err != nil {
		return -1, fmt.Errorf("signal descriptor: %w", cause(err))
	}
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("duplicate the signal descriptor: %w", err)
	}
	return dup, nil
}

// pollable makes a file of fd that Go's network poller knows. An error closes it.
func pollable(fd int) (*os.File, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	f := os.NewFile(uintptr(fd), "zmq-signal")
	if err := f.SetReadDeadline(time.Time{}); err != nil {
		return nil, errors.Join(fmt.Errorf("poll the signal descriptor: %w", err), f.Close())
	}
	return f, nil
}

// lock takes mu and fails when the socket is closed, with mu released.
func (s *socket) lock() error {
	s.mu.Lock()
	return s.stillOpen()
}

// stillOpen releases mu and fails when the socket is closed.
func (s *socket) stillOpen() error {
	if s.closed {
		s.mu.Unlock()
		return transport.ErrClosed
	}
	return nil
}

// watch starts the reader: it calls service whenever the socket may have something to do, until the socket is closed.
func (s *socket) watch(service func()) {
	s.watchFile(s.signal, service)
}

func (s *socket) watchFile(signal *os.File, service func()) {
	never := func() bool { return false }
	s.reader.Go(func() { s.attendUntil(signal, service, never) })
}

// attendUntil is attend for what nobody waits for.
func (s *socket) attendUntil(signal *os.File, service func(), over func() bool) {
	if err := s.attend(signal, service, over); err != nil {
		s.log.Error("socket is deaf: its signal can't be polled", zap.Error(err))
	}
}

// attend calls service at once and each time that signal fires or is kicked, until over is true after that, or the socket is closed.
func (s *socket) attend(signal *os.File, service func(), over func() bool) error {
	ended := func() bool { return s.isClosed() || over() }
	for {
		err := await(signal, func() bool {
			service()
			return ended()
		})
		if err == nil || ended() {
			return nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
}

// await calls ready until it is true, each time that signal fires, and once at the start. It ends with
// os.ErrDeadlineExceeded after kick.
func await(signal *os.File, ready func() bool) error {
	// A kick that comes before this line is answered by the first call of ready.
	if err := signal.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	conn, err := signal.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Read(func(uintptr) bool { return ready() })
}

// kick makes the reader look at the socket again.
func (s *socket) kick() { kick(s.signal) }

func kick(signal *os.File) {
	// The one possible error is that the file is closed: then nobody is there to be woken.
	_ = signal.SetReadDeadline(time.Unix(1, 0))
}

func (s *socket) isClosed() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// close closes the socket, letting libzmq send what is queued for linger at most, and waits for that and for the reader.
// A second call waits for the first.
func (s *socket) close(linger time.Duration) error {
	var err error
	s.once.Do(func() { err = s.shut(linger) })
	return err
}

func (s *socket) shut(linger time.Duration) error {
	s.mu.Lock()
	s.closed = true
	close(s.done)
	err := errors.Join(s.zs.SetLinger(linger), s.zs.Close())
	s.raw = nil
	s.mu.Unlock()

	s.kick()
	if s.monitor != nil {
		kick(s.monitor.signal)
	}
	s.reader.Wait()
	err = errors.Join(err, s.signal.Close())
	if s.monitor != nil {
		err = errors.Join(err, s.monitor.close(linger+closeMargin))
	}
	s.batch.free()
	s.owner.forget(s)
	if err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}

// newSocketError names the limit that was met.
func (t *Transport) newSocketError(err error) error {
	err = cause(err)
	if errors.Is(err, syscall.EMFILE) {
		return fmt.Errorf("new socket: %w (at most %d sockets, Options.MaxSockets, and %d open files)", err, t.maxSockets, fileLimit())
	}
	return fmt.Errorf("new socket: %w", err)
}

// fileLimit is the number of files that this process may have open.
func fileLimit() uint64 {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return unix.RLIM_INFINITY
	}
	return l.Cur
}
