import CLibCurl
import CLibCurlShims
import Glibc
import HTTPTransport
import Synchronization
import SystemInterfaces

/// The loop: what others want comes in through `inbox`, everything else is touched by the loop's thread alone.
///
/// It is an executor too: a task that runs here and sends a request needs no other thread between the answer and the
/// next request. What runs here must not block.
final class CurlLoop: TaskExecutor, Sendable {
  enum Command: Sendable {
    case start(CurlTransfer)
    case cancel(CurlTransfer)
    case stop
  }

  private struct Work {
    var commands: [Command] = []
    var jobs: [UnownedJob] = []
    var isEmpty: Bool { commands.isEmpty && jobs.isEmpty }
  }
  private struct Inbox {
    var work = Work()
    var hasStarted = false
    var hasStopped = false
    /// Whether the loop waits for its sockets, or is about to, and has to be woken.
    var isWaiting = false
  }
  private let inbox = Mutex(Inbox())
  // Set by the loop before it first waits; afterwards only curl_multi_wakeup is called elsewhere, and only while it waits.
  nonisolated(unsafe) private var multi: UnsafeMutableRawPointer?

  func enqueue(_ command: Command) {
    inbox.withLock { inbox in
      inbox.work.commands.append(command)
      wake(&inbox)
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let unowned = UnownedJob(job)
    let isTaken = inbox.withLock { inbox in
      if inbox.hasStopped { return false }
      inbox.work.jobs.append(unowned)
      wake(&inbox)
      return true
    }
    if !isTaken { globalConcurrentExecutor.enqueue(ExecutorJob(unowned)) }
  }

  func stop() {
    let isRunning = inbox.withLock { $0.hasStarted }
    if isRunning { enqueue(.stop) }
  }

  /// Called inside the lock: once the loop has stopped there is nothing to wake.
  private func wake(_ inbox: inout Inbox) {
    if inbox.hasStopped { return }
    startThread(&inbox)
    guard inbox.isWaiting else { return }
    inbox.isWaiting = false
    curl_multi_wakeup(multi)
  }

  private func startThread(_ inbox: inout Inbox) {
    if inbox.hasStarted { return }
    inbox.hasStarted = true
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(self).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { raw in
        Unmanaged<CurlLoop>.fromOpaque(raw!).takeRetainedValue().run()
        return nil
      }, argument)
    precondition(code == 0, "no thread for libcurl")
    pthread_detach(thread)
  }

  private func run() {
    var running: [CurlTransfer] = []
    let handles = CurlHandles()
    var isStopping = false
    while !isStopping {
      let work = takeWork()
      for job in work.jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
      // Not before: libcurl's own start takes longer than what a step does until its first request.
      if multi == nil { startLibrary() }
      for command in work.commands {
        switch command {
        case .start(let transfer): start(transfer, handles, &running)
        case .cancel(let transfer):
          transfer.isCancelled = true
          if remove(transfer, &running) {
            transfer.finish(.failure(CancellationError()), handles)
          }
        case .stop: isStopping = true
        }
      }
      if !running.isEmpty {
        var active: Int32 = 0
        curl_multi_perform(multi, &active)
        readMessages(handles, &running)
        if !handles.listening.isEmpty { endListening(handles, &running) }
      }
      if !isStopping, mayWait() {
        var ready: Int32 = 0
        curl_multi_poll(multi, nil, 0, handles.longestWait, &ready)
      }
    }
    end(running, handles)
  }

  private func startLibrary() {
    CurlLibrary.start()
    multi = curl_multi_init()
    _ = shim_multi_setopt_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
    _ = shim_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, 64)
  }

  /// Ends what still runs, and hands on what can run elsewhere.
  private func end(_ running: [CurlTransfer], _ handles: CurlHandles) {
    inbox.withLock { $0.hasStopped = true }
    for transfer in running {
      curl_multi_remove_handle(multi, transfer.easy)
      transfer.finish(.failure(CancellationError()), handles)
    }
    let left = takeWork()
    for command in left.commands {
      if case .start(let transfer) = command { transfer.finish(.failure(CancellationError()), handles) }
    }
    for job in left.jobs { globalConcurrentExecutor.enqueue(ExecutorJob(job)) }
    handles.cleanUp()
    curl_multi_cleanup(multi)
  }

  private func takeWork() -> Work {
    inbox.withLock { inbox in
      inbox.isWaiting = false
      let work = inbox.work
      if !work.isEmpty { inbox.work = Work() }
      return work
    }
  }

  /// Whether there is nothing to do but wait; from then on whoever brings work wakes the loop.
  private func mayWait() -> Bool {
    inbox.withLock { inbox in
      inbox.isWaiting = inbox.work.isEmpty
      return inbox.isWaiting
    }
  }

  private func start(
    _ transfer: CurlTransfer, _ handles: CurlHandles, _ running: inout [CurlTransfer]
  ) {
    // A cancellation may overtake its start.
    if transfer.isCancelled { return transfer.finish(.failure(CancellationError()), handles) }
    if let failure = transfer.prepare(handles) { return transfer.finish(.failure(failure), handles) }
    transfer.place = running.count
    running.append(transfer)
    curl_multi_add_handle(multi, transfer.easy)
  }

  /// Takes a transfer out of those that run, the last taking its place; whether it was there.
  private func remove(_ transfer: CurlTransfer, _ running: inout [CurlTransfer]) -> Bool {
    guard let place = transfer.place else { return false }
    transfer.place = nil
    let last = running.removeLast()
    if last !== transfer {
      running[place] = last
      last.place = place
    }
    curl_multi_remove_handle(multi, transfer.easy)
    return true
  }

  /// Ends the exchanges whose answers were listened to for long enough.
  private func endListening(_ handles: CurlHandles, _ running: inout [CurlTransfer]) {
    let now = ContinuousClock.now
    let open = handles.listening.filter { $0.place != nil }
    handles.listening = open.filter { ($0.listensUntil ?? now) > now }
    for transfer in open where (transfer.listensUntil ?? now) <= now {
      if remove(transfer, &running) { transfer.endListening(handles) }
    }
  }

  private func readMessages(_ handles: CurlHandles, _ running: inout [CurlTransfer]) {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE else { continue }
      let result = message.pointee.data.result
      let easy = message.pointee.easy_handle
      var raw: UnsafeMutableRawPointer?
      _ = shim_getinfo_pointer(easy, CURLINFO_PRIVATE, &raw)
      guard let raw else { continue }
      let transfer = Unmanaged<CurlTransfer>.fromOpaque(raw).takeUnretainedValue()
      _ = remove(transfer, &running)
      transfer.complete(result, handles)
    }
  }
}

/// An easy handle, and what its settings are like.
final class CurlHandle {
  let easy: UnsafeMutableRawPointer
  var profile: CurlTransfer.Profile?
  /// What it made a connection to whose certificate was to be shown. libcurl keeps that certificate in the handle, also
  /// where a later connection shows none.
  var certified: String?
  /// Where libcurl writes what went wrong.
  let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
  private var headers: UnsafeMutablePointer<curl_slist>?
  /// The fields of the last answer, in order, each with its line: the next answer's are mostly the same.
  private var fields: [(line: [UInt8], field: HTTPField)] = []
  private var position = 0

  init(_ easy: UnsafeMutableRawPointer) {
    self.easy = easy
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_slist_free_all(headers)
    errorText.deallocate()
  }

  /// An answer begins.
  func beginFields() { position = 0 }

  /// The field in `line`, which is made by `make` unless the last answer had the same line in this place.
  func field(in line: UnsafeRawBufferPointer, _ make: () -> HTTPField) -> HTTPField {
    defer { position += 1 }
    guard position < 32, line.count <= 256 else { return make() }
    if position < fields.count, CurlHandle.isSame(line, fields[position].line) {
      return fields[position].field
    }
    let made = make()
    if position < fields.count {
      fields[position] = (Array(line), made)
    } else if position == fields.count {
      fields.append((Array(line), made))
    }
    return made
  }

  private static func isSame(_ line: UnsafeRawBufferPointer, _ other: [UInt8]) -> Bool {
    guard line.count == other.count, let start = line.baseAddress else { return false }
    return other.withUnsafeBytes { memcmp(start, $0.baseAddress!, line.count) == 0 }
  }

  /// Owns the fields that the handle sends from now on.
  func keep(headers list: UnsafeMutablePointer<curl_slist>?) {
    curl_slist_free_all(headers)
    headers = list
  }
}

/// What stays from transfer to transfer; the loop's thread alone uses it.
final class CurlHandles {
  private var idle: [CurlHandle] = []
  /// What servers showed when connections to them were made.
  var certificates: [String: HTTPCertificate] = [:]
  /// Transfers whose answers do not end by themselves.
  var listening: [CurlTransfer] = []

  /// Milliseconds for which the loop may wait for its sockets.
  var longestWait: Int32 {
    guard let first = listening.compactMap(\.listensUntil).min() else { return 1000 }
    return Int32(min(1000, max(0, (first - .now).microseconds / 1000 + 1)))
  }

  /// A handle for `request`: one that has its settings already, or one that has none.
  /// - Parameter origin: what it connects to, where the certificate of that is to be shown.
  func take(for request: HTTPRequest, _ origin: String?, _ proxies: ProxyVariables) -> CurlHandle? {
    if let position = idle.lastIndex(where: { handle in
      handle.profile?.fits(request, proxies) == true
        && (handle.certified == nil || handle.certified == origin)
    }) {
      return idle.remove(at: position)
    }
    if let other = idle.popLast(), other.certified == nil {
      curl_easy_reset(other.easy)
      other.profile = nil
      return other
    }
    return curl_easy_init().map(CurlHandle.init)
  }

  /// Keeps the handle for another transfer.
  func giveBack(_ handle: CurlHandle) {
    if idle.count < 64 { idle.append(handle) }
  }

  func cleanUp() {
    idle = []
  }
}

enum CurlLibrary {
  private static let started = curl_global_init(Int(CURL_GLOBAL_SSL | CURL_GLOBAL_WIN32)) == CURLE_OK
  static func start() { precondition(started, "libcurl did not start") }
}
