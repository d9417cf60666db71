//! Base64 with the complaints of Go (`encoding/base64 decodeQuantum`). What comes out is written anew, so that line
//! ends and bits that mean nothing are gone.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text as Go writes it, or where it is wrong.
pub(super) fn canonical(text: &str) -> Result<String, usize> {
    let mut reader = Reader { text: text.as_bytes(), at: 0 };
    let mut bytes = Vec::with_capacity(text.len());
    while reader.four(&mut bytes)? {}
    Ok(encode(&bytes))
}

/// Bytes as text.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let all = three.iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
        let all = all << (8 * (3 - three.len()));
        for place in 0..4 {
            let index = usize::try_from(all >> (18 - 6 * place) & 63).unwrap_or_default();
            let letter = LETTERS.get(index).filter(|_| place <= three.len());
            text.push(letter.map_or('=', |letter| char::from(*letter)));
        }
    }
    text
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        self.lines();
        let byte = self.text.get(self.at).copied();
        self.at += usize::from(byte.is_some());
        byte
    }

    fn lines(&mut self) {
        while self.text.get(self.at).is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Four letters; whether there may be more.
    fn four(&mut self, bytes: &mut Vec<u8>) -> Result<bool, usize> {
        let mut bits = [0_u8; 4];
        for place in 0..4 {
            let Some(byte) = self.next() else {
                return if place == 0 { Ok(false) } else { Err(self.at - place) };
            };
            let value = LETTERS.iter().position(|letter| *letter == byte);
            if let (Some(value), Some(bit)) = (value, bits.get_mut(place)) {
                *bit = u8::try_from(value).unwrap_or_default();
                continue;
            }
            if byte != b'=' || place < 2 {
                return Err(self.at - 1);
            }
            self.padding(place)?;
            put(bits, place - 1, bytes);
            return Ok(false);
        }
        put(bits, 3, bytes);
        Ok(true)
    }

    /// What follows the first sign of padding.
    fn padding(&mut self, place: usize) -> Result<(), usize> {
        self.lines();
        if place == 2 {
            match self.text.get(self.at) {
                None => return Err(self.text.len()),
                Some(b'=') => self.at += 1,
                Some(_) => return Err(self.at - 1),
            }
            self.lines();
        }
        if self.at < self.text.len() { Err(self.at) } else { Ok(()) }
    }
}

fn put([one, two, three, four]: [u8; 4], count: usize, bytes: &mut Vec<u8>) {
    let all = [one << 2 | two >> 4, two << 4 | three >> 2, three << 6 | four];
    bytes.extend(all.iter().take(count));
}
