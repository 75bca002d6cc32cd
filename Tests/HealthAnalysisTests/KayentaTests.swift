import Foundation
import HealthAnalysis
import TestSupport
import Testing

@Suite("Kayenta's classifier", .enabled(if: SharedData.exists("watch/kayenta")))
struct KayentaTests {
  struct Case: Decodable, CustomTestStringConvertible {
    var name: String
    var control: [Double]
    var experiment: [Double]
    var direction: String
    var nanStrategy: String
    var critical: Bool
    var tol: Double
    var conf: Double
    var eff: [Double]
    var crit: [Double]
    var measure: String
    var expected: String?
    var expectedCritical: Bool?
    var testDescription: String { name }
  }
  struct CaseFile: Decodable { var cases: [Case] }

  struct Reported: Decodable, CustomTestStringConvertible {
    var issue: String
    var direction: String
    var effectSizeThresholds: [Double]?
    var nanStrategy: String?
    var control: [Double]
    var experiment: [Double]
    var kayentaVerdict: String
    var testDescription: String { issue }
  }
  struct ReportedFile: Decodable { var cases: [Reported] }

  static func labelled() -> [Case] {
    SharedData.json("watch/kayenta/classifier_cases.json", CaseFile.self)?.cases ?? []
  }
  static func userCases() -> [Reported] {
    SharedData.json("watch/kayenta/user_reported_cases.json", ReportedFile.self)?.cases ?? []
  }

  @Test("every labelled case gets its label", arguments: labelled())
  func label(_ one: Case) throws {
    var classifier = MannWhitneyClassifier()
    classifier.tolerance = one.tol
    classifier.confidence = one.conf
    classifier.effectSizes = (one.eff[0], one.eff[1])
    classifier.criticalSizes = (one.crit[0], one.crit[1])
    classifier.measure = try #require(MannWhitneyClassifier.EffectMeasure(rawValue: one.measure))
    let result = classifier.classify(
      control: one.control, experiment: one.experiment,
      direction: try #require(.init(rawValue: one.direction)),
      missing: try #require(.init(rawValue: one.nanStrategy)), isCritical: one.critical)
    if let expected = one.expected { #expect(result.label.rawValue == expected) }
    if let expected = one.expectedCritical { #expect(result.isCritical == expected) }
  }

  @Test("there are cases to try")
  func thereAreCases() {
    #expect(Self.labelled().count >= 34)
    #expect(Self.labelled().count { $0.expected != nil } >= 33)
  }

  @Test("cases that users reported get Kayenta's own verdict", arguments: userCases())
  func reported(_ one: Reported) throws {
    var classifier = MannWhitneyClassifier()
    if let sizes = one.effectSizeThresholds { classifier.effectSizes = (sizes[0], sizes[1]) }
    let result = classifier.classify(
      control: one.control, experiment: one.experiment,
      direction: try #require(.init(rawValue: one.direction)),
      missing: one.nanStrategy == "replace" ? .replace : .remove)
    #expect(result.label.rawValue == one.kayentaVerdict)
  }
}
