import GitHistory
import Testing

@Suite struct ObjectIdTests {
  @Test func `Hexadecimal digits go in and come out`() throws {
    let hex = "00112233445566778899aabbccddeeff01234567"
    let id = try #require(ObjectId(hex: hex))
    #expect(id.hex == hex)
    #expect("\(id)" == hex)
    #expect(id.short == "0011223344")
    #expect(ObjectId(hex: hex.uppercased()) == id)
  }

  @Test(arguments: [
    "", "00", "g0112233445566778899aabbccddeeff01234567", "00112233445566778899aabbccddeeff012345678",
  ])
  func `Anything else is no id`(text: String) { #expect(ObjectId(hex: text) == nil) }

  @Test func `Ids are ordered as their digits are`() throws {
    let digits = ["0", "7", "8", "f"].map { first in first + String(repeating: "5", count: 39) }
    let ids = digits.compactMap { ObjectId(hex: $0) }
    #expect(ids.reversed().sorted() == ids)
  }
}
