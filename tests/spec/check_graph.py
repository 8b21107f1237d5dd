#!/usr/bin/env python3
"""Checks requests to Graph, or answers of its emulator, against Microsoft's own model.

    check_graph.py SPEC REQUESTS
    check_graph.py --answers SPEC ANSWERS

SPEC holds graph/validate.py and graph/openapi-subset.json; REQUESTS holds one JSON file for each request and each part of
a batch, as the test graph_requests writes them: method, path, body. Every address must be one of the model's, with that
method; every body must be valid there, and every name in $select and $expand one of what is there.

ANSWERS holds one JSON file for each exchange, as the emulator's own tests write them into the folder that
SCHEDULE_SYNC_ANSWERS names: method, path, body, status, answer. Every answer about something that the model has must be
valid there; what was refused is not looked at.
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


# What an address is about, by how it ends.
KINDS = [
    (r"/checklistItems(/\{[^}]+\})?$", "checklistItem"),
    (r"/linkedResources(/\{[^}]+\})?$", "linkedResource"),
    (r"/tasks(/delta(\(\))?|/\{[^}]+\})?$", "todoTask"),
    (r"/todo/lists(/delta(\(\))?|/\{[^}]+\})?$", "todoTaskList"),
    (r"/(events|calendarView|instances|exceptionOccurrences)(/delta(\(\))?|/\{[^}]+\})?$", "event"),
    (r"/calendarGroups(/\{[^}]+\})?$", "calendarGroup"),
    (r"/(calendar|calendars)(/\{[^}]+\})?$", "calendar"),
]


def kind_of(name):
    """What an address of the model is about, or none."""
    return next((kind for pattern, kind in KINDS if re.search(pattern, name)), None)


def own(path):
    """A path as the model has it: it describes one's own mailbox, and everybody's has the same shape."""
    return re.sub(r"^/users/[^/]+", "/me", path.removeprefix("/v1.0"))


def check(request, patterns, validator):
    """What is wrong with one request, and the address of the model that it goes to."""
    parts = urlsplit(request["path"])
    if not parts.path.startswith("/v1.0/"):
        return ["the address is not below /v1.0"], "?"
    path = own(parts.path)
    method, body = request["method"], request.get("body")
    name = find(method, path, patterns, validator)
    if name is None:
        return [f"the model has no {method} {path}"], "?"
    faults = []
    kind = kind_of(name)
    properties = validator.flat(validator.PRE + kind)["properties"] if kind else {}
    query = parse_qs(parts.query)
    for option in ("$select", "$expand"):
        # What is asked of an expanded collection stands in parentheses.
        named = re.sub(r"\([^()]*\)", "", ",".join(query.get(option, []))).split(",")
        for member in named if kind else []:
            if member and member not in properties:
                faults.append(f"{option} names {member}, which no {kind} has")
    if name == "/$batch":
        faults += check_batch(body)
    elif kind and method == "POST" and not name.endswith("}"):
        faults += validator.check(f"{kind}-create", body)
    elif kind and method == "PATCH":
        faults += validator.check(f"{kind}-update", body)
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


def check_answer(exchange, patterns, validator):
    """What is wrong with one answer, and the address of the model that it comes from, if there is one."""
    answer = exchange["answer"]
    if not 200 <= exchange["status"] < 300 or not isinstance(answer, dict):
        return [], None
    name = find(exchange["method"], own(urlsplit(exchange["path"]).path), patterns, validator)
    kind = kind_of(name) if name else None
    if kind is None:
        return [], None
    if "value" not in answer:
        # The model that is checked against is cut from the official one, without this collection.
        exceptions = answer.pop("exceptionOccurrences", [])
        faults = [fault for one in [answer, *exceptions] for fault in validator.check(kind, one)]
        return faults, f"{exchange['method']} {name}"
    faults = [f"{member} is no member of a collection" for member in answer if member != "value" and "@" not in member]
    for number, row in enumerate(answer["value"]):
        if "@removed" in row:
            rest = {member for member in row if "@" not in member}
            faults += [] if rest == {"id"} else [f"value/{number}: a removal has {sorted(rest)} beside its reason"]
        else:
            faults += [f"value/{number}/{fault}" for fault in validator.check(kind, row)]
    return faults, f"{exchange['method']} {name}"


def parts_of(exchange):
    """An exchange, or those that a batch is made of."""
    if not exchange["path"].endswith("/$batch") or exchange["status"] != 200:
        return [exchange]
    asked = {part["id"]: part for part in exchange["body"]["requests"]}
    return [
        {
            "method": asked[part["id"]]["method"],
            "path": f"/v1.0{asked[part['id']]['url']}",
            "status": part["status"],
            "answer": part.get("body"),
        }
        for part in exchange["answer"]["responses"]
    ]


def main_answers(spec, answers):
    files = sorted(pathlib.Path(answers).glob("*.json"))
    if not files:
        sys.exit(f"{answers} holds no answers")
    spec = pathlib.Path(spec)
    validator, patterns = load_validator(spec), address_patterns(spec)
    seen, broken, passed_over = collections.Counter(), 0, 0
    for file in files:
        for exchange in parts_of(json.loads(file.read_text(encoding="utf-8"))):
            faults, name = check_answer(exchange, patterns, validator)
            seen[name] += name is not None
            passed_over += name is None
            for fault in faults if name else []:
                print(f"{file.name} {exchange['method']} {exchange['path'][:120]}: {fault}")
            broken += bool(faults and name)
    for name, number in sorted((name, number) for name, number in seen.items() if name):
        print(f"{number:6}  {name}")
    print(f"{sum(seen.values())} answers, {broken} not valid by the model; {passed_over} refusals and others passed over")
    sys.exit(1 if broken else 0)


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
    arguments = sys.argv[1:]
    if len(arguments) == 3 and arguments[0] == "--answers":
        main_answers(arguments[1], arguments[2])
    elif len(arguments) == 2:
        main(arguments[0], arguments[1])
    else:
        sys.exit(__doc__)
