#!/usr/bin/env python3
"""Writes the shape of the requests that the Exchange emulator takes, out of Microsoft's schema.

    extract_ews.py SPEC > tests/emulators/src/exchange/schema.txt

SPEC holds ews/types.xsd and ews/messages.xsd. The result has one line for each type:

    element NAME TYPE                      what may stand in a body or header
    other NAME                             an operation that the schema has and the emulator does not serve
    enum NAME VALUE...                     a list of words, one or several (`enums`) of which are the text
    number NAME FIRST LAST                 a whole number
    type NAME ATTRIBUTE... | PARTICLE...   an element's attributes (`@Id!=string`) and children

A particle is `name:type`, a choice `( a b )` or a sequence `{ a b }`, each followed by `?`, `*` or `+` as in a regular
expression; `%Path` stands for the choice of a line `group Path PARTICLE...`. Names of the namespace of messages begin with
`m:`. The type `any` takes everything: it stands for what the emulator does not keep.
"""

import pathlib
import sys
import xml.etree.ElementTree as tree

XS = "{http://www.w3.org/2001/XMLSchema}"
REQUESTS = """GetFolder FindFolder SyncFolderHierarchy SyncFolderItems FindItem GetItem CreateItem UpdateItem DeleteItem
    MoveItem CreateFolder DeleteFolder ConvertId GetServerTimeZones ResolveNames""".split()
HEADERS = "RequestServerVersion MailboxCulture TimeZoneContext ExchangeImpersonation DateTimePrecision".split()
# Kinds of items and folders that the emulator does not keep, and what of a shape it does not read.
ANYTHING = {"DistributionListType", "ContactItemType", "MeetingMessageType", "MeetingRequestMessageType", "PostItemType",
            "MeetingResponseMessageType", "MeetingCancellationMessageType", "AbchPersonItemType", "RoleMemberItemType",
            "NetworkItemType", "NonEmptyArrayOfAttachmentsType", "SerializableTimeZone", "BookingItemType",
            "EntityExtractionResultType", "GroupByType", "DistinguishedGroupByType", "MessageType", "EffectiveRightsType",
            "FlagType", "EnhancedLocationType", "InboxRemindersType", "InboxReminderType", "PhoneCallType", "PredictedActionReasonType",
            "OnlineMeetingSettingsType", "CalendarActivityDataType", "ConversationRequestType", "RightsManagementLicenseDataType",
            "ArrayOfMentionsType", "HashtagListType", "ReactionListType", "SmartResponseBaseType", "PropertyExistenceType",
            "NonEmptyArrayOfResponseObjectsType", "SharingMessageType", "RemoveItemType", "PostReplyItemType",
            "AcceptSharingInvitationType", "ReplyAllToItemType", "ReplyToItemType", "ForwardItemType", "SuppressReadReceiptType",
            "VotingInformationType", "ApprovalRequestDataType", "ReminderMessageDataType", "MessageSafetyType", "LikesPreviewType",
            "NonEmptyArrayOfLikeType", "AppliedHashtagsPreviewType", "NonEmptyArrayOfAppliedHashtagType", "MentionsPreviewType",
            "NonEmptyArrayOfMentionActionsType", "NonEmptyArrayOfPredictedActionReasonType", "AlternatePublicFolderIdType",
            "AlternatePublicFolderItemIdType", "ContactsViewType", "RetentionTagType"}
BASIC = {"string", "boolean", "int", "integer", "dateTime", "date", "base64Binary", "duration", "double", "decimal", "float", "time",
         "anyURI", "long", "short", "unsignedInt", "unsignedShort", "nonNegativeInteger", "positiveInteger", "language", "byte", "hexBinary",
         "unsignedByte", "unsignedLong"}
FIELDS = ("folder:", "item:", "calendar:", "task:")


class Schema:
    def __init__(self, spec):
        self.types, self.elements, self.heads, self.groups = {}, {}, {}, {}
        for prefix in ("types", "messages"):
            short = "t" if prefix == "types" else "m"
            root = tree.parse(spec / "ews" / f"{prefix}.xsd").getroot()
            for node in root:
                name = f"{short}:{node.get('name')}"
                if node.tag in (XS + "complexType", XS + "simpleType"):
                    self.types[name] = (short, node)
                elif node.tag == XS + "element":
                    self.elements[name] = (short, node)
                    if node.get("substitutionGroup"):
                        self.heads.setdefault(node.get("substitutionGroup"), []).append(name)
                elif node.tag in (XS + "group", XS + "attributeGroup"):
                    self.groups[name] = (short, node)
        self.done, self.lines, self.anonymous = {}, [], 0

    def call(self, name):
        """The name of a type in the result; its line is written when it is met first."""
        prefix, _, local = name.partition(":")
        if prefix == "xs":
            if local not in BASIC:
                raise SystemExit(f"no rule for {name}")
            return "int" if local in ("integer", "long", "short", "unsignedShort", "unsignedInt", "byte") else local
        if local in ANYTHING:
            return "any"
        if name not in self.done:
            self.done[name] = local
            short, node = self.types[name]
            self.done[name] = self.simple(local, short, node) if node.tag == XS + "simpleType" else self.complex(local, short, node)
        return self.done[name]

    def simple(self, name, short, node):
        restriction = node.find(XS + "restriction")
        if restriction is not None:
            values = [value.get("value") for value in restriction.findall(XS + "enumeration")]
            if values:
                if name == "UnindexedFieldURIType":
                    values = [value for value in values if value.startswith(FIELDS)]
                return self.line(name, f"enum {name} " + " ".join(values))
            low, high = restriction.find(XS + "minInclusive"), restriction.find(XS + "maxInclusive")
            if low is not None and high is not None and "." not in low.get("value"):
                return self.line(name, f"number {name} {low.get('value')} {high.get('value')}")
            return self.call(self.qualify(short, restriction.get("base")))
        listed = node.find(XS + "list")
        if listed is not None:
            item = listed.get("itemType")
            if item:
                inner = self.types[self.qualify(short, item)][1]
            else:
                inner = listed.find(XS + "simpleType")
            values = [value.get("value") for value in inner.iter(XS + "enumeration")]
            return self.line(name, f"enums {name} " + " ".join(values)) if values else "string"
        return "string"  # a union: of names with values, and dates with times

    def complex(self, name, short, node):
        attributes, particles, text = [], [], None
        self.content(short, node, attributes, particles, name)
        texts = [part for part in particles if part.startswith("=")]
        particles = texts or particles
        return self.line(name, f"type {name} {' '.join(attributes)} | {' '.join(particles)}".replace("  ", " ").rstrip())

    def content(self, short, node, attributes, particles, name):
        for child in node:
            tag = child.tag.removeprefix(XS)
            if tag in ("complexContent", "simpleContent"):
                inner = child[0]
                base = self.qualify(short, inner.get("base"))
                if inner.tag == XS + "extension":
                    if base.startswith("xs:"):
                        particles.append("=" + self.call(base))
                    elif base in self.types:
                        where, parent = self.types[base]
                        if parent.tag == XS + "simpleType":
                            particles.append("=" + self.call(base))
                        else:
                            self.content(where, parent, attributes, particles, name)
                self.content(short, inner, attributes, particles, name)
            elif tag in ("sequence", "choice", "all", "group"):
                particles.append(self.particle(short, child, name))
            elif tag == "attribute":
                kind = child.get("type")
                if kind:
                    kind = self.call(self.qualify(short, kind))
                else:
                    kind = self.simple(f"{name}.{child.get('name')}", short, child.find(XS + "simpleType"))
                attributes.append(f"@{child.get('name')}{'!' if child.get('use') == 'required' else ''}={kind}")
            elif tag == "attributeGroup":
                where, group = self.groups[self.qualify(short, child.get("ref"))]
                self.content(where, group, attributes, particles, name)

    def particle(self, short, node, name):
        least, most = node.get("minOccurs", "1"), node.get("maxOccurs", "1")
        mark = {("1", "1"): "", ("0", "1"): "?", ("0", "unbounded"): "*", ("1", "unbounded"): "+"}.get((least, most), "*" if least == "0" else "+")
        tag = node.tag.removeprefix(XS)
        if tag == "element":
            return self.element(short, node, name) + mark
        if tag == "any":
            return "*"
        if tag == "group":
            where, group = self.groups[self.qualify(short, node.get("ref"))]
            local = group.get("name")
            if local not in self.done:
                self.done[local] = local
                self.line(local, f"group {local} {self.particle(where, group[0], name)}")
            return f"%{local}{mark}"
        inner = " ".join(self.particle(short, child, name) for child in node if child.tag != XS + "annotation")
        return (f"( {inner} )" if tag == "choice" else f"{{ {inner} }}") + mark

    def element(self, short, node, name):
        if node.get("ref"):
            ref = self.qualify(short, node.get("ref"))
            where, target = self.elements[ref]
            if ref in self.heads:
                if ref in self.done:
                    return f"%{ref.removeprefix('t:')}"
                self.done[ref] = ref
                members = [self.written(member) for member in self.heads[ref]]
                if target.get("abstract") != "true":
                    members.insert(0, self.written(ref))
                self.line(ref, f"group {ref.removeprefix('t:')} ( {' '.join(members)} )")
                return f"%{ref.removeprefix('t:')}"
            return self.written(ref)
        label = node.get("name") if short == "t" else f"m:{node.get('name')}"
        if node.get("type"):
            return f"{label}:{self.call(self.qualify(short, node.get('type')))}"
        inner = node.find(XS + "complexType")
        if inner is not None:
            return f"{label}:{self.complex(f'{name}.{label}', short, inner)}"
        return f"{label}:{self.simple(f'{name}.{label}', short, node.find(XS + 'simpleType'))}"

    def written(self, name):
        where, node = self.elements[name]
        label = name.removeprefix("t:")
        if node.get("type"):
            return f"{label}:{self.call(self.qualify(where, node.get('type')))}"
        return f"{label}:{self.complex(node.get('name'), where, node.find(XS + 'complexType'))}"

    def qualify(self, short, name):
        prefix, _, local = name.rpartition(":")
        return f"{prefix or short}:{local}" if prefix != "xsd" else f"xs:{local}"

    def asks(self, name):
        """Whether an element is an operation: its type extends that of all requests."""
        short, node = self.elements[name]
        kind = node.get("type") and self.qualify(short, node.get("type"))
        while kind in self.types and kind != "m:BaseRequestType":
            short, node = self.types[kind]
            extension = node.find(f"{XS}complexContent/{XS}extension")
            kind = None if extension is None else self.qualify(short, extension.get("base"))
        return kind == "m:BaseRequestType"

    def line(self, name, text):
        self.lines.append(text)
        return name


def main():
    schema = Schema(pathlib.Path(sys.argv[1]))
    heads = []
    for name in [f"m:{name}" for name in REQUESTS] + [f"t:{name}" for name in HEADERS]:
        label, _, kind = schema.written(name).rpartition(":")
        heads.append(f"element {label} {kind}")
    served = {f"m:{name}" for name in REQUESTS}
    heads += sorted(f"other {name}" for name in schema.elements if name not in served and schema.asks(name))
    print("# Made by tests/spec/extract_ews.py, which says how to read it.")
    print("\n".join(heads + sorted(set(schema.lines))))


main()
