import Testing

@testable import SmokeChecks

@Suite struct `Netrc files` {
  private func found(_ text: String, _ host: String = "example.org") -> String? {
    NetrcFile(text).credentials(for: host).map { "\($0.user):\($0.password)" }
  }

  @Test(arguments: [
    ("machine example.org login bob password secret", "bob:secret"),
    ("machine EXAMPLE.ORG\n  login bob\n\tpassword secret\r\n", "bob:secret"),
    (
      "# a comment\nmachine a login b password c # end\nmachine example.org login bob password s#1", "bob:s#1"
    ),
    ("machine example.org login \"bob d\" password \"a \\\"b\\\\\"", "bob d:a \"b\\"),
    ("machine a login b password c\ndefault login any password one", "any:one"),
    ("machine example.org login first password 1\nmachine example.org login second password 2", "first:1"),
    (
      "macdef init\nmachine example.org login wrong password wrong\n\nmachine example.org login bob password x",
      "bob:x"
    ),
    ("machine example.org account mine login bob password x", "bob:x"),
    ("machine example.org login bob", "bob:"),
    ("machine example.org login password password login", "password:login"),
  ])
  func `the host's credentials are found`(text: String, expected: String) {
    #expect(found(text) == expected)
  }

  @Test(arguments: [
    "", "machine other login a password b", "login a password b", "machine", "nonsense words",
  ])
  func `without an entry there are none`(text: String) {
    #expect(found(text) == nil)
  }
}
