import SystemInterfaces

/// Dates as HTTP fields and certificates write them.
public enum HTTPDate {
  /// Reads the date formats that occur: `Wed, 21 Oct 2015 07:28:00 GMT`, `Wed, 21-Oct-2015 07:28:00 GMT` and
  /// libcurl's `Jan 10 08:29:52 2026 GMT`; nil where a part is missing. The order of the parts is free, as
  /// RFC 6265, section 5.1.1, asks of cookie dates.
  public static func parse(_ text: String) -> Timestamp? {
    var day: Int?
    var month: Int?
    var year: Int?
    var time: Substring?
    for word in text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" }) {
      if word.contains(":") {
        time = time ?? word
      } else if let number = Int(word) {
        if word.utf8.count >= 4 {
          year = year ?? number
        } else if day == nil {
          day = number
        } else if year == nil {
          year = number < 70 ? 2000 + number : 1900 + number
        }
      } else if let position = months.firstIndex(of: word.prefix(3).lowercased()) {
        month = month ?? position + 1
      }
    }
    guard let day, let month, let year, let time, (1601...9999).contains(year) else { return nil }
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let clock = time.split(separator: ":").compactMap { Int($0) }
    guard clock.count == 3, clock.allSatisfy({ (0...60).contains($0) }) else { return nil }
    return Timestamp("\(year)-\(two(month))-\(two(day))T\(clock.map(two).joined(separator: ":"))Z")
  }

  private static let months = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  ]
}
