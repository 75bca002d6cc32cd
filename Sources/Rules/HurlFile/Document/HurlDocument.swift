/// A Hurl file: the entries in order.
public struct HurlDocument: Sendable {
  /// The file as it was named.
  public let file: String
  /// A request each, with what is expected of its answer.
  public let entries: [HurlEntry]
  /// Annotations before the first entry, set off from it by an empty line: they concern the whole file.
  public let annotations: [HurlAnnotation]
}

/// A request and what is expected of its answer. An object, as it is handed on several times and holds much.
public final class HurlEntry: Sendable {
  /// Where the method stands.
  public let position: HurlPosition
  /// Comments of the form `# @name value` right above the request or inside it.
  public let annotations: [HurlAnnotation]
  /// As written, such as `GET`.
  public let method: String
  /// The URL.
  public let url: HurlTemplate
  /// The header fields of the request.
  public let headers: [HurlKeyValue]
  /// The `[Query]` section.
  public let query: [HurlKeyValue]
  /// The `[Form]` section; nil where there is none.
  public let form: [HurlKeyValue]?
  /// The `[Multipart]` section; nil where there is none.
  public let multipart: [HurlMultipartField]?
  /// The `[Cookies]` section.
  public let cookies: [HurlKeyValue]
  /// The line of the `[BasicAuth]` section.
  public let basicAuth: HurlKeyValue?
  /// The `[Options]` section, in order.
  public let options: [HurlOption]
  /// The body of the request.
  public let body: HurlBody?
  /// What is expected; nil where the file says nothing.
  public let response: HurlResponseSpec?

  init(
    position: HurlPosition, annotations: [HurlAnnotation], method: String, url: HurlTemplate,
    headers: [HurlKeyValue], sections: HurlRequestSections, body: HurlBody?, response: HurlResponseSpec?
  ) {
    self.position = position
    self.annotations = annotations
    self.method = method
    self.url = url
    self.headers = headers
    query = sections.query
    form = sections.form
    multipart = sections.multipart
    cookies = sections.cookies
    basicAuth = sections.basicAuth
    options = sections.options
    self.body = body
    self.response = response
  }
}

/// A comment of the form `# @name value`, which Hurl itself passes over.
public struct HurlAnnotation: Hashable, Sendable {
  /// Where the `#` stands.
  public let position: HurlPosition
  /// The word after the `@`.
  public let name: String
  /// The rest of the line without surrounding white space.
  public let value: String
}

/// A name and a value, both possibly with placeholders.
public struct HurlKeyValue: Hashable, Sendable {
  /// Where the name stands.
  public let position: HurlPosition
  /// The name.
  public let key: HurlTemplate
  /// The value.
  public let value: HurlTemplate
}

/// One line of `[Multipart]`.
public struct HurlMultipartField: Hashable, Sendable {
  /// What the field holds.
  public enum Content: Hashable, Sendable {
    case text(HurlTemplate)
    /// `file,…;` and the type written after it.
    case file(HurlTemplate, contentType: HurlTemplate?)
  }
  /// Where the name stands.
  public let position: HurlPosition
  /// The field's name.
  public let name: HurlTemplate
  /// What it holds.
  public let content: Content
}

/// What is expected of an answer.
public struct HurlResponseSpec: Hashable, Sendable {
  /// Where the version stands.
  public let position: HurlPosition
  /// `1.0`, `1.1`, `2` or `3`; nil for any.
  public let version: String?
  /// Where the status stands.
  public let statusPosition: HurlPosition
  /// The status; nil for any.
  public let status: Int?
  /// Header fields that the answer must have.
  public let headers: [HurlKeyValue]
  /// Values to keep for later entries.
  public let captures: [HurlCaptureSpec]
  /// What must hold.
  public let asserts: [HurlAssertSpec]
  /// The body that must come.
  public let body: HurlBody?
}

/// One line of `[Captures]`.
public struct HurlCaptureSpec: Hashable, Sendable {
  /// Where the name stands.
  public let position: HurlPosition
  /// The variable's name.
  public let name: HurlTemplate
  /// What is captured.
  public let query: HurlQuery
  /// What is done to it first.
  public let filters: [HurlFilter]
  /// Whether the line ends in `redact`: the value is a secret.
  public let isRedacted: Bool
}

/// One line of `[Asserts]`.
public struct HurlAssertSpec: Hashable, Sendable {
  /// Where the query stands.
  public let position: HurlPosition
  /// The line as written, without a comment.
  public let source: String
  /// What is looked at.
  public let query: HurlQuery
  /// What is done to it first.
  public let filters: [HurlFilter]
  /// What must hold of the result.
  public let predicate: HurlPredicate
}
