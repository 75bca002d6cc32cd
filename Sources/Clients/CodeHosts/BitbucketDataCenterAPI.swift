import JSONValues
import SystemInterfaces

/// The API of Bitbucket's own servers (Data Center and Server), version 1.0.
struct BitbucketDataCenterAPI: PullRequestAPI {
  let host: CodeHost
  private var requests: String { "\(host.projectAndRepository)/pull-requests" }
  private static let prefix = "refs/heads/"

  func list(_ draft: PullRequestDraft, page: Int) -> APICall? {
    let branch = PercentEncoding.encode(Self.prefix + draft.branch)
    return APICall(
      method: "GET",
      path: "\(requests)?state=OPEN&direction=OUTGOING&at=\(branch)&limit=\(APIPage.size)"
        + "&start=\((page - 1) * APIPage.size)")
  }

  func creation(_ draft: PullRequestDraft) -> APICall {
    let names = host.repository.split(separator: "/").map(String.init)
    let repository: JSONValue = [
      "slug": .string(names.last ?? ""), "project": ["key": .string(names.first ?? "")],
    ]
    func place(_ branch: String) -> JSONValue {
      ["id": .string(Self.prefix + branch), "repository": repository]
    }
    return APICall(
      method: "POST", path: requests,
      body: [
        "title": .string(draft.title), "description": .string(draft.text), "fromRef": place(draft.branch),
        "toRef": place(draft.base),
      ])
  }

  /// It wants the version that is changed, and takes reviewers who are left out for taken away.
  func update(_ request: PullRequest, _ draft: PullRequestDraft) -> APICall {
    var body = request.repeated
    body["title"] = .string(draft.title)
    body["description"] = .string(draft.text)
    return APICall(method: "PUT", path: "\(requests)/\(request.number)", body: .object(body))
  }

  func entries(_ answer: JSONValue) -> [JSONValue] { answer["values"]?.array ?? [] }

  func request(_ answer: JSONValue) -> PullRequest? {
    guard let number = answer["id"]?.int else { return nil }
    func branch(_ end: String) -> String {
      let name = answer[end]?["id"]?.string ?? ""
      return name.hasPrefix(Self.prefix) ? String(name.dropFirst(Self.prefix.count)) : name
    }
    var request = PullRequest(
      number: number, url: answer["links"]?["self"]?.array?.first?["href"]?.string ?? "",
      title: answer["title"]?.string ?? "", text: answer["description"]?.string ?? "",
      branch: branch("fromRef"), base: branch("toRef"))
    for name in ["version", "reviewers"] { request.repeated[name] = answer[name] }
    return request
  }

  /// What stands in the way may also be that there is nothing to merge: whether there is one is looked for.
  func meansExisting(_ status: Int, _ words: String) -> Bool { status == 409 }
}
