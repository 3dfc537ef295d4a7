"""MIME structure against Python's `email` package, and over octets that are no mail at all."""

import email
import email.policy
import email.utils

from hypothesis import given
from hypothesis import strategies as st

from mailproto import Limits
from mailproto._core.mime import MessageStructure, normalise_line_ends, parse_message


def read_wire(wire):
    """The wire text of a list as nested Python lists: NIL is None, strings are bytes, numbers int."""
    stack, at = [[]], 0
    while at < len(wire):
        c = wire[at : at + 1]
        if c == b"(":
            stack.append([])
            at += 1
        elif c == b")":
            closed = stack.pop()
            stack[-1].append(closed)
            at += 1
        elif c == b" ":
            at += 1
        elif c == b'"':
            value = b""
            at += 1
            while wire[at : at + 1] != b'"':
                at += wire[at : at + 1] == b"\\"
                assert wire[at] not in b"\r\n\0"
                assert wire[at] < 128
                value += wire[at : at + 1]
                at += 1
            at += 1
            stack[-1].append(value)
        elif c == b"{":
            end = wire.index(b"}\r\n", at)
            size = int(wire[at + 1 : end])
            value = wire[end + 3 : end + 3 + size]
            assert len(value) == size
            assert b"\0" not in value
            stack[-1].append(value)
            at = end + 3 + size
        else:
            end = at
            while wire[end : end + 1] not in (b"", b" ", b")", b"("):
                end += 1
            stack[-1].append(None if wire[at:end] == b"NIL" else int(wire[at:end]))
            at = end
    assert len(stack) == 1
    assert len(stack[0]) == 1
    return stack[0][0]


# ---- mail as programs write it ----------------------------------------------------------------------------

words = st.text("abcXYZ019", min_size=1, max_size=8)
lines = st.text("abc -=().\u00e4", max_size=30).map(lambda s: s.strip("-").strip())
texts = st.lists(lines, max_size=6).map("\r\n".join)
addresses = st.lists(
    st.builds(
        lambda name, local, host: email.utils.formataddr((name, f"{local}@{host}.example")),
        st.text('ab ,."<>@\\()', max_size=10).map(lambda s: " ".join(s.split())),
        words,
        words,
    ),
    min_size=1,
    max_size=4,
).map(",\r\n ".join)
# No backslashes: `email` takes an escaped one before a quote for an escaped quote.
parameters = st.dictionaries(
    words.map(str.lower).filter(lambda w: w != "boundary"),
    st.text('ab ";=', max_size=8).map(str.strip),
    max_size=3,
)


def parameter_text(pairs):
    quoted = {k: v.replace("\\", "\\\\").replace('"', '\\"') for k, v in pairs.items()}
    return "".join(f';\r\n\t{k}="{v}"' for k, v in quoted.items())


leaves = st.builds(
    lambda type_, pairs, body: f"Content-Type: {type_}{parameter_text(pairs)}\r\n\r\n{body}",
    st.sampled_from(["text/plain", "TEXT/html", "image/png", "application/x-a.b+c"]),
    parameters,
    texts,
)
headers = st.builds(
    lambda subject, from_, to, cc: (
        f"Subject: {subject}\r\nFrom: {from_}\r\nTo: {to}\r\n" + (f"Cc: {cc}\r\n" if cc else "")
    ),
    lines,
    addresses,
    addresses,
    st.none() | addresses,
)
counter = iter(range(10**9))


def multipart(parts, subtype):
    boundary = f"=b{next(counter)}_{subtype}"
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\npreamble\r\n'
    inside = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f"{head}{inside}--{boundary}--\r\n"


parts = st.recursive(
    leaves,
    lambda inner: (
        st.builds(
            multipart, st.lists(inner, min_size=1, max_size=3), st.sampled_from(["mixed", "alternative"])
        )
        | st.builds(
            lambda h, p: f"Content-Type: message/rfc822\r\n\r\n{h}MIME-Version: 1.0\r\n{p}", headers, inner
        )
    ),
    max_leaves=6,
)
mails = st.builds(lambda h, p: f"{h}MIME-Version: 1.0\r\n{p}".encode(), headers, parts)


def field(message, name):
    """A field's unfolded value as octets, or None (``message[name]`` replaces what is not ASCII)."""
    values = [value for key, value in message.raw_items() if key.lower() == name]
    return values[0].replace("\r\n", "").strip().encode("utf-8", "surrogateescape") if values else None


def check_envelope(wire, message):
    date, subject, from_, sender, reply_to, to, cc, *_ = wire
    assert (date, subject) == (None, field(message, "subject"))
    assert sender == reply_to == from_
    for ours, name in ((from_, "from"), (to, "to"), (cc, "cc")):
        theirs = email.utils.getaddresses([message[name].replace("\r\n", "")] if message[name] else [])
        assert [(a[0] or b"", a[2] + b"@" + a[3]) for a in ours or []] == [
            (n.encode(), a.encode()) for n, a in theirs
        ]


def check_body(wire, message, extended):
    if message.is_multipart() and message.get_content_maintype() == "multipart":
        children = [item for item in wire if isinstance(item, list)][: len(message.get_payload())]
        assert len(children) == len(message.get_payload())
        assert wire[len(children)].decode() == message.get_content_subtype()
        for ours, theirs in zip(children, message.get_payload(), strict=True):
            check_body(ours, theirs, extended)
        if extended:
            check_parameters(wire[len(children) + 1], message)
        return
    assert f"{wire[0].decode()}/{wire[1].decode()}".lower() == message.get_content_type()
    check_parameters(wire[2], message)
    if message.get_content_type() == "message/rfc822":
        inner = message.get_payload(0)
        check_envelope(wire[7], inner)
        check_body(wire[8], inner, extended)
        return
    body = message.get_payload(decode=True)
    assert wire[6] == len(body)
    if message.get_content_maintype() == "text":
        assert wire[7] == body.count(b"\n")


def check_parameters(wire, message):
    ours = list(zip((wire or [])[::2], (wire or [])[1::2], strict=True))
    theirs = message.get_params()[1:]
    assert [(k.decode().lower(), v.decode()) for k, v in ours] == [(k.lower(), v) for k, v in theirs]


def leaves_of(message, path=()):
    """(path, leaf) by IMAP's numbers."""
    if message.get_content_maintype() == "multipart":
        for number, part in enumerate(message.get_payload(), 1):
            yield from inside_of(part, (*path, number))
    else:
        yield from inside_of(message, (*path, 1))


def inside_of(part, path):
    if part.get_content_type() == "message/rfc822":
        yield from leaves_of(part.get_payload(0), path)
    elif part.get_content_maintype() == "multipart":
        yield from leaves_of(part, path)
    else:
        yield path, part


@given(mails)
def test_agrees_with_the_email_package(data):
    parsed = parse_message(data)
    message = email.message_from_bytes(data)
    check_envelope(read_wire(parsed.envelope), message)
    check_body(read_wire(parsed.body_structure), message, True)
    check_body(read_wire(parsed.body), message, False)
    for path, leaf in leaves_of(message):
        assert parsed.section(path) == leaf.get_payload(decode=True)
        assert email.message_from_bytes(parsed.section(path, "MIME")).items() == leaf.items()


# ---- anything --------------------------------------------------------------------------------------------

pieces = st.sampled_from(
    [
        b"Content-Type: ",
        b"multipart/mixed",
        b"message/rfc822",
        b"text/plain",
        b"; boundary=",
        b"b",
        b'"',
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b"--b",
        b"--b--",
        b"--",
        b"From: ",
        b"To: ",
        b"<",
        b">",
        b"@",
        b",",
        b":",
        b";",
        b"(",
        b")",
        b"\\",
        b" ",
        b"a",
        b"\0",
        b"\xff",
        b"multipart/digest",
        b"Content-Disposition: ",
        b"Content-Language: ",
        b"=",
        b"\r",
    ]
)
anything = st.binary(max_size=60) | st.lists(pieces, max_size=60).map(b"".join)
small = Limits(max_parts=5, max_depth=3, max_header=60, max_parameters=2, max_addresses=3)


@given(anything, st.sampled_from([None, small]))
def test_any_octets_have_a_structure(data, limits):
    parsed = parse_message(data, limits)
    assert len(read_wire(parsed.envelope)) == 10
    read_wire(parsed.body)
    read_wire(parsed.body_structure)
    assert parsed.section() == data
    assert parsed.section((), "HEADER") + parsed.section((), "TEXT") == data
    restored = MessageStructure.from_bytes(parsed.to_bytes(), data)
    assert restored.to_bytes() == parsed.to_bytes()
    for path in ((1,), (2,), (1, 1), (1, 2), (2, 1), (1, 1, 1)):
        span = parsed.span(path)
        assert restored.span(path) == span
        if span is None:
            continue
        mime = parsed.span(path, "MIME")
        assert mime[0] + mime[1] == span[0]
        assert span[0] + span[1] <= len(data)
        outer = parsed.span(path[:-1])
        assert outer[0] <= span[0]
        assert span[0] + span[1] <= outer[0] + outer[1]
        header = parsed.section(path, "HEADER")
        if header is not None:
            assert header + parsed.section(path, "TEXT") == parsed.section(path)


@given(anything)
def test_bare_lf_is_read_as_crlf(data):
    fixed = normalise_line_ends(data)
    assert fixed.replace(b"\r\n", b"").count(b"\n") == 0
    assert normalise_line_ends(fixed) is fixed
    assert parse_message(fixed).envelope == parse_message(data).envelope
    assert parse_message(fixed).part_count == parse_message(data).part_count


@given(st.binary(max_size=80))
def test_any_saved_octets_load_or_raise(saved):
    try:
        structure = MessageStructure.from_bytes(saved)
    except ValueError:
        return
    assert structure.span() == (0, structure.size)
    for path in ((1,), (2, 1), (1, 1, 1)):
        for text in (None, "HEADER", "TEXT", "MIME"):
            span = structure.span(path, text)
            assert span is None or span[0] + span[1] <= structure.size
