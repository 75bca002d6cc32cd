extension HurlEntry {
  /// Resolves `[Options]`; `variable:` lines are set in `variables`, in order, and stay set for later entries.
  public func resolvedOptions(
    _ variables: inout HurlVariables, _ context: HurlContext
  ) throws(HurlRuntimeError) -> HurlOptions {
    HurlOptions()
  }

  /// The request with all placeholders replaced.
  public func request(
    _ variables: HurlVariables, _ context: HurlContext
  ) throws(HurlRuntimeError) -> HurlRequestSpec {
    throw HurlRuntimeError(position: position, message: "not yet")
  }

  /// Judges an answer: status and version first, then captures, then headers, body and `[Asserts]`. Captured values are
  /// visible to the asserts of the same entry; the caller adds them to its variables.
  public func evaluate(
    _ response: HurlResponseValues, _ variables: HurlVariables, _ context: HurlContext
  ) -> HurlEvaluation {
    HurlEvaluation()
  }
}
