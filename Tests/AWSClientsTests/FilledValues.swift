/// The paths inside `value` that hold nothing: nil, an empty text, an empty collection. What a model's full answer leaves so was
/// not read.
func unfilled(_ value: Any, _ path: String = "", except allowed: Set<String> = []) -> [String] {
  if allowed.contains(path) { return [] }
  if let text = value as? String { return text.isEmpty ? [path] : [] }
  let mirror = Mirror(reflecting: value)
  switch mirror.displayStyle {
  case .optional:
    guard let inner = mirror.children.first else { return [path] }
    return unfilled(inner.value, path, except: allowed)
  case .collection, .set, .dictionary:
    guard let first = mirror.children.first else { return [path] }
    return unfilled(first.value, path + "[]", except: allowed)
  case .struct, .tuple, .class:
    return mirror.children.flatMap { child in
      unfilled(
        child.value, path.isEmpty ? child.label ?? "" : "\(path).\(child.label ?? "")", except: allowed)
    }
  default: return []
  }
}
