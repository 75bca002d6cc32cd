import JSONValues
import SystemInterfaces

/// What one host's API is asked, and how it answers: values alone, no network.
protocol PullRequestAPI: Sendable {
  var host: CodeHost { get }
  /// The page of open ones that may hold the draft's; nil beyond the last that is worth asking for.
  func list(_ draft: PullRequestDraft, page: Int) -> APICall?
  func creation(_ draft: PullRequestDraft) -> APICall
  func update(_ request: PullRequest, _ draft: PullRequestDraft) -> APICall
  /// The members of a list.
  func entries(_ answer: JSONValue) -> [JSONValue]
  func request(_ answer: JSONValue) -> PullRequest?
  /// Whether a refusal to create says that there is one already.
  func meansExisting(_ status: Int, _ words: String) -> Bool
}

/// One call.
struct APICall: Hashable, Sendable {
  var method: String
  /// Below the API's address, with the query.
  var path: String
  var body: JSONValue?
}

/// How many entries a list's page has; who asks for more pages than `pages` is on the wrong track.
enum APIPage {
  static let size = 50
  static let pages = 20
}

/// The API of a kind.
func pullRequestAPI(_ host: CodeHost) -> any PullRequestAPI {
  switch host.kind {
  case .github: GitHubAPI(host: host)
  case .gitlab: GitLabAPI(host: host)
  case .gitea, .forgejo: GiteaAPI(host: host)
  case .bitbucket: BitbucketAPI(host: host)
  case .bitbucketDataCenter: BitbucketDataCenterAPI(host: host)
  }
}

/// What GitHub's API and those made after it share.
protocol PullsAPI: PullRequestAPI {
  var host: CodeHost { get }
}

extension PullsAPI {
  fileprivate var pulls: String { "/repos/\(PercentEncoding.encode(host.repository, keeping: "/"))/pulls" }

  func creation(_ draft: PullRequestDraft) -> APICall {
    APICall(
      method: "POST", path: pulls,
      body: [
        "title": .string(draft.title), "body": .string(draft.text), "head": .string(draft.branch),
        "base": .string(draft.base),
      ])
  }

  func update(_ request: PullRequest, _ draft: PullRequestDraft) -> APICall {
    APICall(
      method: "PATCH", path: "\(pulls)/\(request.number)",
      body: ["title": .string(draft.title), "body": .string(draft.text)])
  }

  func entries(_ answer: JSONValue) -> [JSONValue] { answer.array ?? [] }
}

/// GitHub's REST API, version 2022-11-28.
struct GitHubAPI: PullsAPI {
  let host: CodeHost
  private var owner: String { String(host.repository.prefix { $0 != "/" }) }

  func list(_ draft: PullRequestDraft, page: Int) -> APICall? {
    let head = PercentEncoding.encode("\(owner):\(draft.branch)")
    let query =
      "state=open&head=\(head)&base=\(PercentEncoding.encode(draft.base))&per_page=\(APIPage.size)&page=\(page)"
    return APICall(method: "GET", path: "\(pulls)?\(query)")
  }

  func request(_ answer: JSONValue) -> PullRequest? {
    guard let number = answer["number"]?.int else { return nil }
    return PullRequest(
      number: number, url: answer["html_url"]?.string ?? "", title: answer["title"]?.string ?? "",
      text: answer["body"]?.string ?? "", branch: answer["head"]?["ref"]?.string ?? "",
      base: answer["base"]?["ref"]?.string ?? "")
  }

  func meansExisting(_ status: Int, _ words: String) -> Bool {
    status == 422 && words.lowercased().contains("already exists")
  }
}

/// GitLab's REST API, version 4.
struct GitLabAPI: PullRequestAPI {
  let host: CodeHost
  private var requests: String { "/projects/\(PercentEncoding.encode(host.repository))/merge_requests" }

  func list(_ draft: PullRequestDraft, page: Int) -> APICall? {
    let query =
      "state=opened&source_branch=\(PercentEncoding.encode(draft.branch))"
      + "&target_branch=\(PercentEncoding.encode(draft.base))&per_page=\(APIPage.size)&page=\(page)"
    return APICall(method: "GET", path: "\(requests)?\(query)")
  }

  func creation(_ draft: PullRequestDraft) -> APICall {
    APICall(
      method: "POST", path: requests,
      body: [
        "source_branch": .string(draft.branch), "target_branch": .string(draft.base),
        "title": .string(draft.title), "description": .string(draft.text), "remove_source_branch": true,
      ])
  }

  func update(_ request: PullRequest, _ draft: PullRequestDraft) -> APICall {
    APICall(
      method: "PUT", path: "\(requests)/\(request.number)",
      body: ["title": .string(draft.title), "description": .string(draft.text)])
  }

  func entries(_ answer: JSONValue) -> [JSONValue] { answer.array ?? [] }

  func request(_ answer: JSONValue) -> PullRequest? {
    guard let number = answer["iid"]?.int else { return nil }
    return PullRequest(
      number: number, url: answer["web_url"]?.string ?? "", title: answer["title"]?.string ?? "",
      text: answer["description"]?.string ?? "", branch: answer["source_branch"]?.string ?? "",
      base: answer["target_branch"]?.string ?? "")
  }

  func meansExisting(_ status: Int, _ words: String) -> Bool {
    status == 409 || [400, 422].contains(status) && words.lowercased().contains("already exists")
  }
}

/// The API of Gitea and Forgejo, version 1.
struct GiteaAPI: PullsAPI {
  let host: CodeHost

  /// It cannot be asked for a branch in all versions, so the open ones are looked through.
  func list(_ draft: PullRequestDraft, page: Int) -> APICall? {
    APICall(
      method: "GET", path: "\(pulls)?state=open&sort=recentupdate&limit=\(APIPage.size)&page=\(page)")
  }

  func request(_ answer: JSONValue) -> PullRequest? {
    guard let number = answer["number"]?.int else { return nil }
    return PullRequest(
      number: number, url: answer["html_url"]?.string ?? answer["url"]?.string ?? "",
      title: answer["title"]?.string ?? "", text: answer["body"]?.string ?? "",
      branch: answer["head"]?["ref"]?.string ?? "", base: answer["base"]?["ref"]?.string ?? "")
  }

  func meansExisting(_ status: Int, _ words: String) -> Bool {
    status == 409 || status == 422 && words.lowercased().contains("already exists")
  }
}

/// Bitbucket Cloud's API, version 2.0.
struct BitbucketAPI: PullRequestAPI {
  let host: CodeHost
  private var requests: String {
    "/repositories/\(PercentEncoding.encode(host.repository, keeping: "/"))/pullrequests"
  }

  func list(_ draft: PullRequestDraft, page: Int) -> APICall? {
    func quoted(_ text: String) -> String {
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    let wish =
      "state=\"OPEN\" AND source.branch.name=\(quoted(draft.branch)) "
      + "AND destination.branch.name=\(quoted(draft.base))"
    return APICall(
      method: "GET",
      path: "\(requests)?q=\(PercentEncoding.encode(wish))&pagelen=\(APIPage.size)&page=\(page)")
  }

  func creation(_ draft: PullRequestDraft) -> APICall {
    APICall(
      method: "POST", path: requests,
      body: [
        "title": .string(draft.title), "description": .string(draft.text),
        "source": ["branch": ["name": .string(draft.branch)]],
        "destination": ["branch": ["name": .string(draft.base)]], "close_source_branch": true,
      ])
  }

  func update(_ request: PullRequest, _ draft: PullRequestDraft) -> APICall {
    APICall(
      method: "PUT", path: "\(requests)/\(request.number)",
      body: ["title": .string(draft.title), "description": .string(draft.text)])
  }

  func entries(_ answer: JSONValue) -> [JSONValue] { answer["values"]?.array ?? [] }

  func request(_ answer: JSONValue) -> PullRequest? {
    guard let number = answer["id"]?.int else { return nil }
    return PullRequest(
      number: number, url: answer["links"]?["html"]?["href"]?.string ?? "",
      title: answer["title"]?.string ?? "",
      text: answer["summary"]?["raw"]?.string ?? answer["description"]?.string ?? "",
      branch: answer["source"]?["branch"]?["name"]?.string ?? "",
      base: answer["destination"]?["branch"]?["name"]?.string ?? "")
  }

  func meansExisting(_ status: Int, _ words: String) -> Bool {
    status == 409 || status == 400 && words.lowercased().contains("already")
  }
}
