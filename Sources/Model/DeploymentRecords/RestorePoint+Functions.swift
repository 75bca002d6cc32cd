import SystemInterfaces

/// How functions are told apart: an environment may stand in several accounts and regions, and names are unique in one only.
extension RestorePoint {
  /// The ARN of a function, by the stack that owns it; nil where that stack is not recorded.
  public func arn(of function: FunctionState) -> String? {
    let name = AmazonResourceName.stackName(of: function.stack)
    let stack = stacks.first { $0.name == name }
    return (stack.flatMap { AmazonResourceName($0.stackId) } ?? AmazonResourceName(function.stack)).map {
      "arn:\($0.partition):lambda:\($0.region):\($0.account):function:\(function.name)"
    }
  }

  /// What a function is called in plans and calls: its name, or its ARN where another one has the same name.
  public func designation(of function: FunctionState) -> String {
    isShared(function.name) ? arn(of: function) ?? function.name : function.name
  }

  /// The function of a name, a designation or an ARN; nil where there is none, and where the name is that of several.
  public func function(_ designation: String) -> FunctionState? {
    let named = functions.filter { $0.name == designation }
    if named.count == 1 { return named[0] }
    return functions.first { arn(of: $0) == designation }
  }

  /// Whether several functions have the name.
  public func isShared(_ name: String) -> Bool { functions.count { $0.name == name } > 1 }
}
