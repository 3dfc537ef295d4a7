# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""The text of header fields for people: encoded words (RFC 2047) decoded."""

cdef enum:
    CHARSET_LIMIT = 64  # octets of a charset's name

#: What Python calls encodings and are none of text: they warn, or take more than linear time.
cdef frozenset NO_CHARSETS = frozenset((
    "idna", "punycode", "unicode_escape", "unicode-escape", "raw_unicode_escape", "raw-unicode-escape", "undefined",
))


cdef str decode_words(object value):
    """A header's text for a person: encoded words (RFC 2047) decoded, what cannot be decoded left as it is."""
    cdef bytes data = value
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return decode_encoded_words(text) if "=?" in text else text


cdef str decode_encoded_words(str text):
    """RFC 2047 in one pass: email.header.decode_header takes quadratic time for words that are left open."""
    cdef list made = []
    cdef list run = []       # octets of encoded words side by side in one charset: a character may be cut between them
    cdef str charset = None
    cdef str name, encoded, between
    cdef Py_ssize_t done = 0  # up to here the text is in `made` or `run`
    cdef Py_ssize_t at = 0
    cdef Py_ssize_t mark, end
    while (at := text.find("=?", at)) >= 0:
        mark = text.find("?", at + 2, at + 2 + CHARSET_LIMIT)
        if mark <= at + 2 or text[mark + 1 : mark + 2] not in ("b", "B", "q", "Q") or text[mark + 2 : mark + 3] != "?":
            at += 2
            continue
        end = text.find("?=", mark + 3)
        if end < 0:
            break
        name = text[at + 2 : mark].partition("*")[0].lower()  # RFC 2231 section 5: charset*language
        encoded = text[mark + 3 : end]
        data = from_base64(encoded) if text[mark + 1] in "bB" else from_q(encoded)
        if data is None:  # left as it is
            at = end + 1
            continue
        between = text[done:at]
        if charset is not None and between.strip(" \t\r\n"):
            made.append(in_charset(run, charset))
            charset = None
        if charset is None:
            made.append(between)
        elif charset != name:
            made.append(in_charset(run, charset))
            charset = None
        if charset is None:
            charset = name
            run = []
        run.append(data)
        at = done = end + 2
    if charset is not None:
        made.append(in_charset(run, charset))
    made.append(text[done:])
    return "".join(made)


cdef bytes from_base64(str encoded):
    import binascii
    try:
        return binascii.a2b_base64(encoded + "=" * (-len(encoded) % 4))
    except ValueError:
        return None


cdef bytes from_q(str encoded):
    import quopri
    try:
        return quopri.decodestring(encoded.encode("latin-1"), header=True)
    except ValueError:
        return None


cdef str in_charset(list run, str charset):
    cdef bytes data = b"".join(run)
    try:
        return data.decode(charset if charset.isascii() and charset not in NO_CHARSETS else "latin-1", "replace")
    except (LookupError, ValueError):
        return data.decode("latin-1")


cdef str to_text(object value):
    return None if value is None else decode_words(value)
