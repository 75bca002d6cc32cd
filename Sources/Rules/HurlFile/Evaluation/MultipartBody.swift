import SystemInterfaces

/// A body of the type `multipart/form-data` (RFC 7578).
struct MultipartBody {
  private(set) var bytes: [UInt8] = []
  let boundary: String
  var contentType: String { "multipart/form-data; boundary=\(boundary)" }

  /// Reads the files that `fields` name.
  init(_ fields: [HurlMultipartField], _ renderer: HurlRenderer) throws(HurlRuntimeError) {
    boundary = "------------------------\(renderer.context.randomness.hex(22))"
    for field in fields {
      let name = MultipartBody.quoted(try renderer.text(field.name))
      switch field.content {
      case .text(let template):
        append("Content-Disposition: form-data; name=\(name)", Array(try renderer.text(template).utf8))
      case .file(let template, let type):
        let content = try renderer.file(template, at: field.position)
        let path = try renderer.text(template)
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let kind = try type.map { type throws(HurlRuntimeError) in try renderer.text(type) }
        append(
          "Content-Disposition: form-data; name=\(name); filename=\(MultipartBody.quoted(file))\r\n"
            + "Content-Type: \(kind ?? MultipartBody.type(ofFile: file))", content)
      }
    }
    bytes += Array("--\(boundary)--\r\n".utf8)
  }

  private mutating func append(_ head: String, _ content: [UInt8]) {
    bytes += Array("--\(boundary)\r\n\(head)\r\n\r\n".utf8) + content + Array("\r\n".utf8)
  }

  /// As browsers write names (the HTML standard, "multipart/form-data encoding algorithm").
  private static func quoted(_ text: String) -> String {
    let escaped = text.replacing("\"", with: "%22").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
    return "\"\(escaped)\""
  }

  /// What the end of a file's name says of its type.
  static func type(ofFile name: String) -> String {
    switch name.split(separator: ".").last?.lowercased() {
    case "gif": "image/gif"
    case "jpg", "jpeg": "image/jpeg"
    case "png": "image/png"
    case "svg": "image/svg+xml"
    case "txt": "text/plain"
    case "htm", "html": "text/html"
    case "pdf": "application/pdf"
    case "xml": "application/xml"
    default: "application/octet-stream"
    }
  }
}

extension HurlRequestSpec {
  /// Adds the boundary to a content type of the file's own that names none.
  mutating func addBoundary(_ boundary: String) {
    for index in headers.indices where headers[index].name.lowercased() == "content-type" {
      let value = headers[index].value.lowercased()
      guard value.hasPrefix("multipart/"), !value.contains("boundary=") else { continue }
      headers[index].value += "; boundary=\(boundary)"
    }
  }
}
