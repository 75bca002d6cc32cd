import AWSClients
import HTTPTransport
import TestSupport
import Testing

@testable import AWSClients

@Suite struct ImageAndPrincipalTests {
  @Test func `images of ECR by tag, by digest, by both, and without either`() throws {
    let host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
    let tagged = try #require(ECRImage("\(host)/shop/api:v1"))
    #expect(tagged.registry == "123456789012" && tagged.region == "eu-central-1")
    #expect(tagged.repository == "shop/api" && tagged.tag == "v1" && tagged.digest == nil)
    let digest = try #require(ECRImage("\(host)/api@sha256:abc"))
    #expect(digest.repository == "api" && digest.tag == nil && digest.digest == "sha256:abc")
    #expect(ECRImage("\(host)/api:v1@sha256:abc")?.repository == "api")
    #expect(ECRImage("\(host)/api")?.tag == "latest")
  }

  @Test(arguments: [
    "nginx", "docker.io/library/nginx:1", "public.ecr.aws/x/y:1", "", "/", "a.dkr.ecr.b.amazonaws.com/",
  ])
  func `images elsewhere are none of ECR's`(uri: String) {
    #expect(ECRImage(uri) == nil)
  }

  @Test func `the role behind a session`() {
    #expect(
      IAMClient.principal(ofCaller: "arn:aws:sts::123456789012:assumed-role/deploy/run-7")
        == "arn:aws:iam::123456789012:role/deploy")
    for arn in ["arn:aws:iam::123456789012:user/ci", "arn:aws:iam::123456789012:root", "", "x"] {
      #expect(IAMClient.principal(ofCaller: arn) == arn)
    }
  }

  @Test func `a package is fetched without credentials, and its address stays out of messages`() async throws
  {
    let address = "https://bucket.example/code?X-Amz-Signature=planted-signature"
    let answered = Array("zip".utf8)
    let transport = ScriptedTransport { request in
      if request.url == address { return HTTPResponse(status: 200, headers: [], body: answered) }
      return .text(200, #"{"Configuration":{"FunctionName":"f"},"Code":{"Location":"\#(address)"}}"#)
    }
    let lambda = LambdaClient(.over(transport))
    let details = try await lambda.getFunction("f")
    #expect(try await lambda.code(of: details, maximumBytes: 100) == answered)
    let sent = try #require(transport.requests.last)
    #expect(sent.headers.first("authorization") == nil)
    #expect(sent.options.maximumBodyBytes == 100)

    let refusing = LambdaClient(.over(ScriptedTransport { _ in .text(403, "expired") }))
    let error = await #expect(throws: AWSError.self) {
      try await refusing.code(of: details, maximumBytes: 100)
    }
    #expect(error?.description.contains("function f") == true)
    #expect(error?.description.contains("planted-signature") == false)
  }
}
