import CLibCurl
import CLibCurlShims
import Glibc
import Synchronization

/// The loop: commands come in through `inbox`, everything else is touched by the loop's thread alone.
final class CurlLoop: Sendable {
  enum Command: Sendable {
    case start(CurlTransfer)
    case cancel(CurlTransfer)
    case stop
  }

  private struct Inbox {
    var commands: [Command] = []
    var hasStarted = false
    var hasStopped = false
  }
  private let inbox = Mutex(Inbox())
  // Set by the first command, before the thread exists; afterwards only curl_multi_wakeup is called elsewhere.
  nonisolated(unsafe) private var multi: UnsafeMutableRawPointer?

  func enqueue(_ command: Command) {
    inbox.withLock { inbox in
      // Whoever filled the inbox has woken the loop, which takes all that is in it.
      let isFirst = inbox.commands.isEmpty
      inbox.commands.append(command)
      if inbox.hasStopped { return }
      if !inbox.hasStarted {
        inbox.hasStarted = true
        CurlLibrary.start()
        multi = curl_multi_init()
        startThread()
      }
      // Inside the lock: once the loop has stopped there is nothing to wake.
      if isFirst { curl_multi_wakeup(multi) }
    }
  }

  func stop() {
    let isRunning = inbox.withLock { $0.hasStarted }
    if isRunning { enqueue(.stop) }
  }

  private func startThread() {
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
    _ = shim_multi_setopt_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
    _ = shim_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, 64)
    var running: [UInt64: CurlTransfer] = [:]
    var isStopping = false
    while !isStopping {
      for command in takeCommands() {
        switch command {
        case .start(let transfer): start(transfer, &running)
        case .cancel(let transfer):
          transfer.isCancelled = true
          if running.removeValue(forKey: transfer.id) != nil {
            curl_multi_remove_handle(multi, transfer.easy)
            transfer.finish(.failure(CancellationError()))
          }
        case .stop: isStopping = true
        }
      }
      var active: Int32 = 0
      curl_multi_perform(multi, &active)
      readMessages(&running)
      if isStopping { break }
      var ready: Int32 = 0
      curl_multi_poll(multi, nil, 0, 1000, &ready)
    }
    inbox.withLock { $0.hasStopped = true }
    for transfer in running.values {
      curl_multi_remove_handle(multi, transfer.easy)
      transfer.finish(.failure(CancellationError()))
    }
    for command in takeCommands() {
      if case .start(let transfer) = command { transfer.finish(.failure(CancellationError())) }
    }
    curl_multi_cleanup(multi)
  }

  private func takeCommands() -> [Command] {
    inbox.withLock { inbox in
      let all = inbox.commands
      inbox.commands.removeAll(keepingCapacity: true)
      return all
    }
  }

  private func start(_ transfer: CurlTransfer, _ running: inout [UInt64: CurlTransfer]) {
    // A cancellation may overtake its start.
    if transfer.isCancelled { return transfer.finish(.failure(CancellationError())) }
    if let failure = transfer.prepare() { return transfer.finish(.failure(failure)) }
    running[transfer.id] = transfer
    curl_multi_add_handle(multi, transfer.easy)
  }

  private func readMessages(_ running: inout [UInt64: CurlTransfer]) {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE else { continue }
      let result = message.pointee.data.result
      let easy = message.pointee.easy_handle
      var raw: UnsafeMutableRawPointer?
      _ = shim_getinfo_pointer(easy, CURLINFO_PRIVATE, &raw)
      guard let raw else { continue }
      let transfer = Unmanaged<CurlTransfer>.fromOpaque(raw).takeUnretainedValue()
      running.removeValue(forKey: transfer.id)
      curl_multi_remove_handle(multi, easy)
      transfer.complete(result)
    }
  }
}

enum CurlLibrary {
  private static let started = curl_global_init(Int(CURL_GLOBAL_SSL | CURL_GLOBAL_WIN32)) == CURLE_OK
  static func start() { precondition(started, "libcurl did not start") }
}
