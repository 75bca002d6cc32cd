import RollbackPlanning
import SystemInterfaces

/// The first cause of a failure, as CloudFormation's operations tell it.
struct OperationCauses {
  private let cloudFormation: any CloudFormationOperations

  init(_ cloudFormation: any CloudFormationOperations) { self.cloudFormation = cloudFormation }

  /// The first cause, with how many others there are; nil where nothing is told. What is asked beside a failure must not
  /// hide it: where the service does not answer this, the failure is told without.
  func first(of stack: String, changeSet: String?, since time: Timestamp) async throws -> String? {
    let told: [String]
    do throws(OperationFailure) {
      told = try await cloudFormation.failures(of: stack, changeSet: changeSet, since: time)
    } catch {
      try Task.checkCancellation()
      return nil
    }
    guard let first = told.first else { return nil }
    return told.count > 1 ? "\(first) (and \(told.count - 1) more)" : first
  }
}
