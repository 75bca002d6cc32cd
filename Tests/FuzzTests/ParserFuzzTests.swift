import Foundation
import Testing

/// Every parser over mutated texts: it answers or refuses, and neither traps nor runs on. Each parser sees a few hundred
/// inputs, the same in every run; `ci/fuzz` looks with coverage and the address sanitizer, for as long as it is given.
@Suite struct ParserFuzzTests {
  @Test(arguments: FuzzTarget.all) func `answers or refuses`(_ target: FuzzTarget) throws {
    var random = FuzzRandom(state: 1)
    var inputs = target.inputs
    for input in target.binary { #expect(throws: Never.self) { try target.parse(input) } }
    for number in 0..<300 + inputs.count {
      // First those to begin with, among which are the ones that a search has found.
      let input =
        number < target.inputs.count
        ? target.inputs[number]
        : Mutation.mutated(inputs[Int(random.next() % UInt64(inputs.count))], others: inputs, &random)
      do {
        try target.parse(input)
        // What parses is worth going on from.
        if inputs.count < 200, input.count < 4096 { inputs.append(input) }
      } catch let broken as BrokenPromise {
        Issue.record("\(target.name): \(broken.what): \(Data(input).base64EncodedString())")
      } catch {
        // To refuse is an answer.
        continue
      }
    }
  }
}

extension FuzzTarget: CustomTestStringConvertible {
  var testDescription: String { name }
}

/// SplitMix64.
struct FuzzRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Small changes of bytes.
enum Mutation {
  static let tokens = [
    "${", "}", "$$", "'", "\"", "\\", "--", "/*", "*/", "\r", "\n", "\0", "\u{FEFF}", "\u{202E}", "&a", "*a",
    "!Ref ",
    "Fn::If", "[", "]", "{", "}", ":", "- ", "? ", "| ", "%", "=", "9999999999999999999", "-1", "1e999",
    "$..", "?(@",
    "\u{301}", "::", "##[", "é", ";", "E'", "$a$", "BEGIN ", "END ", "<<", "~",
  ].map { Array($0.utf8) }

  static func mutated(_ input: [UInt8], others: [[UInt8]], _ random: inout FuzzRandom) -> [UInt8] {
    var bytes = input
    for _ in 0...Int(random.next() % 4) {
      let place = bytes.isEmpty ? 0 : Int(random.next() % UInt64(bytes.count))
      let end = min(bytes.count, place + 1 + Int(random.next() % 16))
      switch random.next() % 7 {
      case 0: bytes.insert(contentsOf: tokens[Int(random.next() % UInt64(tokens.count))], at: place)
      case 1: if !bytes.isEmpty { bytes[place] = UInt8(truncatingIfNeeded: random.next()) }
      case 2: bytes.removeSubrange(place..<end)
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 4:
        // Many times: depth and length are what parsers forget.
        let piece = Array(bytes[place..<end])
        for _ in 0..<Int(random.next() % 64) { bytes.insert(contentsOf: piece, at: place) }
      case 5:
        let other = others[Int(random.next() % UInt64(others.count))]
        if !other.isEmpty {
          let from = Int(random.next() % UInt64(other.count))
          bytes.replaceSubrange(place..<bytes.count, with: other[from...])
        }
      default: bytes = Array(bytes.prefix(place))
      }
      if bytes.count > 1 << 14 { bytes = Array(bytes.prefix(1 << 14)) }
    }
    return bytes
  }
}
