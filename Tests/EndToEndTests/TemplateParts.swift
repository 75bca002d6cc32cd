/// Parts of templates that many tests deploy, as they stand under a `Resources:` at the beginning of a line.
enum TemplateParts {
  /// The resource `Role`, which functions and state machines may take.
  static let role = """
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: '2012-10-17'
            Statement: [{Effect: Allow, Principal: {Service: [lambda.amazonaws.com, states.amazonaws.com]}, Action: 'sts:AssumeRole'}]
    """

  /// A function in Python that runs as `Role`.
  /// - Parameter properties: further properties as lines of YAML, a code among them.
  static func function(_ logicalId: String, named name: String, handler: String, _ properties: String)
    -> String
  {
    let more = properties.split(separator: "\n", omittingEmptySubsequences: false).map { "      \($0)" }
    return """
        \(logicalId):
          Type: AWS::Lambda::Function
          Properties:
            FunctionName: \(name)
            Runtime: python3.11
            Handler: \(handler)
            Role: !GetAtt Role.Arn
      \(more.joined(separator: "\n"))
      """
  }
}
