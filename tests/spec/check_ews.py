#!/usr/bin/env python3
"""Checks SOAP envelopes against Microsoft's schema of Exchange Web Services.

    check_ews.py SPEC ENVELOPES...

SPEC holds ews/soap-ews.xsd and what it imports; ENVELOPES are folders of .xml files, requests or answers, as the emulator's
own tests write them into the folder that SCHEDULE_SYNC_ENVELOPES names. Needs Python's `lxml`. A request must also stay
below the 400 KB that a server takes in any case.
"""

import collections
import pathlib
import sys

from lxml import etree

LARGEST_REQUEST = 400_000


def main():
    spec, folders = pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]
    schema = etree.XMLSchema(etree.parse(str(spec / "ews" / "soap-ews.xsd")))
    seen, faults = collections.Counter(), 0
    for file in sorted(file for folder in folders for file in folder.glob("*.xml")):
        data = file.read_bytes()
        try:
            document = etree.fromstring(data)
        except etree.XMLSyntaxError as error:
            faults += 1
            print(f"{file.name}: not well-formed: {error}")
            continue
        body = document.find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
        name = etree.QName(body[0]).localname if body is not None and len(body) else "nothing"
        seen[name] += 1
        if not name.endswith("Response") and name != "Fault" and len(data) > LARGEST_REQUEST:
            faults += 1
            print(f"{file.name}: {len(data)} bytes")
        if not schema.validate(document):
            faults += 1
            for error in list(schema.error_log)[:3]:
                print(f"{file.name}: {name}: line {error.line}: {error.message}")
    print(", ".join(f"{count} {name}" for name, count in sorted(seen.items())))
    print(f"{sum(seen.values())} envelopes, {faults} not valid")
    sys.exit(1 if faults or not seen else 0)


main()
