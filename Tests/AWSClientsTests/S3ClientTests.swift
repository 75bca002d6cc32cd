import HTTPTransport
import SystemInterfaces
import TestSupport
import Testing

@testable import AWSClients

/// S3 against the local AWS.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"), .serialized)
struct S3ClientTests {
  // Buckets are made by a stack: the steps make none.
  private static let buckets = Task {
    let aws = try LocalAWS.shared()
    let name = unique("objects")
    try await aws.createStack(
      name,
      template: """
        Resources:
          Plain: {Type: AWS::S3::Bucket, Properties: {BucketName: \(name)}}
          Versioned:
            Type: AWS::S3::Bucket
            Properties: {BucketName: \(name)-versions, VersioningConfiguration: {Status: Enabled}}
        """)
    return name
  }
  let s3: S3Client
  let bucket: String
  var versioned: String { "\(bucket)-versions" }

  init() async throws {
    s3 = S3Client(AWSClient.of(try LocalAWS.shared()))
    bucket = try await Self.buckets.value
  }

  @Test(arguments: ["runs/a b+c/ü=1&2.json", "a/../b//c/.", "100%/\u{1F600}\u{7}", "'(x)!*~?#"])
  func `an object under a name that is hard to write`(key: String) async throws {
    let key = "\(unique("k"))/\(key)"
    #expect(try await s3.headObject(bucket: bucket, key: key) == nil)
    let put = try await s3.putObject(bucket: bucket, key: key, Array("hello".utf8))
    #expect(put.size == 5)
    let head = try #require(try await s3.headObject(bucket: bucket, key: key))
    #expect(head.eTag == put.eTag)
    #expect(head.lastModified != nil)
    let object = try await s3.getObject(bucket: bucket, key: key)
    #expect(object.bytes == Array("hello".utf8))
    #expect(object.info.size == 5)
    #expect(try await s3.listObjects(bucket: bucket, prefix: key).map(\.key) == [key])
    try await s3.deleteObject(bucket: bucket, key: key)
    #expect(try await s3.headObject(bucket: bucket, key: key) == nil)
    try await s3.deleteObject(bucket: bucket, key: key)
  }

  @Test func `what is not there`() async throws {
    let object = await #expect(throws: AWSError.self) {
      try await s3.getObject(bucket: bucket, key: "absent")
    }
    #expect(object?.kind == .notFound)
    #expect(object?.code == "NoSuchKey")
    #expect(object?.subject == "s3://\(bucket)/absent")
    let put = await #expect(throws: AWSError.self) {
      try await s3.putObject(bucket: "\(bucket)-absent", key: "k", [1])
    }
    #expect(put?.code == "NoSuchBucket")
    #expect(try await s3.headBucket("\(bucket)-absent") == nil)
    #expect(try await s3.headBucket(bucket)?.region == "us-east-1")
  }

  @Test func `a list of many pages`() async throws {
    let prefix = unique("pages")
    let keys = (0..<7).map { "\(prefix)/\($0)" }
    for key in keys { try await s3.putObject(bucket: bucket, key: key, Array(key.utf8)) }
    let found = try await s3.listObjects(bucket: bucket, prefix: prefix + "/", pageSize: 2)
    #expect(found.map(\.key) == keys)
    #expect(found.allSatisfy { $0.size == keys[0].utf8.count && $0.lastModified != nil })
    #expect(try await s3.listObjects(bucket: bucket, prefix: prefix + "/none").isEmpty)
  }

  @Test func `written once only`() async throws {
    let key = unique("once")
    try await s3.putObject(bucket: bucket, key: key, [1], onlyIfAbsent: true)
    let error = await #expect(throws: AWSError.self) {
      try await s3.putObject(bucket: bucket, key: key, [2], onlyIfAbsent: true)
    }
    #expect(error?.kind == .conflict)
    #expect(try await s3.getObject(bucket: bucket, key: key).bytes == [1])
  }

  @Test func `versions are named, read and deleted one by one`() async throws {
    let key = unique("v")
    #expect(try await s3.keepsVersions(bucket: versioned))
    #expect(try await !s3.keepsVersions(bucket: bucket))
    let first = try await s3.putObject(bucket: versioned, key: key, [1])
    let second = try await s3.putObject(bucket: versioned, key: key, [2, 2])
    let one = try #require(first.versionId)
    #expect(second.versionId != one)
    #expect(try await s3.getObject(bucket: versioned, key: key).bytes == [2, 2])
    let old = try await s3.getObject(bucket: versioned, key: key, versionId: one)
    #expect(old.bytes == [1])
    #expect(old.info.versionId == one)
    try await s3.deleteObject(bucket: versioned, key: key)
    #expect(try await s3.headObject(bucket: versioned, key: key) == nil)
    #expect(try await s3.headObject(bucket: versioned, key: key, versionId: one)?.versionId == one)
    try await s3.deleteObject(bucket: versioned, key: key, versionId: one)
    #expect(try await s3.headObject(bucket: versioned, key: key, versionId: one) == nil)
  }

  @Test(arguments: [S3Encryption.s3, .kms(key: "arn:aws:kms:us-east-1:000000000000:key/k")])
  func `encryption is asked for and reported`(encryption: S3Encryption) async throws {
    let key = unique("e")
    let put = try await s3.putObject(bucket: bucket, key: key, [1], encryption: encryption)
    #expect(put.encryption == encryption)
    #expect(try await s3.headObject(bucket: bucket, key: key)?.encryption == encryption)
  }
}

/// What the local AWS does not show: other regions, and answers without a reason.
@Suite struct S3RequestTests {
  @Test(arguments: [
    (301, "<Error><Code>PermanentRedirect</Code></Error>", [HTTPField("x-amz-bucket-region", "eu-west-1")]),
    (
      400, "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>",
      [HTTPField]()
    ),
  ]) func `a bucket in another region is asked there, and from then on at once`(
    status: Int, body: String, headers: [HTTPField]
  ) async throws {
    let transport = ScriptedTransport { request in
      request.url.contains("eu-west-1") ? .text(200, "x") : .text(status, body, headers)
    }
    let s3 = S3Client(.over(transport))
    #expect(try await s3.getObject(bucket: "far", key: "a").bytes == Array("x".utf8))
    #expect(try await s3.getObject(bucket: "far", key: "b").bytes == Array("x".utf8))
    #expect(
      transport.requests.map(\.url) == [
        "https://far.s3.us-east-1.amazonaws.com/a", "https://far.s3.eu-west-1.amazonaws.com/a",
        "https://far.s3.eu-west-1.amazonaws.com/b",
      ])
    #expect(transport.requests[1].headers.first("Authorization")?.contains("/eu-west-1/s3/") == true)
    #expect(transport.requests.allSatisfy { $0.options.sendsPathAsIs })
  }

  @Test func `a bucket that is sent around in circles ends`() async throws {
    let transport = ScriptedTransport { _ in
      .text(301, "", [HTTPField("x-amz-bucket-region", "eu-west-1")])
    }
    let error = await #expect(throws: AWSError.self) {
      try await S3Client(.over(transport)).getObject(bucket: "far", key: "a")
    }
    #expect(error?.statusCode == 301)
    #expect(transport.requests.count == 2)
  }

  @Test func `one address for all buckets is kept, and only the signature changes`() async throws {
    let transport = ScriptedTransport { request in
      request.headers.first("Authorization")?.contains("/eu-west-1/") == true
        ? .text(200, "") : .text(301, "", [HTTPField("x-amz-bucket-region", "eu-west-1")])
    }
    let s3 = S3Client(.over(transport, ["AWS_ENDPOINT_URL_S3": "https://minio:9000"]))
    #expect(try await s3.headBucket("far") != nil)
    #expect(transport.requests.map(\.url) == ["https://minio:9000/far", "https://minio:9000/far"])
  }

  @Test func `a list whose token repeats is an error, not an endless loop`() async throws {
    let page = """
      <ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>
      <Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>
      """
    let transport = ScriptedTransport { _ in .text(200, page) }
    let error = await #expect(throws: AWSError.self) {
      try await S3Client(.over(transport)).listObjects(bucket: "big")
    }
    #expect(error?.kind == .badAnswer)
    #expect(transport.requests.count == 2)
  }

  @Test func `a refusal without a reason is given one`() async throws {
    let s3 = S3Client(.over(ScriptedTransport { _ in .text(403, "") }))
    let object = await #expect(throws: AWSError.self) { try await s3.headObject(bucket: "his", key: "k") }
    #expect(object?.kind == .accessDenied)
    #expect(object?.description.contains("s3:ListBucket is not permitted") == true)
    let bucket = await #expect(throws: AWSError.self) { try await s3.headBucket("his") }
    #expect(bucket?.description.contains("somebody else's") == true)
  }

  @Test(arguments: [
    ("plain-1", "https://plain-1.s3.us-east-1.amazonaws.com/k"),
    ("with.dots", "https://s3.us-east-1.amazonaws.com/with.dots/k"),
    ("Old_Style", "https://s3.us-east-1.amazonaws.com/Old_Style/k"),
  ]) func `host or path, by the bucket's name`(bucket: String, url: String) async throws {
    let transport = ScriptedTransport { _ in .text(200, "") }
    _ = try await S3Client(.over(transport)).getObject(bucket: bucket, key: "k")
    #expect(transport.requests.map(\.url) == [url])
  }
}
