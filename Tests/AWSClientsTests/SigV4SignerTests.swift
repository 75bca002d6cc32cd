import HTTPTransport
import SystemInterfaces
import Testing

@testable import AWSClients

/// Signature Version 4 against the vectors that AWS publishes.
@Suite struct SigV4SignerTests {
  /// A request of AWS's test suite and the signature that it is to get.
  struct Vector: Sendable, CustomTestStringConvertible {
    var name: String
    var method = "GET"
    var path = "/"
    var headers: [HTTPField] = []
    var body = ""
    var signature: String
    var testDescription: String { name }
  }

  static let vectors = [
    Vector(
      name: "get-vanilla", signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    Vector(
      name: "get-vanilla-query-order-key-case", path: "/?Param2=value2&Param1=value1",
      signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    Vector(
      name: "get-vanilla-empty-query-key", path: "/?Param1=value1",
      signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
    Vector(
      name: "get-utf8", path: "/\u{1234}",
      signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    Vector(
      name: "get-unreserved",
      path: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
      signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
    Vector(
      name: "get-relative", path: "/example/..",
      signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    Vector(
      name: "get-slashes", path: "//example//",
      signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
    Vector(
      name: "get-header-key-duplicate",
      headers: [
        HTTPField("My-Header1", "value2"), HTTPField("My-Header1", "value2"),
        HTTPField("My-Header1", "value1"),
      ], signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
    Vector(
      name: "get-header-value-trim",
      headers: [HTTPField("My-Header1", " value1"), HTTPField("My-Header2", " \"a   b   c\"")],
      signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    Vector(
      name: "post-vanilla", method: "POST",
      signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    Vector(
      name: "post-header-key-sort", method: "POST", headers: [HTTPField("My-Header1", "value1")],
      signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
    Vector(
      name: "post-x-www-form-urlencoded", method: "POST",
      headers: [HTTPField("Content-Type", "application/x-www-form-urlencoded")], body: "Param1=value1",
      signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
  ]

  @Test(arguments: vectors) func `AWS's published vectors`(vector: Vector) throws {
    let signer = SigV4Signer(
      credentials: AWSCredentials(
        accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
      region: "us-east-1", service: "service")
    let request = HTTPRequest(
      vector.method, "https://example.amazonaws.com\(vector.path)", headers: vector.headers,
      body: Array(vector.body.utf8))
    let signed = signer.signed(request, at: try #require(Timestamp("2015-08-30T12:36:00Z")))
    #expect(signed.headers.first("X-Amz-Date") == "20150830T123600Z")
    let authorization = try #require(signed.headers.first("Authorization"))
    #expect(
      authorization.hasPrefix(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="))
    #expect(authorization.hasSuffix("Signature=\(vector.signature)"))
  }

  @Test(arguments: [
    (
      "GET", "https://examplebucket.s3.amazonaws.com/test.txt", HTTPField("Range", "bytes=0-9"),
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    ),
    (
      "GET", "https://examplebucket.s3.amazonaws.com/?lifecycle", nil,
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    ),
    (
      "GET", "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", nil,
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    ),
  ]) func `S3's examples: one encoding, the content's digest`(
    method: String, url: String, field: HTTPField?, signature: String
  ) throws {
    let signer = SigV4Signer(
      credentials: AWSCredentials(
        accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
      region: "us-east-1", service: "s3", encodesPathTwice: false)
    let request = HTTPRequest(method, url, headers: field.map { [$0] } ?? [])
    let signed = signer.signed(request, at: try #require(Timestamp("2013-05-24T00:00:00Z")))
    #expect(
      signed.headers.first("X-Amz-Content-Sha256")
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(signed.headers.first("Authorization")?.hasSuffix("Signature=\(signature)") == true)
  }

  @Test func `the session token is signed, what proxies change is not`() {
    let signer = SigV4Signer(
      credentials: AWSCredentials(accessKeyId: "A", secretAccessKey: "B", sessionToken: "C"),
      region: "r", service: "s")
    let request = HTTPRequest(
      "GET", "https://h:443/", headers: [HTTPField("User-Agent", "u"), HTTPField("Accept", "a")])
    let signed = signer.signed(request, at: Timestamp(microseconds: 0))
    #expect(signed.headers.first("X-Amz-Security-Token") == "C")
    #expect(
      signed.headers.first("Authorization")?.contains(
        "SignedHeaders=accept;host;x-amz-date;x-amz-security-token,") == true)
  }

  @Test(arguments: [
    ("https://h/a", "h"), ("https://h:443/a", "h"), ("http://h:80", "h"), ("https://h:8443?x", "h:8443"),
    ("http://h:443/", "h:443"), ("http://u:p@h:1/", "h:1"),
  ]) func `the host is the one that clients send`(url: String, host: String) {
    #expect(SigV4Signer.parts(of: url).host == host)
  }
}
