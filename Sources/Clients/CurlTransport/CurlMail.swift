import CLibCurl
import CLibCurlShims
import Glibc
import HTTPTransport
import MailTransport
import Synchronization
import SystemInterfaces

/// Sends mail over libcurl, each message on a thread of its own: messages are few, and none waits for a request.
public struct CurlMail: MailTransport {
  /// Needs nothing from outside.
  public init() {}

  public func deliver(_ message: MailMessage, to server: MailServer) async throws {
    try Task.checkCancellation()
    let delivery = CurlDelivery(message, server)
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        delivery.start { continuation.resume(with: $0) }
      }
    } onCancel: {
      delivery.cancel()
    }
  }
}

/// One message on its way. Everything but `isCancelled` belongs to the delivery's thread once it has started.
private final class CurlDelivery: @unchecked Sendable {
  private let message: MailMessage
  private let server: MailServer
  private let isCancelled = Atomic(false)
  private var rest: ArraySlice<UInt8>
  private var finish: ((Result<Void, any Error>) -> Void)?

  init(_ message: MailMessage, _ server: MailServer) {
    self.message = message
    self.server = server
    rest = message.encoded()[...]
  }

  func cancel() { isCancelled.store(true, ordering: .relaxed) }

  func start(_ finish: @escaping (Result<Void, any Error>) -> Void) {
    self.finish = finish
    CurlLibrary.start()
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(self).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { raw in
        let delivery = Unmanaged<CurlDelivery>.fromOpaque(raw!).takeRetainedValue()
        delivery.finish?(delivery.run())
        return nil
      }, argument)
    precondition(code == 0, "no thread for libcurl")
    pthread_detach(thread)
  }

  private func run() -> Result<Void, any Error> {
    guard let easy = curl_easy_init() else {
      return .failure(TransferError(.other, code: 27, message: "libcurl gave no handle"))
    }
    defer { curl_easy_cleanup(easy) }
    let recipients = message.recipients.reduce(nil as UnsafeMutablePointer<curl_slist>?) {
      curl_slist_append($0, "<\($1)>")
    }
    defer { curl_slist_free_all(recipients) }
    let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    defer { errorText.deallocate() }
    var settings = CurlSettings(easy)
    configure(&settings)
    settings.check("recipients", shim_setopt_list(easy, CURLOPT_MAIL_RCPT, recipients))
    settings.check("error text", shim_setopt_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
    setCallbacks(easy, &settings)
    if let failure = settings.failure { return .failure(failure) }
    let result = curl_easy_perform(easy)
    if isCancelled.load(ordering: .relaxed) { return .failure(CancellationError()) }
    guard result != CURLE_OK else { return .success(()) }
    let own = String(cString: errorText)
    let words = own.isEmpty ? String(cString: curl_easy_strerror(result)) : CurlTransfer.withoutUserInfo(own)
    return .failure(
      TransferError(CurlTransfer.kind(result), code: Int(result.rawValue), message: words))
  }

  private func configure(_ settings: inout CurlSettings) {
    settings.set("URL", CURLOPT_URL, server.url)
    settings.set("protocols", CURLOPT_PROTOCOLS_STR, "smtp,smtps")
    settings.set("proxy", CURLOPT_PROXY, "")
    settings.set("no signals", CURLOPT_NOSIGNAL, 1)
    settings.set("timeout", CURLOPT_TIMEOUT_MS, max(1, Int(server.timeout.microseconds / 1000)))
    // A password is never sent in the clear, whatever the policy says of TLS.
    let hasPassword = server.password != nil || server.user != nil || server.url.contains("@")
    let tls = server.requiresTLS || hasPassword ? SHIM_USESSL_ALL : SHIM_USESSL_TRY
    settings.set("TLS", CURLOPT_USE_SSL, tls)
    if let file = server.certificateAuthorityFile { settings.set("CA file", CURLOPT_CAINFO, file) }
    if let user = server.user { settings.set("user", CURLOPT_USERNAME, user) }
    if let password = server.password { settings.set("password", CURLOPT_PASSWORD, password) }
    settings.set("sender", CURLOPT_MAIL_FROM, "<\(message.sender)>")
    settings.set("upload", CURLOPT_UPLOAD, 1)
    settings.set("cancellation", CURLOPT_NOPROGRESS, 0)
  }

  private func setCallbacks(_ easy: UnsafeMutableRawPointer, _ settings: inout CurlSettings) {
    let me = Unmanaged.passUnretained(self).toOpaque()
    settings.check(
      "message",
      shim_setopt_write(easy, CURLOPT_READFUNCTION) { buffer, size, count, me in
        Unmanaged<CurlDelivery>.fromOpaque(me!).takeUnretainedValue()
          .read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
      })
    settings.check("message", shim_setopt_pointer(easy, CURLOPT_READDATA, me))
    settings.check(
      "cancellation",
      shim_setopt_progress(easy) { me, _, _, _, _ in
        Unmanaged<CurlDelivery>.fromOpaque(me!).takeUnretainedValue().isCancelled.load(ordering: .relaxed)
          ? 1 : 0
      })
    settings.check("cancellation", shim_setopt_pointer(easy, CURLOPT_XFERINFODATA, me))
  }

  private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let part = rest.prefix(buffer.count)
    buffer.copyBytes(from: part)
    rest = rest.dropFirst(part.count)
    return part.count
  }
}
