extension AWSClient {
  /// Asks for one page after the other. `ask` takes in the page of a token, nil for the first, and returns the next one's.
  /// - Throws: also where a token comes a second time: such a list has no end, and what it leads away from was not read.
  func pages(
    of service: AWSService, _ name: String, subject: String? = nil,
    _ ask: (String?) async throws -> String?
  ) async throws {
    var token: String?
    var seen: Set<String> = []
    repeat {
      token = try await ask(token).flatMap { $0.isEmpty ? nil : $0 }
      if let token, !seen.insert(token).inserted {
        throw badAnswer(
          AWSOperation(service: service, name: name, subject: subject), nil,
          "the list does not go on: the same token came twice")
      }
    } while token != nil
  }
}
