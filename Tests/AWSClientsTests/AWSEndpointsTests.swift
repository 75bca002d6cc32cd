import HTTPTransport
import SystemInterfaces
import TestSupport
import Testing

@testable import AWSClients

@Suite struct AWSEndpointsTests {
  func base(_ service: AWSService, _ region: String, _ variables: [String: String] = [:]) -> String {
    AWSEndpoints(.of(variables)).endpoint(of: service, region: region).base
  }

  @Test(arguments: [
    ("us-east-1", "https://monitoring.us-east-1.amazonaws.com"),
    ("cn-north-1", "https://monitoring.cn-north-1.amazonaws.com.cn"),
    ("us-gov-west-1", "https://monitoring.us-gov-west-1.amazonaws.com"),
    ("eusc-de-east-1", "https://monitoring.eusc-de-east-1.amazonaws.eu"),
  ]) func `hosts by partition`(region: String, url: String) {
    #expect(base(.cloudWatch, region) == url)
  }

  @Test(arguments: [
    ("eu-central-1", "https://iam.amazonaws.com", "us-east-1"),
    ("cn-northwest-1", "https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
    ("us-gov-east-1", "https://iam.us-gov.amazonaws.com", "us-gov-west-1"),
  ]) func `IAM has one address in a partition`(region: String, url: String, signedFor: String) {
    let endpoint = AWSEndpoints(.of()).endpoint(of: .iam, region: region)
    #expect(endpoint.base == url)
    #expect(endpoint.region == signedFor)
  }

  @Test func `the variables of the SDKs`() {
    let all = ["AWS_ENDPOINT_URL": "http://127.0.0.1:4566/"]
    #expect(base(.lambda, "r", all) == "http://127.0.0.1:4566")
    let own = all.merging(["AWS_ENDPOINT_URL_SECRETS_MANAGER": "https://vault/x"]) { $1 }
    #expect(base(.secretsManager, "r", own) == "https://vault/x")
    #expect(base(.lambda, "r", own) == "http://127.0.0.1:4566")
    let ignoring = own.merging(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"]) { $1 }
    #expect(base(.lambda, "r", ignoring) == "https://lambda.r.amazonaws.com")
    #expect(base(.lambda, "r", ["AWS_USE_FIPS_ENDPOINT": "true"]) == "https://lambda-fips.r.amazonaws.com")
    #expect(base(.lambda, "r", ["AWS_USE_DUALSTACK_ENDPOINT": "true"]) == "https://lambda.r.api.aws")
    #expect(
      base(.s3, "r", ["AWS_USE_DUALSTACK_ENDPOINT": "true"]) == "https://s3.dualstack.r.amazonaws.com")
  }

  @Test func `S3 speaks to the bucket's own host, except where that cannot be`() async throws {
    let transport = ScriptedTransport { _ in .text(404, "") }
    let amazon = S3Client(.over(transport))
    _ = try await amazon.headObject(bucket: "plain", key: "a b/c")
    _ = try await amazon.headObject(bucket: "with.dots", key: "k", versionId: "v/1")
    _ = try await S3Client(.over(transport, ["AWS_ENDPOINT_URL": "http://127.0.0.1:1"]))
      .headObject(bucket: "plain", key: "k")
    #expect(
      transport.requests.map(\.url) == [
        "https://plain.s3.us-east-1.amazonaws.com/a%20b/c",
        "https://s3.us-east-1.amazonaws.com/with.dots/k?versionId=v%2F1", "http://127.0.0.1:1/plain/k",
      ])
  }
}
