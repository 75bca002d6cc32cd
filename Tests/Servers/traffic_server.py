#!/usr/bin/env python3
"""CodeDeploy and load balancers' weights from their documented states, in front of a local AWS that has neither: what is
none of these goes on to that.

usage: traffic_server.py ENDPOINT

Prints one line of JSON when it answers ({"ports": {"aws": PORT}}), ends when its standard input closes. POST /_state sets
what there is, a JSON object:
  stack        the stack that owns the groups; its list of resources gets them and their applications
  groups       APPLICATION/GROUP -> {"configuration", "alarms"?: [NAME], "listener"?: ARN}: with a listener it is for a service
               of ECS
  deployments  ID -> {"group", "status", "alias": {"function", "alias", "current", "target", "weight"} or "service":
               {"cluster", "service", "weight" (per cent of the new tasks), "back": [[ARN, WEIGHT]]}, "creator"?,
               "back"?: ID of what takes it back, "takesBack"?: ID, "left"?: how often it is still shown as under way,
               "fails"?: BOOL}
  listeners    ARN -> {"targets": [[ARN, WEIGHT]], "stickiness": SECONDS}: listeners of the stack that forward by weight
  balancers    [ARN]: load balancers of the stack, each with all listeners
  denied       BOOL: CodeDeploy answers AccessDeniedException
  hang         {"at": N, "after": BOOL, "action"?: NAME}: the Nth call that changes something, or of that name, is not answered;
               it is passed on before or not
A deployment that is stopped is Stopped once it has been looked at, and a deployment that takes it back begins, which sets the
alias when it ends. POST /_go lets no call hang from then on. GET /_calls tells every call that changes something, GET /_hung whether one hangs.
"""
import http.server
import json
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

ENDPOINT = sys.argv[1]
EMPTY = {"stack": "", "groups": {}, "deployments": {}, "listeners": {}, "balancers": [], "denied": False, "hang": None}
state = dict(EMPTY)
calls = []
hung = threading.Event()
released = threading.Event()
lock = threading.Lock()
ENDED = ("Succeeded", "Failed", "Stopped")


class Fault(Exception):
    def __init__(self, code, status=400):
        super().__init__(code)
        self.code, self.status = code, status


def forward(method, path, headers, body):
    request = urllib.request.Request(ENDPOINT + path, data=body or None, method=method)
    for name, value in headers.items():
        if name.lower() not in ("host", "content-length", "connection"):
            request.add_header(name, value)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def set_alias(alias):
    """As CodeDeploy does it: all calls to the version that had them."""
    body = json.dumps({"FunctionVersion": alias["current"], "RoutingConfig": {"AdditionalVersionWeights": {}}})
    headers = {"Content-Type": "application/json",
               "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, "
                                "Signature=x"}
    path = f"/2015-03-31/functions/{alias['function']}/aliases/{alias['alias']}"
    forward("PUT", path, headers, body.encode())


def take_back(found):
    """As CodeDeploy does it: all calls to what had them."""
    if "alias" in found:
        return set_alias(found["alias"])
    state["listeners"][state["groups"][found["group"]]["listener"]]["targets"] = found["service"]["back"]


def look(name):
    """A deployment, a little later than when it was looked at last."""
    if name not in state["deployments"]:
        raise Fault("DeploymentDoesNotExistException")
    found = state["deployments"][name]
    if found["status"] in ENDED:
        return found
    if found.get("left", 0) > 0:
        found["left"] -= 1
    elif found.get("stopping"):
        found["status"] = "Stopped"
        back = f"{name}-back"
        found["back"] = back
        state["deployments"][back] = {
            "group": found["group"], "status": "InProgress", "takesBack": name,
            **{kind: found[kind] for kind in ("alias", "service") if kind in found}, "creator": "codeDeployRollback", "left": 1, "fails": found.get("fails", False)}
    elif found.get("takesBack"):
        found["status"] = "Failed" if found.get("fails") else "Succeeded"
        if not found.get("fails"):
            take_back(found)
    return found


def platform(place):
    return "ECS" if "listener" in state["groups"][place] else "Lambda"


def info(name, found):
    application, group = found["group"].split("/")
    told = {"deploymentId": name, "applicationName": application, "deploymentGroupName": group,
            "deploymentConfigName": state["groups"][found["group"]]["configuration"], "status": found["status"],
            "computePlatform": platform(found["group"]), "creator": found.get("creator", "user"), "rollbackInfo": {}}
    if found.get("back"):
        told["rollbackInfo"]["rollbackDeploymentId"] = found["back"]
    if found.get("takesBack"):
        told["rollbackInfo"]["rollbackTriggeringDeploymentId"] = found["takesBack"]
    if found["status"] == "Failed":
        told["errorInformation"] = {"code": "HOOK_EXECUTION_FAILURE", "message": "the hook said no"}
    return told


def code_deploy(operation, sent):
    if state["denied"]:
        raise Fault("AccessDeniedException")
    if operation == "GetDeploymentGroup":
        place = f"{sent['applicationName']}/{sent['deploymentGroupName']}"
        if not any(name.startswith(sent["applicationName"] + "/") for name in state["groups"]):
            raise Fault("ApplicationDoesNotExistException")
        if place not in state["groups"]:
            raise Fault("DeploymentGroupDoesNotExistException")
        group = state["groups"][place]
        alarms = [{"name": name} for name in group.get("alarms", [])]
        service = {} if "listener" not in group else {
            "ecsServices": [{"clusterName": "cluster", "serviceName": "shop"}],
            "loadBalancerInfo": {"targetGroupPairInfoList": [{
                "targetGroups": [{"name": "blue"}, {"name": "green"}],
                "prodTrafficRoute": {"listenerArns": [group["listener"]]}}]}}
        return {"deploymentGroupInfo": {**service,
            "applicationName": sent["applicationName"], "deploymentGroupName": sent["deploymentGroupName"],
            "deploymentConfigName": group["configuration"], "computePlatform": platform(place),
            "alarmConfiguration": {"enabled": bool(alarms), "alarms": alarms},
            "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST"]}}}
    if operation == "ListDeployments":
        place = f"{sent['applicationName']}/{sent['deploymentGroupName']}"
        wanted = sent.get("includeOnlyStatuses", [])
        return {"deployments": [name for name, found in state["deployments"].items()
                                if found["group"] == place and (not wanted or found["status"] in wanted)]}
    name = sent["deploymentId"]
    if operation == "GetDeployment":
        return {"deploymentInfo": info(name, look(name))}
    if operation == "ListDeploymentTargets" and "service" in state["deployments"][name]:
        service = state["deployments"][name]["service"]
        return {"targetIds": [f"{service['cluster']}:{service['service']}"]}
    if operation == "BatchGetDeploymentTargets" and "service" in state["deployments"][name]:
        weight = state["deployments"][name]["service"]["weight"]
        return {"deploymentTargets": [{"deploymentTargetType": "ECSTarget", "ecsTarget": {
            "deploymentId": name, "targetId": sent["targetIds"][0], "status": "InProgress", "taskSetsInfo": [
                {"identifer": "ecs-svc/1", "taskSetLabel": "Blue", "status": "PRIMARY", "trafficWeight": 100 - weight},
                {"identifer": "ecs-svc/2", "taskSetLabel": "Green", "status": "ACTIVE", "trafficWeight": weight}]}}]}
    if operation == "ListDeploymentTargets":
        alias = state["deployments"][name]["alias"]
        return {"targetIds": [f"{alias['function']}:{alias['alias']}"]}
    if operation == "BatchGetDeploymentTargets":
        alias = state["deployments"][name]["alias"]
        return {"deploymentTargets": [{"deploymentTargetType": "LambdaTarget", "lambdaTarget": {
            "deploymentId": name, "targetId": sent["targetIds"][0], "status": "InProgress", "lambdaFunctionInfo": {
                "functionName": alias["function"], "functionAlias": alias["alias"], "currentVersion": alias["current"],
                "targetVersion": alias["target"], "targetVersionWeight": alias["weight"]}}}]}
    if operation == "StopDeployment":
        found = state["deployments"][name]
        if found["status"] in ENDED:
            raise Fault("DeploymentAlreadyCompletedException")
        if sent.get("autoRollbackEnabled"):
            found["stopping"], found["left"] = True, 1
        return {"status": "Pending"}
    raise Fault("UnknownOperationException")


def listener(arn):
    found = state["listeners"][arn]
    targets = "".join(f"<member><TargetGroupArn>{target}</TargetGroupArn><Weight>{weight}</Weight></member>"
                      for target, weight in found["targets"])
    return (f"<member><ListenerArn>{arn}</ListenerArn><Port>443</Port><DefaultActions>"
            "<member><Type>authenticate-oidc</Type><Order>1</Order><AuthenticateOidcConfig><Issuer>https://id.example</Issuer>"
            "<AuthorizationEndpoint>https://id.example/a</AuthorizationEndpoint><TokenEndpoint>https://id.example/t</TokenEndpoint>"
            "<UserInfoEndpoint>https://id.example/u</UserInfoEndpoint><ClientId>c</ClientId></AuthenticateOidcConfig></member>"
            f"<member><Type>forward</Type><Order>2</Order><ForwardConfig><TargetGroups>{targets}</TargetGroups>"
            f"<TargetGroupStickinessConfig><Enabled>true</Enabled><DurationSeconds>{found['stickiness']}</DurationSeconds>"
            "</TargetGroupStickinessConfig></ForwardConfig></member></DefaultActions></member>")


def load_balancing(sent):
    action = sent["Action"]
    if action == "DescribeRules":
        return "<DescribeRulesResponse><DescribeRulesResult><Rules/></DescribeRulesResult></DescribeRulesResponse>"
    if sent.get("LoadBalancerArn"):
        found = "".join(listener(arn) for arn in state["listeners"])
        return f"<{action}Response><{action}Result><Listeners>{found}</Listeners></{action}Result></{action}Response>"
    arn = sent.get("ListenerArns.member.1") or sent["ListenerArn"]
    if action == "ModifyListener":
        place = "DefaultActions.member.{}"
        if sent.get(place.format(1) + ".AuthenticateOidcConfig.UseExistingClientSecret") != "true":
            return "<ErrorResponse><Error><Code>InvalidLoadBalancerAction</Code><Message>ClientSecret</Message></Error></ErrorResponse>"
        forward = place.format(2) + ".ForwardConfig."
        groups = forward + "TargetGroups.member.{}."
        count = sum(key.startswith(forward + "TargetGroups") and key.endswith("Weight") for key in sent)
        state["listeners"][arn] = {
            "targets": [[sent[groups.format(i) + "TargetGroupArn"], int(sent[groups.format(i) + "Weight"])]
                        for i in range(1, count + 1)],
            "stickiness": int(sent[forward + "TargetGroupStickinessConfig.DurationSeconds"])}
    return (f"<{action}Response><{action}Result><Listeners>{listener(arn)}</Listeners></{action}Result></{action}Response>")


def name_of(method, path, target, body):
    """The name of a call that changes something; nothing for one that reads."""
    if target:
        return target.split(".")[1] if target.split(".")[1].startswith(("Stop", "Update", "Put")) else ""
    if method == "PUT" and "/aliases/" in path:
        return "UpdateAlias"
    if method == "PATCH" and "/stages/" in path:
        return "UpdateStage"
    action = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace"))).get("Action", "")
    return "" if action.startswith(("Describe", "List", "Get", "Detect", "Assume")) else action


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def own(self, body):
        """What tests ask."""
        if self.path == "/_state":
            with lock:
                state.clear()
                state.update(EMPTY, **json.loads(body))
                calls.clear()
                hung.clear()
            return self.answer(200, b"{}")
        if self.path == "/_go":
            with lock:
                state["hang"] = None
                hung.clear()
            return self.answer(200, b"{}")
        told = {"/_calls": calls, "/_hung": hung.is_set()}[self.path]
        return self.answer(200, json.dumps(told).encode())

    def respond(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/_"):
            return self.own(body)
        target = self.headers.get("X-Amz-Target", "")
        changing = name_of(self.command, self.path, target, body)
        hangs = None
        if changing:
            with lock:
                calls.append(changing)
                hang = state["hang"]
                if hang and hang["at"] == sum(hang.get("action", call) == call for call in calls) \
                        and hang.get("action", changing) == changing:
                    hangs = "after" if hang["after"] else "before"
        if hangs == "before":
            return self.hang()
        if target.startswith("CodeDeploy_"):
            try:
                with lock:
                    status, text = 200, json.dumps(code_deploy(target.split(".")[1], json.loads(body)))
            except Fault as fault:
                status, text = fault.status, json.dumps({"__type": fault.code, "message": f"told to say {fault.code}"})
            if hangs:
                return self.hang()
            return self.answer(status, text.encode(), {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": "cd"})
        if "/elasticloadbalancing/" in self.headers.get("Authorization", ""):
            with lock:
                text = load_balancing(dict(urllib.parse.parse_qsl(body.decode())))
            return self.hang() if hangs else self.answer(400 if "<Error>" in text else 200, text.encode())
        status, headers, found = forward(self.command, self.path, self.headers, body)
        if hangs:
            return self.hang()
        return self.answer(status, self.with_groups(body, found), headers)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond

    def hang(self):
        hung.set()
        released.wait(60)
        self.close_connection = True

    def with_groups(self, body, found):
        sent = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))
        stack = sent.get("StackName", "")
        if sent.get("Action") != "ListStackResources" or state["stack"] not in (stack, stack.split("/")[1:2][0] if "/" in stack else ""):
            return found
        added = []
        for place in state["groups"]:
            application, group = place.split("/")
            added += [("AWS::CodeDeploy::Application", application), ("AWS::CodeDeploy::DeploymentGroup", group)]
        added += [("AWS::ElasticLoadBalancingV2::Listener", arn) for arn in state["listeners"]]
        added += [("AWS::ElasticLoadBalancingV2::LoadBalancer", arn) for arn in state["balancers"]]
        members = "".join(
            f"<member><LogicalResourceId>{kind.rsplit(':', 1)[1]}</LogicalResourceId><PhysicalResourceId>{name}"
            f"</PhysicalResourceId><ResourceType>{kind}</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus>"
            f"<LastUpdatedTimestamp>2026-01-12T10:00:00Z</LastUpdatedTimestamp></member>" for kind, name in added)
        return found.replace(b"</StackResourceSummaries>", members.encode() + b"</StackResourceSummaries>")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(json.dumps({"ports": {"aws": server.server_port}}), flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
