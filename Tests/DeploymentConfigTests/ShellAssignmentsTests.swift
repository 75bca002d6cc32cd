import DeploymentConfig
import Testing

private func read(_ text: String, variables: [String: String] = [:]) throws -> [String: String] {
  let config = try DeploymentConfig(
    parsing: Array(text.utf8), path: "deployment-prod.config", environment: "prod", variables: variables)
  return Dictionary(config.entries.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
}

@Suite struct ShellAssignmentsTests {
  @Test(
    arguments: [
      ("A=1", "1"), ("A=", ""), ("A=a#b", "a#b"), ("A=a #b", "a"), ("export A=1", "1"), ("  A=1", "1"),
      ("A='x y'", "x y"), ("A=\"x y\"", "x y"), ("A='a'\"b\"c", "abc"), ("A=a\\ b", "a b"),
      ("A='a'\\''b'", "a'b"),
      ("A=\"a\\\"b\"", "a\"b"), ("A=\"a\\nb\"", "a\\nb"), ("A=\"a\\$b\"", "a$b"), ("A='$B'", "$B"),
      ("B=1\nA=$B", "1"), ("B=1\nA=${B}2", "12"), ("A=${B:-x}", "x"), ("A=${B-x}", "x"),
      ("B=\nA=${B:-x}", "x"),
      ("B=\nA=${B-x}", ""), ("B=1\nA=${B:+x}", "x"), ("A=${B:+x}", ""), ("A=${B:-\"x y\"}", "x y"),
      ("A=\"${B:-'x'}\"", "'x'"), ("A=$B", ""), ("A=a$", "a$"), ("A=$'a\\nb'", "a\nb"), ("A=1;B=2", "1"),
      ("B=1 A=2", "2"), ("A=x\nA+=y", "xy"), ("A=\"x\ny\"", "x\ny"), ("A=a\\\nb", "ab"), ("\u{FEFF}A=1", "1"),
      ("A=1\r\nB=2\r\n", "1"), ("# x\n\n\tA=1 # y", "1"), ("A={a,b}", "{a,b}"), ("A=*", "*"),
      ("A=ä€😀", "ä€😀"),
      ("B='a  b'\nA=$B", "a  b"), ("B=1;export B;A=2", "2"), ("A=a=b", "a=b"), ("A=${B:-${C:-y}}", "y"),
    ])
  func `values are those that a shell would set`(text: String, value: String) throws {
    #expect(try read(text)["A"] == value)
  }

  @Test func `earlier keys and the environment are seen, earlier keys first`() throws {
    #expect(try read("A=$HOME/x", variables: ["HOME": "/h"])["A"] == "/h/x")
    #expect(try read("HOME=/own\nA=$HOME", variables: ["HOME": "/h"])["A"] == "/own")
    #expect(try read("A=~/x:~", variables: ["HOME": "/h"])["A"] == "/h/x:/h")
    #expect(try read("P=$P:x", variables: ["P": "a"])["P"] == "a:x")
  }

  @Test(
    arguments: [
      ("A=$(date)", 1, "$(…) would run code"), ("A=`date`", 1, "command substitution would run code"),
      ("B=1\nA=\"$(id)\"", 2, "would run code"), ("A=$((1+2))", 1, "would run code"),
      ("A=$[1+2]", 1, "arithmetic"),
      ("date", 1, "KEY=value"), ("A=1 date", 1, "KEY=value"), ("A=1 | cat", 1, "KEY=value"),
      ("A=1|cat", 1, "would run code"), ("A=1&", 1, "would run code"), ("A=1>x", 1, "redirect"),
      ("A=<x", 1, "redirect"), ("A=(1 2)", 1, "arrays"), ("A[0]=1", 1, "arrays"),
      ("\nA = 1", 2, "spaces around"),
      ("A='x\ny", 1, "closing single quote"), ("A=1\nB=\"x\n", 2, "closing double quote"),
      ("A=${B", 1, "only ${KEY}"), ("A=${B:-x", 1, "closing brace"), ("A=${B:?x}", 1, "only ${KEY}"),
      ("A=${B//a/b}", 1, "only ${KEY}"),
      ("A=${!B}", 1, "expected a key"), ("A=$1", 1, "depends on the shell"),
      ("A=$?", 1, "depends on the shell"),
      ("if true; then A=1; fi", 1, "KEY=value"), ("source x", 1, "KEY=value"), (". x", 1, "KEY=value"),
      ("eval A=1", 1, "KEY=value"), ("export A={a,b}", 1, "braces"), ("export -n A", 1, "KEY=value"),
      ("A=1;;B=2", 1, "one semicolon"), ("a-b=1", 1, "KEY=value"), ("1A=x", 1, "KEY=value"),
      ("A=x\0y", 1, "zero byte"),
      ("A=~root", 1, "'~' with a name"), ("readonly A=1", 1, "KEY=value"), ("f() { :; }", 1, "KEY=value"),
    ])
  func `what would run code is refused with its line`(text: String, line: Int, message: String) {
    do {
      let values = try read(text)
      Issue.record("read \(values)")
    } catch let error as ConfigError {
      #expect(error.line == line)
      #expect(error.message.contains(message), "\(error)")
      #expect(error.description.hasPrefix("deployment-prod.config:\(line): "))
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func `bytes that are no UTF-8 are refused with their line`() {
    #expect(throws: ConfigError(path: "f", line: 2, message: "expected UTF-8 text")) {
      try DeploymentConfig(
        parsing: Array("A=1\nB=".utf8) + [0xFF], path: "f", environment: "prod", variables: [:])
    }
  }
}
