//! JSON text to a document, with the complaints of Go's scanner (`encoding/json/scanner.go`), byte for byte.

use serde_json::Number;

use super::document::Document;
use crate::go;

/// How deep a document may be; upstream's decoder stops at 10000, our stack earlier.
const DEPTH_MAX: usize = 120;

pub(super) fn read(body: &[u8]) -> Result<Document, String> {
    let mut reader = Reader { body, at: 0, depth: 0 };
    let found = reader.value()?;
    match reader.next_token() {
        None => Ok(found),
        Some(_) => Err(reader.wrong("after top-level value")),
    }
}

struct Reader<'a> {
    body: &'a [u8],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    /// The byte here; at the end of the text Go's scanner looks at a space.
    fn here(&self) -> u8 {
        self.body.get(self.at).copied().unwrap_or(b' ')
    }

    fn next_token(&mut self) -> Option<u8> {
        while self.body.get(self.at).is_some_and(|byte| b" \t\r\n".contains(byte)) {
            self.at += 1;
        }
        self.body.get(self.at).copied()
    }

    /// The byte after spaces; the text must not end before.
    fn token(&mut self) -> Result<u8, String> {
        self.next_token().ok_or_else(|| "unexpected end of JSON input".to_owned())
    }

    fn wrong(&self, place: &str) -> String {
        let shown = match self.here() {
            b'\'' => "\\'".to_owned(),
            b'"' => "\"".to_owned(),
            byte => go::quote(&char::from(byte).to_string()).trim_matches('"').to_owned(),
        };
        format!("invalid character '{shown}' {place}")
    }

    fn value(&mut self) -> Result<Document, String> {
        match self.token()? {
            b'{' => self.nested(Self::object),
            b'[' => self.nested(Self::array),
            b'"' => self.string().map(Document::String),
            b't' => self.literal("true").map(|()| Document::Bool(true)),
            b'f' => self.literal("false").map(|()| Document::Bool(false)),
            b'n' => self.literal("null").map(|()| Document::Null),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(self.wrong("looking for beginning of value")),
        }
    }

    fn nested(
        &mut self,
        inner: fn(&mut Self) -> Result<Document, String>,
    ) -> Result<Document, String> {
        if self.depth >= DEPTH_MAX {
            return Err(self.wrong("exceeded max depth"));
        }
        self.depth += 1;
        self.at += 1;
        let found = inner(self);
        self.depth -= 1;
        found
    }

    fn object(&mut self) -> Result<Document, String> {
        let mut entries = Vec::new();
        if self.token()? == b'}' {
            self.at += 1;
            return Ok(Document::Object(entries));
        }
        loop {
            if self.token()? != b'"' {
                return Err(self.wrong("looking for beginning of object key string"));
            }
            let key = self.string()?;
            if self.token()? != b':' {
                return Err(self.wrong("after object key"));
            }
            self.at += 1;
            entries.push((key, self.value()?));
            let next = self.token()?;
            if !matches!(next, b',' | b'}') {
                return Err(self.wrong("after object key:value pair"));
            }
            self.at += 1;
            if next == b'}' {
                return Ok(Document::Object(entries));
            }
        }
    }

    fn array(&mut self) -> Result<Document, String> {
        let mut items = Vec::new();
        if self.token()? == b']' {
            self.at += 1;
            return Ok(Document::Array(items));
        }
        loop {
            items.push(self.value()?);
            let next = self.token()?;
            if !matches!(next, b',' | b']') {
                return Err(self.wrong("after array element"));
            }
            self.at += 1;
            if next == b']' {
                return Ok(Document::Array(items));
            }
        }
    }

    fn literal(&mut self, word: &str) -> Result<(), String> {
        for byte in word.bytes() {
            if self.here() != byte {
                let expected = char::from(byte);
                return Err(self.wrong(&format!("in literal {word} (expecting '{expected}')")));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Document, String> {
        let start = self.at;
        let mut whole = true;
        if self.here() == b'-' {
            self.at += 1;
        }
        match self.here() {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits(),
            _ => return Err(self.wrong("in numeric literal")),
        }
        if self.here() == b'.' {
            whole = false;
            self.at += 1;
            self.some_digits("after decimal point in numeric literal")?;
        }
        if matches!(self.here(), b'e' | b'E') {
            whole = false;
            self.at += 1;
            if matches!(self.here(), b'+' | b'-') {
                self.at += 1;
            }
            self.some_digits("in exponent of numeric literal")?;
        }
        let raw = self.body.get(start..self.at).unwrap_or_default();
        let raw = String::from_utf8_lossy(raw);
        if let (true, Ok(number)) = (whole, raw.parse::<i64>()) {
            return Ok(Document::Number(Some(number.into()), None));
        }
        let number = raw.parse().ok().and_then(Number::from_f64);
        Ok(Document::Number(number, Some(raw.into())))
    }

    fn digits(&mut self) {
        while self.here().is_ascii_digit() {
            self.at += 1;
        }
    }

    fn some_digits(&mut self, place: &str) -> Result<(), String> {
        if !self.here().is_ascii_digit() {
            return Err(self.wrong(place));
        }
        self.digits();
        Ok(())
    }

    /// A string; what is no text in it becomes the replacement character.
    fn string(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut text: Vec<u8> = Vec::new();
        loop {
            let start = self.at;
            while self.body.get(self.at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | ..0x20))
            {
                self.at += 1;
            }
            text.extend(self.body.get(start..self.at).unwrap_or_default());
            match self.body.get(self.at) {
                None => return Err("unexpected end of JSON input".to_owned()),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(String::from_utf8(text).unwrap_or_else(|wrong| repaired(&wrong)));
                }
                Some(b'\\') => {
                    let mut buffer = [0; 4];
                    let letter = self.escape()?;
                    text.extend(letter.encode_utf8(&mut buffer).as_bytes());
                }
                Some(_) => return Err(self.wrong("in string literal")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        self.at += 1;
        let letter = match self.here() {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            byte @ (b'\\' | b'/' | b'"') => char::from(byte),
            b'u' => return self.unicode(),
            _ => return Err(self.wrong("in string escape code")),
        };
        self.at += 1;
        Ok(letter)
    }

    /// `\u1234`, or two of them that are one letter.
    fn unicode(&mut self) -> Result<char, String> {
        self.at += 1;
        let first = self.hexadecimal()?;
        if let Some(letter) = char::from_u32(first) {
            return Ok(letter);
        }
        let second = self.body.get(self.at..self.at + 6).and_then(|next| {
            let digits = next.strip_prefix(b"\\u")?;
            u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        });
        match (first, second) {
            (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) => {
                self.at += 6;
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            _ => Ok(char::REPLACEMENT_CHARACTER),
        }
    }

    fn hexadecimal(&mut self) -> Result<u32, String> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = char::from(self.here()).to_digit(16);
            let digit = digit.ok_or_else(|| self.wrong("in \\u hexadecimal character escape"))?;
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}

/// Go writes a replacement character for each byte that is none of a letter.
fn repaired(wrong: &std::string::FromUtf8Error) -> String {
    let mut text = String::new();
    for chunk in wrong.as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}
