/// Resources whose provider is the template author's own function: the one rule by which both the gate and a rollback
/// judge what a change does to them.
public enum CustomResources {
  /// Whether resources of `type` are made by a function.
  public static func contains(_ type: String) -> Bool {
    type.hasPrefix("Custom::") || type == "AWS::CloudFormation::CustomResource"
  }

  /// What every change of their properties comes to. CloudFormation calls it a possible replacement, since the function
  /// decides while it runs.
  public static let outcomeOfChange =
    "the function of a custom resource decides. It is replaced, and the old one deleted, only where the function answers "
    + "the update with another PhysicalResourceId. Look at how it answers."
}
