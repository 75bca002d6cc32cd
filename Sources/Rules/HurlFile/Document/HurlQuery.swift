/// What is looked at in an answer.
public struct HurlQuery: Hashable, Sendable {
  /// The kinds of query.
  public enum Kind: Hashable, Sendable {
    case status, version, url, body, duration, bytes, sha256, md5, rawBytes, ip, redirects
    case header(HurlTemplate)
    /// A cookie, or one attribute of it.
    case cookie(HurlTemplate, attribute: CookieAttribute?)
    case jsonpath(HurlTemplate)
    case xpath(HurlTemplate)
    case regex(HurlPattern)
    case variable(HurlTemplate)
    case certificate(CertificateField)
  }
  /// What stands in brackets after a cookie's name.
  public enum CookieAttribute: String, Hashable, Sendable, CaseIterable {
    case value = "Value"
    case expires = "Expires"
    case maxAge = "Max-Age"
    case domain = "Domain"
    case path = "Path"
    case secure = "Secure"
    case httpOnly = "HttpOnly"
    case sameSite = "SameSite"
  }
  /// What stands after `certificate`.
  public enum CertificateField: String, Hashable, Sendable, CaseIterable {
    case subject = "Subject"
    case issuer = "Issuer"
    case startDate = "Start-Date"
    case expireDate = "Expire-Date"
    case serialNumber = "Serial-Number"
    case subjectAlternativeName = "Subject-Alt-Name"
    case value = "Value"
  }

  /// Where it stands.
  public let position: HurlPosition
  /// What it is.
  public let kind: Kind
}

/// A regular expression: a literal between slashes, or text that becomes one when the entry runs.
public enum HurlPattern: Hashable, Sendable {
  case literal(String, HurlPosition)
  case template(HurlTemplate)
}

/// What is done to a value before it is judged or kept.
public struct HurlFilter: Hashable, Sendable {
  /// The kinds of filter.
  public enum Kind: Hashable, Sendable {
    case base64Decode, base64Encode, base64URLSafeDecode, base64URLSafeEncode
    case count, daysAfterNow, daysBeforeNow, first, last, htmlEscape, htmlUnescape
    case toFloat, toHex, toInt, toString, urlDecode, urlEncode, utf8Decode, utf8Encode, location
    case decode(HurlTemplate)
    case dateFormat(HurlTemplate)
    case toDate(HurlTemplate)
    case jsonpath(HurlTemplate)
    case xpath(HurlTemplate)
    /// A position, written out or from a variable.
    case nth(HurlExpected)
    case regex(HurlPattern)
    /// Every match of a pattern becomes new text; a quoted old text is taken as it stands, and as a pattern where it is
    /// not found so.
    case replace(HurlPattern, HurlTemplate)
    case replaceRegex(HurlPattern, HurlTemplate)
    case split(HurlTemplate)
    case urlQueryParameter(HurlTemplate)
  }
  /// Where its name stands.
  public let position: HurlPosition
  /// The name as written.
  public let name: String
  /// What it does.
  public let kind: Kind
}

/// What must hold of a value.
public struct HurlPredicate: Hashable, Sendable {
  /// The kinds of predicate.
  public enum Kind: Hashable, Sendable {
    case equal(HurlExpected), notEqual(HurlExpected)
    case greaterThan(HurlExpected), greaterThanOrEqual(HurlExpected)
    case lessThan(HurlExpected), lessThanOrEqual(HurlExpected)
    case startsWith(HurlExpected), endsWith(HurlExpected), contains(HurlExpected), includes(HurlExpected)
    case matches(HurlPattern)
    case exists, isInteger, isFloat, isBoolean, isString, isCollection, isDate, isISODate, isEmpty, isNumber
    case isIPv4, isIPv6, isUUID, isList, isObject
  }
  /// Where it stands, `not` included.
  public let position: HurlPosition
  /// Whether the opposite must hold.
  public let isNegated: Bool
  /// The word or sign as written.
  public let name: String
  /// What must hold.
  public let kind: Kind
}

/// The right side of a predicate.
public enum HurlExpected: Hashable, Sendable {
  case literal(HurlValue)
  case text(HurlTemplate)
  case placeholder(HurlExpression)
  case file(HurlTemplate, HurlPosition)
}
