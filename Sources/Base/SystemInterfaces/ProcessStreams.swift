import Glibc

/// The three standard streams of a child, and both ends of each.
struct ProcessStreams: ~Copyable {
  struct Ends: Sendable { var input: Int32, output: Int32, errors: Int32 }
  /// What was read until the end, or until time or size ran out.
  struct Exchange: Sendable {
    enum Ending: Sendable { case whole, timedOut, wroteTooMuch }
    var ending = Ending.whole
    var output: [UInt8] = [], errors: [UInt8] = []
  }

  /// This process's ends and the child's.
  let ours: Ends, theirs: Ends
  private var theirsAreOpen = true

  /// Streams that no other child inherits; nil where the system has no more.
  init?() {
    var opened: [Int32] = []
    var pair: [Int32] = [-1, -1]
    // A socket rather than a pipe: writing to a child that has ended must not raise a signal.
    var isMade = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0
    if isMade { opened += pair }
    for _ in 0..<2 where isMade {
      isMade = pipe(&pair) == 0
      if isMade { opened += pair }
    }
    guard isMade else {
      let code = errno
      for end in opened { close(end) }
      errno = code
      return nil
    }
    for end in opened { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    ours = Ends(input: opened[0], output: opened[2], errors: opened[4])
    theirs = Ends(input: opened[1], output: opened[3], errors: opened[5])
  }

  deinit {
    for end in [ours.input, ours.output, ours.errors] { close(end) }
    if theirsAreOpen { for end in [theirs.input, theirs.output, theirs.errors] { close(end) } }
  }

  /// Closes the child's ends in this process, so that its end is seen.
  mutating func closeTheirs() {
    for end in [theirs.input, theirs.output, theirs.errors] { close(end) }
    theirsAreOpen = false
  }

  /// Writes `input` and reads both outputs, side by side: a child that waits to be read must not keep us from reading.
  borrowing func exchange(_ input: [UInt8], within timeout: Duration, atMost limit: Int) -> Exchange {
    let deadline = ContinuousClock.now + timeout
    var found = Exchange()
    var written = 0
    var open = [true, true]
    var buffer = [UInt8](repeating: 0, count: 65_536)
    if input.isEmpty { shutdown(ours.input, Int32(SHUT_WR)) }
    while open.contains(true) {
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero else {
        found.ending = .timedOut
        return found
      }
      // A negative descriptor is passed over.
      var waiting = [
        pollfd(fd: open[0] ? ours.output : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: open[1] ? ours.errors : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: written < input.count ? ours.input : -1, events: Int16(POLLOUT), revents: 0),
      ]
      let ready = poll(&waiting, 3, Int32(clamping: left.microseconds / 1000 + 1))
      if ready <= 0 { continue }
      if waiting[2].revents != 0 {
        let count = input[written...].withUnsafeBytes {
          send(ours.input, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        // A child that reads no more has said why, or will with its status.
        if count >= 0 { written += count } else if errno != EAGAIN, errno != EINTR { written = input.count }
        if written == input.count { shutdown(ours.input, Int32(SHUT_WR)) }
      }
      for (position, end) in [ours.output, ours.errors].enumerated() where waiting[position].revents != 0 {
        let count = read(end, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else {
          open[position] = false
          continue
        }
        if position == 0 {
          found.output.append(contentsOf: buffer[..<count])
        } else {
          found.errors.append(contentsOf: buffer[..<count])
        }
        if found.output.count + found.errors.count > limit {
          found.ending = .wroteTooMuch
          return found
        }
      }
    }
    return found
  }
}
