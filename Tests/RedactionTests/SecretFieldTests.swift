import Redaction
import Testing

@Suite struct SecretFieldTests {
  @Test(arguments: [
    ("https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=0123abcdef&x=1", "0123abcdef"),
    ("https://acct.blob.core.windows.net/c/b?sv=2024&sig=q1w2%2Be3r4&se=1", "q1w2%2Be3r4"),
    ("AccountName=a;AccountKey=Zm9vYmFyYmF6;EndpointSuffix=x", "Zm9vYmFyYmF6"),
    ("host=db user=app password=s3cr3t-value dbname=x", "s3cr3t-value"),
    ("jdbc:postgresql://db/app?user=u&password=hunter2&ssl=true", "hunter2"),
    ("Server=db;Password='two words';Database=x", "two words"),
    ("Authorization: Bearer eyJhbGciOi.J9-x_y", "eyJhbGciOi.J9-x_y"),
    ("curl -H 'authorization: bearer abcdef0123'", "abcdef0123"),
    ("posting to https://hooks.slack.com/services/T0/B0/abcDEF failed", "T0/B0/abcDEF"),
    ("https://discord.com/api/webhooks/1/xyz?wait=true", "1/xyz"), ("client_secret=abcd1234", "abcd1234"),
  ]) func `what stands around a value tells that it is secret`(_ text: String, _ secret: String) {
    let shown = Redactor().redact(text)
    #expect(!shown.contains(secret) && shown.contains(Redactor.mark), "\(shown)")
    #expect(Redactor().redact(shown) == shown)
  }

  @Test(arguments: [
    "token=true", "the bearer of bad news", "design=modern", "https://hooks.slack.com/", "a sig = x",
    "https://example.com/services/T0/B0", "password = ", "bearer authentication failed", "max_tokens=4096",
    "passwordless=always",
  ]) func `text that only looks so stays`(_ text: String) { #expect(Redactor().redact(text) == text) }

  @Test func `settings and everybody's words are not taken out of texts`() {
    let redactor = Redactor()
    redactor.learn("86400000", named: "TOKEN_TTL")
    redactor.learn("required-everywhere", named: "API_KEY_REQUIRED")
    redactor.learn("postgresql://postgres:postgres@db/app", named: "DATABASE_URL")
    redactor.learn("correct-horse", named: "API_KEY")
    redactor.learn("Q9x8w7e6r5t4y3u2", named: "TOKEN_VERSION")
    let text = "database postgres 86400000 required-everywhere"
    #expect(redactor.redact(text) == text)
    #expect(redactor.redact("correct-horse") == Redactor.mark)
    #expect(redactor.redact("Q9x8w7e6r5t4y3u2") == Redactor.mark)
    // As a field a value goes, whatever it looks like.
    #expect(redactor.redact("true", named: "API_KEY_REQUIRED") == Redactor.mark)
  }

  @Test func `names of properties`() {
    for name in [
      "AuthToken", "Password", "MasterUserPassword", "SecretString", "ApiKey", "PrivateKey", "OAuthToken",
    ] {
      #expect(Redactor.isSecretProperty(name), "\(name)")
    }
    for name in [
      "KeyName", "KmsKeyId", "KeySchema", "SecretArn", "TokenValidityUnits", "PasswordPolicy", "SecretId",
      "PartitionKey",
    ] {
      #expect(!Redactor.isSecretProperty(name), "\(name)")
    }
  }
}
