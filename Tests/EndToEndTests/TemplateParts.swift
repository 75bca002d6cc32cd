import AWSClients
import CloudFormationModel
import JSONValues
import TestSupport

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

  /// An API of one method with a stage `live`, to be put behind other resources.
  static func api(named name: String) -> String {
    """

      Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: \(name)}}
      Method:
        Type: AWS::ApiGateway::Method
        Properties:
          RestApiId: !Ref Api
          ResourceId: !GetAtt Api.RootResourceId
          HttpMethod: GET
          AuthorizationType: NONE
          Integration: {Type: MOCK}
      Deployment: {Type: AWS::ApiGateway::Deployment, DependsOn: Method, Properties: {RestApiId: !Ref Api}}
      Stage:
        Type: AWS::ApiGateway::Stage
        Properties: {RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: live}
    """
  }
}

extension AutoRevertWorld {
  /// Gives a tenth of the calls of the stage `live` of the API that is named like the stack to a canary; the API's id.
  @discardableResult func beginCanary() async throws -> String {
    let apis = try await APIGatewayClient(aws.client).getApis(.rest)
    guard let id = apis.first(where: { $0.name == name })?.id,
      let other = try JSONValue(
        parsing: output("apigateway", "create-deployment", "--rest-api-id", id))["id"]?.string
    else { throw Unexpected(description: "there is no API \(name), or no deployment of it") }
    try cli(
      "apigateway", "update-stage", "--rest-api-id", id, "--stage-name", "live", "--patch-operations",
      "op=replace,path=/canarySettings/deploymentId,value=\(other)",
      "op=replace,path=/canarySettings/percentTraffic,value=10")
    return id
  }
}
