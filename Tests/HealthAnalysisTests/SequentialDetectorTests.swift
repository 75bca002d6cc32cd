import Testing

@testable import HealthAnalysis

@Suite struct SequentialDetectorTests {
  private func detector(_ margin: Double = 0.02, persistence: Int = 3) -> SequentialDetector {
    SequentialDetector(margin: margin, looks: 30, falseAlarms: 0.01, persistence: persistence)
  }

  @Test(arguments: [0.001, 0.005, 0.01, 0.05])
  func `two periods are never enough, three of total failure are`(falseAlarms: Double) {
    var detector = SequentialDetector(margin: 0.02, looks: 30, falseAlarms: falseAlarms, persistence: 3)
    for _ in 0..<2 {
      detector.observe(failures: 1e6, of: 1e6)
      #expect(!detector.isChanged)
    }
    detector.observe(failures: 1e6, of: 1e6)
    #expect(detector.isChanged)
  }

  @Test func `of long periods two are enough and one is not`() {
    var detector = detector(persistence: 2)
    detector.observe(failures: 500, of: 500)
    #expect(!detector.isChanged)
    detector.observe(failures: 500, of: 500)
    #expect(detector.isChanged)
  }

  @Test func `the onset is where the change began`() {
    var detector = detector()
    for _ in 0..<12 { detector.observe(failures: 1, of: 100) }
    for _ in 0..<4 { detector.observe(failures: 40, of: 100) }
    #expect(detector.isChanged)
    #expect(detector.onset == 12)
  }

  /// The bound that the rule promises: at the margin itself, changes are called in at most the share allowed.
  @Test(arguments: [
    (5.0, 0.02, 1), (50.0, 0.02, 1), (50.0, 0.1, 1), (400.0, 0.05, 1), (5.0, 0.05, 3), (2.0, 0.02, 6),
  ])
  func `false alarms at the margin stay within the bound`(traffic: Double, margin: Double, spacing: Int) {
    var random = SeededGenerator(seed: 11)
    let runs = 400
    var alarms = 0
    for _ in 0..<runs {
      var detector = SequentialDetector(
        margin: margin, looks: 30, falseAlarms: 0.05, persistence: 3, spacing: spacing)
      for _ in 0..<30 {
        let count = random.poisson(traffic)
        detector.observe(failures: random.failures(of: count, rate: margin, scatter: 0), of: count)
        if detector.isChanged {
          alarms += 1
          break
        }
      }
    }
    // The bound is 5 %; three standard deviations of 400 draws are 3.3 %.
    #expect(Double(alarms) / Double(runs) < 0.083)
  }

  @Test func `the evidence stays finite for ever`() {
    var detector = detector()
    for _ in 0..<5000 { detector.observe(failures: 1000, of: 1000) }
    #expect(detector.evidence.isFinite)
    for _ in 0..<5000 { detector.observe(failures: 0, of: 1000) }
    #expect(detector.evidence.isFinite)
    #expect(!detector.isChanged)
  }

  @Test func `a detector can be stopped and resumed`() {
    var whole = detector()
    var first = detector()
    for minute in 0..<10 { whole.observe(failures: Double(minute), of: 50) }
    for minute in 0..<5 { first.observe(failures: Double(minute), of: 50) }
    var second = first
    for minute in 5..<10 { second.observe(failures: Double(minute), of: 50) }
    #expect(second == whole)
  }

  @Test func `periods without requests say nothing`() {
    var detector = detector()
    detector.observe(failures: 0, of: 0)
    #expect(detector.evidence == 1)
    #expect(!detector.isChanged)
  }
}
