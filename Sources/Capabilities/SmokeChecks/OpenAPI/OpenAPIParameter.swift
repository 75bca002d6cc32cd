import JSONValues
import SystemInterfaces
import YAMLDocuments

/// How a parameter's value is written into a request: by `style` and `explode`, by `collectionFormat` of Swagger 2.0, or as
/// the JSON of its `content`.
struct OpenAPIParameter {
  let name: String
  /// `path`, `query`, `querystring`, `header` or `cookie`.
  let place: String
  private let style: String
  private let explodes: Bool
  private let isJSON: Bool
  private let keepsReserved: Bool

  init(_ node: YAMLNode, isSwagger: Bool) {
    name = node["name"]?.text ?? ""
    place = node["in"]?.text ?? ""
    keepsReserved = node["allowReserved"]?.bool == true
    isJSON = node["content"]?.mapping?.members.first.map { OpenAPIRules.isJSON($0.name) } ?? false
    if isSwagger {
      let format = node["collectionFormat"]?.text ?? "csv"
      let styles = ["ssv": "spaceDelimited", "tsv": "tabDelimited", "pipes": "pipeDelimited"]
      style = styles[format] ?? (place == "query" ? "form" : "simple")
      explodes = format == "multi"
    } else {
      let usual = ["query": "form", "cookie": "form"][place] ?? "simple"
      style = node["style"]?.text ?? usual
      explodes = node["explode"]?.bool ?? ["form", "cookie"].contains(style)
    }
  }

  /// `value` as it stands in the request, with the name where the place wants it; nil where it has no such form.
  func text(of value: YAMLNode) -> String? {
    // A text is taken for JSON that is written out already.
    if isJSON { return written([(nil, value.json.string ?? value.json.serialized())]) }
    if place == "querystring" {
      guard let mapping = value.mapping else { return value.scalarText }
      return pairs(mapping)?.map { "\(encoded($0.name))=\(encoded($0.value))" }.joined(separator: "&")
    }
    if let scalar = value.scalarText { return written([(nil, scalar)]) }
    if let list = value.sequence {
      let texts = list.compactMap(\.scalarText)
      return texts.count == list.count ? written(texts.map { (nil, $0) }) : nil
    }
    return value.mapping.flatMap(pairs).flatMap { written($0.map { ($0.name, $0.value) }) }
  }

  /// The members of an object; nil where one is no plain value.
  private func pairs(_ mapping: YAMLMapping) -> [(name: String, value: String)]? {
    let found = mapping.members.compactMap { member in member.value.scalarText.map { (member.name, $0) } }
    return found.count == mapping.count ? found : nil
  }

  /// Header fields and cookies are sent as they are; elsewhere all is encoded that could be taken for something else.
  private func encoded(_ text: String) -> String {
    switch place {
    case "header", "cookie": text
    default: PercentEncoding.encode(text, keeping: keepsReserved ? ":/?#[]@!$&'()*+,;=" : "")
    }
  }

  /// A value, the elements of a list, or the members of an object with their names.
  private func written(_ parts: [(name: String?, value: String)]) -> String? {
    let isObject = parts.contains { $0.name != nil }
    /// Elements, or names and values in turn.
    let flat = parts.flatMap { [$0.name, $0.value].compactMap { $0 }.map(encoded) }
    /// Elements, or members as `name=value`.
    let members = parts.map { part in
      (part.name.map { encoded($0) + "=" } ?? "") + encoded(part.value)
    }
    let own = place == "cookie" ? name : encoded(name)
    switch style {
    case "simple": return (explodes ? members : flat).joined(separator: ",")
    case "label": return "." + (explodes ? members.joined(separator: ".") : flat.joined(separator: ","))
    case "matrix":
      if !explodes || parts.count == 1 && !isObject { return ";\(own)=" + flat.joined(separator: ",") }
      return members.map { isObject ? ";\($0)" : ";\(own)=\($0)" }.joined()
    case "form", "cookie":
      if !explodes { return flat.isEmpty ? "" : "\(own)=" + flat.joined(separator: ",") }
      return members.map { isObject ? $0 : "\(own)=\($0)" }
        .joined(separator: place == "cookie" ? "; " : "&")
    case "spaceDelimited": return delimited(own, flat, members, "%20")
    case "pipeDelimited": return delimited(own, flat, members, "%7C")
    case "tabDelimited": return delimited(own, flat, members, "%09")
    case "deepObject":
      guard isObject else { return nil }
      return parts.map { "\(own)%5B\(encoded($0.name ?? ""))%5D=\(encoded($0.value))" }.joined(separator: "&")
    default: return nil
    }
  }

  private func delimited(_ own: String, _ flat: [String], _ members: [String], _ mark: String) -> String {
    explodes
      ? members.map { "\(own)=\($0)" }.joined(separator: "&") : "\(own)=" + flat.joined(separator: mark)
  }
}
