#!/usr/bin/env python3
"""Checks requests to Graph against Microsoft's own model.

    check_graph.py SPEC REQUESTS

SPEC holds graph/validate.py and graph/openapi-subset.json; REQUESTS holds one JSON file for each request and each part of
a batch, as the test graph_requests writes them: method, path, body. Every address must be one of the model's, with that
method; every body must be valid there, and every name in $select one of an event or a calendar.
"""

import collections
import importlib.util
import json
import pathlib
import re
import sys
from urllib.parse import parse_qs, urlsplit


def load_validator(spec):
    path = spec / "graph" / "validate.py"
    loader = importlib.util.spec_from_file_location("validate", path)
    module = importlib.util.module_from_spec(loader)
    loader.loader.exec_module(module)
    return module


def address_patterns(spec):
    """Addresses of the model, each as a pattern with the methods that it takes."""
    paths = json.loads((spec / "graph" / "openapi-subset.json").read_text(encoding="utf-8"))["paths"]
    found = []
    for path, methods in paths.items():
        pattern = "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/"))
        found.append((re.compile(f"{pattern}$"), path, {method.upper() for method in methods}))
    return found


def find(method, path, patterns, validator):
    """The address of the model that a path is one of, or none."""
    for pattern, name, methods in patterns:
        if method in methods and pattern.match(path):
            return name
    # What an event leads to, such as its calendar, has an address of its own.
    above, _, last = path.rpartition("/")
    leads = last in validator.flat(validator.PRE + "event")["properties"]
    name = find(method, above, patterns, validator) if method == "GET" and leads else None
    return f"{name}/{last}" if name and "/events/" in name else None


def check(request, patterns, validator):
    """What is wrong with one request, and the address of the model that it goes to."""
    parts = urlsplit(request["path"])
    path = parts.path.removeprefix("/v1.0")
    if path == parts.path:
        return ["the address is not below /v1.0"], "?"
    # The model describes one's own mailbox; everybody's has the same shape.
    path = re.sub(r"^/users/[^/]+", "/me", path)
    method, body = request["method"], request.get("body")
    name = find(method, path, patterns, validator)
    if name is None:
        return [f"the model has no {method} {path}"], "?"
    faults = []
    kind = "calendar" if name.endswith("/calendar") else "event" if "event" in name or "calendarView" in name else "calendar"
    properties = validator.flat(validator.PRE + kind)["properties"]
    for selected in ",".join(parse_qs(parts.query).get("$select", [])).split(","):
        if selected and selected not in properties:
            faults.append(f"$select names {selected}, which no {kind} has")
    if name == "/$batch":
        faults += check_batch(body)
    elif method == "POST" and name.endswith("/events"):
        faults += validator.check("event-create", body)
    elif method == "PATCH" and "/events/" in name:
        faults += validator.check("event-update", body)
    elif body is not None:
        faults.append("it has a body that this check knows nothing about")
    return faults, f"{method} {name}"


def check_batch(body):
    """A batch itself; its parts are requests of their own."""
    parts = body.get("requests", [])
    faults = []
    if not 1 <= len(parts) <= 20:
        faults.append(f"a batch of {len(parts)} parts")
    ids = [part.get("id") for part in parts]
    if len(set(ids)) != len(ids) or not all(isinstance(one, str) for one in ids):
        faults.append(f"ids of parts are not different texts: {ids}")
    for part in parts:
        unknown = set(part) - {"id", "method", "url", "headers", "body", "dependsOn"}
        if unknown:
            faults.append(f"a part with {sorted(unknown)}")
        headers = {name.lower() for name in part.get("headers", {})}
        if part.get("body") is not None and "content-type" not in headers:
            faults.append("a part with a body and without a content type")
        if not part.get("url", "").startswith("/"):
            faults.append(f"a part's address is not relative to the version: {part.get('url')}")
    return faults


def main(spec, requests):
    files = sorted(pathlib.Path(requests).glob("*.json"))
    if not files:
        sys.exit(f"{requests} holds no requests")
    spec = pathlib.Path(spec)
    validator, patterns = load_validator(spec), address_patterns(spec)
    seen, broken = collections.Counter(), 0
    for file in files:
        request = json.loads(file.read_text(encoding="utf-8"))
        faults, name = check(request, patterns, validator)
        seen[name] += 1
        for fault in faults:
            print(f"{file.name} {request['method']} {request['path'][:120]}: {fault}")
        broken += bool(faults)
    for name, number in sorted(seen.items()):
        print(f"{number:6}  {name}")
    print(f"{len(files)} requests and parts to Graph, {broken} not valid by the model")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
