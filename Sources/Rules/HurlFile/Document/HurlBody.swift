/// A body, of a request or expected of an answer.
public struct HurlBody: Hashable, Sendable {
  /// The ways to write one.
  public enum Content: Hashable, Sendable {
    /// JSON written as such, white space and digits kept.
    case json(HurlTemplate)
    /// Text between backquotes.
    case text(HurlTemplate)
    /// Text between lines of three backquotes; the language decides the content type of a request. GraphQL stands here
    /// as the JSON that is sent.
    case multiline(language: Language?, HurlTemplate)
    /// An XML document written as such; it holds no placeholders.
    case xml(String)
    /// `base64,…;` and `hex,…;`, also between lines of three backquotes.
    case bytes([UInt8])
    /// `file,…;`
    case file(HurlTemplate)
  }
  /// What stands after three backquotes.
  public enum Language: String, Hashable, Sendable { case json, xml, graphql }

  /// Where the body begins.
  public let position: HurlPosition
  /// The body itself.
  public let content: Content
}
