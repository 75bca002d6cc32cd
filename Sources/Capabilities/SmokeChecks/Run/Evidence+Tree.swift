import JSONValues

extension Evidence {
  func write(to json: inout JSONText) {
    json.name("evidence")
    json.beginObject()
    json.member("curl", curl)
    for (name, lines) in [("headers", headers), ("log", log)] {
      json.name(name)
      json.beginArray()
      for line in lines { json.string(line) }
      json.endArray()
    }
    json.member("body", body)
    json.endObject()
  }

  init(_ reader: TreeReader) throws {
    self.init(
      curl: try reader.string("curl"),
      headers: try reader.child("headers").elements { try $0.string() }, body: try reader.string("body"),
      log: try reader.child("log").elements { try $0.string() })
  }
}
