#!/usr/bin/env python3
"""RDS as far as snapshots, restores and proxies go: instances, clusters, what leads to them.

usage: rds_server.py

Prints one line of JSON when it answers ({"ports": {"rds": PORT}}), ends when its standard input closes. POST /_state sets
what there is, a JSON object:
  instances  NAME -> {"host", "port", "cluster"?, "left"?}   `left`: how often it is still shown as being made
  clusters   NAME -> {"host", "port", "members": [NAME], "left"?}
  proxies    NAME -> {"endpoint", "secrets": [ARN], "targets": [NAME], "cluster"?: BOOL}
  restored   {"host", "port"}: the address of what is made of a snapshot; `{name}` in it stands for the name
  lose       [ACTION]: the answer to the next call of each is lost once it was done
GET /_calls tells every call that changes something, GET /_state what there is.
"""
import http.server
import json
import sys
import threading
import urllib.parse
from xml.sax.saxutils import escape

state = {"instances": {}, "clusters": {}, "proxies": {}, "snapshots": {}, "restored": {}, "lose": []}
calls = []
lock = threading.Lock()


class Fault(Exception):
    pass


def fields(values):
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in values.items() if value is not None)


def status(thing):
    left = thing.get("left", 0)
    if left:
        thing["left"] = left - 1
        return "creating"
    return "available"


def found(kind, fault, name):
    if name is None:
        return list(state[kind].items())
    if name not in state[kind]:
        raise Fault(fault)
    return [(name, state[kind][name])]


def instance(name, thing):
    return fields({
        "DBInstanceIdentifier": name, "DBInstanceStatus": status(thing), "DBInstanceClass": "db.r6g.large",
        "Engine": "aurora-postgresql" if thing.get("cluster") else "postgres", "EngineVersion": "15.4",
        "DBClusterIdentifier": thing.get("cluster"), "DBName": "app"}) + (
        f"<Endpoint>{fields({'Address': thing.get('host'), 'Port': thing.get('port')})}</Endpoint>")


def cluster(name, thing):
    members = "".join(
        f"<DBClusterMember>{fields({'DBInstanceIdentifier': member})}</DBClusterMember>" for member in thing["members"])
    return fields({
        "DBClusterIdentifier": name, "Status": status(thing), "Engine": "aurora-postgresql", "EngineVersion": "15.4",
        "Endpoint": thing.get("host"), "Port": thing.get("port"), "DatabaseName": "app"}) + (
        f"<DBClusterMembers>{members}</DBClusterMembers>")


def snapshot(name, thing):
    kind = "DBCluster" if thing["cluster"] else "DB"
    return fields({
        f"{kind}SnapshotIdentifier": name, "Status": "available", "SnapshotType": "manual",
        "DBClusterIdentifier" if thing["cluster"] else "DBInstanceIdentifier": thing["source"]})


def snapshots(sent, is_cluster):
    word = "DBClusterSnapshot" if is_cluster else "DBSnapshot"
    name = sent.get(word + "Identifier")
    fitting = {key: value for key, value in state["snapshots"].items() if value["cluster"] == is_cluster}
    if name is not None and name not in fitting:
        raise Fault(word + "NotFoundFault")
    chosen = {name: fitting[name]} if name else fitting
    inside = "".join(f"<{word}>{snapshot(key, value)}</{word}>" for key, value in chosen.items())
    return f"<{word}s>{inside}</{word}s>"


def targets(sent):
    proxy = state["proxies"][sent["DBProxyName"]]
    word = "DBClusterIdentifiers" if proxy.get("cluster") else "DBInstanceIdentifiers"
    return proxy, word, [value for name, value in sent.items() if name.startswith(word)]


def restored(name):
    place = state["restored"]
    return {**place, "host": place["host"].replace("{name}", name)}


def answer(action, sent):
    if action == "DescribeDBInstances":
        chosen = found("instances", "DBInstanceNotFound", sent.get("DBInstanceIdentifier"))
        return f"<DBInstances>{''.join(f'<DBInstance>{instance(*one)}</DBInstance>' for one in chosen)}</DBInstances>"
    if action == "DescribeDBClusters":
        chosen = found("clusters", "DBClusterNotFoundFault", sent.get("DBClusterIdentifier"))
        return f"<DBClusters>{''.join(f'<DBCluster>{cluster(*one)}</DBCluster>' for one in chosen)}</DBClusters>"
    if action in ("DescribeDBSnapshots", "DescribeDBClusterSnapshots"):
        return snapshots(sent, "Cluster" in action)
    if action in ("CreateDBSnapshot", "CreateDBClusterSnapshot"):
        word = "DBCluster" if "Cluster" in action else "DB"
        source = sent.get("DBClusterIdentifier") or sent.get("DBInstanceIdentifier")
        state["snapshots"][sent[word + "SnapshotIdentifier"]] = {"source": source, "cluster": word == "DBCluster"}
        return f"<{word}Snapshot>{snapshot(sent[word + 'SnapshotIdentifier'], {'source': source, 'cluster': word == 'DBCluster'})}</{word}Snapshot>"
    if action == "RestoreDBInstanceFromDBSnapshot":
        if sent["DBInstanceIdentifier"] in state["instances"]:
            raise Fault("DBInstanceAlreadyExists")
        state["instances"][sent["DBInstanceIdentifier"]] = {**restored(sent["DBInstanceIdentifier"]), "left": 2}
        return "<DBInstance></DBInstance>"
    if action == "RestoreDBClusterFromSnapshot":
        if sent["DBClusterIdentifier"] in state["clusters"]:
            raise Fault("DBClusterAlreadyExistsFault")
        state["clusters"][sent["DBClusterIdentifier"]] = {**restored(sent["DBClusterIdentifier"]), "members": [], "left": 2}
        return "<DBCluster></DBCluster>"
    if action == "CreateDBInstance":
        name, owner = sent["DBInstanceIdentifier"], sent["DBClusterIdentifier"]
        if name in state["instances"]:
            raise Fault("DBInstanceAlreadyExists")
        state["instances"][name] = {**state["restored"], "cluster": owner, "left": 2}
        state["clusters"][owner]["members"].append(name)
        return "<DBInstance></DBInstance>"
    if action == "ModifyDBInstance":
        return "<DBInstance></DBInstance>"
    if action == "DescribeDBProxies":
        inside = ""
        for name, proxy in state["proxies"].items():
            auth = "".join(f"<member>{fields({'SecretArn': arn})}</member>" for arn in proxy.get("secrets", []))
            inside += f"<member>{fields({'DBProxyName': name, 'Endpoint': proxy['endpoint']})}<Auth>{auth}</Auth></member>"
        return f"<DBProxies>{inside}</DBProxies>"
    if action == "DescribeDBProxyTargets":
        proxy = state["proxies"][sent["DBProxyName"]]
        inside = "".join(
            f"<member>{fields({'RdsResourceId': name, 'TrackedClusterId': name if proxy.get('cluster') else None})}"
            "<TargetHealth><State>AVAILABLE</State></TargetHealth></member>" for name in proxy["targets"])
        return f"<Targets>{inside}</Targets>"
    if action == "RegisterDBProxyTargets":
        proxy, _, names = targets(sent)
        if proxy["targets"]:
            raise Fault("DBProxyTargetAlreadyRegisteredFault")
        proxy["targets"] += names
        return "<DBProxyTargets></DBProxyTargets>"
    if action == "DeregisterDBProxyTargets":
        proxy, _, names = targets(sent)
        proxy["targets"] = [name for name in proxy["targets"] if name not in names]
        return ""
    raise Fault("InvalidAction")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def reply(self, code, text, kind="text/xml"):
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with lock:
            self.reply(200, json.dumps(calls if self.path == "/_calls" else state), "application/json")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with lock:
            if self.path == "/_state":
                state.update(json.loads(body))
                return self.reply(200, "{}", "application/json")
            sent = {name: values[0] for name, values in urllib.parse.parse_qs(body.decode()).items()}
            action = sent.get("Action", "")
            if not action.startswith("Describe"):
                calls.append(sent)
            try:
                inside = answer(action, sent)
            except Fault as fault:
                text = f"<ErrorResponse><Error><Code>{fault}</Code><Message>{action}</Message></Error></ErrorResponse>"
                return self.reply(404 if "NotFound" in str(fault) else 400, text)
            if action in state["lose"]:
                state["lose"].remove(action)
                self.close_connection = True
                return self.connection.close()
            self.reply(200, f"<{action}Response><{action}Result>{inside}</{action}Result></{action}Response>")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(json.dumps({"ports": {"rds": server.server_port}}), flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
