import HurlFile
import YAMLDocuments

/// Which schemas are judged as the standard means them: only of these it may be said that a value fits.
///
/// A keyword that is passed over makes a value fit that may not. Where fitting is what is wrong (`not`), or what decides
/// what else holds (`if`), that would stop a deployment for nothing.
struct SchemaSubset {
  let resolver: OpenAPIOperationReader

  private static let judged: Set<String> = [
    "type", "nullable", "enum", "const", "required", "properties", "additionalProperties", "items", "minimum",
    "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems",
    "maxItems", "uniqueItems", "minProperties", "maxProperties", "pattern", "allOf", "anyOf", "not", "$ref",
  ]
  /// What says nothing of a value.
  private static let remarks: Set<String> = [
    "title", "description", "example", "examples", "default", "deprecated", "readOnly", "externalDocs", "xml",
    "discriminator", "$comment", "$schema",
  ]

  func holds(_ unresolved: YAMLNode, depth: Int = 0) -> Bool {
    guard depth < 16 else { return false }
    let schema = resolver.resolved(unresolved)
    // A reference that leads nowhere is still one.
    guard schema["$ref"] == nil else { return false }
    guard let members = schema.mapping?.members else { return schema.bool != nil }
    return members.allSatisfy { member in
      switch member.name {
      case "properties":
        return (member.value.mapping?.members ?? []).allSatisfy { holds($0.value, depth: depth + 1) }
      case "items", "not", "additionalProperties": return holds(member.value, depth: depth + 1)
      case "allOf", "anyOf": return (member.value.sequence ?? []).allSatisfy { holds($0, depth: depth + 1) }
      case "pattern": return member.value.text.map { SchemaPattern.isFound($0, in: "") != nil } ?? false
      default:
        return SchemaSubset.judged.contains(member.name) || SchemaSubset.remarks.contains(member.name)
          || member.name.hasPrefix("x-")
      }
    }
  }
}
